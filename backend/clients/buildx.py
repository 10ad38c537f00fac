"""Builds for several platforms: `docker buildx build --push`, run as a program, told as any other build."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from backend.clients.build_causes import advised
from backend.clients.build_events import BuildEvent, BuildFailed, BuildLine, BuildOptions, BuildStep, Pushed
from backend.clients.build_output import Masking, StepText, failed
from backend.clients.registry_auth import RegistryAuth
from backend.errors import Conflict

_LONGEST_LINE = 4 << 20
_STARTS_WITHIN = 20.0
_KILLED_AFTER = 10.0
"""buildx cancels its build at SIGINT; what is left after so long is killed."""
_LONGEST_CAUSE = 2000
_LONGEST_STDERR = 16 * 1024
_STEERS = re.compile(
    r"(PATH|HOME|LANG|TMPDIR|SSL_.*|SSH_.*|(?i:\w+_proxy)|(LD|DOCKER|BUILDX|BUILDKIT|OTEL|GO).*)$"
)
"""Names that would change what the docker client itself does, were they in its environment."""
_PASSED_ON = ("PATH", "HOME", "LANG", "SSH_AUTH_SOCK", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class _Vertex(msgspec.Struct):
    digest: str
    name: str = ""
    cached: bool = False
    started: datetime | None = None
    completed: datetime | None = None
    error: str = ""


class _Log(msgspec.Struct):
    vertex: str = ""
    stream: int = 1
    data: bytes = b""


class _Warning(msgspec.Struct):
    vertex: str = ""
    short: bytes = b""


class _Status(msgspec.Struct):
    vertexes: list[_Vertex] | None = None
    logs: list[_Log] | None = None
    warnings: list[_Warning] | None = None


class Buildx:
    """The docker client's buildx plugin, against one engine. Nothing is set up and nothing left behind.

    `docker_host` and the TLS settings are those of the program; the user's own docker configuration is not
    read, but its plugins and builders are.
    """

    def __init__(self, docker_host: str, *, cert_path: Path | None = None, tls_verify: bool = False) -> None:
        self._docker_host = docker_host
        self._cert_path = cert_path
        self._tls_verify = tls_verify

    async def build_and_push(
        self, context: AsyncIterator[bytes], options: BuildOptions, platforms: Sequence[str], *, within: float
    ) -> AsyncGenerator[BuildEvent | Pushed]:
        """Build for all of `platforms` and push under `options.tags`; the last event is Pushed.

        Closing the generator ends the program and the build. Conflict `multi_platform_needs_buildx` or
        `multi_platform_needs_builder` when it cannot be done here.
        """
        program = shutil.which("docker")
        if program is None:
            raise _needs_buildx("there is no docker client on this machine")
        with _Scratch(options.auths) as scratch:
            environment = self._environment(scratch.folder)
            await self._check(program, environment, platforms)
            hidden = {name: value for name, value in options.build_args.items() if not _STEERS.match(name)}
            process = await asyncio.create_subprocess_exec(
                *_arguments(program, scratch, options, platforms, hidden),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={**environment, **hidden},
                limit=_LONGEST_LINE,
                start_new_session=True,
            )
            feeding = asyncio.create_task(_feed(process, context), name="buildx-context")
            try:
                async with contextlib.aclosing(_told(process, options, within)) as events:
                    async for event in events:
                        yield event
            except BuildFailed:
                if feeding.done() and (error := feeding.exception()) is not None:
                    raise error from None
                raise
            finally:
                await _end(process, feeding)
            yield _pushed(scratch.metadata)

    def _environment(self, folder: Path) -> dict[str, str]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"DOCKER_HOST": self._docker_host, "DOCKER_CONFIG": str(folder)}
        own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        # Builders that somebody created by hand, the only ones that can do several platforms.
        environment["BUILDX_CONFIG"] = os.environ.get("BUILDX_CONFIG") or str(own / "buildx")
        if self._cert_path is not None:
            environment["DOCKER_CERT_PATH"] = str(self._cert_path)
        if self._tls_verify:
            environment["DOCKER_TLS_VERIFY"] = "1"
        return environment

    async def _check(self, program: str, environment: Mapping[str, str], platforms: Sequence[str]) -> None:
        """Refuse what cannot succeed before the context is sent."""
        code, output = await _run(program, "buildx", "version", environment=environment)
        if code != 0:
            raise _needs_buildx("its docker client has no buildx plugin")
        code, output = await _run(program, "buildx", "inspect", environment=environment)
        if code != 0:
            raise _needs_builder(f"buildx has no usable builder: {output[:500]}")
        known = builder_of(output)
        own = known.driver == "docker" and len(platforms) > 1
        if own and not await self._containerd(program, environment):
            raise _needs_builder(
                "The engine's own builder makes images for several platforms only with the containerd image "
                'store (`"features": {"containerd-snapshotter": true}` in daemon.json). Without it, create a '
                "builder with `docker buildx create --use`."
            )

    async def _containerd(self, program: str, environment: Mapping[str, str]) -> bool:
        code, output = await _run(
            program, "info", "--format", "{{json .DriverStatus}}", environment=environment
        )
        return code == 0 and "io.containerd.snapshotter" in output


@dataclass(frozen=True, slots=True)
class Builder:
    name: str = ""
    driver: str = ""


def builder_of(inspected: str) -> Builder:
    """What `docker buildx inspect` says: the first name is the builder's, those after it its nodes'."""
    said: dict[str, str] = {}
    for line in inspected.splitlines():
        key, _, value = line.partition(":")
        said.setdefault(key.strip(), value.strip())
    return Builder(said.get("Name", ""), said.get("Driver", ""))


class _Scratch:
    """A folder of our own for credentials and for what buildx says at the end; gone afterwards."""

    def __init__(self, auths: Mapping[str, RegistryAuth]) -> None:
        self._auths = auths

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="swarm-orchestrator-buildx-"))
        self.metadata = self.folder / "metadata.json"
        try:
            own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "cli-plugins"
            if own.is_dir():
                (self.folder / "cli-plugins").symlink_to(own)
            config = self.folder / "config.json"
            handle = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                json.dump({"auths": {host: auth.stored() for host, auth in self._auths.items()}}, file)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _arguments(
    program: str,
    scratch: _Scratch,
    options: BuildOptions,
    platforms: Sequence[str],
    hidden: Mapping[str, str],
) -> list[str]:
    arguments = [program, "buildx", "build", "--push", "--progress=rawjson", "--provenance=false"]
    arguments += [f"--metadata-file={scratch.metadata}", f"--platform={','.join(platforms)}"]
    arguments += [f"--file={options.dockerfile}", *(f"--tag={tag}" for tag in options.tags)]
    arguments += [f"--label={name}={value}" for name, value in options.labels.items()]
    # By name only: values come from the environment, where `ps` does not show them.
    for name, value in options.build_args.items():
        arguments.append(f"--build-arg={name}" if name in hidden else f"--build-arg={name}={value}")
    if options.target:
        arguments.append(f"--target={options.target}")
    if options.no_cache:
        arguments.append("--no-cache")
    return [*arguments, "-"]


async def _feed(process: asyncio.subprocess.Process, context: AsyncIterator[bytes]) -> None:
    assert process.stdin is not None
    try:
        async for chunk in context:
            process.stdin.write(chunk)
            await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return
    except BaseException:
        # An end of the input would make the context look whole.
        _signal(process, signal.SIGKILL)
        raise
    process.stdin.close()


async def _told(
    process: asyncio.subprocess.Process, options: BuildOptions, within: float
) -> AsyncGenerator[BuildEvent]:
    assert process.stderr is not None
    masking, progress = Masking(options.build_args), _Progress()
    ends = asyncio.get_running_loop().time() + within
    try:
        while True:
            async with asyncio.timeout_at(ends):
                line = await process.stderr.readline()
            if not line:
                break
            for event in progress.read(line):
                yield masking.event(event)
        async with asyncio.timeout_at(ends):
            code = await process.wait()
    except TimeoutError:
        raise BuildFailed(f"The build took longer than {within:g} s.", code="build_timeout") from None
    for event in progress.finish():
        yield masking.event(event)
    if code != 0:
        cause = progress.other.rpartition("ERROR: ")[2].strip() or progress.error
        failure = failed(cause or f"docker buildx ended with {code}", step=progress.broken)
        raise masking.failure(advised(failure, buildkit=True, old_engine=False))


@dataclass(slots=True)
class _Progress:
    """The objects of `--progress=rawjson`, which are those of BuildKit's trace in JSON."""

    error: str = ""
    broken: str | None = None
    other: str = ""
    """What was written beside the objects: buildx's own complaints."""
    _part: bytearray = field(default_factory=bytearray)
    _steps: dict[str, BuildStep] = field(default_factory=dict)
    _streams: dict[tuple[str, int], StepText] = field(default_factory=dict)

    def read(self, line: bytes) -> list[BuildEvent]:
        """An object takes a line, or with older versions of buildx many: then it ends with a brace alone."""
        if not self._part and not line.startswith(b"{"):
            self.other = (self.other + line.decode(errors="replace"))[-_LONGEST_STDERR:]
            return []
        self._part += line
        if not line.rstrip().endswith(b"}") or line.startswith((b" ", b"\t")):
            if len(self._part) > _LONGEST_LINE:
                self._part.clear()
            return []
        whole = bytes(self._part)
        self._part.clear()
        try:
            return self.take(msgspec.json.decode(whole, type=_Status))
        except msgspec.MsgspecError:
            self.other = (self.other + whole.decode(errors="replace"))[-_LONGEST_STDERR:]
            return []

    def take(self, status: _Status) -> list[BuildEvent]:
        events: list[BuildEvent] = []
        for vertex in status.vertexes or ():
            error, times = vertex.error[:_LONGEST_CAUSE], (vertex.started, vertex.completed)
            step = BuildStep(vertex.digest, vertex.name, *times, vertex.cached, error)
            if step.error and "context canceled" not in step.error:
                self.error, self.broken = step.error, step.name
            if self._steps.get(step.id) != step:
                self._steps[step.id] = step
                events.append(step)
        for log in status.logs or ():
            key = (log.vertex, log.stream)
            if key not in self._streams:
                self._streams[key] = StepText(log.vertex, is_error=log.stream == 2)
            events += self._streams[key].add(log.data.decode(errors="replace"))
        for warning in status.warnings or ():
            text = f"WARNING: {warning.short.decode(errors='replace')}"
            events.append(BuildLine(text, warning.vertex or None, is_error=True))
        return events

    def finish(self) -> list[BuildEvent]:
        return [line for stream in self._streams.values() for line in stream.finish()]


