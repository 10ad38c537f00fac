"""What builders say, read from bytes: whole, split, broken, endless."""

import base64
import json
import random
import time
from collections.abc import Iterator

import pytest

from backend.clients.build_events import BuildEvent, BuildFailed, BuildLine, BuildStep, BuiltImage
from backend.clients.build_output import (
    CUT_MARK,
    LINE_LIMIT,
    BuildKitOutput,
    BuildOutput,
    ClassicOutput,
    Masking,
    needs_buildkit,
)
from backend.clients.buildkit_trace import trace_items
from backend.clients.json_lines import JsonLine, JsonLines
from tests.fakes.engine_builds import _field, _stamp, _trace


def told(output: BuildOutput, *lines: dict[str, object]) -> list[BuildEvent]:
    reader = JsonLines()
    raw = b"".join(json.dumps(line).encode() + b"\r\n" for line in lines)
    return [event for line in reader.feed(raw) for event in output.feed(line)]


def log(text: str | bytes, stream: int = 1, step: str = "sha256:a") -> dict[str, object]:
    return _trace(3, _field(1, step) + _field(3, stream) + _field(4, text))


@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
def test_lines_are_the_same_however_they_arrive(size: int) -> None:
    raw = b'{"stream":"a\\n"}\r\n\n{"stream":"b\\n"}\n{"aux":{"ID":"x"}}'
    reader = JsonLines()
    lines = [line for at in range(0, len(raw), size) for line in reader.feed(raw[at : at + size])]
    lines += reader.finish()
    assert [line.stream for line in lines] == ["a\n", "b\n", ""]
    assert lines[-1].has_aux


def test_a_line_without_end_is_dropped_and_the_next_one_read() -> None:
    reader = JsonLines(longest=1000)
    lines: list[JsonLine] = []
    for _ in range(100):
        lines += reader.feed(b"x" * 500)
    lines += reader.feed(b'\n{"stream":"on"}\n')
    assert [line.stream for line in lines] == ["on"]
    assert reader.dropped == 1


