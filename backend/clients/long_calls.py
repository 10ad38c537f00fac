"""Calls of any length with a body of any length: bounded by silence and by a time, cancelled by leaving."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiodocker import DockerError

from backend.clients.engine_errors import Call
from backend.clients.transport import FAILURES, Transport
from backend.errors import DockerUnavailable

_AHEAD = 4
"""Chunks of a body that wait to be sent: enough to keep the disk and the socket busy at once."""
_FAILURES = (*FAILURES, RuntimeError)
_NO_ANSWER = 900
"""aiodocker's status for a connection that failed."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`quiet`: after so long without a byte in either direction the engine has to show that it is alive."""

    overall: float
    quiet: float
    ping: float = 5.0


class OverallTimeout(Exception):
    """The time a call was given is over."""


class LongCall:
    """One POST whose body is streamed, and whose answer is read chunk by chunk."""

    def __init__(self, transport: Transport, call: Call, bounds: Bounds) -> None:
        self._transport = transport
        self._call = call
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + bounds.overall
        self._sent = 0
        self._body_error: Exception | None = None

    @asynccontextmanager
    async def answer(
        self, path: str, *, headers: Mapping[str, str], body: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The chunks of the answer. What `body` raises comes out as itself, a refusal as DockerError."""
        async with contextlib.AsyncExitStack() as stack:
            chunks = None if body is None else await stack.enter_async_context(self._pumped(body))
            opened = self._transport.post(path, headers=headers, body=chunks)
            response = await self._bounded(opened.__aenter__())
            try:
                yield self._chunks(response)
            finally:
                await opened.__aexit__(None, None, None)

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        while chunk := await self._bounded(response.content.readany()):
            yield chunk
            # Chunks that are already here would be read without ever giving way.
            await asyncio.sleep(0)

    async def _bounded[T](self, step: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(step)
        try:
            while not task.done():
                sent = self._sent
                left = self._ends - self._loop.time()
                if left <= 0:
                    raise OverallTimeout
                await asyncio.wait({task}, timeout=min(left, self._bounds.quiet))
                if task.done() or self._sent != sent or left <= self._bounds.quiet:
                    continue
                # A step may be silent for as long as it likes; an engine may not.
                if not await self._transport.ping(self._bounds.ping):
                    raise DockerUnavailable(
                        f"The engine at {self._transport.host} stopped answering.", code="docker_frozen"
                    )
            return task.result()
        except _FAILURES as error:
            if self._body_error is not None:
                raise self._body_error from None
            if isinstance(error, DockerError) and error.status < _NO_ANSWER:
                raise
            raise self._transport.explained(error, self._call, self._bounds.overall) from error
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def _pumped(self, body: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
        """`body` read by a task of its own, so that it is closed when the call is left, at whatever point."""
        ahead: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD)

        async def pump() -> None:
            async with contextlib.AsyncExitStack() as stack:
                if isinstance(body, AsyncGenerator):
                    await stack.enter_async_context(aclosing(body))
                async for chunk in body:
                    if chunk:
                        await ahead.put(chunk)

        async def run() -> None:
            try:
                await pump()
            except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
                self._body_error = error
            await ahead.put(None)

        async def chunks() -> AsyncIterator[bytes]:
            while (chunk := await ahead.get()) is not None:
                self._sent += len(chunk)
                yield chunk
            if self._body_error is not None:
                # Ending the body here would tell the engine that it is whole.
                raise ConnectionAbortedError("the context could not be read to its end")

        task = asyncio.create_task(run(), name="request-body")
        try:
            yield chunks()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
