"""What builders say, line by line: bounded, numbered, kept in files, and read by many from one place."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread
import msgspec

from backend.errors import Overloaded
from backend.models.build_rows import BuildStepRow
from backend.models.schemas.builds import BuildStepOut
from backend.storage_errors import from_os_error

log = logging.getLogger(__name__)

LINES_KEPT = 20_000
BYTES_KEPT = 4 * 1024 * 1024
"""Of one build, in memory while it runs and in its two files after."""
LONGEST_LINE = 16_384
STEPS_KEPT = 300
AT_ONCE = 500
"""Lines in one event."""
WRITE_EVERY = 0.3
GATHERING_PAUSE = 0.03
READERS = 500
"""Streams of all builds together."""
SHORTEST_SECRET = 6
"""Shorter values of build arguments are words like `true`: taking them out would spoil the output."""


@dataclass(frozen=True, slots=True)
class KeptLine:
    n: int
    encoded: bytes
    """JSON of a `BuildLineOut`, made once for files, pages and streams."""


class _Line(msgspec.Struct):
    n: int
    text: str


class BuildOutput:
    """The newest lines of one build; older ones fall out when it says too much."""

    def __init__(self, kept: Iterable[KeptLine] = (), steps: Iterable[BuildStepRow] = ()) -> None:
        self._lines: deque[KeptLine] = deque(kept)
        self._bytes = sum(len(line.encoded) for line in self._lines)
        self._unwritten: list[KeptLine] = []
        self.total = self._lines[-1].n if self._lines else 0
        self.steps: dict[str, BuildStepRow] = {step.id: step for step in steps}
        self._step_changes: dict[str, int] = dict.fromkeys(self.steps, 1)
        self._changes = 1
        self._state: tuple[int, bytes] = (0, b"")
        self._secrets: tuple[str, ...] = ()
        self._changed = anyio.Event()
        self.ended = False

    def hide(self, secrets: Iterable[str]) -> None:
        """Take these out of every line, step and cause from now on."""
        lines = (line.strip() for secret in secrets for line in secret.split("\n"))
        known = {line for line in lines if len(line) >= SHORTEST_SECRET}
        self._secrets = tuple(sorted(known, key=lambda secret: -len(secret)))

    def without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def add(self, text: str, *, step: str | None = None, error: bool = False) -> None:
        """One line or several; what a progress bar wrote over is left out."""
        for piece in text.split("\n"):
            line = self.without_secrets(piece.rstrip("\r").rpartition("\r")[2])
            if len(line) > LONGEST_LINE:
                line = f"{line[:LONGEST_LINE]} … ({len(line) - LONGEST_LINE} characters left out)"
            self.total += 1
            shown = {"n": self.total, "at": datetime.now(UTC), "text": line, "step": step, "error": error}
            self._keep(KeptLine(self.total, msgspec.json.encode(shown)))
        self._tell()

    def set_step(self, step: BuildStepRow) -> None:
        if step.id not in self.steps and len(self.steps) >= STEPS_KEPT:
            return
        self._changes += 1
        self.steps[step.id] = step
        self._step_changes[step.id] = self._changes
        self._tell()

    def set_state(self, encoded: bytes) -> None:
        """The build as JSON, for who follows it."""
        self._changes += 1
        self._state = (self._changes, encoded)
        self._tell()

    def end(self) -> None:
        self.ended = True
        self._tell()

    def page(self, after: int) -> bytes:
        """A `BuildLogPage` with the lines after that number, as JSON."""
        lines = self.after(after)
        return b'{"items":[%b],"left_out":%d,"total":%d}' % (
            b",".join(line.encoded for line in lines),
            self._left_out(lines, after),
            self.total,
        )

    def text(self) -> bytes:
        """The lines as they were written."""
        lines = self.after(0)
        left_out = self._left_out(lines, 0)
        head = f"# {left_out} lines left out\n" if left_out else ""
        texts = (msgspec.json.decode(line.encoded, type=_Line).text for line in lines)
        return (head + "".join(f"{text}\n" for text in texts)).encode()

    def after(self, number: int, limit: int | None = None) -> list[KeptLine]:
        """Lines after that one, as far as they are kept."""
        start = max(0, len(self._lines) - max(0, self.total - number))
        return list(islice(self._lines, start, None if limit is None else start + limit))

    def _left_out(self, lines: list[KeptLine], after: int) -> int:
        return max(0, (lines[0].n if lines else self.total + 1) - 1 - after)

    def events(self, seen: "Seen") -> bytes:
        """What `seen` has not seen yet, as server-sent events; notes that it has now."""
        pieces: list[bytes] = []
        if lines := self.after(seen.line, AT_ONCE):
            left_out = self._left_out(lines, seen.line)
            seen.line = lines[-1].n
            items = b",".join(line.encoded for line in lines)
            pieces.append(
                b'id: %d\nevent: line\ndata: {"items":[%b],"left_out":%d}\n\n' % (seen.line, items, left_out)
            )
        for key, change in self._step_changes.items():
            if change > seen.step:
                step = BuildStepOut.model_validate(self.steps[key], from_attributes=True)
                pieces.append(b"event: step\ndata: %b\n\n" % step.model_dump_json().encode())
        seen.step = self._changes
        # A build's end is told after its last line.
        if self._state[0] > seen.state and (not self.ended or seen.line >= self.total):
            pieces.append(b"event: state\ndata: %b\n\n" % self._state[1])
            seen.state = self._state[0]
        return b"".join(pieces)

    async def changed(self) -> None:
        await self._changed.wait()

    def take_unwritten(self) -> list[KeptLine]:
        unwritten, self._unwritten = self._unwritten, []
        return unwritten

    def put_back(self, unwritten: list[KeptLine]) -> None:
        self._unwritten = [*unwritten, *self._unwritten][-LINES_KEPT:]

    def _keep(self, line: KeptLine) -> None:
        self._lines.append(line)
        self._unwritten.append(line)
        self._bytes += len(line.encoded)
        while len(self._lines) > LINES_KEPT or self._bytes > BYTES_KEPT:
            self._bytes -= len(self._lines.popleft().encoded)
        if len(self._unwritten) > LINES_KEPT:
            del self._unwritten[:-LINES_KEPT]

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


@dataclass(slots=True)
class Seen:
    """How far one reader is."""

    line: int = 0
    step: int = 0
    state: int = 0


class OutputReader:
    """One reader's part of a build's output: a source for an event stream."""

    def __init__(
        self, output: BuildOutput, last_event_id: str | None, closed: Callable[[], None] = lambda: None
    ) -> None:
        self._output = output
        number = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
        self._seen = Seen(line=number if number <= output.total else 0)
        self._closed = False
        self._tell_closed = closed

    async def receive(self) -> bytes | None:
        while not self._closed:
            if chunk := self._output.events(self._seen):
                return chunk
            if self._output.ended:
                return None
            await self._output.changed()
            # A builder that says much would wake every reader for every line.
            await anyio.sleep(GATHERING_PAUSE)
        return None

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._tell_closed()


class BuildOutputs:
    """The outputs of builds under way, and the files of those that ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._live: dict[str, BuildOutput] = {}
        self._shown: WeakValueDictionary[tuple[str, str], BuildOutput] = WeakValueDictionary()
        """What somebody reads of builds that ended: one copy, however many read it."""
        self._readers = 0

    def begin(self, build_id: str) -> BuildOutput:
        output = self._live[build_id] = BuildOutput()
        return output

    async def resume(self, build_id: str, steps: Iterable[BuildStepRow]) -> BuildOutput:
        """Go on writing the output of a build that had ended."""
        output = self._live[build_id] = await self.read(build_id, steps)
        return output

    def live(self, build_id: str) -> BuildOutput | None:
        return self._live.get(build_id)

    async def read(self, build_id: str, steps: Iterable[BuildStepRow]) -> BuildOutput:
        """What is kept of a build that ended; its `ended` is not set."""
        lines = await anyio.to_thread.run_sync(_read, self._path(build_id))
        return BuildOutput(lines, steps)

    async def ended(self, build_id: str, version: str, steps: Iterable[BuildStepRow]) -> BuildOutput:
        """What is kept of a build that ended, for readers; `version` tells its ends apart."""
        key = (build_id, version)
        if (known := self._shown.get(key)) is not None:
            return known
        read = await self.read(build_id, steps)
        return self._shown.setdefault(key, read)

    def reader(self, output: BuildOutput, last_event_id: str | None) -> OutputReader:
        """Raises Overloaded."""
        if self._readers >= READERS:
            raise Overloaded(
                f"{READERS} streams of builds are open already; close other tabs or try again later.",
                code="too_many_streams",
                retry_after=10,
            )
        self._readers += 1
        return OutputReader(output, last_event_id, self._reader_left)

    def _reader_left(self) -> None:
        self._readers -= 1

    async def keep_writing(self, build_id: str) -> None:
        """Write what comes, until cancelled. A disk that refuses costs the file, not the build."""
        while True:
            await anyio.sleep(WRITE_EVERY)
            await self.write(build_id)

    async def write(self, build_id: str) -> None:
        output = self._live.get(build_id)
        if output is None or not (lines := output.take_unwritten()):
            return
        try:
            await anyio.to_thread.run_sync(_append, self._path(build_id), lines)
        except OSError as error:
            output.put_back(lines)
            what = f"The output of build {build_id} cannot be written"
            log.warning("%s", from_os_error(error, what, self._folder).detail)

    async def end(self, build_id: str) -> None:
        """Write the rest, let the readers go."""
        await self.write(build_id)
        if (output := self._live.pop(build_id, None)) is not None:
            output.end()

    async def keep_only(self, build_ids: set[str]) -> None:
        """Remove the files of all other builds that are not under way."""
        await anyio.to_thread.run_sync(_remove_others, self._folder, build_ids | self._live.keys())

    def _path(self, build_id: str) -> Path:
        return self._folder / f"{build_id}.jsonl"


