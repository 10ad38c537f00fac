"""The fake engine's image calls: build, session, push, tag, inspect, remove, as both builders word them."""

import asyncio
import base64
import hashlib
import json
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, Protocol

import h2.config
import h2.connection
import h2.events
from aiohttp import web

from tests.fakes.engine_builder import Begun, BuildError, Ended, Happening, LocalImage, Printed, Request
from tests.fakes.engine_orchestrator import find_image
from tests.fakes.engine_rules import Refused
from tests.fakes.engine_store import Spec

if TYPE_CHECKING:
    from tests.fakes.fake_engine import FakeEngine

_DENIED = "unauthorized: authentication required"


class EngineBuilds:
    def __init__(self, engine: "FakeEngine") -> None:
        self._engine = engine
        self._builder = engine.builder
        self._sessions: dict[str, _SessionCaller] = {}

    async def route(self, request: web.Request, path: str) -> web.StreamResponse | None:
        for method, pattern, call in self._routes():
            if method == request.method and (match := re.fullmatch(pattern, path)):
                return await call(request, **match.groupdict())
        return None

    def _routes(self) -> Iterator[tuple[str, str, Callable[..., Awaitable[web.StreamResponse]]]]:
        name = r"(?P<name>.+)"
        yield "POST", "/build", self._build
        yield "POST", "/session", self._session
        yield "POST", f"/images/{name}/push", self._push
        yield "POST", f"/images/{name}/tag", self._tag
        yield "GET", f"/images/{name}/json", self._inspect
        yield "DELETE", f"/images/{name}", self._remove

    # -- building -------------------------------------------------------------------------------------

    async def _build(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        buildkit = query.get("version") == "2"
        asked = Request(
            dockerfile=query.get("dockerfile") or "Dockerfile",
            build_args=json.loads(query.get("buildargs") or "{}"),
            labels=json.loads(query.get("labels") or "{}"),
            target=query.get("target", ""),
            platform=query.get("platform", ""),
            no_cache=query.get("nocache") in {"1", "true"},
            buildkit=buildkit,
            memory=int(query.get("memory", "0")),
            cpu_quota=int(query.get("cpuquota", "0")),
        )
        with tempfile.TemporaryFile() as context:
            # As real engines do, the answer begins when the context is here.
            async for chunk in request.content.iter_any():
                context.write(chunk)
            context.seek(0)
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            teller: _Teller = _BuildKitTeller() if buildkit else _ClassicTeller()
            await self._narrate(request, asked, context, response, teller)
        await response.write_eof()
        return response

    async def _narrate(
        self,
        request: web.Request,
        asked: Request,
        context: IO[bytes],
        response: web.StreamResponse,
        teller: "_Teller",
    ) -> None:
        # Who asks for credentials must have them before it is known what FROM names.
        credentials = await self._credentials(request)

        def pull(reference: str) -> LocalImage:
            if local := self._builder.find(reference):
                return local
            if not self._engine.registry_up:
                raise BuildError(f"{reference}: failed to do request: connect: connection refused")
            if credentials is False and reference.startswith(f"{self._engine.registry_host}/"):
                raise BuildError(f"{reference}: unexpected status from HEAD request: 401 Unauthorized")
            known = find_image(self._engine.store, reference)
            if known is None:
                raise BuildError(f"{reference}: failed to resolve source metadata: {reference}: not found")
            system, architecture = known.platforms[0]
            return LocalImage(
                history=(known.digest,), program=known.program, platform=f"{system}/{architecture}"
            )

        try:
            async for happening in self._builder.build(context, asked, pull):
                if isinstance(happening, LocalImage):
                    for tag in request.query.getall("t", []):
                        self._builder.name(tag, happening)
                    lines = teller.done(happening.id)
                else:
                    lines = teller.told(happening)
                for line in lines:
                    await response.write(json.dumps(line).encode() + b"\r\n")
        except BuildError as error:
            for line in teller.failed(error):
                await response.write(json.dumps(line).encode() + b"\r\n")

    async def _credentials(self, request: web.Request) -> bool:
        """Whether the caller may pull from the fake's registry."""
        required = self._engine.registry_auth
        if required is None:
            return True
        wanted = _unpacked(required)
        host = self._engine.registry_host
        if (caller := self._sessions.get(request.query.get("session", ""))) is not None:
            async with asyncio.timeout(5):
                username, secret = await caller.credentials(host)
            return (username, secret) == (wanted.get("username"), wanted.get("password"))
        given = _unpacked(request.headers.get("X-Registry-Config", "e30=")).get(host) or {}
        return all(given.get(key) == wanted.get(key) for key in ("username", "password"))

    async def _session(self, request: web.Request) -> web.StreamResponse:
        """Turn the connection around: from here on the engine asks and the caller answers."""
        session_id = request.headers["X-Docker-Expose-Session-Uuid"]
        transport = request.transport
        assert transport is not None
        assert request.headers.get("Upgrade") == "h2c"
        former = transport.get_protocol()
        caller = _SessionCaller(transport, former)
        transport.set_protocol(caller)
        transport.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        caller.greet()
        self._sessions[session_id] = caller
        try:
            await asyncio.Event().wait()
        finally:
            del self._sessions[session_id]
        raise AssertionError

    # -- what is there --------------------------------------------------------------------------------

    async def _push(self, request: web.Request, name: str) -> web.StreamResponse:
        engine, builder = self._engine, self._builder
        if "X-Registry-Auth" not in request.headers:
            raise Refused(
                400, "Bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: EOF"
            )
        tag = request.query.get("tag") or "latest"
        image = builder.find(f"{name}:{tag}")
        if image is None:
            raise Refused(404, f"An image does not exist locally with the tag: {name}")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)

        async def say(**line: object) -> None:
            await response.write(json.dumps(line).encode() + b"\r\n")

        await say(status=f"The push refers to repository [{name}]")
        layer = hashlib.sha256(image.id.encode()).hexdigest()[:12]
        required = engine.registry_auth
        problem = ""
        if not engine.registry_up:
            problem = f'Get "http://{engine.registry_host}/v2/": dial tcp: connect: connection refused'
        elif required is not None and request.headers["X-Registry-Auth"] != required:
            problem = _DENIED
        if problem:
            await say(errorDetail={"message": problem}, error=problem)
        else:
            await say(status="Preparing", progressDetail={}, id=layer)
            for current in (512, 1024):
                await say(status="Pushing", progressDetail={"current": current, "total": 1024}, id=layer)
            await builder.push_gate()
            await say(status="Pushed", progressDetail={}, id=layer)
            engine.add_image(
                f"{name}:{tag}",
                digest=image.digest,
                platforms=[(image.platform.split("/")[0], image.platform.split("/")[1])],
                program=image.program,
            )
            builder.pushed.setdefault(image.id, set()).add(f"{name}@{image.digest}")
            await say(status=f"{tag}: digest: {image.digest} size: 528")
            if builder.containerd_store:
                await response.write_eof()
                return response
            await say(progressDetail={}, aux={"Tag": tag, "Digest": image.digest, "Size": 528})
        await response.write_eof()
        return response

    async def _tag(self, request: web.Request, name: str) -> web.StreamResponse:
        image = self._local(name)
        self._builder.name(f"{request.query['repo']}:{request.query.get('tag') or 'latest'}", image)
        return web.Response(status=201)

    async def _inspect(self, _: web.Request, name: str) -> web.StreamResponse:
        image = self._local(name)
        system, architecture, *_rest = image.platform.split("/")
        return web.json_response(
            {
                "Id": image.id,
                "RepoTags": self._builder.tags_of(image),
                "RepoDigests": sorted(self._builder.pushed.get(image.id, ())),
                "Os": system,
                "Architecture": architecture,
                "Size": 1024,
                "Config": {"Labels": dict(image.config)},
            }
        )

    async def _remove(self, _: web.Request, name: str) -> web.StreamResponse:
        image = self._local(name)
        for tag in self._builder.tags_of(image) if name == image.id else [name]:
            self._builder.names.pop(tag, None)
        if not self._builder.tags_of(image):
            self._builder.images.pop(image.id, None)
        return web.json_response([{"Untagged": name}])

    def _local(self, name: str) -> LocalImage:
        image = self._builder.find(name)
        if image is None:
            raise Refused(404, f"No such image: {name}")
        return image


