"""One reader of a service's lines: what it wants to see, and what waits for it, within bounds."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from backend.models.cluster import LogLine
from backend.models.schemas.logs import LogSourceState

LINES_WAITING = 5_000
BYTES_WAITING = 2 * 1024 * 1024
NEWS_WAITING = 256
LINES_AT_ONCE = 1_000
BYTES_AT_ONCE = 256 * 1024

type Stream = Literal["stdout", "stderr"]


class FollowedLine:
    """A line with what readers choose by, encoded once for all of them."""

    __slots__ = ("data", "names", "node_names", "number", "stream", "text", "time")

    def __init__(self, line: LogLine, *, task: str, names: frozenset[str], node: str) -> None:
        self.number = 0
        """Its place in the feed, counted from 1; set when it is passed on."""
        self.time = line.time
        self.text = line.line
        self.stream = line.stream
        self.names = names
        self.node_names = (line.node_id, node)
        self.data = msgspec.json.encode(
            {
                "time": line.time,
                "task": task,
                "task_id": line.task_id,
                "node": node,
                "stream": line.stream,
                "line": line.line,
            }
        )


@dataclass(frozen=True, slots=True)
class LogSelection:
    """Which lines are wanted. `task` is a task's name, slot or id, `node` a host name or id."""

    task: str | None = None
    node: str | None = None
    stream: Stream | None = None
    since: datetime | None = None
    until: datetime | None = None
    test: Callable[[str], bool] | None = None

    @property
    def is_choosy(self) -> bool:
        """Whether the newest lines of a source may not be the ones that are wanted."""
        return self.stream is not None or self.until is not None or self.test is not None

    def wants_source(self, task_names: Iterable[str], node_names: Iterable[str]) -> bool:
        return (self.task is None or self.task in task_names) and (
            self.node is None or self.node in node_names
        )

    def wants(self, line: FollowedLine) -> bool:
        return self.wants_source(line.names, line.node_names) and self.wants_text(
            line.time, line.stream, line.text
        )

    def wants_text(self, time: datetime, stream: Stream, text: str) -> bool:
        return (
            (self.stream is None or self.stream == stream)
            and (self.since is None or time >= self.since)
            and (self.until is None or time <= self.until)
            and (self.test is None or self.test(text))
        )


class LogReader:
    """Filled by a feed, emptied by a stream. What does not fit is dropped, oldest first, and counted."""

    def __init__(
        self, selection: LogSelection, *, feed: str, on_close: Callable[["LogReader"], None]
    ) -> None:
        self.selection = selection
        self.opening_tail: int | None = None
        """So many of the first lines are wanted, as long as those have not come."""
        self._feed = feed
        self._on_close = on_close
        self._lines: deque[FollowedLine] = deque()
        self._size = 0
        self._news: deque[bytes] = deque(maxlen=NEWS_WAITING)
        self._dropped = 0
        self._filled = asyncio.Event()
        self._over = False

    def offer(self, lines: Sequence[FollowedLine], *, newest: int | None = None) -> None:
        """Take the lines that are wanted; of them only the `newest` ones if that is given."""
        chosen = [line for line in lines if self.selection.wants(line)]
        if newest is not None:
            chosen = chosen[len(chosen) - min(newest, len(chosen)) :]
        for line in chosen:
            self._lines.append(line)
            self._size += len(line.data)
        while len(self._lines) > LINES_WAITING or self._size > BYTES_WAITING:
            self._size -= len(self._lines.popleft().data)
            self._dropped += 1
        if chosen:
            self._filled.set()

    def tell(self, node: str | None, task: str | None, state: LogSourceState, message: str) -> None:
        news = {"node": node, "task": task, "state": state, "message": message}
        self._news.append(b"event: state\ndata: %b\n\n" % msgspec.json.encode(news))
        self._filled.set()

    def lost(self, count: int) -> None:
        """So many lines were not even read."""
        self._dropped += count
        self._filled.set()

    def end(self) -> None:
        self._over = True
        self._filled.set()

    def close(self) -> None:
        self._on_close(self)

    async def receive(self) -> bytes | None:
        """What there is to send, as soon as there is something; None at the end."""
        while not (self._lines or self._news or self._dropped):
            if self._over:
                return None
            self._filled.clear()
            await self._filled.wait()
        parts = list(self._news)
        self._news.clear()
        if self._dropped:
            parts.append(b'event: dropped\ndata: {"count":%d}\n\n' % self._dropped)
            self._dropped = 0
        if self._lines:
            parts.append(self._batch())
        return b"".join(parts)

    def _batch(self) -> bytes:
        data: list[bytes] = []
        size = number = 0
        while self._lines and len(data) < LINES_AT_ONCE and size < BYTES_AT_ONCE:
            line = self._lines.popleft()
            data.append(line.data)
            size += len(line.data)
            number = line.number
        self._size -= size
        return b'event: line\nid: %b-%d\ndata: {"items":[%b]}\n\n' % (
            self._feed.encode(),
            number,
            b",".join(data),
        )
