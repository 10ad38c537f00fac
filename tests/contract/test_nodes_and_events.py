"""The engine itself, its nodes, drains, registries, and the stream of events."""

from contextlib import aclosing
from datetime import UTC, datetime

import anyio
import pytest

from backend.domain.certificates import fingerprint, root_certificate
from backend.errors import EngineRefused, InvalidInput, NotFound
from backend.models.cluster import EngineEvent, Platform, Task
from tests.contract.swarm_under_test import Spec, SwarmUnderTest, running
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


def availability(value: str) -> "Availability":
    return Availability(value)


class Availability:
    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, spec: Spec) -> Spec:
        return {**spec, "Availability": self._value}


async def test_the_engine_says_that_it_manages_a_swarm(swarm: SwarmUnderTest) -> None:
    info = await swarm.client.info()
    assert info.is_manager
    assert info.local_state == "active"
    assert info.cluster_id
    assert info.error == ""
    assert info.engine_version
    assert tuple(int(part) for part in info.api_version.split(".")) >= (1, 41)
    assert info.node_id in {node.id for node in await swarm.client.nodes()}


async def test_nodes_have_roles_platforms_and_resources(swarm: SwarmUnderTest) -> None:
    nodes = {node.hostname: node for node in await swarm.client.nodes()}
    assert set(nodes) == {"manager-1", "worker-1", "worker-2"}
    manager = nodes["manager-1"]
    assert (manager.role, manager.leader, manager.reachability) == ("manager", True, "reachable")
    for name in ("worker-1", "worker-2"):
        assert (nodes[name].role, nodes[name].leader, nodes[name].reachability) == ("worker", False, None)
    for node in nodes.values():
        assert node.state == "ready"
        assert node.is_live
        assert node.availability == "active"
        assert node.platform == Platform("linux", "amd64")
        assert node.resources.nano_cpus >= 10**9
        assert node.resources.memory_bytes > 2**28
        assert ("Volume", "local") in node.plugins
        assert node.engine_version
        assert node.address
    assert await swarm.client.node("worker-1") == nodes["worker-1"]
    assert await swarm.client.node(manager.id) == manager


async def test_a_node_is_found_by_its_exact_name_only(swarm: SwarmUnderTest) -> None:
    manager = await swarm.client.node("manager-1")
    for wrong in ("worker", manager.id[:12], "self", "no/node", ".."):
        with pytest.raises(NotFound):
            await swarm.client.node(wrong)
    with pytest.raises(NotFound):
        await swarm.client.update_node("worker-9", lambda spec: spec)


async def test_a_drained_node_loses_its_tasks_and_takes_new_ones_when_active(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=3)
    await swarm.until_running(service, 3)
    worker = await swarm.client.node("worker-2")
    drained = await swarm.client.update_node(worker.id, availability("drain"))
    try:
        assert drained.availability == "drain"
        assert drained.version > worker.version

        def moved(tasks: list[Task]) -> bool:
            return len(running(tasks)) == 3 and worker.id not in {t.node_id for t in running(tasks)}

        await swarm.until(service, moved)
        left = [task for task in await swarm.tasks(service) if task.node_id == worker.id]
        assert {(task.state, task.desired_state) for task in left} <= {("shutdown", "shutdown")}
        waiting = await swarm.create(task={"Placement": {"Constraints": ["node.hostname == worker-2"]}})
        [task] = await swarm.until(waiting, lambda tasks: tasks and tasks[0].error)
        assert task.error == (
            "no suitable node (scheduling constraints not satisfied on 2 nodes; "
            "1 node not available for new tasks)"
        )
    finally:
        await swarm.client.update_node(worker.id, availability("active"))
    [task] = await swarm.until_running(waiting)
    assert task.node_id == worker.id


async def test_a_node_without_a_known_availability_is_refused(swarm: SwarmUnderTest) -> None:
    with pytest.raises(InvalidInput) as refused:
        await swarm.client.update_node("worker-1", availability("resting"))
    assert "resting" in refused.value.detail


async def test_a_tag_stands_for_a_digest_and_platforms(swarm: SwarmUnderTest) -> None:
    hello = await swarm.client.image_digest(swarm.image("hello-world"))
    assert hello.digest.startswith("sha256:")
    assert hello.platforms == (Platform("linux", "amd64"),)
    pinned = await swarm.client.image_digest(f"{swarm.image('hello-world')}@{hello.digest}")
    assert pinned.digest == hello.digest
    multi = await swarm.client.image_digest(swarm.image("multi"))
    assert set(multi.platforms) == {Platform("linux", "amd64"), Platform("linux", "arm64")}
    other = await swarm.client.image_digest(swarm.image("hello-world", "2"))
    assert other.digest != hello.digest


