"""Server-sent events: their bytes, and streams that end in time whoever reads them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import anyio
from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.context import AppContext

CHECK_EVERY = 3.0
"""Seconds between two looks at a stream's session or token: it ends within 5 s of theirs."""
HEARTBEAT_EVERY = 15.0
WRITE_WITHIN = 20.0
"""A client that takes nothing for so long has gone, whatever its connection says."""
HEARTBEAT = b": still here\n\n"
OPENING = b"retry: 2000\n\n"


class Source(Protocol):
    """What a stream reads from."""

    async def receive(self) -> bytes | None:
        """The next bytes; None at the end. Nothing may be lost when the call is cancelled."""

    def close(self) -> None:
        """The reader has gone."""


class EventStream(StreamingResponse):
    """Sends what its source has until the source ends, the client goes, its credentials are over or we stop.

    Bytes come encoded and leave as they are: encoding per client is what makes many clients slow.
    """

    media_type = "text/event-stream"

    def __init__(self, source: Source, request: Request, context: AppContext) -> None:
        super().__init__((), headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._source = source
        self._stopping = context.stopping
        self._admitted: Callable[[], Awaitable[bool]] = request.state.still_admitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_first_of, group.cancel_scope, self._stopping.wait)
                group.start_soon(_first_of, group.cancel_scope, lambda: self.listen_for_disconnect(receive))
                await self._write(send)
                group.cancel_scope.cancel()
            if self._stopping.is_set():
                async with asyncio.timeout(1.0):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # Closing alone would wait until the client takes what it does not take.
            if (client := scope.get("client")) is not None:
                scope["app"].state.serving.cut_off(tuple(client))
        except OSError:
            return
        finally:
            self._source.close()

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await _send(send, OPENING)
        clock = asyncio.get_running_loop().time
        check_at, beat_at = clock() + CHECK_EVERY, clock() + HEARTBEAT_EVERY
        while True:
            chunk: bytes | None = b""
            with anyio.move_on_after(min(check_at, beat_at) - clock()):
                chunk = await self._source.receive()
            if chunk is None:
                break
            now = clock()
            if now >= check_at:
                check_at = now + CHECK_EVERY
                if not await self._admitted():
                    break
            if chunk:
                await _send(send, chunk)
                beat_at = clock() + HEARTBEAT_EVERY
            elif now >= beat_at:
                await _send(send, HEARTBEAT)
                beat_at = clock() + HEARTBEAT_EVERY
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(send: Send, chunk: bytes) -> None:
    async with asyncio.timeout(WRITE_WITHIN):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _first_of(scope: anyio.CancelScope, wait: Callable[[], Awaitable[object]]) -> None:
    await wait()
    scope.cancel()
