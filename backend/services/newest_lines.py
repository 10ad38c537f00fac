"""Keeps the newest, or the oldest, of many log lines in bounded memory and whatever order they come in."""

from backend.models.cluster import LogLine

BYTES_AT_MOST = 32 * 1024 * 1024


class NewestLines:
    def __init__(self, count: int, *, oldest: bool = False) -> None:
        self._count = count
        self._oldest = oldest
        self._lines: list[LogLine] = []
        self._size = 0
        self.cut = False
        """Whether lines were let go."""

    def add(self, line: LogLine) -> None:
        self._lines.append(line)
        self._size += len(line.line)
        if len(self._lines) > 2 * self._count + 1_000 or self._size > 2 * BYTES_AT_MOST:
            self._shrink()

    def lines(self) -> list[LogLine]:
        """Oldest first."""
        self._shrink()
        return self._lines[::-1] if self._oldest else self._lines

    def _shrink(self) -> None:
        self._lines.sort(key=lambda line: line.time, reverse=self._oldest)
        start, size = len(self._lines), 0
        while start > 0 and len(self._lines) - start < self._count:
            size += len(self._lines[start - 1].line)
            if size > BYTES_AT_MOST:
                break
            start -= 1
        self.cut = self.cut or start > 0
        del self._lines[:start]
        self._size = sum(len(line.line) for line in self._lines)
