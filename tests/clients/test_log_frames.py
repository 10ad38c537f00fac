"""The log demultiplexer, on bytes cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clients.log_frames import CUT_MARK, LINE_LIMIT, LogDecoder
from backend.models.cluster import LogGap, LogLine
from tests.fakes.engine_logs import frame

TASK = "t" * 25
NODE = "n" * 25
STAMP = "2026-11-23T20:23:03.472447123Z"
DETAILS = f"com.docker.swarm.node.id={NODE},com.docker.swarm.service.id=s,com.docker.swarm.task.id={TASK}"


def message(text: str, *, stamp: str = STAMP, details: str = DETAILS) -> bytes:
    return f"{stamp} {details} {text}".encode()


def decode(data: bytes, size: int = 0, *, only_task: str = "") -> list[LogLine | LogGap]:
    decoder = LogDecoder(only_task=only_task)
    size = size or len(data) or 1
    found = [item for at in range(0, len(data), size) for item in decoder.feed(data[at : at + size])]
    return found + list(decoder.finish())


def texts(items: list[LogLine | LogGap]) -> list[str]:
    return [item.line if isinstance(item, LogLine) else f"gap: {item.message}" for item in items]


def test_frames_become_lines_with_stream_task_and_node() -> None:
    [out, err] = decode(frame(1, message("hello\n")) + frame(2, message("oh no\n")))
    assert isinstance(out, LogLine)
    assert isinstance(err, LogLine)
    assert (out.stream, out.line, out.task_id, out.node_id) == ("stdout", "hello", TASK, NODE)
    assert (err.stream, err.line) == ("stderr", "oh no")
    assert out.time.isoformat() == "2026-11-23T20:23:03.472447+00:00"


@given(size=st.integers(1, 200))
def test_it_does_not_matter_where_the_bytes_are_cut(size: int) -> None:
    data = (
        frame(1, message("one\n"))
        + frame(2, message("zwei äöü\n"))
        + frame(3, b"Error grabbing logs: node is gone\n")
        + frame(1, message("half "))
        + frame(1, message("a line\n"))
        + frame(1, message("no end"))
    )
    expected = ["one", "zwei äöü", "gap: node is gone", "half a line", "no end"]
    assert texts(decode(data, size)) == expected


@given(size=st.integers(1, 200))
def test_a_terminals_raw_text_is_lines_too(size: int) -> None:
    data = (
        message("one\r\n") + message("two\r\n") + message("half ") + message("a line\r\n") + message("rest")
    )
    assert texts(decode(data, size)) == ["one", "two", "half a line", "rest"]


@given(data=st.binary(max_size=300), size=st.integers(1, 50))
def test_nonsense_ends_in_gaps_or_a_clear_error(data: bytes, size: int) -> None:
    try:
        items = decode(data, size)
    except ValueError as error:
        assert "framing" in str(error)  # noqa: PT017
    else:
        assert all(isinstance(item, LogGap | LogLine) for item in items)


def test_pieces_of_two_tasks_do_not_mix() -> None:
    other = DETAILS.replace(TASK, "u" * 25)
    data = (
        frame(1, message("a1 "))
        + frame(1, message("b1 ", details=other))
        + frame(2, message("e1 "))
        + frame(1, message("a2\n"))
        + frame(1, message("b2\n", details=other))
        + frame(2, message("e2\n"))
    )
    assert texts(decode(data)) == ["a1 a2", "b1 b2", "e1 e2"]


@pytest.mark.parametrize("pieces", [1, 5, 40])
def test_a_huge_line_is_cut_with_a_mark_however_it_comes(pieces: int) -> None:
    size = 4_000_000 // pieces
    data = b"".join(frame(1, message("x" * size)) for _ in range(pieces)) + frame(1, message("\n"))
    first, *rest = decode(data, 65536)
    assert isinstance(first, LogLine)
    assert first.line == "x" * LINE_LIMIT + CUT_MARK
    assert len(rest) <= 1
    assert texts(decode(data + frame(1, message("after\n"))))[-1] == "after"


def test_a_huge_raw_line_is_cut_and_the_next_one_is_whole() -> None:
    data = message("y" * 1_000_000 + "\r\n") + message("after\r\n")
    first, after = decode(data, 10_000)
    assert isinstance(first, LogLine)
    assert first.line == "y" * LINE_LIMIT + CUT_MARK
    assert texts([after]) == ["after"]


def test_memory_stays_bounded_while_a_line_does_not_end() -> None:
    decoder = LogDecoder()
    piece = frame(1, message("z" * 16000))
    for _ in range(500):
        assert list(decoder.feed(piece)) == []
    assert len(decoder._buffer) + len(decoder._payload) < 100
    assert sum(len(partial._text) for partial in decoder._partial.values()) <= LINE_LIMIT


def test_an_error_inside_the_stream_names_node_and_task() -> None:
    text = (
        "Error grabbing logs: rpc error: code = Unknown desc = warning: incomplete log stream. some logs "
        f"could not be retrieved for the following reasons: node {NODE} is not available, task {TASK} has "
        "not been scheduled\n"
    )
    [gap] = decode(frame(3, text.encode()))
    assert isinstance(gap, LogGap)
    assert (gap.node_id, gap.task_id) == (NODE, TASK)
    assert gap.message.startswith("warning: incomplete log stream")


def test_lines_without_details_belong_to_the_task_that_was_asked_for() -> None:
    [line] = decode(frame(1, message("hi\n", details="")), only_task=TASK)
    assert isinstance(line, LogLine)
    assert (line.task_id, line.line) == (TASK, "hi")


def test_details_are_unescaped_and_others_ignored() -> None:
    details = f"app=a%2Cb%3Dc,{DETAILS}"
    [line] = decode(frame(1, message("spaces  kept \n", details=details)))
    assert isinstance(line, LogLine)
    assert (line.task_id, line.line) == (TASK, "spaces  kept ")


def test_bytes_that_are_no_text_are_shown_as_replacements() -> None:
    [line] = decode(frame(1, message("") + b"\xff\xfe!\n"))
    assert isinstance(line, LogLine)
    assert line.line == "\ufffd\ufffd!"


def test_empty_lines_are_lines() -> None:
    assert texts(decode(frame(1, message("\n")) + frame(1, message("\n")))) == ["", ""]
