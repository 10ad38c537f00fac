"""One change of one service at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

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
        async with self._held(name, asyncio.get_running_loop().time() + self._wait):
            yield

    @asynccontextmanager
    async def of_each(self, names: Iterable[str]) -> AsyncIterator[dict[str, Conflict]]:
        """The turns of several names; those that could not be had in time are what it yields.

        All are waited for no longer than one would be, and in the order of the alphabet, so that two who
        want the same names never wait for each other.
        """
        ends = asyncio.get_running_loop().time() + self._wait
        refused: dict[str, Conflict] = {}
        async with AsyncExitStack() as held:
            for name in sorted(names):
                try:
                    await held.enter_async_context(self._held(name, ends))
                except Conflict as error:
                    refused[name] = error
            yield refused

    @asynccontextmanager
    async def _held(self, name: str, ends: float) -> AsyncIterator[None]:
        lock, users = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, users + 1)
        try:
            try:
                async with asyncio.timeout_at(ends):
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
