"""Follows the engine's event stream, through disconnections, without ever making the engine wait."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import msgspec

from backend.errors import OrchestratorError
from backend.models.cluster import EngineEvent

_LOG = logging.getLogger(__name__)
_BACKLOG = 1024
_LONGEST_EVENT = 1 << 20
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 4.0

OpenStream = Callable[[int | None], AbstractAsyncContextManager[aiohttp.ClientResponse]]


class _Actor(msgspec.Struct, rename={"id": "ID", "attributes": "Attributes"}):
    id: str = ""
    attributes: dict[str, str] | None = None


class _Event(
    msgspec.Struct, rename={"type": "Type", "action": "Action", "actor": "Actor", "time_ns": "timeNano"}
):
    type: str = ""
    action: str = ""
    actor: _Actor = msgspec.field(default_factory=_Actor)
    time_ns: int = 0


async def follow(open_stream: OpenStream, since_ns: int | None) -> AsyncIterator[EngineEvent]:
    """Yield events for ever; kind `gap` after each connection made and whenever some were lost.

    An unread stream slows the engine's own API calls a hundredfold, so a task of its own does nothing but
    read, into a backlog that is thrown away for a `gap` when the consumer is too slow for it.
    """
    backlog = _Backlog()
    reader = asyncio.create_task(_read_for_ever(open_stream, since_ns, backlog), name="engine-events")
    try:
        while True:
            yield await backlog.next()
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


class _Backlog:
    def __init__(self) -> None:
        self._events: deque[EngineEvent] = deque()
        self._filled = asyncio.Event()

    def put(self, event: EngineEvent) -> None:
        if len(self._events) >= _BACKLOG:
            self._events.clear()
            event = gap(event.time_ns)
        self._events.append(event)
        self._filled.set()

    async def next(self) -> EngineEvent:
        while not self._events:
            self._filled.clear()
            await self._filled.wait()
        return self._events.popleft()


def gap(time_ns: int) -> EngineEvent:
    return EngineEvent(kind="gap", action="", object_id="", attributes={}, time_ns=time_ns)


async def _read_for_ever(open_stream: OpenStream, since_ns: int | None, backlog: _Backlog) -> None:
    last, pause, quiet = since_ns, _FIRST_PAUSE, False
    while True:
        try:
            async with open_stream(None if last is None else last + 1) as response:
                backlog.put(gap(last or 0))
                pause, quiet = _FIRST_PAUSE, False
                async for event in _events(response, backlog):
                    last = max(last or 0, event.time_ns)
                    backlog.put(event)
        except (OrchestratorError, aiohttp.ClientError, OSError) as error:
            if not quiet:
                _LOG.warning("The engine's event stream is interrupted: %s", error)
            quiet = True
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _events(response: aiohttp.ClientResponse, backlog: _Backlog) -> AsyncIterator[EngineEvent]:
    pending = bytearray()
    async for chunk in response.content.iter_any():
        pending += chunk
        *lines, rest = pending.split(b"\n")
        pending = bytearray(rest)
        for line in lines:
            if event := _event(bytes(line)):
                yield event
        if len(pending) > _LONGEST_EVENT:
            pending.clear()
            backlog.put(gap(0))


def _event(line: bytes) -> EngineEvent | None:
    if not line.strip():
        return None
    try:
        wire = msgspec.json.decode(line, type=_Event)
    except msgspec.DecodeError:
        # The tail of an event that was too long to keep; its gap has been reported.
        return None
    return EngineEvent(wire.type, wire.action, wire.actor.id, wire.actor.attributes or {}, wire.time_ns)
