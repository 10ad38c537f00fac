"""Images at the engine: built by its own builder, named, pushed, looked at and removed."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from aiodocker import DockerError

from backend.clients.build_causes import advised
from backend.clients.build_events import (
    BuildEvent,
    BuildFailed,
    BuildLine,
    BuildOptions,
    BuildStep,
    BuiltImage,
    LocalImage,
    Pushed,
    PushEvent,
    PushFailed,
)
from backend.clients.build_output import (
    BuildKitOutput,
    BuildOutput,
    ClassicOutput,
    Masking,
    failed,
    needs_buildkit,
)
from backend.clients.build_session import build_session
from backend.clients.engine_errors import Call, sentence_of
from backend.clients.json_lines import JsonLines
from backend.clients.long_calls import Bounds, LongCall, OverallTimeout
from backend.clients.registry_auth import RegistryAuth, auth_headers, auths_header
from backend.clients.transport import FAILURES, Transport, decoded, ignored
from backend.errors import EngineRefused, InvalidInput, NotFound

__all__ = [
    "BuildEvent",
    "BuildFailed",
    "BuildLine",
    "BuildOptions",
    "BuildStep",
    "BuiltImage",
    "EngineImages",
    "LocalImage",
    "PushEvent",
    "PushFailed",
    "Pushed",
]

BUILD_TIMEOUT = 1800.0
PUSH_TIMEOUT = 1800.0
_BUILDKIT_BY_DEFAULT = "1.42"
"""The API of Docker 23: older engines have a BuildKit, too, but one that knows less."""
_BUILDKIT_FINDS_CONTEXTS = "1.48"
"""The API of Docker 28: engines from 23 to 27.4 with the containerd image store do not give BuildKit the
context that they were sent (moby 47717)."""
_SESSION_WITHIN = 10.0
_CPU_PERIOD = 100_000
_PUSH_EVERY = 0.1
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
_NOT_LOCAL = re.compile(r"does not exist locally|No such image|tag does not exist", re.IGNORECASE)
_PUSHED = re.compile(r"\S+: digest: (sha256:[0-9a-f]{64}) size: (\d+)")
"""All that the containerd image store says in the end, Docker 29's default."""
_DENIED = re.compile(r"unauthorized|denied|authentication required|no basic auth", re.IGNORECASE)
_ANONYMOUS = "e30="
"""`{}` in base64: engines demand the header of a push even when there is nothing to say."""


class _WireImage(
    msgspec.Struct,
    rename={
        "id": "Id",
        "digests": "RepoDigests",
        "tags": "RepoTags",
        "os": "Os",
        "architecture": "Architecture",
        "variant": "Variant",
        "size": "Size",
    },
):
    id: str
    digests: list[str] | None = None
    tags: list[str] | None = None
    os: str = ""
    architecture: str = ""
    variant: str = ""
    size: int = 0


class _WireStore(msgspec.Struct, rename={"version": "ServerVersion", "driver": "DriverStatus"}):
    version: str = ""
    driver: list[list[str]] | None = None


class _WirePushed(msgspec.Struct, rename={"digest": "Digest", "size": "Size"}):
    digest: str = ""
    size: int = 0


