"""Bounds of followed logs: what one second, one reader, one search and one answer may hold."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.clients.log_frames import LogDecoder
from backend.models.cluster import LogGap, LogLine
from backend.services.log_allowance import Allowance
from backend.services.log_reader import (
    BYTES_WAITING,
    LINES_WAITING,
    FollowedLine,
    LogReader,
    LogSelection,
)
from backend.services.newest_lines import BYTES_AT_MOST, NewestLines
from tests.fakes.engine_logs import frame

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PREFIX = b"2026-11-23T12:00:00.000000001Z com.docker.swarm.node.id=n,com.docker.swarm.task.id=t "


def line(number: int, text: str = "x") -> LogLine:
    return LogLine(NOON + timedelta(milliseconds=number), "t", "n", "stdout", text)


def followed(number: int, text: str = "x") -> FollowedLine:
    made = FollowedLine(line(number, text), task="web.1", names=frozenset({"web.1"}), node="worker-1")
    made.number = number
    return made


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_second_holds_so_many_lines_and_bytes_and_refills_with_time() -> None:
    clock = Clock()
    allowance = Allowance(lines=10, size=1000, clock=clock)
    assert sum(allowance.admit(10) for _ in range(100)) == 10
    clock.now += 0.5
    assert sum(allowance.admit(10) for _ in range(100)) == 5
    clock.now += 100
    assert sum(allowance.admit(400) for _ in range(100)) == 2


def test_all_who_share_an_allowance_together_get_no_more_than_it() -> None:
    clock = Clock()
    shared = Allowance(lines=15, size=10_000, clock=clock)
    one, other = (Allowance(lines=10, size=10_000, parent=shared, clock=clock) for _ in range(2))
    assert sum(one.admit(1) for _ in range(100)) == 10
    assert sum(other.admit(1) for _ in range(100)) == 5


def test_refused_lines_are_counted_and_a_line_in_pieces_counts_once() -> None:
    answers = iter([True, False, True])
    decoder = LogDecoder(only_task="t", admit=lambda _: next(answers))
    whole = frame(1, PREFIX + b"taken\n")
    refused = frame(1, PREFIX + b"a" * 16384) + frame(1, PREFIX + b"b" * 16384) + frame(1, PREFIX + b"end\n")
    pieces = frame(2, PREFIX + b"c" * 16384) + frame(2, PREFIX + b"d\n")
    data = whole + refused + pieces
    got = [item for at in range(0, len(data), 1000) for item in decoder.feed(data[at : at + 1000])]
    assert [item.line for item in got if isinstance(item, LogLine)] == ["taken", "c" * 16384 + "d"]
    assert decoder.take_dropped() == 1
    assert decoder.take_dropped() == 0


def test_refused_lines_of_a_terminal_are_counted() -> None:
    answers = iter([True, False, False, True])
    decoder = LogDecoder(only_task="t", admit=lambda _: next(answers))
    got = list(decoder.feed(b"".join(PREFIX + b"line %d\r\n" % number for number in range(4))))
    assert [item.line for item in got if isinstance(item, LogLine)] == ["line 0", "line 3"]
    assert decoder.take_dropped() == 2


def test_what_the_engine_says_itself_is_never_refused() -> None:
    decoder = LogDecoder(only_task="t", admit=lambda _: False)
    assert [type(item) for item in decoder.feed(frame(3, b"Error grabbing logs: no\n"))] == [LogGap]


async def test_a_reader_that_does_not_read_holds_the_newest_lines_within_bounds() -> None:
    reader = LogReader(LogSelection(), feed="f", on_close=lambda _: None)
    for start in range(0, 20_000, 500):
        reader.offer([followed(number) for number in range(start, start + 500)])
    assert len(reader._lines) == LINES_WAITING
    told = await reader.receive()
    assert told is not None
    assert b'event: dropped\ndata: {"count":%d}\n' % (20_000 - LINES_WAITING) in told
    big = LogReader(LogSelection(), feed="f", on_close=lambda _: None)
    big.offer([followed(number, "y" * 60_000) for number in range(100)])
    assert sum(len(waiting.data) for waiting in big._lines) <= BYTES_WAITING
    assert big._lines[-1].number == 99


async def test_a_reader_that_was_ended_gets_what_is_there_and_then_the_end() -> None:
    reader = LogReader(LogSelection(), feed="f", on_close=lambda _: None)
    reader.offer([followed(1)])
    reader.end()
    assert await reader.receive() is not None
    assert await reader.receive() is None


def test_the_newest_lines_are_kept_whatever_order_they_come_in() -> None:
    newest = NewestLines(3)
    for number in [*range(0, 5_000, 2), *range(1, 5_000, 2)]:
        newest.add(line(number))
        assert len(newest._lines) <= 2 * 3 + 1_000
    assert newest.lines() == [line(number) for number in (4_997, 4_998, 4_999)]


def test_the_newest_lines_together_have_a_size() -> None:
    newest = NewestLines(10_000)
    for number in range(1_200):
        newest.add(line(number, "z" * 65_536))
    kept = newest.lines()
    assert sum(len(item.line) for item in kept) <= BYTES_AT_MOST
    assert kept[-1] == line(1_199, "z" * 65_536)
