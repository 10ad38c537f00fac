"""The fake engine's builder: a few words of Dockerfile over a real tar, the same image for the same input."""

import asyncio
import fnmatch
import hashlib
import json
import posixpath
import re
import shlex
import tarfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import IO

_NEEDS_BUILDKIT = re.compile(r"^RUN\s+--mount|^COPY\s+--(chmod|link)|<<-?['\"]?\w", re.IGNORECASE)
_INSTRUCTIONS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN",
    "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip


class BuildError(Exception):
    def __init__(self, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Begun:
    number: int
    total: int
    text: str
    expanded: str


@dataclass(frozen=True, slots=True)
class Printed:
    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Ended:
    cached: bool = False


Happening = Begun | Printed | Ended


@dataclass(frozen=True, slots=True)
class LocalImage:
    """What a build makes. `files` is path to digest of the content; `program` what a container does."""

    files: Mapping[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    config: Mapping[str, str] = field(default_factory=dict)
    program: str = "sleep infinity"
    platform: str = "linux/amd64"

    @property
    def id(self) -> str:
        known = [sorted(self.files.items()), self.history, sorted(self.config.items()), self.platform]
        return f"sha256:{hashlib.sha256(json.dumps(known).encode()).hexdigest()}"

    @property
    def digest(self) -> str:
        """Of the manifest under which a registry has it."""
        return f"sha256:{hashlib.sha256(self.id.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Request:
    dockerfile: str
    build_args: Mapping[str, str]
    labels: Mapping[str, str]
    target: str
    platform: str
    no_cache: bool
    buildkit: bool
    memory: int = 0
    cpu_quota: int = 0


class FakeBuilder:
    """Knobs: `hold("sleep")` stops RUN steps that contain the text until `release()`; `hold_pushes()` until
    `release_pushes()`; `fail_next(message)` fails a build.

    `containers` are the RUN steps that run now; `contexts` the names in each context that arrived.
    """

    def __init__(self) -> None:
        self.buildkit = True
        """False: the engine's owner has switched it off."""
        self.containerd_store = False
        """True: the engine keeps images in containerd and tells of pushes in fewer words."""
        self.images: dict[str, LocalImage] = {}
        self.names: dict[str, str] = {}
        self.pushed: dict[str, set[str]] = {}
        """Digests by image id, as `repository@sha256:…`."""
        self.containers: list[str] = []
        self.contexts: list[list[str]] = []
        self.requests: list[Request] = []
        self._cache: set[str] = set()
        self._held: set[str] = set()
        self._released = asyncio.Event()
        self._pushes = asyncio.Event()
        self._pushes.set()
        self._failures: list[BuildError] = []

    def hold(self, text: str) -> None:
        self._held.add(text)
        self._released.clear()

    def release(self) -> None:
        self._held.clear()
        self._released.set()

    def hold_pushes(self) -> None:
        self._pushes.clear()

    def release_pushes(self) -> None:
        self._pushes.set()

    async def push_gate(self) -> None:
        await self._pushes.wait()

    def fail_next(self, message: str, *, exit_code: int | None = None) -> None:
        self._failures.append(BuildError(message, exit_code=exit_code))

    def find(self, reference: str) -> LocalImage | None:
        return self.images.get(self.names.get(_tagged(reference), reference))

    def name(self, reference: str, image: LocalImage) -> None:
        self.images[image.id] = image
        self.names[_tagged(reference)] = image.id

    def tags_of(self, image: LocalImage) -> list[str]:
        return [name for name, id_ in self.names.items() if id_ == image.id]

    async def build(
        self, context: IO[bytes], request: Request, pull: Callable[[str], LocalImage]
    ) -> AsyncIterator[Happening | LocalImage]:
        """Steps as they happen and the image at the end; BuildError when it comes to nothing."""
        self.requests.append(request)
        files = _read(context)
        self.contexts.append(sorted(files))
        if self._failures:
            raise self._failures.pop(0)
        text = files.get(posixpath.normpath(request.dockerfile))
        if text is None:
            raise BuildError(
                f"failed to read dockerfile: open {request.dockerfile}: no such file or directory"
            )
        lines = instructions(text.decode())
        if not request.buildkit and (bad := next((ln for ln in lines if _NEEDS_BUILDKIT.search(ln)), None)):
            option = "mount" if bad.upper().startswith("RUN") else "chmod"
            raise BuildError(
                f"the --{option} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to "
                "learn how to build images with BuildKit enabled"
            )
        args: dict[str, str] = {}
        stages: dict[str, LocalImage] = {}
        here: list[str] = []
        wanted = request.target.lower()
        total = sum(not line.upper().startswith("ARG") for line in lines)
        number = 0
        for line in lines:
            word, _, rest = line.partition(" ")
            word, rest = word.upper(), rest.strip()
            if word == "ARG":
                name, _, default = rest.partition("=")
                args[name] = request.build_args.get(name, default.strip("\"'"))
                continue
            if word == "FROM" and wanted and wanted in here:
                break
            expanded = _expand(rest, args)
            number += 1
            yield Begun(number, total, f"{word} {rest}", f"{word} {expanded}")
            if word == "FROM":
                source, name = _from(expanded)
                image = LocalImage() if source == "scratch" else stages.get(source.lower()) or pull(source)
                image = replace(image, platform=request.platform or image.platform)
                here = [str(sum(key.isdigit() for key in stages)), *([name.lower()] if name else [])]
                stages |= dict.fromkeys(here, image)
                yield Ended()
                continue
            if not stages:
                raise BuildError("no build stage in current context")
            key = f"{image.id} {word} {expanded}"
            cached = word == "RUN" and key in self._cache and not request.no_cache
            if word == "RUN" and not cached:
                async for printed in self._run(expanded):
                    yield printed
            image = _applied(image, word, expanded, files, stages)
            self._cache.add(key)
            stages |= dict.fromkeys(here, image)
            yield Ended(cached)
        if not stages:
            raise BuildError("the Dockerfile cannot be empty")
        if wanted and wanted not in stages:
            raise BuildError(f"target stage {json.dumps(request.target)} could not be found")
        image = replace(image, config={**image.config, **request.labels})
        self.images[image.id] = image
        yield image

    async def _run(self, command: str) -> AsyncIterator[Printed]:
        if denied := re.match(
            r"--(network=host|security=insecure|mount=type=(ssh|secret),\S*required)", command
        ):
            raise BuildError(f"granting entitlement {denied[1]} is not allowed by build daemon configuration")
        self.containers.append(command)
        try:
            if any(text in command for text in self._held):
                await self._released.wait()
            shell = re.sub(r"^(--\S+\s+)*", "", command)
            for statement in re.split(r";|&&|\n", shell):
                is_error = statement.strip().endswith(">&2")
                words = shlex.split(statement.replace(">&2", ""))
                match words[:1]:
                    case ["echo"]:
                        yield Printed(" ".join(words[1:]), is_error)
                    case ["sleep"]:
                        await asyncio.sleep(float("inf") if words[1] == "infinity" else float(words[1]))
                    case ["exit"] if words[1] != "0":
                        code = int(words[1])
                        raise BuildError(
                            f'process "/bin/sh -c {shell}" did not complete successfully: exit code: {code}',
                            exit_code=code,
                        )
        finally:
            self.containers.remove(command)


def instructions(text: str) -> list[str]:
    """One text an instruction: continued lines joined, comments gone. BuildError for words there are not."""
    joined = re.sub(r"\\[ \t]*\r?\n", " ", re.sub(r"(?m)^\s*#.*\n?", "", text))
    found, ends = [], ""
    for number, line in enumerate(joined.splitlines(), 1):
        if ends:
            ends = "" if line.strip() == ends else ends
            continue
        if not line.strip():
            continue
        word = line.split()[0]
        if word.upper() not in _INSTRUCTIONS:
            raise BuildError(f"dockerfile parse error on line {number}: unknown instruction: {word}")
        if heredoc := re.search(r"<<-?['\"]?(\w+)", line):
            ends = heredoc[1]
        found.append(line.strip())
    return found


def _read(context: IO[bytes]) -> dict[str, bytes]:
    """Contents up to 64 KiB, of larger files only a digest."""
    files = {}
    try:
        with tarfile.open(fileobj=context, mode="r|") as tar:
            for member in tar:
                if not member.isfile():
                    continue
                content = tar.extractfile(member)
                assert content is not None
                if member.size <= 65536:
                    files[posixpath.normpath(member.name)] = content.read()
                    continue
                digest = hashlib.sha256()
                while part := content.read(1 << 20):
                    digest.update(part)
                files[posixpath.normpath(member.name)] = digest.digest()
    except tarfile.TarError as error:
        raise BuildError(f"Error processing tar file: {error}") from error
    return files


def _applied(
    image: LocalImage, word: str, text: str, files: Mapping[str, bytes], stages: Mapping[str, LocalImage]
) -> LocalImage:
    image = replace(image, history=(*image.history, f"{word} {text}"))
    if word in {"COPY", "ADD"}:
        return replace(image, files={**image.files, **_copied(text, files, stages)})
    if word in {"CMD", "ENTRYPOINT"}:
        words = json.loads(text) if text.startswith("[") else ["sh", "-c", text]
        program = words[2] if words[:2] in (["sh", "-c"], ["/bin/sh", "-c"]) else shlex.join(words)
        return replace(image, program=program, config={**image.config, word: text})
    return replace(image, config={**image.config, word: text})


def _copied(text: str, files: Mapping[str, bytes], stages: Mapping[str, LocalImage]) -> dict[str, str]:
    options = dict(re.findall(r"--(\w+)=(\S+)", text))
    words = [word for word in text.split() if not word.startswith(("--", "<<"))]
    *sources, target = words
    if "from" in options:
        if options["from"].lower() not in stages:
            raise BuildError(f"invalid from flag value {options['from']}: not found")
        known = {name.lstrip("/"): digest for name, digest in stages[options["from"].lower()].files.items()}
    else:
        known = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    copied = {}
    for source in sources:
        wanted = posixpath.normpath(source).lstrip("/") or "."
        found = [
            name
            for name in known
            if wanted == "."
            or name == wanted
            or name.startswith(f"{wanted}/")
            or fnmatch.fnmatch(name, wanted)
        ]
        if not found:
            raise BuildError(
                f'failed to compute cache key: failed to calculate checksum of ref: "/{wanted}": not found'
            )
        for name in found:
            into = target.endswith("/") or len(found) > 1 or name != wanted
            place = posixpath.join(target, posixpath.relpath(name, wanted) if name != wanted else name)
            copied[posixpath.normpath(place if into else target)] = known[name]
    return copied


def _from(text: str) -> tuple[str, str]:
    words = [word for word in text.split() if not word.startswith("--")]
    return words[0], words[2] if len(words) > 2 and words[1].upper() == "AS" else ""


def _expand(text: str, args: Mapping[str, str]) -> str:
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: args.get(m[1] or m[2], m[0]), text)


def _tagged(reference: str) -> str:
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