class _Teller(Protocol):
    def told(self, happening: Happening) -> Iterator[Spec]: ...
    def done(self, image_id: str) -> Iterator[Spec]: ...
    def failed(self, error: BuildError) -> Iterator[Spec]: ...


class _ClassicTeller:
    def told(self, happening: Happening) -> Iterator[Spec]:
        match happening:
            case Begun():
                yield {"stream": f"Step {happening.number}/{happening.total} : {happening.text}"}
                yield {"stream": "\n"}
            case Printed(text, True):
                yield {"stream": f"\x1b[91m{text}\n\x1b[0m"}
            case Printed(text, False):
                yield {"stream": f"{text}\n"}
            case Ended(cached):
                yield from ({"stream": " ---> Using cache\n"} for _ in range(cached))
                yield {"stream": " ---> 0123456789ab\n"}

    def done(self, image_id: str) -> Iterator[Spec]:
        yield {"aux": {"ID": image_id}}
        yield {"stream": f"Successfully built {image_id[7:19]}\n"}

    def failed(self, error: BuildError) -> Iterator[Spec]:
        message = str(error)
        detail: Spec = {"message": message}
        if error.exit_code is not None:
            command = re.sub(r'^process "(.*)" did not.*$', r"\1", message)
            message = f"The command '{command}' returned a non-zero code: {error.exit_code}"
            detail = {"code": error.exit_code, "message": message}
        yield {"errorDetail": detail, "error": message}


