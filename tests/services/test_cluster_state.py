"""What really differs between two pictures of the cluster, and how fast that is found."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from backend.domain.happenings import happenings
from backend.domain.observations import Changes
from backend.models.cluster import Node, Service, SwarmInfo, SwarmObject, Task
from backend.services.cluster_state import ClusterState
from backend.services.look import Look
from tests import cluster_objects

pytestmark = pytest.mark.anyio
INFO = SwarmInfo("cluster", "n1", "active", True, "", "26.1.5", "1.45")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def a_node(hostname: str) -> Node:
    return cluster_objects.node(hostname, id=hostname)


def a_service(name: str) -> Service:
    return cluster_objects.service(id=f"id-{name}", name=name)


def a_task(service: Service, *, slot: int, node_id: str, number: int = 1) -> Task:
    key = f"{service.name}-{slot}-{number}"
    return cluster_objects.task(slot, "running", id=key, node_id=node_id, service_id=service.id)


def look(
    nodes: list[Node], services: list[Service], tasks: list[Task], secrets: list[SwarmObject] | None = None
) -> Look:
    return Look(INFO, nodes, services, tasks, [], secrets or [], [])


def same[T: msgspec.Struct](thing: T, **changes: Any) -> T:
    """Another object as the engine would send it: equal, or of the next version."""
    if changes and "version" not in changes:
        changes["version"] = thing.version + 1  # type: ignore[attr-defined]
    return msgspec.structs.replace(thing, **changes)


class Swarm:
    """One service of two tasks on two nodes, and what a state told of it."""

    def __init__(self) -> None:
        self.nodes = [a_node("n1"), a_node("n2")]
        self.web, self.db = a_service("web"), a_service("db")
        self.one = a_task(self.web, slot=1, node_id="n1")
        self.two = a_task(self.web, slot=2, node_id="n2")
        self.other = a_task(self.db, slot=1, node_id="n1")
        self.state = ClusterState()
        self.told: list[Changes] = []
        self.state.on_change.append(self.told.append)
        self.see()
        self.told.clear()

    def see(self, *tasks: Task, **parts: Any) -> Changes | None:
        found = look(
            parts.get("nodes", [same(node) for node in self.nodes]),
            parts.get("services", [same(self.web), same(self.db)]),
            list(tasks) or [same(self.one), same(self.two), same(self.other)],
            parts.get("secrets"),
        )
        before = len(self.told)
        self.state.apply(found, began_at=parts.get("began_at", time.monotonic()))
        return self.told[-1] if len(self.told) > before else None


def test_the_first_picture_is_no_news_but_a_reason_to_read() -> None:
    state, told = ClusterState(), list[Changes]()
    state.on_change.append(told.append)
    web = a_service("web")
    state.apply(look([a_node("n1")], [web], [a_task(web, slot=1, node_id="n1")]), began_at=time.monotonic())
    assert [(changes.resync, changes.tasks) for changes in told] == [(True, ())]
    assert happenings(told[0], NOW) == []


def test_an_equal_picture_tells_nothing_and_keeps_every_object() -> None:
    swarm = Swarm()
    nodes, tasks, web = swarm.state.nodes, swarm.state.tasks_of(swarm.web), swarm.state.services["web"]
    assert swarm.see() is None
    assert swarm.state.nodes is nodes
    assert swarm.state.tasks_of(swarm.web) is tasks
    assert swarm.state.services["web"] is web


def test_a_failed_task_is_told_with_both_states_and_touches_its_service_and_node_only() -> None:
    swarm = Swarm()
    failed = same(swarm.two, state="failed", exit_code=137, error="task: non-zero exit (137)")
    changes = swarm.see(swarm.one, failed, swarm.other)
    assert changes is not None
    assert changes.services == {"web"}
    assert changes.nodes == {"n2"}
    [task] = changes.tasks
    assert (task.task, task.before, task.after, task.exit_code) == ("web.2", "running", "failed", 137)
    assert [one.text for one in happenings(changes, NOW)] == ["task web.2: running → failed, exit 137"]


def test_a_task_that_vanished_while_it_ran_is_told_and_one_that_had_ended_is_not() -> None:
    swarm = Swarm()
    swarm.see(swarm.one, same(swarm.two, state="shutdown", desired_state="shutdown"), swarm.other)
    changes = swarm.see(swarm.one, swarm.other)
    assert changes is not None
    assert changes.tasks == ()
    changes = swarm.see(swarm.other)
    assert changes is not None
    assert [(task.task, task.after) for task in changes.tasks] == [("web.1", "gone")]


def test_a_node_that_goes_down_touches_the_services_that_run_there() -> None:
    swarm = Swarm()
    down = same(swarm.nodes[1], state="down", state_message="heartbeat failure")
    changes = swarm.see(nodes=[swarm.nodes[0], down])
    assert changes is not None
    assert changes.services == {"web"}
    assert changes.nodes == {"n2"}
    [told] = happenings(changes, NOW)
    assert (told.severity, "ready → down (heartbeat failure)" in told.text) == ("bad", True)


def test_a_service_that_comes_or_goes_is_told() -> None:
    swarm = Swarm()
    new = a_service("new")
    changes = swarm.see(services=[swarm.web, swarm.db, new])
    assert changes is not None
    assert changes.services == {"new"}
    changes = swarm.see(swarm.one, swarm.two, services=[swarm.web])
    assert changes is not None
    assert changes.services == {"new", "db"}
    assert {one.text for one in happenings(changes, NOW) if one.kind == "service"} == {
        "service new was removed",
        "service db was removed",
    }


def test_a_new_secret_is_a_change_of_references_only() -> None:
    swarm = Swarm()
    changes = swarm.see(secrets=[SwarmObject("s1", "key", {})])
    assert changes == Changes(references=True)


def test_what_was_reread_during_a_look_is_newer_than_the_look() -> None:
    swarm = Swarm()
    began_at = time.monotonic() - 1
    failed = same(swarm.two, state="failed", exit_code=1)
    swarm.state.apply_services({"web": same(swarm.web)}, {swarm.web.id: [swarm.one, failed]})
    assert len(swarm.told) == 1
    assert swarm.see(began_at=began_at) is None
    assert [task.state for task in swarm.state.tasks_of(swarm.web)] == ["running", "failed"]
    assert swarm.see(began_at=time.monotonic()) is not None


def test_an_answer_that_comes_late_does_not_bring_an_older_service_back() -> None:
    swarm = Swarm()
    newer = same(swarm.web, replicas=5)
    tasks = [swarm.one, swarm.two]
    swarm.state.apply_services({"web": newer}, {newer.id: tasks})
    swarm.state.apply_services({"web": swarm.web}, {swarm.web.id: tasks})
    assert swarm.state.services["web"].replicas == 5


def test_the_tasks_on_a_node_follow_every_move() -> None:
    swarm = Swarm()
    moved = a_task(swarm.web, slot=2, node_id="n1", number=2)
    swarm.see(swarm.one, same(swarm.two, state="shutdown"), moved, swarm.other)
    swarm.see(swarm.one, moved)
    assert {task.id for task in swarm.state.tasks_on("n1")} == {swarm.one.id, moved.id}
    assert {node for node in ("n1", "n2", "n3") if swarm.state.tasks_on(node)} == {"n1"}


def test_a_listener_that_fails_keeps_neither_the_others_nor_the_picture(caplog: Any) -> None:
    swarm = Swarm()

    def broken(changes: Changes) -> None:
        raise RuntimeError("broken listener")

    swarm.state.on_change.insert(0, broken)
    assert swarm.see(swarm.one, same(swarm.two, state="failed"), swarm.other) is not None
    assert "broken listener" in caplog.text


def a_large_swarm(tasks: int) -> Look:
    services = [a_service(f"service-{number}") for number in range(tasks // 10)]
    nodes = [a_node(f"n{number}") for number in range(50)]
    return look(
        nodes,
        services,
        [
            a_task(service, slot=slot, node_id=f"n{(number + slot) % 50}")
            for number, service in enumerate(services)
            for slot in range(1, 11)
        ],
    )


@pytest.mark.alone
async def test_ten_thousand_tasks_are_compared_without_holding_up_the_loop() -> None:
    first = a_large_swarm(10_000)
    state = ClusterState()
    longest = 0.0
    stop = False

    async def watch() -> None:
        nonlocal longest
        while not stop:
            began = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - began)

    watching = asyncio.create_task(watch())
    await state.take(first, began_at=time.monotonic())
    crashed = [
        same(task, state="failed", exit_code=1) if number % 2 else same(task)
        for number, task in enumerate(first.tasks)
    ]
    changes = await state.take(
        look(list(first.nodes), list(first.services), crashed), began_at=time.monotonic()
    )
    stop = True
    await watching
    assert len(changes.tasks) == 5_000
    assert longest < 0.05
