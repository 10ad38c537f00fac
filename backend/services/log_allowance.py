"""How many log lines may be taken now: a bucket of lines and bytes that refills with time."""

import time
from collections.abc import Callable
from typing import Self


class Allowance:
    """Holds one second's worth, so that a short burst passes whole. `parent` is asked as well."""

    def __init__(
        self,
        *,
        lines: float,
        size: float,
        parent: Self | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lines` and `size` (bytes) a second."""
        self._rates = (lines, size)
        self._lines, self._size = lines, size
        self._parent = parent
        self._clock = clock
        self._filled_at = clock()

    def admit(self, size: int) -> bool:
        """Whether one more line of `size` bytes may pass; if so, it counts."""
        self._refill()
        if self._lines < 1 or self._size < size or (self._parent and not self._parent.admit(size)):
            return False
        self._lines -= 1
        self._size -= size
        return True

    def _refill(self) -> None:
        now = self._clock()
        passed, self._filled_at = now - self._filled_at, now
        lines, size = self._rates
        self._lines = min(lines, self._lines + passed * lines)
        self._size = min(size, self._size + passed * size)
