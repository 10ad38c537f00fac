"""Hands live events to everyone who listens: encoded once, kept for a while, and never waiting for anyone."""

import asyncio
import itertools
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
from pydantic import BaseModel

from backend.errors import Overloaded

BACKLOG = 256
"""Events one listener may be behind; beyond, it loses them and is told to read everything again."""
RING = 2_000
RING_BYTES = 8 * 1024 * 1024
STREAMS = 1_000


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    encoded: bytes


class EventBus:
    """Publishing never waits: what listeners do with it is their own affair."""

    def __init__(self) -> None:
        self.boot = secrets.token_hex(4)
        """Names this run: ids of an earlier one say nothing here."""
        self._numbers = itertools.count(1)
        self._last = 0
        self._ring: deque[_Kept] = deque(maxlen=RING)
        self._ring_bytes = 0
        self._listeners: set[Subscription] = set()
        self._closed = False

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def publish(self, kind: str, data: object) -> None:
        """Send to all who listen and keep it for those who come back."""
        number = self._last = next(self._numbers)
        encoded = self._encode(kind, data, number)
        if len(self._ring) == RING:
            self._ring_bytes -= len(self._ring[0].encoded)
        self._ring.append(_Kept(number, encoded))
        self._ring_bytes += len(encoded)
        while self._ring_bytes > RING_BYTES and len(self._ring) > 1:
            self._ring_bytes -= len(self._ring.popleft().encoded)
        for listener in self._listeners:
            listener.put(encoded)

    def send_round(self, encoded: bytes) -> None:
        """Send to all who listen now, without keeping it."""
        for listener in self._listeners:
            listener.put(encoded)

    def subscribe(self, last_event_id: str | None, hello: object) -> "Subscription":
        """Listen from now on, or from after `last_event_id` when that is still known; close it at the end.

        The first event is `hello`. Raises Overloaded.
        """
        if len(self._listeners) >= STREAMS:
            raise Overloaded(
                f"{STREAMS} live streams are open already; close other tabs or try again later.",
                code="too_many_streams",
                retry_after=10,
            )
        missed = self._missed(last_event_id)
        after = [self._resync()] if missed is None or len(missed) >= BACKLOG else missed
        # Its id says where a listener stands that saw nothing else before it was cut off. Before what was
        # missed it has none: a listener that is cut off in between comes back with the id it had.
        first = [self._encode("hello", hello, None if after else self._last), *after]
        subscription = Subscription(self, first, self._resync)
        if self._closed:
            subscription.end()
        else:
            self._listeners.add(subscription)
        return subscription

    def forget(self, subscription: "Subscription") -> None:
        self._listeners.discard(subscription)

    def close(self) -> None:
        """End every stream, now and from now on."""
        self._closed = True
        for listener in list(self._listeners):
            listener.end()

    def _missed(self, last_event_id: str | None) -> list[bytes] | None:
        """What came after that id; None when it is not known any more."""
        if not last_event_id:
            return []
        boot, _, number = last_event_id.partition("-")
        if boot != self.boot or not number.isdecimal() or len(number) > 15:
            return None
        seen = int(number)
        oldest = self._ring[0].number if self._ring else self._last + 1
        if seen > self._last or seen < oldest - 1:
            return None
        return [kept.encoded for kept in self._ring if kept.number > seen]

    def _resync(self) -> bytes:
        return self._encode("resync", {}, self._last)

    def _encode(self, kind: str, data: object, number: int | None) -> bytes:
        id_line = b"" if number is None else b"id: %b-%d\n" % (self.boot.encode(), number)
        return b"%bevent: %b\ndata: %b\n\n" % (id_line, kind.encode(), to_json(data))


class Subscription:
    """One listener's part of the bus."""

    def __init__(self, bus: EventBus, first: Iterable[bytes], resync: Callable[[], bytes]) -> None:
        self._bus = bus
        self._resync = resync
        self._backlog = list(first)
        self._wake = asyncio.Event()
        self._ended = False

    def put(self, encoded: bytes) -> None:
        if len(self._backlog) >= BACKLOG:
            self._backlog = [self._resync()]
        else:
            self._backlog.append(encoded)
        self._wake.set()

    def end(self) -> None:
        """Nothing comes any more, after what is there."""
        self._ended = True
        self._wake.set()

    def close(self) -> None:
        self._bus.forget(self)
        self.end()

    async def receive(self) -> bytes | None:
        """All that has come since, as bytes ready to be sent; None at the end."""
        while not self._backlog:
            if self._ended:
                return None
            self._wake.clear()
            await self._wake.wait()
        backlog, self._backlog = self._backlog, []
        return backlog[0] if len(backlog) == 1 else b"".join(backlog)


def to_json(data: object) -> bytes:
    """JSON on one line, as an event's data has to be."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, BaseModel):
        return data.model_dump_json().encode()
    return msgspec.json.encode(data)