def _older(path: Path) -> Path:
    return path.with_suffix(".older.jsonl")


def _append(path: Path, lines: list[KeptLine]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = b"".join(line.encoded + b"\n" for line in lines)
    size = path.stat().st_size if path.exists() else 0
    if len(data) > BYTES_KEPT // 2:
        # More at once than one file holds: nothing before it is worth keeping.
        data = data[-BYTES_KEPT // 2 :]
        path.unlink(missing_ok=True)
        _older(path).unlink(missing_ok=True)
    elif size + len(data) > BYTES_KEPT // 2:
        path.replace(_older(path))
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab+") as file:
        # What a crash left of a line must not swallow the next one.
        file.write(data if file.tell() == 0 or _ends_a_line(file) else b"\n" + data)


def _ends_a_line(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _read(path: Path) -> list[KeptLine]:
    lines: list[KeptLine] = []
    for part in (_older(path), path):
        try:
            data = part.read_bytes()
        except OSError:
            continue
        for raw in data.split(b"\n"):
            try:
                number = msgspec.json.decode(raw, type=_Line).n
            except msgspec.DecodeError:
                continue  # cut off by a crash, or to size
            if lines and number != lines[-1].n + 1:
                lines.clear()  # Lines go on without gaps, or the numbers would lie.
            lines.append(KeptLine(number, raw))
    return lines


def _remove_others(folder: Path, build_ids: set[str]) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.name.partition(".")[0] not in build_ids:
            path.unlink(missing_ok=True)