async def _end(process: asyncio.subprocess.Process, feeding: asyncio.Task[None]) -> None:
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    if process.returncode is None:
        _signal(process, signal.SIGINT)
        try:
            async with asyncio.timeout(_KILLED_AFTER):
                await process.wait()
        except TimeoutError:
            _signal(process, signal.SIGKILL)
            await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # The group: docker starts its plugin as a program of its own.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _run(program: str, *arguments: str, environment: Mapping[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_STARTS_WITHIN):
            output, _ = await process.communicate()
    except TimeoutError:
        return 1, "it did not answer in time"
    finally:
        if process.returncode is None:
            _signal(process, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, output[:_LONGEST_STDERR].decode(errors="replace")


def _pushed(metadata: Path) -> Pushed:
    try:
        said: dict[str, Any] = json.loads(metadata.read_bytes())
        size = (said.get("containerimage.descriptor") or {}).get("size", 0)
        return Pushed(str(said["containerimage.digest"]), int(size))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BuildFailed("docker buildx ended well without saying the digest of what it pushed.") from error


def _needs_builder(sentence: str) -> Conflict:
    return Conflict(sentence, code="multi_platform_needs_builder")


def _needs_buildx(lack: str) -> Conflict:
    return Conflict(
        "A build for several platforms is done by `docker buildx` where Swarm Orchestrator runs, and "
        f"{lack}. Install docker with its buildx plugin there, or name one platform.",
        code="multi_platform_needs_buildx",
    )
