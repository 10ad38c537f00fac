"""Lines followed as they are written: at once from live nodes, whatever the others do."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from tests.api.live_server import LiveServer, Stream, live_server
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

TALKER = ["sh", "-c", "echo first; while true; do echo tick; sleep 2; done"]
QUIET = ["sh", "-c", "echo one; echo two >&2; echo three; sleep 1000"]


@pytest.fixture
async def server(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, engine.docker_host, engine.registry_host) as running:
        yield running


async def test_lines_come_within_a_second_and_go_on_as_they_are_written(server: LiveServer) -> None:
    await server.run("web", replicas=3, command=TALKER)
    async with server.stream("/api/services/web/logs/stream", tail=5) as stream:
        await eventually(lambda: stream.lines)
        assert stream.first_line_after() < 1.0
        assert len(stream.lines) >= 5
        seen = len(stream.lines)
        await eventually(lambda: len(stream.lines) > seen + 10)
        assert {line["task"] for line in stream.lines} == {"web.1", "web.2", "web.3"}
        assert stream.dropped == 0


async def test_the_first_lines_are_the_newest_in_order_and_each_comes_once(server: LiveServer) -> None:
    await server.run("web", replicas=3, command=QUIET)
    page = (await server.get("/api/services/web/logs"))["items"]
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: len(stream.lines) == 9)
        assert stream.lines == page
    async with server.stream("/api/services/web/logs/stream", tail=4) as late:
        await eventually(lambda: late.lines)
        assert late.lines == page[-4:]


async def test_a_node_that_hangs_unnoticed_is_named_within_eight_seconds(
    server: LiveServer, engine: FakeEngine
) -> None:
    await server.run("web", replicas=3, command=TALKER)
    engine.power_off("worker-2", noticed=False)
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: stream.lines)
        assert stream.first_line_after() < 1.0
        state = await eventually(lambda: stream.states, within=8)
        assert (state[0]["node"], state[0]["state"]) == ("worker-2", "silent")
        seen = len(stream.lines)
        await eventually(lambda: len(stream.lines) > seen)
        assert {line["node"] for line in stream.lines} == {"manager-1", "worker-1"}


async def test_a_node_that_is_down_is_named_at_once_and_again_when_it_is_back(
    server: LiveServer, engine: FakeEngine
) -> None:
    await server.run("web", replicas=3, command=TALKER)
    engine.power_off("worker-2")
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: ("worker-2", "down") in _nodes(stream), within=8)
        engine.power_on("worker-2")
        await eventually(lambda: ("worker-2", "answers") in _nodes(stream))


async def test_an_engine_that_hangs_is_told_and_lines_go_on_when_it_is_back(
    server: LiveServer, engine: FakeEngine
) -> None:
    await server.run("web", command=QUIET)
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: len(stream.lines) == 3)
        engine.freeze()
        await eventually(lambda: (None, "silent") in _nodes(stream), within=8)
        engine.thaw()
        await eventually(lambda: (None, "answers") in _nodes(stream))
        engine.crash_task(stream.lines[0]["task_id"])
        await eventually(lambda: len(stream.lines) == 6)


async def test_tasks_are_taken_up_as_they_start_and_let_go_as_they_end(
    server: LiveServer, engine: FakeEngine
) -> None:
    await server.run("web", command=TALKER)
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: stream.lines)
        await server.call("POST", "/api/services/web/scale", json={"replicas": 2})
        await eventually(lambda: {line["task"] for line in stream.lines} == {"web.1", "web.2"})
        assert ("web.2", "started") in _tasks(stream)
        first = stream.lines[0]["task_id"]
        engine.crash_task(first, exit_code=3)
        await eventually(lambda: ("web.1", "ended") in _tasks(stream))
        told = next(state["message"] for state in stream.states if state["state"] == "ended")
        assert "exit code 3" in told
        await eventually(lambda: len({line["task_id"] for line in stream.lines}) == 3)


async def test_a_service_that_is_not_deployed_can_be_followed_until_it_is(server: LiveServer) -> None:
    body = {"name": "web", "definition": {"image": "${REGISTRY_HOST}/hello-world:1", "command": QUIET}}
    await server.call("POST", "/api/services", json=body)
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: [state["state"] for state in stream.states] == ["absent"])
        await server.call("POST", "/api/services/web/deploy")
        await eventually(lambda: len(stream.lines) == 3)
        assert "present" in [state["state"] for state in stream.states]


async def test_many_readers_cost_the_engine_what_one_does_and_each_sees_what_it_asked_for(
    server: LiveServer, engine: FakeEngine
) -> None:
    await server.run("web", command=["sh", "-c", "while true; do echo out; echo err >&2; sleep 2; done"])
    path = "/api/services/web/logs/stream"
    async with server.stream(path) as first:
        await eventually(lambda: first.lines)
        asked = sum(path.endswith("/logs") for _, path in engine.requests)
        async with (
            server.stream(path, stream="stderr") as errors,
            server.stream(path, match="/^o/", tail=0) as matching,
        ):
            await eventually(lambda: len(errors.lines) > 5 and len(matching.lines) > 5)
            assert {line["line"] for line in errors.lines} == {"err"}
            assert {line["line"] for line in matching.lines} == {"out"}
        assert sum(path.endswith("/logs") for _, path in engine.requests) == asked


async def test_who_comes_back_goes_on_where_it_was_cut_off(server: LiveServer) -> None:
    await server.run("web", replicas=2, command=TALKER)
    path = "/api/services/web/logs/stream"
    async with server.stream(path) as first:
        await eventually(lambda: len(first.lines) > 5)
    last = next(event.id for event in reversed(first.events) if event.id)
    async with server.stream(path, headers={"Last-Event-ID": last}) as second:
        await eventually(lambda: len(second.lines) > 5)
    both = [(line["task"], line["time"]) for line in first.lines + second.lines]
    assert len(set(both)) == len(both)
    page = (await server.get("/api/services/web/logs", tail=1000))["items"]
    known = [(line["task"], line["time"]) for line in page]
    start = known.index(both[0])
    assert set(known[start : start + len(both) - 5]) <= set(both)


async def test_a_huge_line_is_cut_with_a_mark(server: LiveServer) -> None:
    await server.run("web", command=["sh", "-c", "printf 'x%.0s' $(seq 200000); echo end; sleep 1000"])
    async with server.stream("/api/services/web/logs/stream") as stream:
        line = (await eventually(lambda: stream.lines))[0]["line"]
        assert line == "x" * 65536 + " … [cut at 64 KiB]"


async def test_a_stream_ends_when_its_token_is_revoked(server: LiveServer) -> None:
    await server.run("web", command=TALKER)
    _, made = await server.call("POST", "/api/tokens", json={"name": "short"})
    headers = {"Authorization": f"Bearer {made['token']}"}
    async with server.stream("/api/services/web/logs/stream", headers=headers) as stream:
        await eventually(lambda: stream.lines)
        await server.call("DELETE", f"/api/tokens/{made['id']}")
        await eventually(lambda: stream.ended_at is not None, within=8)


async def test_one_caller_may_have_twenty_streams_and_gets_room_again(server: LiveServer) -> None:
    await server.run("web", command=TALKER)
    path = "/api/services/web/logs/stream"
    async with AsyncExitStack() as streams:
        for _ in range(20):
            await streams.enter_async_context(server.stream(path))
        status, answer = await server.call("GET", path)
        assert (status, answer["code"]) == (503, "too_many_streams")

    async def has_room() -> bool:
        async with server.session.get(server.url + path) as answer:
            return answer.status == 200

    await eventually(has_room)


async def test_an_unknown_service_task_or_node_is_refused_before_the_stream(server: LiveServer) -> None:
    await server.run("web", command=TALKER)
    for path, query, code in (
        ("nobody", {}, "service_not_found"),
        ("web", {"task": "web.9"}, "task_not_found"),
        ("web", {"node": "nobody"}, "node_not_found"),
    ):
        status, answer = await server.call("GET", f"/api/services/{path}/logs/stream", params=query)
        assert (status, answer["code"]) == (404, code)


async def test_a_stop_signal_ends_streams_and_the_server_in_time(server: LiveServer) -> None:
    await server.run("web", command=TALKER)
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: stream.lines)
        code = await anyio.to_thread.run_sync(server.process.stop, signal.SIGTERM, 6.0)
        assert code == 0
        await eventually(lambda: stream.ended_at is not None)


def _nodes(stream: Stream) -> list[tuple[str | None, str]]:
    return [(state["node"], state["state"]) for state in stream.states if state["task"] is None]


def _tasks(stream: Stream) -> list[tuple[str, str]]:
    return [(state["task"], state["state"]) for state in stream.states if state["task"]]
