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
        self._over = False
        """We end it in good order; otherwise its client has gone."""
        self._wrote_at = 0.0
        self._writing_since: float | None = None
        self._admitted: Callable[[], Awaitable[bool]] = request.state.still_admitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # When we stop, its source ends at the same moment as `_watch` sees it: the last part goes out once.
        ended = False
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_first_of, group.cancel_scope, lambda: self._watch(scope, send))
                group.start_soon(_first_of, group.cancel_scope, lambda: self.listen_for_disconnect(receive))
                await self._write(send)
                ended = True
                group.cancel_scope.cancel()
            if self._over and not ended:
                async with asyncio.timeout(1.0):
                    await send(_LAST)
        except (TimeoutError, OSError):
            return
        finally:
            self._source.close()

    async def _write(self, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send(_part(OPENING))
        # No deadline around each part: that would cost as much as sending it. `_watch` sees to all of them.
        while (chunk := await self._source.receive()) is not None:
            self._wrote_at = self._writing_since = clock()
            await send(_part(chunk))
            self._writing_since = None
        await send(_LAST)

    async def _watch(self, scope: Scope, send: Send) -> None:
        """Return when the stream has to end; keep it alive until then."""
        clock = asyncio.get_running_loop().time
        self._wrote_at = clock()
        while True:
            with anyio.move_on_after(CHECK_EVERY):
                await self._stopping.wait()
                self._over = True
                return
            stuck = self._writing_since is not None and clock() - self._writing_since > WRITE_WITHIN
            if self._writing_since is None and clock() - self._wrote_at > HEARTBEAT_EVERY - CHECK_EVERY:
                self._wrote_at = clock()
                stuck = not await _sent(send, HEARTBEAT)
            if stuck:
                # Closing alone would wait until the client takes what it does not take.
                if (client := scope.get("client")) is not None:
                    scope["app"].state.serving.cut_off(tuple(client))
                return
            if not await self._admitted():
                self._over = True
                return


_LAST = {"type": "http.response.body", "body": b"", "more_body": False}


def _part(chunk: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": chunk, "more_body": True}


async def _sent(send: Send, chunk: bytes) -> bool:
    with anyio.move_on_after(WRITE_WITHIN) as deadline:
        await send(_part(chunk))
    return not deadline.cancelled_caught


async def _first_of(scope: anyio.CancelScope, wait: Callable[[], Awaitable[object]]) -> None:
    await wait()
    scope.cancel()
