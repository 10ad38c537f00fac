"""Keeps what others were asked, for a while and up to a size; who asks for the same shares one answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept[T]:
    value: T
    as_of: datetime
    """When the question was put."""
    until: float
    weight: int


class KeptAnswers:
    """Failures are shared with whoever waits for the same, and never kept."""

    def __init__(
        self,
        *,
        seconds: float,
        most: int,
        weight: Callable[[Any], int] = lambda _: 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._weight = weight
        self._clock = clock
        self._kept: dict[Hashable, Kept[Any]] = {}
        self._total = 0
        self._asked: dict[Hashable, asyncio.Task[Kept[Any]]] = {}
        self._running: set[asyncio.Task[Kept[Any]]] = set()

    def known[T](self, key: Hashable, kind: type[T]) -> Kept[T] | None:
        """The answer if it is here and fresh."""
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock():
            return None
        assert isinstance(kept.value, kind)
        return kept

    async def get[T](self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> Kept[T]:
        """The answer, asked for when it is not here. `ask` runs on when who waits for it goes away."""
        kept = self._kept.get(key)
        if kept is not None and kept.until > self._clock():
            # To the end of the line: the first to go are those nobody asked for.
            self._kept[key] = self._kept.pop(key)
            return kept
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(self._ask(key, ask))
            self._running.add(task)
            task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        finally:
            # A failure holds this frame, which must not hold the failure: what it carries would stay.
            del task

    def forget(self, which: Callable[[Any], bool]) -> None:
        """Drop what is kept; what is being asked right now is told to who waits, and not kept."""
        for key in [key for key in self._kept if which(key)]:
            self._total -= self._kept.pop(key).weight
        for key in [key for key in self._asked if which(key)]:
            del self._asked[key]

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _ask[T](self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> Kept[T]:
        as_of = datetime.now(UTC)
        me = asyncio.current_task()
        try:
            value = await ask()
            kept = Kept(value, as_of, self._clock() + self._seconds, self._weight(value))
            if self._asked.get(key) is me:
                self._keep(key, kept)
        finally:
            if self._asked.get(key) is me:
                del self._asked[key]
            del me
        return kept

    def _keep(self, key: Hashable, kept: Kept[Any]) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._total -= old.weight
        self._kept[key] = kept
        self._total += kept.weight
        while self._total > self._most:
            self._total -= self._kept.pop(next(iter(self._kept))).weight

    def _ended(self, task: asyncio.Task[Kept[Any]]) -> None:
        self._running.discard(task)
        # Read it, or nobody may have: who waited can be gone.
        if not task.cancelled():
            task.exception()
