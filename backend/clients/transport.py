"""Bytes to and from one engine: connections, API version and deadlines, over aiodocker."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiodocker import Docker, DockerError

from backend.clients import engine_errors
from backend.clients.engine_address import base_url, display_host, socket_path, tls_context
from backend.clients.engine_errors import Call
from backend.errors import EngineRefused

OLDEST_API = (1, 41)
NEWEST_API = (1, 56)
"""Newest version whose answers we know. A newer engine is spoken to at this one."""

# Besides silence and refusals: what aiodocker and msgspec raise for answers that are no Docker engine's.
FAILURES = (
    TimeoutError,
    DockerError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    LookupError,
    msgspec.MsgspecError,
)

Pool = Literal["lists", "writes", "streams", "builds"]
# Reads and writes are bounded so that a frozen engine cannot collect our sockets; streams are not, because
# each open log occupies a connection for minutes and the next call must not wait for it.
_POOL_LIMITS: Mapping[Pool, int] = {"lists": 8, "writes": 8, "streams": 0, "builds": 0}
# sshd allows 10 sessions a connection by default, and each HTTP connection is one.
_SSH_STREAMS = 9


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each kind of call may take, in seconds.

    A frozen engine accepts connections and then says nothing, so every call has an end of its own.
    """

    connect: float = 2.0
    read: float = 8.0
    write: float = 25.0
    """Longer than the 20 s after which a leaderless swarm answers, so that we hear its verdict."""
    registry: float = 10.0
    """A question the engine passes on to a registry."""
    events_start: float = 8.0
    quiet: float = 30.0
    """Of a build or a push: then the engine has to show that it is there. A step may be silent for hours."""


type Timed = Callable[[str, str, float], None]
"""Hears of each call that has an answer of limited length: what, `ok` or `failed`, seconds."""


def untimed(_call: str, _outcome: str, _seconds: float) -> None:
    """For those who do not measure."""


class EngineVersion(msgspec.Struct, rename={"api": "ApiVersion", "oldest_api": "MinAPIVersion"}):
    api: str
    oldest_api: str = "1.12"


class _Engine(Docker):
    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        data: bytes | AsyncIterator[bytes] | None,
        headers: Mapping[str, str] | None,
        limits: aiohttp.ClientTimeout,
        versioned: bool,
        upgrade: bool = False,
    ) -> aiohttp.ClientResponse:
        return await self._do_query(
            path,
            method,
            params=dict(params) if params else None,
            data=data,
            headers=headers,
            timeout=limits,
            versioned_api=versioned,
            read_until_eof=not upgrade,
        )


