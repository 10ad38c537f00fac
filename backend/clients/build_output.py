"""From the lines of either builder to events: whole lines, steps, the image; or the reason why not."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from backend.clients.build_events import BuildEvent, BuildFailed, BuildLine, BuildStep, BuiltImage
from backend.clients.buildkit_trace import Vertex, VertexLog, VertexStatus, VertexWarning, trace_items
from backend.clients.json_lines import JsonLine

LINE_LIMIT = 64 * 1024
CUT_MARK = " … [cut at 64 KiB]"
_MOST_STEPS = 10_000
"""Of one build. Beyond it something other than a builder is talking."""
_LONGEST_CAUSE = 2000

_CLASSIC_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)", re.DOTALL)
_RED = "\x1b[91m"
_RESET = "\x1b[0m"
_EXIT_CODE = re.compile(r"(?:exit code: |returned a non-zero code: )(\d+)")
_BUILDKIT_SYNTAX = re.compile(
    r"^\s*(?:RUN\s+--(?:mount|network|security)|(?:COPY|ADD)\s+.*--(?:chmod|link|parents|exclude|checksum)"
    r"|(?:RUN|COPY|ADD)\s.*<<-?[\"']?[A-Za-z_])|\A\s*#\s*syntax\s*=",
    re.IGNORECASE | re.MULTILINE,
)
_SHORTEST_MASKED_NAME, _SHORTEST_MASKED_LINE = 3, 8


class BuildOutput(Protocol):
    def feed(self, line: JsonLine) -> Iterator[BuildEvent]:
        """The events of a line; BuildFailed when it is the builder's verdict, ValueError for garbage."""
        ...

    def finish(self) -> Iterator[BuildEvent]: ...


class StepText:
    """One stream of a step: pieces in, lines out."""

    def __init__(self, step: str | None, *, is_error: bool) -> None:
        self._step = step
        self._is_error = is_error
        self._part = ""
        self._cut = False

    def add(self, text: str) -> Iterator[BuildLine]:
        *whole, rest = text.split("\n")
        for piece in whole:
            self._keep(piece)
            yield self._line()
        self._keep(rest)

    def finish(self) -> Iterator[BuildLine]:
        if self._part:
            yield self._line()

    def _keep(self, piece: str) -> None:
        room = LINE_LIMIT - len(self._part)
        self._cut = self._cut or len(piece) > room
        self._part += piece[: max(room, 0)]

    def _line(self) -> BuildLine:
        # Progress bars rewrite their line: what it shows in the end is the line.
        text = self._part.removesuffix("\r").rpartition("\r")[2]
        line = BuildLine(text + CUT_MARK if self._cut else text, self._step, self._is_error)
        self._part, self._cut = "", False
        return line


class ClassicOutput:
    """The builder of before BuildKit: text, in which `Step 1/3 : …` begins a step."""

    def __init__(self) -> None:
        self._step: BuildStep | None = None
        self._image = ""
        self._streams: dict[bool, StepText] = {}

    def feed(self, line: JsonLine) -> Iterator[BuildEvent]:
        if line.failure:
            yield from self._flush()
            code = line.detail.code if line.detail else 0
            if self._step:
                yield replace(self._step, finished=_now(), error=line.failure[:_LONGEST_CAUSE])
            raise failed(line.failure, step=self._step.name if self._step else None, exit_code=code or None)
        if line.has_aux:
            self._image = msgspec.json.decode(line.aux, type=dict[str, object]).get("ID", self._image)  # type: ignore[assignment]
        if line.status and line.progress is None:
            yield BuildLine(f"{line.id}: {line.status}" if line.id else line.status, self._id)
        if line.stream:
            yield from self._text(line.stream)

    def finish(self) -> Iterator[BuildEvent]:
        yield from self._flush()
        if not self._image:
            raise BuildFailed("The engine ended the build without an image.", step=self._id)
        if self._step:
            yield replace(self._step, finished=_now())
        yield BuiltImage(self._image)

    @property
    def _id(self) -> str | None:
        return self._step.id if self._step else None

    def _text(self, text: str) -> Iterator[BuildEvent]:
        if match := _CLASSIC_STEP.match(text):
            yield from self._flush()
            if self._step:
                yield replace(self._step, finished=_now())
            name = f"[{match[1]}/{match[2]}] {match[3].strip()}"
            self._step = BuildStep(match[1], name, started=_now())
            yield self._step
            return
        if text.strip() == "---> Using cache" and self._step:
            self._step = replace(self._step, cached=True)
            yield self._step
            return
        if text == "\n" or text.startswith((" ---> ", "Removing intermediate container", "Successfully ")):
            # Layers and containers that only the builder knows by these names.
            return
        is_error = text.startswith(_RED)
        if is_error:
            text = text.removeprefix(_RED).removesuffix(_RESET)
        if is_error not in self._streams:
            self._streams[is_error] = StepText(self._id, is_error=is_error)
        yield from self._streams[is_error].add(text)

    def _flush(self) -> Iterator[BuildLine]:
        for stream in self._streams.values():
            yield from stream.finish()
        self._streams.clear()


