"""Logs of real engines: a worker that freezes and loses its power, and a service that cannot stop talking."""

import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from tests.api.live_server import LiveServer, Stream, live_server
from tests.eventually import eventually
from tests.fakes.lab_fixture import RealSwarm, labs, real_swarm

__all__ = ["labs", "real_swarm"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab, pytest.mark.alone]

VICTIM = "worker-1"
FLOOD_SECONDS = 8


@pytest.fixture
async def server(real_swarm: RealSwarm, tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, real_swarm.docker_host, real_swarm.registry_host) as running:
        yield running


def shell(text: str) -> list[str]:
    return ["sh", "-c", text]


def when(stream: Stream, node: str, state: str) -> float | None:
    told = (
        event.at
        for event in stream.events
        if event.kind == "state" and (event.data["node"], event.data["state"]) == (node, state)
    )
    return next(told, None)


@pytest.mark.timeout(170)
async def test_a_worker_that_freezes_or_loses_its_power_costs_its_own_lines_only(
    server: LiveServer, real_swarm: RealSwarm
) -> None:
    lab = real_swarm.lab
    if lab is None:
        pytest.skip("a node is frozen: needs a lab of its own")
    name = f"talk-{secrets.token_hex(3)}"
    path = f"/api/services/{name}/logs/stream"
    counting = "n=0; while true; do n=$((n+1)); echo $n; sleep 0.2; done"
    await server.run(name, mode="global", command=shell(counting))
    try:
        async with server.stream(path) as stream:
            await eventually(lambda: {line["node"] for line in stream.lines} > {VICTIM})
            await anyio.to_thread.run_sync(lab.freeze, VICTIM)
            frozen_at = time.monotonic()
            told_at = await eventually(lambda: when(stream, VICTIM, "silent"), within=8)
            assert told_at is not None
            assert told_at - frozen_at < 8
            async with server.stream(path) as late:
                await eventually(lambda: late.lines)
                assert late.first_line_after() < 1.0
                await eventually(lambda: when(late, VICTIM, "silent"))
            seen = len(stream.lines)
            await eventually(lambda: len(stream.lines) > seen + 10)
            assert VICTIM not in {line["node"] for line in stream.lines[seen:]}
            await anyio.to_thread.run_sync(lab.thaw, VICTIM)
            await eventually(lambda: when(stream, VICTIM, "answers"))
            # The container went on while its engine was frozen: nothing of it is missing, nothing twice.
            task = next(line["task_id"] for line in stream.lines if line["node"] == VICTIM)
            before = len(stream.lines)
            await eventually(lambda: VICTIM in {line["node"] for line in stream.lines[before:]})
            numbers = [int(line["line"]) for line in stream.lines if line["task_id"] == task]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        await anyio.to_thread.run_sync(lab.power_off, VICTIM)
        async with server.stream(path) as stream:
            opened_at = time.monotonic()
            await eventually(lambda: stream.lines)
            assert stream.first_line_after() < 1.0
            found_at = await eventually(
                lambda: when(stream, VICTIM, "silent") or when(stream, VICTIM, "down"), within=8
            )
            assert found_at is not None
            assert found_at - opened_at < 8
    finally:
        await anyio.to_thread.run_sync(lab.power_on, VICTIM)
        await anyio.to_thread.run_sync(lab.thaw, VICTIM)
        await server.call("POST", f"/api/services/{name}/stop", params={"wait": 20})


@pytest.mark.timeout(120)
async def test_a_service_that_cannot_stop_talking_costs_neither_memory_nor_other_routes(
    server: LiveServer,
) -> None:
    run = secrets.token_hex(3)
    flood, calm = f"flood-{run}", f"calm-{run}"
    pid = server.process.process.pid
    await server.run(calm, command=shell("while true; do echo calm; sleep 0.2; done"))
    before = _resident(pid)
    # At least 50,000 lines a second, for some seconds, however fast the engine hands them over.
    talk = f"yes 'a line of some sixty letters as services like to write' | head -n {50_000 * FLOOD_SECONDS}"
    await server.run(flood, command=shell(f"sleep 3; {talk}; echo the end; sleep 1000"))
    try:
        async with (
            server.stream(f"/api/services/{flood}/logs/stream", tail=0) as stream,
            server.stream(f"/api/services/{calm}/logs/stream", tail=0) as other,
        ):
            await eventually(lambda: stream.dropped)
            most, slowest = 0, 0.0
            until = time.monotonic() + FLOOD_SECONDS
            calm_lines = len(other.lines)
            while time.monotonic() < until:
                asked_at = time.monotonic()
                await server.get("/api/services")
                slowest = max(slowest, time.monotonic() - asked_at)
                most = max(most, _resident(pid))
            assert len(other.lines) - calm_lines > FLOOD_SECONDS
            await eventually(lambda: stream.lines[-1]["line"] == "the end")
            assert other.dropped == 0
            assert most - before < 64 * 1024, f"{most - before} KiB more"
            assert slowest < 1.0
    finally:
        for name in (flood, calm):
            await server.call("POST", f"/api/services/{name}/stop", params={"wait": 20})


def _resident(pid: int) -> int:
    """KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