class _BuildKitTeller:
    def __init__(self) -> None:
        self._name = self._digest = ""
        self._started = 0.0

    def told(self, happening: Happening) -> Iterator[Spec]:
        match happening:
            case Begun():
                self._name = f"[{happening.number}/{happening.total}] {happening.expanded}"
                self._digest = f"sha256:{hashlib.sha256(self._name.encode()).hexdigest()}"
                self._started = time.time()
                yield _trace(1, self._vertex())
            case Printed():
                log = _field(1, self._digest) + _field(3, 2 if happening.is_error else 1)
                yield _trace(3, log + _field(4, f"{happening.text}\n"))
            case Ended():
                yield _trace(1, self._vertex(_field(4, int(happening.cached)) + _stamp(6, time.time())))

    def done(self, image_id: str) -> Iterator[Spec]:
        yield {"id": "moby.image.id", "aux": {"ID": image_id}}

    def failed(self, error: BuildError) -> Iterator[Spec]:
        if error.exit_code is not None:
            yield _trace(1, self._vertex(_stamp(6, time.time()) + _field(7, str(error))))
        yield {"errorDetail": {"message": str(error)}, "error": str(error)}

    def _vertex(self, more: bytes = b"") -> bytes:
        return _field(1, self._digest) + _field(3, self._name) + _stamp(5, self._started) + more


class _SessionCaller(asyncio.Protocol):
    """gRPC's calling side, on the connection that the caller of the engine opened."""

    def __init__(self, transport: asyncio.Transport, former: asyncio.BaseProtocol) -> None:
        self._transport = transport
        self._former = former
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._answers: dict[int, bytearray] = {}
        self._ended: dict[int, asyncio.Future[bytes]] = {}

    def greet(self) -> None:
        self._http.initiate_connection()
        self._transport.write(self._http.data_to_send())

    async def credentials(self, host: str) -> tuple[str, str]:
        raw = await self.call("/moby.filesync.v1.Auth/Credentials", _field(1, host))
        texts = {1: "", 2: ""}
        while raw:
            number, length = raw[0] >> 3, raw[1]
            texts[number], raw = raw[2 : 2 + length].decode(), raw[2 + length :]
        return texts[1], texts[2]

    async def call(self, path: str, message: bytes) -> bytes:
        stream = self._http.get_next_available_stream_id()
        self._answers[stream] = bytearray()
        self._ended[stream] = asyncio.get_running_loop().create_future()
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        self._http.send_headers(stream, [*headers, ("content-type", "application/grpc"), ("te", "trailers")])
        self._http.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
        self._transport.write(self._http.data_to_send())
        return (await self._ended[stream])[5:]

    def data_received(self, data: bytes) -> None:
        for event in self._http.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self._answers[event.stream_id] += event.data
            elif isinstance(event, h2.events.StreamEnded):
                self._ended[event.stream_id].set_result(bytes(self._answers[event.stream_id]))
        self._transport.write(self._http.data_to_send())

    def connection_lost(self, exc: Exception | None) -> None:
        for future in self._ended.values():
            if not future.done():
                future.set_exception(ConnectionResetError())
        self._former.connection_lost(exc)

    def pause_writing(self) -> None:
        return

    def resume_writing(self) -> None:
        return


def _trace(number: int, message: bytes) -> Spec:
    return {"id": "moby.buildkit.trace", "aux": base64.b64encode(_field(number, message)).decode()}


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _stamp(number: int, at: float) -> bytes:
    return _field(number, _field(1, int(at)) + _field(2, int(at % 1 * 1e9)))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _unpacked(header: str) -> dict[str, Any]:
    unpacked: dict[str, Any] = json.loads(base64.urlsafe_b64decode(header))
    return unpacked