class BuildKitOutput:
    """BuildKit: steps run side by side, and each line says whose it is."""

    def __init__(self) -> None:
        self._steps: dict[str, BuildStep] = {}
        self._streams: dict[tuple[str, int], StepText] = {}
        self._done: set[tuple[str, str]] = set()
        self._image = ""

    def feed(self, line: JsonLine) -> Iterator[BuildEvent]:
        if line.failure:
            yield from self._flush()
            broken = next((step for step in self._steps.values() if _is_cause(step)), None)
            raise failed(line.failure, step=broken.name if broken else None)
        if not line.has_aux:
            if line.stream:
                yield BuildLine(line.stream.rstrip("\n"))
        elif line.id == "moby.image.id":
            self._image = str(msgspec.json.decode(line.aux, type=dict[str, object]).get("ID", ""))
        elif line.id == "moby.buildkit.trace":
            packed = msgspec.json.decode(line.aux, type=str)
            for item in trace_items(base64.b64decode(packed, validate=True)):
                match item:
                    case Vertex():
                        yield from self._vertex(item)
                    case VertexStatus():
                        yield from self._status(item)
                    case VertexLog():
                        yield from self._log(item)
                    case VertexWarning():
                        more = f" ({item.url})" if item.url else ""
                        yield BuildLine(f"WARNING: {item.text}{more}", item.vertex or None, is_error=True)

    def finish(self) -> Iterator[BuildEvent]:
        yield from self._flush()
        if not self._image:
            raise BuildFailed("The engine ended the build without an image.")
        yield BuiltImage(self._image)

    def _vertex(self, vertex: Vertex) -> Iterator[BuildEvent]:
        if len(self._steps) >= _MOST_STEPS and vertex.digest not in self._steps:
            raise ValueError("more steps than a build has")
        name = vertex.name.replace("load remote build context", "receive the build context")
        step = BuildStep(
            vertex.digest,
            name,
            vertex.started,
            vertex.completed,
            vertex.cached,
            vertex.error[:_LONGEST_CAUSE],
        )
        if self._steps.get(vertex.digest) == step:
            return
        self._steps[vertex.digest] = step
        if step.finished:
            for key in [key for key in self._streams if key[0] == vertex.digest]:
                yield from self._streams.pop(key).finish()
        yield step

    def _status(self, status: VertexStatus) -> Iterator[BuildEvent]:
        key = (status.vertex, status.id)
        if not status.completed or key in self._done or len(self._done) >= _MOST_STEPS:
            return
        self._done.add(key)
        size = f", {status.total:,} bytes" if status.total else ""
        # A layer's identifier is its name, and what is done with it the status's name.
        text = status.id if status.name in {"", status.id} else f"{status.id}: {status.name}"
        yield BuildLine(f"{text}{size}: done", status.vertex)

    def _log(self, log: VertexLog) -> Iterator[BuildEvent]:
        key = (log.vertex, log.stream)
        if key not in self._streams:
            if len(self._streams) >= _MOST_STEPS:
                raise ValueError("more streams than a build has")
            self._streams[key] = StepText(log.vertex, is_error=log.stream == 2)
        yield from self._streams[key].add(log.text.decode(errors="replace"))

    def _flush(self) -> Iterator[BuildLine]:
        for stream in self._streams.values():
            yield from stream.finish()
        self._streams.clear()


class Masking:
    """Puts `${NAME}` back where a builder wrote a build arg's value: BuildKit does so in names of steps.

    Lines of programs are spared short values, which would be found in many a word.
    """

    def __init__(self, build_args: Mapping[str, str]) -> None:
        by_length = sorted(build_args.items(), key=lambda item: -len(item[1]))
        self._args = [(f"${{{name}}}", value) for name, value in by_length]

    def event(self, event: BuildEvent) -> BuildEvent:
        match event:
            case BuildLine():
                return replace(event, text=self.text(event.text, _SHORTEST_MASKED_LINE))
            case BuildStep():
                return replace(event, name=self.text(event.name), error=self.text(event.error))
        return event

    def failure(self, failure: BuildFailed) -> BuildFailed:
        step = None if failure.step is None else self.text(failure.step)
        return BuildFailed(
            self.text(failure.detail), step=step, exit_code=failure.exit_code, code=failure.code
        )

    def text(self, text: str, shortest: int = _SHORTEST_MASKED_NAME) -> str:
        for mark, value in self._args:
            if len(value) >= shortest:
                text = text.replace(value, mark)
        return text


def failed(cause: str, *, step: str | None = None, exit_code: int | None = None) -> BuildFailed:
    """The builder's verdict as ours, with the exit code it may hide in its sentence."""
    if exit_code is None and (match := _EXIT_CODE.search(cause)):
        exit_code = int(match[1])
    return BuildFailed(cause.strip()[:_LONGEST_CAUSE], step=step, exit_code=exit_code)


def needs_buildkit(dockerfile: str) -> bool:
    """Whether the text uses what the classic builder does not know."""
    return _BUILDKIT_SYNTAX.search(dockerfile) is not None


def _is_cause(step: BuildStep) -> bool:
    return bool(step.error) and "context canceled" not in step.error


def _now() -> datetime:
    return datetime.now(UTC)
