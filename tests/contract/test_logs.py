"""Logs: streams, tasks and nodes of each line, tails, times, terminals, and lines that are too long."""

from contextlib import aclosing
from datetime import timedelta

import anyio
import pytest

from backend.clients.log_frames import CUT_MARK, LINE_LIMIT
from backend.errors import NotFound
from backend.models.cluster import LogGap, LogLine, Service
from tests.contract.swarm_under_test import SwarmUnderTest
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


async def read(swarm: SwarmUnderTest, service: Service, **options: object) -> list[LogLine]:
    """The lines of the service; fails on gaps."""
    found = []
    lines = swarm.client.service_logs(service.id, deadline=10, **options)  # type: ignore[arg-type]
    async for line in lines:
        assert isinstance(line, LogLine), line
        found.append(line)
    return found


async def until_lines(swarm: SwarmUnderTest, service: Service, count: int) -> list[LogLine]:
    async def look() -> list[LogLine]:
        lines = await read(swarm, service)
        return lines if len(lines) >= count else []

    return await eventually(look, within=swarm.patience, every=0.1)


async def test_lines_carry_stream_task_node_and_time(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2, script="echo to out; echo to err >&2; sleep 600")
    tasks = {task.id: task for task in await swarm.until_running(service, 2)}
    lines = await until_lines(swarm, service, 4)
    assert len(lines) == 4
    assert {line.task_id for line in lines} == set(tasks)
    for line in lines:
        assert line.node_id == tasks[line.task_id].node_id
        assert line.line == {"stdout": "to out", "stderr": "to err"}[line.stream]
        assert abs(line.time - tasks[line.task_id].state_changed_at) < timedelta(seconds=60)
    for task_id in tasks:
        assert sorted(line.stream for line in lines if line.task_id == task_id) == ["stderr", "stdout"]


async def test_tail_counts_per_task_and_since_counts_from_a_time(swarm: SwarmUnderTest) -> None:
    script = "; ".join(f"echo line {n}" for n in range(1, 7)) + "; sleep 600"
    service = await swarm.create(replicas=2, script=script)
    await swarm.until_running(service, 2)
    lines = await until_lines(swarm, service, 12)
    assert len(lines) == 12
    short = await read(swarm, service, tail=2)
    assert sorted(line.line for line in short) == ["line 5", "line 5", "line 6", "line 6"]
    last = max(lines, key=lambda line: line.time)
    late = await read(swarm, service, since=last.time + timedelta(seconds=1))
    assert late == []
    assert (
        len(await read(swarm, service, since=min(line.time for line in lines) - timedelta(seconds=1))) == 12
    )


async def test_one_tasks_lines_can_be_read_alone(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2)
    [first, second] = await swarm.until_running(service, 2)
    await until_lines(swarm, service, 2)
    lines = [line async for line in swarm.client.task_logs(first.id, deadline=10)]
    assert len(lines) == 1
    assert isinstance(lines[0], LogLine)
    assert (lines[0].task_id, lines[0].node_id) == (first.id, first.node_id)
    assert "hello-world latest listens on port 80" in lines[0].line
    assert second.id != first.id


async def test_a_terminals_output_is_read_as_lines_too(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(script="echo one; echo two >&2; sleep 600", container={"TTY": True})
    [task] = await swarm.until_running(service)
    lines = await until_lines(swarm, service, 2)
    assert [(line.line, line.stream, line.task_id) for line in lines] == [
        ("one", "stdout", task.id),
        ("two", "stdout", task.id),
    ]


@pytest.mark.parametrize("tty", [False, True])
async def test_a_long_line_is_one_line_and_a_longer_one_is_cut_with_a_mark(
    swarm: SwarmUnderTest, tty: bool
) -> None:
    service = await swarm.create(
        script="printf 'a%.0s' $(seq 40000); echo; printf 'b%.0s' $(seq 100000); echo; echo end; sleep 600",
        container={"TTY": tty},
    )
    await swarm.until_running(service)
    long, longer, end = await until_lines(swarm, service, 3)
    assert long.line == "a" * 40000
    assert longer.line == "b" * LINE_LIMIT + CUT_MARK
    assert end.line == "end"


async def test_lines_of_ended_tasks_remain(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(image="crasher", task={"RestartPolicy": {"Condition": "none"}})
    [task] = await swarm.until(service, lambda tasks: tasks and tasks[0].state == "failed")
    lines = await until_lines(swarm, service, 2)
    assert {(line.stream, line.task_id) for line in lines} == {("stdout", task.id), ("stderr", task.id)}
    assert "fatal: the flux capacitor is missing" in {line.line for line in lines}


async def test_followed_lines_arrive_as_they_are_written(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(script="while true; do echo tick; sleep 1; done")
    await swarm.until_running(service)
    seen = 0
    with anyio.fail_after(swarm.patience):
        async with aclosing(swarm.client.service_logs(service.id, deadline=5, follow=True)) as lines:
            async for line in lines:
                assert isinstance(line, LogLine)
                seen += line.line == "tick"
                if seen == 3:
                    break
    assert seen == 3


async def test_a_service_with_no_task_anywhere_has_no_lines(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    assert await read(swarm, service) == []


async def test_a_task_that_waits_for_a_node_is_a_gap_when_asked_for_by_itself(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(task={"Placement": {"Constraints": ["node.labels.never == yes"]}})
    [task] = await swarm.until(service, lambda tasks: tasks and tasks[0].error)
    assert await read(swarm, service) == []
    [gap] = [line async for line in swarm.client.task_logs(task.id, deadline=5)]
    assert isinstance(gap, LogGap)
    assert gap.task_id == task.id
    assert "has not been scheduled" in gap.message
    assert "rpc error" not in gap.message


async def test_logs_of_nothing_are_not_found(swarm: SwarmUnderTest) -> None:
    with pytest.raises(NotFound):
        async for _ in swarm.client.service_logs("contract-nobody", deadline=5):
            pass
    with pytest.raises(NotFound):
        async for _ in swarm.client.task_logs("0123456789012345678901234", deadline=5):
            pass