class EngineImages:
    """What the engine can do with images. Builds and pushes are bounded by the time they are given.

    Errors are the kinds of `backend.errors`, BuildFailed and PushFailed among them.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def build(
        self, context: AsyncIterator[bytes], options: BuildOptions, *, within: float = BUILD_TIMEOUT
    ) -> AsyncGenerator[BuildEvent]:
        """Build the tar that `context` yields; the last event is the BuiltImage.

        Closing the generator cancels the build at the engine and closes `context`. An error that `context`
        raises ends the build and comes out as itself.
        """
        for tag in options.tags:
            _checked(tag)
        call = Call("build")
        version = await self._transport.negotiated(call)
        old = version < _BUILDKIT_BY_DEFAULT
        buildkit = not _limited(options) and await self._has_buildkit(call)
        if buildkit and not old and version < _BUILDKIT_FINDS_CONTEXTS:
            buildkit = not await self._hides_contexts(call)
        if buildkit and old and options.dockerfile_text is not None:
            buildkit = needs_buildkit(options.dockerfile_text)
        output: BuildOutput = BuildKitOutput() if buildkit else ClassicOutput()
        headers = {"Content-Type": "application/x-tar"}
        path = f"build?{_query(options, buildkit=buildkit)}"
        masking = Masking(options.build_args)
        try:
            async with AsyncExitStack() as stack:
                if buildkit:
                    path += await stack.enter_async_context(self._session(options))
                else:
                    headers |= auths_header(options.auths)
                answer = LongCall(self._transport, call, self._bounds(within)).answer(
                    path, headers=headers, body=context
                )
                chunks = await stack.enter_async_context(answer)
                events = await stack.enter_async_context(aclosing(_events(chunks, output)))
                async for event in events:
                    yield masking.event(event)
        except OverallTimeout:
            raise BuildFailed(f"The build took longer than {within:g} s.", code="build_timeout") from None
        except (DockerError, BuildFailed) as error:
            failure = failed(sentence_of(error.message)) if isinstance(error, DockerError) else error
            raise masking.failure(advised(failure, buildkit=buildkit, old_engine=old)) from None
        except (ValueError, msgspec.MsgspecError) as error:
            raise self._transport.explained(error, call, within) from error

    async def push(
        self, reference: str, auth: RegistryAuth | None = None, *, within: float = PUSH_TIMEOUT
    ) -> AsyncGenerator[PushEvent | Pushed]:
        """Push what the engine holds as `reference`; the last event is Pushed. Closing it breaks off."""
        name, tag = _split(_checked(reference))
        call = Call("push")
        path = f"images/{quote(name, safe='/:')}/push?{urlencode({'tag': tag})}"
        headers = auth_headers(auth) or {"X-Registry-Auth": _ANONYMOUS}
        lines = JsonLines()
        shown: dict[str, tuple[str, float]] = {}
        pushed: Pushed | None = None
        now = asyncio.get_running_loop().time
        try:
            async with LongCall(self._transport, call, self._bounds(within)).answer(
                path, headers=headers
            ) as chunks:
                async for chunk in chunks:
                    for line in lines.feed(chunk):
                        if line.failure:
                            raise _push_failed(reference, line.failure)
                        if line.has_aux:
                            wire = msgspec.json.decode(line.aux, type=_WirePushed)
                            pushed = Pushed(wire.digest, wire.size) if wire.digest else pushed
                        elif said := _PUSHED.fullmatch(line.status):
                            pushed = Pushed(said[1], int(said[2]))
                        elif line.id and line.status:
                            status, at = shown.get(line.id, ("", 0.0))
                            if status == line.status and now() - at < _PUSH_EVERY:
                                continue
                            shown[line.id] = (line.status, now())
                            done = line.progress
                            yield PushEvent(
                                line.id, line.status, done.current if done else 0, done.total if done else 0
                            )
        except OverallTimeout:
            raise PushFailed(f"The push took longer than {within:g} s.", code="push_timeout") from None
        except DockerError as error:
            raise _push_failed(reference, sentence_of(error.message)) from error
        except (ValueError, msgspec.MsgspecError) as error:
            raise self._transport.explained(error, call, within) from error
        if pushed is None:
            raise PushFailed(f"The engine ended the push of {reference} without saying its digest.")
        yield pushed

    async def tag(self, image: str, reference: str) -> None:
        name, tag = _split(_checked(reference))
        call = Call("local image", image)
        path = f"images/{quote(_checked(image), safe='/:@')}/tag"
        try:
            await self._transport.write("POST", path, call, ignored, params={"repo": name, "tag": tag})
        except NotFound:
            raise _absent(image) from None

    async def inspect(self, reference: str) -> LocalImage | None:
        """The image as the engine holds it, by name or id; None when it does not."""
        path = f"images/{quote(_checked(reference), safe='/:@')}/json"
        call = Call("local image", reference)
        try:
            wire = await self._transport.read(path, call, decoded(_WireImage))
        except NotFound:
            return None
        platform = "/".join(part for part in (wire.os, wire.architecture, wire.variant) if part)
        digests, tags = tuple(wire.digests or ()), tuple(wire.tags or ())
        return LocalImage(wire.id, digests, tags, platform, wire.size)

    async def remove(self, reference: str) -> None:
        """Take a name from the engine, and the image with its last name. Nothing to do is fine, too."""
        path = f"images/{quote(_checked(reference), safe='/:@')}"
        try:
            await self._transport.write("DELETE", path, Call("local image", reference), ignored)
        except NotFound:
            return

    def _bounds(self, within: float) -> Bounds:
        return Bounds(overall=within, quiet=self._transport.deadlines.quiet)

    @asynccontextmanager
    async def _session(self, options: BuildOptions) -> AsyncIterator[str]:
        """A session as a part of the query. Older engines want one even to pull without credentials."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(_SESSION_WITHIN):
                    opened = build_session(self._transport, options.auths)
                    query = f"&session={await stack.enter_async_context(opened)}"
            except FAILURES as error:
                if options.auths or not isinstance(error, DockerError):
                    raise self._transport.explained(error, Call("build session"), _SESSION_WITHIN) from error
                # What stands before some engines lets no sessions pass; local images need none.
                query = ""
            yield query

    async def _has_buildkit(self, call: Call) -> bool:
        """Every engine we support has it, unless its owner switched it off or it runs on Windows."""

        async def builder(response: Any) -> bool:
            return str(response.headers.get("Builder-Version", "2")) != "1"

        return await self._transport.read("_ping", call, builder)

    async def _hides_contexts(self, call: Call) -> bool:
        store = await self._transport.read("info", call, decoded(_WireStore))
        containerd = any("io.containerd.snapshotter" in text for pair in store.driver or () for text in pair)
        version = [int(part) for part in re.findall(r"\d+", store.version)[:2]]
        return containerd and version < [27, 5]