class Transport:
    """One engine address. Opens nothing until the first call; `close` may be called at any time."""

    def __init__(
        self,
        docker_host: str,
        cert_path: Path | None,
        tls_verify: bool,
        deadlines: Deadlines,
        on_call: Timed = untimed,
    ) -> None:
        self._on_call = on_call
        self._docker_host = docker_host
        self._url = base_url(docker_host, tls=tls_verify or cert_path is not None)
        self._cert_path = cert_path
        self._tls_verify = tls_verify
        self.deadlines = deadlines
        self.host = display_host(docker_host)
        self._pools: dict[Pool, tuple[_Engine, aiohttp.ClientSession]] = {}
        self._api_version: str | None = None

    async def close(self) -> None:
        pools, self._pools = self._pools, {}
        for engine, session in pools.values():
            await engine.close()
            await session.close()

    async def api_version(self) -> str:
        """The version both sides speak, such as `1.45`; asked once and again after an engine changed."""
        if self._api_version is None:
            async with self._open("GET", "version", pool="lists", versioned=False) as response:
                self._api_version = negotiate(await decoded(EngineVersion)(response))
        return self._api_version

    async def read[T](
        self,
        path: str,
        call: Call,
        consume: Callable[[aiohttp.ClientResponse], Awaitable[T]],
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        pool: Pool = "lists",
        deadline: float | None = None,
    ) -> T:
        """What `consume` makes of the answer to a GET; the kinds of `backend.errors` when there is none."""
        return await self._call(
            "GET", path, call, consume, params=params, headers=headers, pool=pool, deadline=deadline
        )

    async def write[T](
        self,
        method: str,
        path: str,
        call: Call,
        consume: Callable[[aiohttp.ClientResponse], Awaitable[T]],
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> T:
        data = None if body is None else msgspec.json.encode(body)
        # Reading the version first keeps a frozen engine from making an unsent write "unknown".
        await self.negotiated(Call(call.kind, call.name))
        return await self._call(
            method,
            path,
            call,
            consume,
            params=params,
            headers=headers,
            data=data,
            pool="writes",
            deadline=self.deadlines.write,
        )

    @asynccontextmanager
    async def stream(
        self, path: str, call: Call, *, params: Mapping[str, str], start_within: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An open answer of unlimited length. Only its beginning has a deadline: bound your reads."""
        async with self._open_in_time(
            "GET", path, call, params=params, start_within=start_within
        ) as response:
            yield response

    @asynccontextmanager
    async def post(
        self,
        path: str,
        *,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | None = None,
        upgrade: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer of unlimited length to a body of unlimited length; leaving it breaks off at once.

        Nothing is bounded and errors are those of the transport: `long_calls` does both. `path` may have a
        query, quoted. With `upgrade` the connection itself is what is wanted.
        """
        await self.api_version()
        opened = self._open("POST", path, headers=headers, data=body, pool="builds", upgrade=upgrade)
        async with opened as response:
            yield response

    def explained(self, error: Exception, call: Call, waited: float) -> Exception:
        """The kind of `backend.errors` for what a `post` raised."""
        return engine_errors.translate(error, call, host=self.host, waited=waited)

    async def ping(self, within: float) -> bool:
        """Whether the engine itself answers, swarm or not."""
        try:
            async with (
                asyncio.timeout(within),
                self._open("GET", "_ping", pool="streams", versioned=False) as answer,
            ):
                return answer.status == 200
        except (TimeoutError, DockerError, aiohttp.ClientError, OSError):
            return False

    async def _call[T](
        self,
        method: str,
        path: str,
        call: Call,
        consume: Callable[[aiohttp.ClientResponse], Awaitable[T]],
        *,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        pool: Pool,
        deadline: float | None,
        data: bytes | None = None,
    ) -> T:
        limit = deadline or self.deadlines.read
        began, outcome = time.perf_counter(), "failed"
        try:
            async with asyncio.timeout(limit):
                for attempt in (1, 2):
                    await self.api_version()
                    try:
                        async with self._open(
                            method, path, params=params, headers=headers, data=data, pool=pool
                        ) as response:
                            answer = await consume(response)
                        outcome = "ok"
                        return answer
                    except DockerError as error:
                        # The engine was replaced by one of another generation: ask again what it speaks.
                        if attempt == 2 or not engine_errors.is_version_mismatch(error.status, error.message):
                            raise
                        self._api_version = None
            raise AssertionError  # pragma: no cover
        except FAILURES as error:
            raise await self._explained(error, call, limit) from error
        finally:
            # The first part alone: what follows are names and ids, of which there are any number.
            self._on_call(f"{method} {path.partition('/')[0]}", outcome, time.perf_counter() - began)

    async def negotiated(self, call: Call) -> str:
        """The version both sides speak, or the kinds of `backend.errors`."""
        try:
            async with asyncio.timeout(self.deadlines.read):
                return await self.api_version()
        except FAILURES as error:
            raise await self._explained(error, call, self.deadlines.read) from error

    @asynccontextmanager
    async def _open_in_time(
        self, method: str, path: str, call: Call, *, params: Mapping[str, str], start_within: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        opened = self._open(method, path, params=params, pool="streams")
        try:
            async with asyncio.timeout(start_within):
                await self.api_version()
                response = await opened.__aenter__()
        except FAILURES as error:
            raise await self._explained(error, call, start_within) from error
        try:
            yield response
        finally:
            await opened.__aexit__(None, None, None)

    async def _explained(self, error: Exception, call: Call, waited: float) -> Exception:
        # A leaderless swarm blocks its calls for 12 to 20 s while the engine below still answers at once.
        alive = engine_errors.is_silence(error) and not call.writes and await self.ping(within=1.0)
        return engine_errors.translate(error, call, host=self.host, waited=waited, engine_alive=alive)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        pool: Pool,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | AsyncIterator[bytes] | None = None,
        versioned: bool = True,
        upgrade: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        engine = self._engine(pool)
        if versioned:
            engine.api_version = f"v{self._api_version}"
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self.deadlines.connect)
        response = await engine.ask(
            method,
            path,
            params=params,
            data=data,
            headers=headers,
            limits=limits,
            versioned=versioned,
            upgrade=upgrade,
        )
        try:
            yield response
        finally:
            # An unread rest must not go back into the pool; after a whole read the connection already has.
            response.close()

    def _engine(self, pool: Pool) -> _Engine:
        if pool not in self._pools:
            session = aiohttp.ClientSession(connector=self._connector(pool), read_bufsize=2**18)
            self._pools[pool] = (
                _Engine(url=self._url, connector=session.connector, session=session),
                session,
            )
        return self._pools[pool][0]

    def _connector(self, pool: Pool) -> aiohttp.BaseConnector:
        limit = _POOL_LIMITS[pool]
        # A reused connection that the engine has meanwhile closed would make a write's outcome unknown.
        force_close = pool in {"writes", "builds"}
        parts = urlsplit(self._docker_host)
        if parts.scheme == "unix":
            return aiohttp.UnixConnector(socket_path(self._docker_host), limit=limit, force_close=force_close)
        if parts.scheme == "ssh":
            from backend.clients.ssh_connector import SshConnector

            return SshConnector(self._docker_host, limit or _SSH_STREAMS)
        if self._url.startswith("https://"):
            context = tls_context(self._cert_path, verify=self._tls_verify)
            return aiohttp.TCPConnector(limit=limit, force_close=force_close, ssl=context)
        return aiohttp.TCPConnector(limit=limit, force_close=force_close)


def decoded[T](kind: type[T]) -> Callable[[aiohttp.ClientResponse], Awaitable[T]]:
    """Reads an answer that is known to be short as JSON of `kind`."""

    async def consume(response: aiohttp.ClientResponse) -> T:
        return msgspec.json.decode(await response.read(), type=kind)

    return consume


async def ignored(response: aiohttp.ClientResponse) -> None:
    """For answers that say no more than that it is done."""
    await response.read()


def negotiate(engine: EngineVersion) -> str:
    """The newest version both sides speak; EngineRefused when there is none."""
    newest, oldest = _numbers(engine.api), _numbers(engine.oldest_api)
    if newest < OLDEST_API or oldest > NEWEST_API:
        raise EngineRefused(
            f"The engine speaks API {engine.oldest_api} to {engine.api}; "
            f"{_dotted(OLDEST_API)} to {_dotted(NEWEST_API)} are supported (Docker 20.10 and newer).",
            code="engine_version",
        )
    return _dotted(min(newest, NEWEST_API))


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
