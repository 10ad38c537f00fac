"""Another look at the engine makes anew only what has another version than before."""

from collections.abc import AsyncIterator

import pytest

from backend.clients.docker_client import SwarmClient
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine.of_size(nodes=3, services=4, tasks=12) as fake:
        yield fake


@pytest.fixture
async def client(engine: FakeEngine) -> AsyncIterator[SwarmClient]:
    client = SwarmClient(engine.docker_host)
    yield client
    await client.close()


async def test_what_is_known_is_the_same_thing_and_what_changed_is_another(
    engine: FakeEngine, client: SwarmClient
) -> None:
    state = ClusterState()
    first = await client.services(known=state.service_by_id), await client.tasks(known=state.task_by_id)
    watcher = ClusterWatcher(client, state, longest_pause=30)
    await watcher.look()
    assert {task.id for task in first[1]} == {task.id for one in first[0] for task in state.tasks_of(one)}

    touched, crashing, leaving, quiet = state.services.values()
    crashed = state.tasks_of(crashing)[0]
    gone = [task.id for task in state.tasks_of(leaving)]
    await client.update_service(touched.id, lambda now: {**now.spec, "Labels": {"new": "yes"}})
    await client.remove_service(leaving.id)
    engine.crash_task(crashed.id, 3)
    await eventually(
        lambda: not engine.store.by_service.get(leaving.id) and len(engine.tasks(crashing.name)) > 3
    )
    services = {one.id: one for one in await client.services(known=state.service_by_id)}
    tasks = {one.id: one for one in await client.tasks(known=state.task_by_id)}

    assert services[quiet.id] is quiet
    assert all(tasks[task.id] is task for task in state.tasks_of(quiet))
    assert services[touched.id].labels == {"new": "yes"}
    assert (tasks[crashed.id].state, tasks[crashed.id].exit_code) == ("failed", 3)
    assert leaving.id not in services
    assert not tasks.keys() & set(gone)

    await watcher.look()
    assert state.services[quiet.name] is quiet
    assert state.services[touched.name].labels == {"new": "yes"}
    assert state.task_by_id(crashed.id) in state.tasks_of(crashing)
    assert state.task_by_id(crashed.id) is not crashed
    assert [state.task_by_id(task_id) for task_id in gone] == [None] * 3
    assert leaving.name not in state.services
