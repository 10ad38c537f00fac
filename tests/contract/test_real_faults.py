"""Faults of real machines, as the client reports them: a frozen engine, a node without power."""

import time
from collections.abc import AsyncIterator

import anyio.to_thread
import pytest

from backend.clients.docker_client import Deadlines, SwarmClient
from backend.errors import DockerUnavailable, EngineRefused, OutcomeUnknown
from backend.models.cluster import LogGap, LogLine, Task
from lab import Lab
from tests.contract.swarm_under_test import SwarmUnderTest, running
from tests.eventually import eventually
from tests.fakes.lab_fixture import RealSwarm

pytestmark = [pytest.mark.anyio, pytest.mark.lab]

SHORT = Deadlines(read=1.5, write=1.5, registry=3)


@pytest.fixture
def lab(real_swarm: RealSwarm) -> Lab:
    if real_swarm.lab is None:
        pytest.skip("LAB_DOCKER_HOST names a lab that tests must not break")
    return real_swarm.lab


@pytest.fixture
async def swarm(real_swarm: RealSwarm) -> AsyncIterator[SwarmUnderTest]:
    client = SwarmClient(real_swarm.docker_host, deadlines=SHORT)
    under_test = SwarmUnderTest(client, real_swarm.registry_host, None)
    try:
        yield under_test
    finally:
        try:
            await under_test.clean()
        finally:
            await client.close()


async def test_a_frozen_engine_is_called_frozen_and_recovers(lab: Lab, swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    await anyio.to_thread.run_sync(lab.freeze, "manager-1")
    try:
        started = time.monotonic()
        with pytest.raises(DockerUnavailable) as refused:
            await swarm.client.services()
        assert refused.value.code == "docker_frozen"
        with pytest.raises(OutcomeUnknown):
            await swarm.client.remove_service(service.id)
        assert time.monotonic() - started < 8
    finally:
        await anyio.to_thread.run_sync(lab.thaw, "manager-1")
    # The request was waiting for the engine when it woke; that is why its outcome was called unknown.
    assert await swarm.client.nodes()


async def test_logs_of_a_node_without_power_end_with_a_gap_after_the_others_lines(
    lab: Lab, swarm: SwarmUnderTest
) -> None:
    service = await swarm.create(replicas=3)
    tasks = await swarm.until_running(service, 3)
    worker = await swarm.client.node("worker-2")

    async def all_lines() -> bool:
        return len([line async for line in swarm.client.service_logs(service.id, deadline=5)]) == 3

    await eventually(all_lines, within=swarm.patience, every=0.2)
    await anyio.to_thread.run_sync(lab.power_off, "worker-2")
    try:
        started = time.monotonic()
        found = [line async for line in swarm.client.service_logs(service.id, deadline=3)]
        assert time.monotonic() - started < 6
        alive = {task.id for task in tasks if task.node_id != worker.id}
        assert {line.task_id for line in found if isinstance(line, LogLine)} == alive
        assert isinstance(found[-1], LogGap)

        async def noticed() -> bool:
            return (await swarm.client.node(worker.id)).state == "down"

        await eventually(noticed, within=60, every=0.5)

        def moved(tasks: list[Task]) -> bool:
            return len(running(tasks)) == 3 and worker.id not in {t.node_id for t in running(tasks)}

        after = await swarm.until(service, moved)
        # What nobody can report on keeps its last state: only desired state and node tell the truth.
        [lost] = [task for task in after if task.node_id == worker.id]
        assert (lost.state, lost.desired_state) == ("running", "shutdown")
    finally:
        await anyio.to_thread.run_sync(lab.power_on, "worker-2")

    async def back() -> bool:
        return (await swarm.client.node(worker.id)).state == "ready"

    await eventually(back, within=60, every=0.5)


async def test_a_stopped_registry_is_the_registrys_fault(lab: Lab, swarm: SwarmUnderTest) -> None:
    await anyio.to_thread.run_sync(lab.registry_stop)
    try:
        with pytest.raises(EngineRefused) as refused:
            await swarm.client.image_digest(swarm.image("hello-world"))
        assert refused.value.code == "registry_unreachable"
        assert len(await swarm.client.nodes()) == 3
    finally:
        await anyio.to_thread.run_sync(lab.registry_start)
    assert (await swarm.client.image_digest(swarm.image("hello-world"))).digest
