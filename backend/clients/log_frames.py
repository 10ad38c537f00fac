"""From the bytes of a service's or task's log answer to lines with time, task, node and stream."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

from backend.models.cluster import LogGap, LogLine

LINE_LIMIT = 64 * 1024
CUT_MARK = " … [cut at 64 KiB]"

_Stream = Literal["stdout", "stderr"]
_STREAMS: dict[int, _Stream] = {0: "stdout", 1: "stdout", 2: "stderr"}
_SYSTEM_ERROR = 3
_HEADER = 8
_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d)"
_PREFIX = re.compile(rb"(" + _STAMP + rb") (\S*) ", re.DOTALL)
_LONGEST_PREFIX = 4096
_GRABBING = "Error grabbing logs: "
_LINE_END = b"\n"


class LogDecoder:
    """Feed it chunks as they arrive; it gives back whole lines. Never holds more than a line per task.

    It expects `timestamps=1&details=1`, and tells a TTY service's raw bytes from framed ones by the first
    byte: frames begin with a stream number, raw text with the year.
    """

    def __init__(self, *, only_task: str = "", admit: Callable[[int], bool] | None = None) -> None:
        """`admit` is asked with a line's size before it is decoded, and may say that it is to be dropped.

        It is for answers of one task, where an unfinished line of a stream has no rivals.
        """
        self._only_task = only_task
        self._admit = admit
        self._skip = False
        self._unfinished: dict[int, bool] = {}
        """Whether the line whose end is still to come is taken, by number of the stream."""
        self._dropped = 0
        self._buffer = bytearray()
        self._raw: bool | None = None
        self._stream_number = 0
        self._frame_left = 0
        self._payload = bytearray()
        self._payload_lost = False
        self._partial: dict[tuple[str, _Stream], _Partial] = {}
        self._raw_overflow = False

    def feed(self, chunk: bytes) -> Iterator[LogLine | LogGap]:
        self._buffer += chunk
        if self._raw is None and self._buffer:
            self._raw = self._buffer[0] > _SYSTEM_ERROR
        yield from self._raw_lines() if self._raw else self._frames()

    def take_dropped(self) -> int:
        """How many lines were not admitted since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def finish(self) -> Iterator[LogLine | LogGap]:
        """What is left when the stream ends: unfinished lines are lines too."""
        if self._raw and self._buffer:
            yield from self._raw_line(bytes(self._buffer))
        elif self._payload:
            yield from self._message(bytes(self._payload), self._stream_number)
        self._buffer.clear()
        self._payload.clear()
        for partial in self._partial.values():
            yield partial.line()
        self._partial.clear()

    def _frames(self) -> Iterator[LogLine | LogGap]:
        while True:
            if self._frame_left == 0:
                if len(self._buffer) < _HEADER:
                    return
                number = self._buffer[0]
                if number > _SYSTEM_ERROR or any(self._buffer[1:4]):
                    self._buffer.clear()
                    raise ValueError("the engine's log stream lost its framing")
                self._stream_number = number
                self._frame_left = int.from_bytes(self._buffer[4:_HEADER], "big")
                del self._buffer[:_HEADER]
                if self._frame_left == 0:
                    continue
                self._skip = not self._admits_frame()
            if not self._buffer:
                return
            taken = min(self._frame_left, len(self._buffer))
            # A frame has no limit of its own; what exceeds a line and its prefix is read and dropped.
            room = 0 if self._skip else LINE_LIMIT + _LONGEST_PREFIX - len(self._payload)
            self._payload += self._buffer[: min(taken, max(room, 0))]
            self._payload_lost = self._payload_lost or taken > room
            ended = self._buffer[taken - 1 : taken] == _LINE_END
            del self._buffer[:taken]
            self._frame_left -= taken
            if self._frame_left == 0 and self._end_of_frame(ended=ended):
                payload, lost = bytes(self._payload), self._payload_lost
                self._payload.clear()
                self._payload_lost = False
                yield from self._message(payload, self._stream_number, cut=lost, ended=ended)

    def _admits_frame(self) -> bool:
        if self._admit is None or self._stream_number == _SYSTEM_ERROR:
            return True
        taken = self._unfinished.get(self._stream_number)
        return self._admit(self._frame_left) if taken is None else taken

    def _end_of_frame(self, *, ended: bool) -> bool:
        """Whether the frame is to be read."""
        skipped = self._skip
        if ended:
            self._unfinished.pop(self._stream_number, None)
            self._dropped += skipped
        else:
            self._unfinished[self._stream_number] = not skipped
        if skipped:
            self._payload_lost = False
        return not skipped

    def _message(
        self, payload: bytes, number: int, *, cut: bool = False, ended: bool = False
    ) -> Iterator[LogLine | LogGap]:
        if number == _SYSTEM_ERROR:
            yield _gap(payload)
            return
        match = _PREFIX.match(payload)
        if match is None:
            yield _gap(payload)
            return
        time, (task, node) = _time(match[1]), _origin(match[2])
        task = task or self._only_task
        text = payload[match.end() :]
        key = (task, _STREAMS[number])
        partial = self._partial.pop(key, None) or _Partial(time, task, node, _STREAMS[number])
        partial.add(text, cut=cut)
        if ended:
            yield partial.line()
        else:
            # Engines split lines at 16 KiB; each piece comes with time and details of its own.
            self._partial[key] = partial

    def _raw_lines(self) -> Iterator[LogLine | LogGap]:
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[: end + 1])
            del self._buffer[: end + 1]
            if self._raw_overflow:
                self._raw_overflow = False
                continue
            if self._admit is not None and not self._admit(len(line)):
                self._dropped += 1
                continue
            yield from self._raw_line(line)
        if len(self._buffer) > LINE_LIMIT + _LONGEST_PREFIX:
            if not self._raw_overflow:
                yield from self._raw_line(bytes(self._buffer))
            self._raw_overflow = True
            self._buffer.clear()

    def _raw_line(self, line: bytes) -> Iterator[LogLine | LogGap]:
        if self._raw_overflow:
            return
        match = _PREFIX.match(line)
        if match is None:
            yield _gap(line)
            return
        # Pieces of one long line follow each other without a newline, each with the prefix again.
        again = re.compile(_STAMP + b" " + re.escape(match[2]) + b" ")
        task, node = _origin(match[2])
        partial = _Partial(_time(match[1]), task or self._only_task, node, "stdout")
        partial.add(again.sub(b"", line[match.end() :]).rstrip(b"\r\n"))
        yield partial.line()