async def _events(chunks: AsyncIterator[bytes], output: BuildOutput) -> AsyncGenerator[BuildEvent]:
    lines = JsonLines()
    async for chunk in chunks:
        for line in lines.feed(chunk):
            for event in output.feed(line):
                yield event
    for line in lines.finish():
        for event in output.feed(line):
            yield event
    for event in output.finish():
        yield event


def _query(options: BuildOptions, *, buildkit: bool) -> str:
    fields: list[tuple[str, str]] = [("dockerfile", options.dockerfile)]
    fields += [("t", tag) for tag in options.tags]
    if options.build_args:
        fields.append(("buildargs", _json(options.build_args)))
    if options.labels:
        fields.append(("labels", _json(options.labels)))
    if options.target:
        fields.append(("target", options.target))
    if options.platform:
        fields.append(("platform", options.platform))
    if options.no_cache:
        fields.append(("nocache", "1"))
    if buildkit:
        fields.append(("version", "2"))
    else:
        # Otherwise the container of a step that failed stays.
        fields += [("version", "1"), ("rm", "1"), ("forcerm", "1")]
        if options.memory_bytes:
            limit = str(options.memory_bytes)
            fields += [("memory", limit), ("memswap", limit)]
        if options.cpus:
            fields += [("cpuperiod", str(_CPU_PERIOD)), ("cpuquota", str(int(options.cpus * _CPU_PERIOD)))]
    return urlencode(fields, quote_via=quote)


def _limited(options: BuildOptions) -> bool:
    return bool(options.memory_bytes or options.cpus)


def _json(values: Mapping[str, str]) -> str:
    return msgspec.json.encode(dict(values)).decode()


def _checked(reference: str) -> str:
    if not _REFERENCE.fullmatch(reference) or re.search(r"(^|/)\.{1,2}(/|$)|//", reference):
        raise InvalidInput(f"'{reference}' is no image reference.")
    return reference


def _split(reference: str) -> tuple[str, str]:
    """Name and tag. A digest cannot be given to an image, only got from a registry."""
    if "@" in reference:
        raise InvalidInput(f"'{reference}' names a digest; an image is tagged and pushed by a tag.")
    name, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:
        return reference, "latest"
    return name, tag


def _push_failed(reference: str, text: str) -> PushFailed:
    sentence = sentence_of(text)
    if _NOT_LOCAL.search(text):
        return PushFailed(f"The engine holds no image '{reference}' any more.", code="image_not_local")
    if _DENIED.search(text):
        return PushFailed(f"The registry refused the push of {reference}: {sentence}", code="push_denied")
    return PushFailed(f"{reference} could not be pushed: {sentence}")


def _absent(image: str) -> EngineRefused:
    return EngineRefused(f"The engine holds no image '{image}' any more.", code="image_not_local")
