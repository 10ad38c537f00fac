"""One change of one service at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.errors import Conflict

WAIT = 20.0
"""Seconds a change waits for the one before it; a write to the engine takes no longer than 25."""


class Turns:
    """Locks by name that exist only while somebody holds or wants them."""

    def __init__(self, *, wait: float = WAIT) -> None:
        self._wait = wait
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Raises Conflict `change_under_way` when the change before does not end in time."""
        lock, users = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, users + 1)
        try:
            try:
                async with asyncio.timeout(self._wait):
                    await lock.acquire()
            except TimeoutError:
                raise Conflict(
                    f"Another change of {name} is under way and has not been answered by the engine yet; "
                    "try again when it is.",
                    code="change_under_way",
                    retry_after=5,
                ) from None
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._locks[name]
            if users == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, users - 1)