class _Partial:
    def __init__(self, time: datetime, task: str, node: str, stream: _Stream) -> None:
        self._time, self._task, self._node, self._stream = time, task, node, stream
        self._text = bytearray()
        self._cut = False

    def add(self, text: bytes, *, cut: bool = False) -> None:
        room = LINE_LIMIT - len(self._text)
        body = text.removesuffix(b"\n")
        self._text += body[: max(room, 0)]
        self._cut = self._cut or cut or len(body) > room

    def line(self) -> LogLine:
        text = self._text.removesuffix(b"\r").decode(errors="replace")
        return LogLine(
            self._time, self._task, self._node, self._stream, text + CUT_MARK if self._cut else text
        )


def _gap(payload: bytes) -> LogGap:
    text = payload[:LINE_LIMIT].decode(errors="replace").strip()
    text = re.sub(r"rpc error: code = \w+ desc = ", "", text.removeprefix(_GRABBING))
    node = re.search(r"\bnode (\w{25})\b", text)
    task = re.search(r"\btask (\w{25})\b", text)
    return LogGap(text, node_id=node[1] if node else None, task_id=task[1] if task else None)


@lru_cache(maxsize=256)
def _origin(details: bytes) -> tuple[str, str]:
    fields = dict(parse_qsl(details.decode(errors="replace").replace(",", "&"), keep_blank_values=True))
    return fields.get("com.docker.swarm.task.id", ""), fields.get("com.docker.swarm.node.id", "")


def _time(stamp: bytes) -> datetime:
    return datetime.fromisoformat(stamp.decode())
