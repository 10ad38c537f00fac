"""What builders say: streamed, kept within bounds, and never with the values of build arguments."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from backend.errors import Overloaded
from backend.models.actor import SYSTEM
from backend.services.build_output import (
    BYTES_KEPT,
    LINES_KEPT,
    LONGEST_LINE,
    READERS,
    BuildOutput,
    BuildOutputs,
    OutputReader,
)
from tests.api.build_fixture import DOCKERFILE, SLOW, Building, building, engine_that_builds

pytestmark = pytest.mark.anyio

CANARY = "canary-3f9c1b7e-build-arg"


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Building]:
    async with engine_that_builds() as engine, building(tmp_path, engine) as made:
        yield made


def events_of(chunk: bytes) -> list[tuple[str, Any]]:
    found = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def everything(reader: OutputReader) -> list[tuple[str, Any]]:
    found = []
    with anyio.fail_after(10):
        while (chunk := await reader.receive()) is not None:
            found += events_of(chunk)
    return found


def numbers(events: list[tuple[str, Any]]) -> list[int]:
    return [item["n"] for kind, data in events if kind == "line" for item in data["items"]]


# Streams -------------------------------------------------------------------------------------------------


async def test_two_readers_follow_one_build_to_its_end_and_one_that_comes_later_reads_the_same(
    build: Building,
) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW)
    started = await build.start("web")
    await build.held(started)
    builds = build.api.app.context.builds
    readers = [await builds.follow(SYSTEM, started["id"], None) for _ in range(2)]
    found: list[list[tuple[str, Any]]] = [[], []]

    async def follow(place: int) -> None:
        found[place] = await everything(readers[place])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, 0)
        tasks.start_soon(follow, 1)
        build.engine.builder.release()
    late = await everything(await builds.follow(SYSTEM, started["id"], None))
    for events in (*found, late):
        kind, data = events[-1]
        assert (kind, data["state"]) == ("state", "succeeded")
        assert numbers(events) == list(range(1, len(numbers(events)) + 1))
        assert any(kind == "step" for kind, _ in events)
    assert numbers(found[0]) == numbers(found[1]) == numbers(late)


async def test_a_stream_goes_on_after_the_last_event_its_reader_had(build: Building) -> None:
    await build.service("web")
    ended = await build.ended(await build.start("web"))
    path = f"/api/builds/{ended['id']}/log/stream"
    whole = await build.api.app.client.get(path)
    assert whole.headers["content-type"].startswith("text/event-stream")
    all_of_it = numbers(events_of(whole.content))
    assert len(all_of_it) > 3
    rest = await build.api.app.client.get(path, headers={"Last-Event-ID": "2"})
    assert numbers(events_of(rest.content)) == all_of_it[2:]
    assert b"event: state" in rest.content
    odd = await build.api.app.client.get(path, headers={"Last-Event-ID": "nonsense"})
    assert numbers(events_of(odd.content)) == all_of_it


async def test_the_log_is_read_from_a_number_on_and_downloaded_as_text(build: Building) -> None:
    await build.service("web")
    ended = await build.ended(await build.start("web"))
    path = f"/api/builds/{ended['id']}/log"
    whole = await build.api.get(path)
    part = await build.api.get(path, after=2)
    assert part["items"] == whole["items"][2:]
    assert (part["left_out"], part["total"]) == (0, whole["total"])
    file = await build.api.app.client.get(path, params={"download": True})
    assert file.text.splitlines() == [item["text"] for item in whole["items"]]
    assert file.headers["content-disposition"].endswith(f'build-{ended["id"]}.log"')


# Secrets -------------------------------------------------------------------------------------------------


async def test_values_of_build_arguments_are_nowhere_but_in_the_definition(
    build: Building, caplog: pytest.LogCaptureFixture
) -> None:
    loud = DOCKERFILE + "RUN echo $TOKEN\nRUN echo ${TOKEN} >&2; exit 4\n"
    await build.service("web", loud, build_args={"TOKEN": CANARY})
    await build.service("other", loud)
    for name, body in (("web", {}), ("other", {"build_args": {"TOKEN": CANARY}})):
        ended = await build.ended(await build.start(name, **body))
        assert ended["state"] == "failed"
        assert build.engine.builder.requests[-1].build_args["TOKEN"] == CANARY
        log = f"/api/builds/{ended['id']}/log"
        for path in (
            f"/api/builds/{ended['id']}",
            "/api/builds",
            log,
            f"{log}?download=true",
            f"{log}/stream",
            "/api/audit",
            "/api/timeline",
            "/api/deployments",
            "/api/services",
        ):
            answer = await build.api.app.client.get(path)
            assert answer.status_code == 200
            assert CANARY not in answer.text, path
    assert CANARY not in caplog.text
    state = build.folder / "state"
    for file in (state / "builds").iterdir():
        assert CANARY.encode() not in file.read_bytes(), file
    database = build.api.app.context.database
    for (table,) in await database.read("SELECT name FROM sqlite_master WHERE type = 'table'"):
        if table in {"revisions", "intents"}:
            continue
        for row in await database.read(f"SELECT * FROM {table}"):
            assert CANARY not in str(tuple(row)), table


# Bounds --------------------------------------------------------------------------------------------------


async def test_a_builder_that_never_stops_talking_costs_a_bounded_amount() -> None:
    output = BuildOutput()
    for _ in range(LINES_KEPT + 500):
        output.add("x" * 300)
    page = json.loads(output.page(0))
    assert page["total"] == LINES_KEPT + 500
    assert page["left_out"] == page["total"] - len(page["items"])
    assert page["left_out"] >= 500
    assert sum(len(line.encoded) for line in output.after(0)) <= BYTES_KEPT
    assert output.text().startswith(f"# {page['left_out']} lines left out\n".encode())
    output.end()
    events = await everything(OutputReader(output, None))
    assert events[0][1]["left_out"] == page["left_out"]
    assert numbers(events) == [item["n"] for item in page["items"]]


def test_a_line_without_end_is_cut_and_progress_bars_show_their_last_state() -> None:
    output = BuildOutput()
    output.add("y" * (LONGEST_LINE + 10))
    output.add("10 %\r50 %\r100 %\r")
    output.add("one\ntwo")
    texts = [item["text"] for item in json.loads(output.page(0))["items"]]
    assert texts[0].endswith("(10 characters left out)")
    assert texts[1:] == ["100 %", "one", "two"]


async def test_files_keep_the_newest_part_and_survive_a_line_that_a_crash_cut(tmp_path: Path) -> None:
    outputs = BuildOutputs(tmp_path / "builds")
    output = outputs.begin("abc")
    for number in range(60):
        for _ in range(100):
            output.add(f"{number} " + "z" * 1_000)
        await outputs.write("abc")
    await outputs.end("abc")
    files = list((tmp_path / "builds").iterdir())
    assert sum(file.stat().st_size for file in files) <= BYTES_KEPT
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    with (tmp_path / "builds" / "abc.jsonl").open("ab") as file:
        file.write(b'{"n": 6001, "te')
    kept = await outputs.read("abc", ())
    assert kept.total == 6_000
    found = [line.n for line in kept.after(0)]
    assert found == list(range(found[0], 6_001))
    assert found[0] > 1
    (await outputs.resume("abc", ())).add("again")
    await outputs.end("abc")
    assert [line.n for line in (await outputs.read("abc", ())).after(5_999)] == [6_000, 6_001]


async def test_a_burst_beyond_what_a_file_holds_leaves_no_gap_behind(tmp_path: Path) -> None:
    outputs = BuildOutputs(tmp_path / "builds")
    output = outputs.begin("abc")
    output.add("first")
    await outputs.write("abc")
    for _ in range(LINES_KEPT):
        output.add("w" * 250)
    await outputs.write("abc")
    output.add("last")
    await outputs.end("abc")
    found = [line.n for line in (await outputs.read("abc", ())).after(0)]
    assert found == list(range(found[0], LINES_KEPT + 3))
    assert len(found) > 1_000
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "builds").iterdir())


async def test_outputs_of_builds_that_are_not_kept_are_removed(tmp_path: Path) -> None:
    outputs = BuildOutputs(tmp_path / "builds")
    for name in ("old", "new"):
        outputs.begin(name).add("a line")
        await outputs.end(name)
    await outputs.keep_only({"new"})
    assert [file.name for file in (tmp_path / "builds").iterdir()] == ["new.jsonl"]


async def test_readers_of_a_build_that_ended_share_one_copy_of_its_output(tmp_path: Path) -> None:
    outputs = BuildOutputs(tmp_path / "builds")
    outputs.begin("abc").add("a line")
    await outputs.end("abc")
    first = await outputs.ended("abc", "1", ())
    assert await outputs.ended("abc", "1", ()) is first
    assert await outputs.ended("abc", "2", ()) is not first


async def test_more_streams_than_can_be_served_are_refused_until_some_close(tmp_path: Path) -> None:
    outputs = BuildOutputs(tmp_path / "builds")
    output = outputs.begin("abc")
    readers = [outputs.reader(output, None) for _ in range(READERS)]
    with pytest.raises(Overloaded):
        outputs.reader(output, None)
    readers[0].close()
    readers[0].close()
    outputs.reader(output, None)
    with pytest.raises(Overloaded):
        outputs.reader(output, None)