async def test_an_image_the_registry_has_not_is_not_found(swarm: SwarmUnderTest) -> None:
    for missing in (swarm.image("hello-world", "no-such-tag"), swarm.image("no-such-image")):
        with pytest.raises(NotFound) as refused:
            await swarm.client.image_digest(missing)
        assert refused.value.code == "image_not_found"
        assert missing in refused.value.detail


async def test_a_registry_that_is_not_there_is_the_registrys_fault(swarm: SwarmUnderTest) -> None:
    if swarm.fake:
        swarm.fake.registry_up = False
    with pytest.raises(EngineRefused) as refused:
        await swarm.client.image_digest("127.0.0.1:9/web:1")
    assert refused.value.code == "registry_unreachable"


async def test_what_is_no_image_reference_is_refused(swarm: SwarmUnderTest) -> None:
    for wrong in ("", "a b", "../../nodes", "web?x=1", "web#y"):
        with pytest.raises(InvalidInput):
            await swarm.client.image_digest(wrong)
    with pytest.raises(InvalidInput):
        await swarm.client.image_digest(f"{swarm.registry_host}/UPPER:1")


async def test_events_tell_of_services_and_nodes_after_a_first_gap(swarm: SwarmUnderTest) -> None:
    seen: list[EngineEvent] = []
    async with anyio.create_task_group() as group:

        async def read() -> None:
            async with aclosing(swarm.client.events()) as events:  # type: ignore[type-var]
                async for event in events:
                    # One by one: others look while it goes on.
                    seen.append(event)  # noqa: PERF401

        group.start_soon(read)
        await eventually(lambda: seen)
        assert seen[0].kind == "gap"
        service = await swarm.create(replicas=0, Labels={"v": "1"})
        await swarm.updated(service, lambda spec: spec["Labels"].update(v="2"))
        await swarm.client.remove_service(service.id)
        worker = await swarm.client.node("worker-2")
        await swarm.client.update_node(worker.id, availability("pause"))
        await swarm.client.update_node(worker.id, availability("active"))

        def of(kind: str, object_id: str) -> list[EngineEvent]:
            return [e for e in seen if (e.kind, e.object_id) == (kind, object_id)]

        await eventually(lambda: len(of("service", service.id)) >= 3, within=swarm.patience)
        assert [e.action for e in of("service", service.id)] == ["create", "update", "remove"]
        assert {e.attributes["name"] for e in of("service", service.id)} == {service.name}
        await eventually(lambda: len(of("node", worker.id)) >= 2, within=swarm.patience)
        changes = [e.attributes.get("availability.new") for e in of("node", worker.id)]
        assert [change for change in changes if change] == ["pause", "active"]
        assert all(e.time_ns > 0 for e in seen[1:])
        group.cancel_scope.cancel()


async def test_events_can_be_read_from_a_moment_on(swarm: SwarmUnderTest) -> None:
    async def names(since: int | None, count: int) -> list[EngineEvent]:
        found: list[EngineEvent] = []
        with anyio.fail_after(swarm.patience):
            async with aclosing(swarm.client.events(since_ns=since)) as events:  # type: ignore[type-var]
                async for event in events:
                    if event.kind == "service" and event.attributes.get("name", "").startswith(swarm.prefix):
                        found.append(event)
                    if len(found) == count:
                        return found
        return found

    first: list[EngineEvent] = []
    async with anyio.create_task_group() as group:

        async def read() -> None:
            first.extend(await names(None, 1))

        group.start_soon(read)
        with anyio.fail_after(swarm.patience):
            while not first:
                await swarm.create(replicas=0)
                await anyio.sleep(0.1)
    later = await swarm.create(replicas=0)
    resumed = await names(first[0].time_ns, 1)
    assert resumed[0].time_ns > first[0].time_ns
    assert later.name.startswith(swarm.prefix)


async def test_the_swarm_tells_its_root_certificate_which_every_node_trusts(swarm: SwarmUnderTest) -> None:
    settings = await swarm.client.swarm()
    root = root_certificate(settings.trust_root)
    assert root is not None
    assert root.subject == "CN=swarm-ca"
    assert root.expires_at > datetime.now(UTC)
    assert settings.node_cert_expiry_seconds == 90 * 24 * 3600
    assert {node.trust_root for node in await swarm.client.nodes()} == {fingerprint(settings.trust_root)}


async def test_a_rotated_join_token_is_another_one(swarm: SwarmUnderTest) -> None:
    before = await swarm.client.join_token("worker")
    manager = await swarm.client.join_token("manager")
    await swarm.client.rotate_join_token("worker")
    after = await swarm.client.join_token("worker")
    assert before.startswith("SWMTKN-1-")
    assert len({before, after, manager}) == 3
    assert await swarm.client.join_token("manager") == manager
