"""Lines followed as they are written: at once from live nodes, whatever the others do."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from tests.api.live_server import LiveServer, live_server
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

TALKER = ["sh", "-c", "echo first; while true; do echo tick; sleep 2; done"]
QUIET = ["sh", "-c", "echo one; echo two >&2; echo three; sleep 1000"]
CRASH = ["sh", "-c", "echo going; sleep 20; echo gone >&2; exit 3"]


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


async def test_a_stop_signal_ends_streams_and_the_server_in_time(server: LiveServer) -> None:
    await server.run("web", command=TALKER)
    async with server.stream("/api/services/web/logs/stream") as stream:
        await eventually(lambda: stream.lines)
        code = await anyio.to_thread.run_sync(server.process.stop, signal.SIGTERM, 6.0)
        assert code == 0
        await eventually(lambda: stream.ended_at is not None)