@pytest.mark.parametrize(
    "raw", [b"<html>\n", b"\xff\xfe\n", b"[]\n", b'{"stream":1}\n', b'{"errorDetail":"x"}\n', b"nul\n"]
)
def test_garbage_is_an_error_and_no_event(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(JsonLines().feed(raw))


def test_random_bytes_are_read_as_a_trace_or_refused_but_nothing_else() -> None:
    chance = random.Random(4)
    whole = _field(1, _field(1, "sha256:a") + _field(3, "[1/1] RUN x") + _stamp(5, time.time()))
    for _ in range(5000):
        message = bytearray(chance.randbytes(chance.randrange(60)) if chance.random() < 0.5 else whole)
        if message and chance.random() < 0.9:
            message[chance.randrange(len(message))] = chance.randrange(256)
        try:
            list(trace_items(bytes(message[: chance.randrange(1 + len(message))])))
        except ValueError:
            continue


@pytest.mark.parametrize("aux", ["%%%", base64.b64encode(b"\x0a\xff").decode(), 7, {"ID": 1}])
def test_a_trace_that_is_none_is_refused(aux: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        told(BuildKitOutput(), {"id": "moby.buildkit.trace", "aux": aux})


def test_a_line_of_one_mebibyte_is_cut_and_the_next_one_whole() -> None:
    pieces = [log("x" * 32768) for _ in range(32)]
    events = told(BuildKitOutput(), *pieces, log("\nnext\n"))
    assert [event.text for event in events if isinstance(event, BuildLine)] == [
        "x" * LINE_LIMIT + CUT_MARK,
        "next",
    ]
    streamed: list[dict[str, object]] = [{"stream": "x" * 32768}] * 32
    classic = told(ClassicOutput(), *streamed, {"stream": "\nnext\n"})
    assert [event.text for event in classic if isinstance(event, BuildLine)] == [
        "x" * LINE_LIMIT + CUT_MARK,
        "next",
    ]


def test_many_lines_cost_little_each() -> None:
    raw = b"".join(json.dumps(log(f"line {n}\n")).encode() + b"\n" for n in range(20_000))
    reader, output = JsonLines(), BuildKitOutput()

    def events() -> Iterator[BuildEvent]:
        for at in range(0, len(raw), 65536):
            for line in reader.feed(raw[at : at + 65536]):
                yield from output.feed(line)

    began = time.process_time()
    assert sum(1 for _ in events()) == 20_000
    assert time.process_time() - began < 5


def test_lines_of_steps_that_run_side_by_side_are_not_mixed() -> None:
    events = told(
        BuildKitOutput(),
        log("one ", step="a"),
        log("two", step="b"),
        log("half\n", step="a"),
        log("\n", 1, "b"),
    )
    assert events == [BuildLine("one half", "a"), BuildLine("two", "b")]


def test_a_bar_that_rewrites_its_line_counts_as_what_it_shows_at_last() -> None:
    assert told(BuildKitOutput(), log("10 %\r50 %\r100 %\r\n")) == [BuildLine("100 %", "sha256:a")]


def test_a_step_comes_again_only_when_something_is_new() -> None:
    vertex = _field(1, "sha256:a") + _field(3, "[1/1] RUN x") + _stamp(5, 1.5)
    done = vertex + _stamp(6, 2.5)
    events = told(BuildKitOutput(), _trace(1, vertex), _trace(1, vertex), log("unfinished"), _trace(1, done))
    assert [type(event) for event in events] == [BuildStep, BuildLine, BuildStep]
    last = events[-1]
    assert isinstance(last, BuildStep)
    assert last.started is not None
    assert last.finished is not None
    assert (last.finished - last.started).total_seconds() == 1


def test_endless_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="more steps"):
        told(BuildKitOutput(), *(_trace(1, _field(1, f"sha256:{n}") + _field(3, "x")) for n in range(10_001)))


def test_an_answer_that_ends_without_an_image_is_a_failure() -> None:
    outputs: tuple[BuildOutput, ...] = (BuildKitOutput(), ClassicOutput())
    for output in outputs:
        with pytest.raises(BuildFailed, match="without an image"):
            list(output.finish())


def test_both_builders_give_the_image_at_the_end() -> None:
    line: dict[str, object] = {"id": "moby.image.id", "aux": {"ID": "sha256:1"}}
    outputs: tuple[BuildOutput, ...] = (BuildKitOutput(), ClassicOutput())
    for output in outputs:
        told(output, line)
        assert list(output.finish()) == [BuiltImage("sha256:1")]


def test_values_are_masked_in_names_and_only_long_ones_in_lines() -> None:
    masking = Masking({"TOKEN": "abcdefgh1", "PORT": "8080", "N": "1"})
    assert masking.event(BuildStep("a", "RUN x abcdefgh1 8080 1")) == BuildStep(
        "a", "RUN x ${TOKEN} ${PORT} 1"
    )
    assert masking.event(BuildLine("abcdefgh1 8080 1")) == BuildLine("${TOKEN} 8080 1")
    assert masking.event(BuiltImage("abcdefgh1")) == BuiltImage("abcdefgh1")


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("FROM x\nRUN make\nCOPY --from=a b c\n", False),
        ("FROM x\n# RUN --mount=type=cache make\nRUN echo '--mount'\n", False),
        ("FROM x\nCOPY --chown=1:1 a b\nRUN echo $((1<<2))\n", False),
        ("FROM x\nrun --mount=type=cache,target=/c make\n", True),
        ("FROM x\nCOPY --chown=1 --chmod=0644 a b\n", True),
        ("FROM x\nCOPY --link a b\n", True),
        ("FROM x\nRUN <<EOF\necho\nEOF\n", True),
        ("# syntax=docker/dockerfile:1\nFROM x\n", True),
    ],
)
def test_what_needs_buildkit_is_told_from_what_does_not(text: str, needed: bool) -> None:
    assert needs_buildkit(text) is needed
