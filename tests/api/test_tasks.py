"""What takes up the nodes, over the API."""

from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


async def test_every_running_task_is_told_with_its_node_and_service(api: Api) -> None:
    await api.run("web", replicas=3)
    await api.run("other")
    listed = await api.get("/api/tasks")
    assert [task["name"] for task in listed["items"]] == ["other.1", "web.1", "web.2", "web.3"]
    nodes = {node["id"] for node in (await api.get("/api/nodes"))["items"]}
    assert {task["node_id"] for task in listed["items"]} == nodes
    assert {(task["state"], task["stopping"], task["error"]) for task in listed["items"]} == {
        ("running", False, "")
    }
    only = await api.get("/api/tasks", service=["web", "gone"], limit=2)
    assert ([task["service"] for task in only["items"]], only["total"]) == (["web", "web"], 3)


async def test_a_task_that_fits_nowhere_says_why_and_has_no_node(api: Api) -> None:
    await api.create("picky", constraints=["node.labels.disk == ssd"])
    await api.act("picky", "deploy")

    async def told() -> Any:
        (task,) = (await api.get("/api/tasks"))["items"] or [None]
        return task if task and task["error"] else None

    task = await eventually(told)
    assert (task["node_id"], task["state"]) == (None, "pending")
    assert "no suitable node" in task["error"]


async def test_a_task_that_starts_again_tells_what_ended_the_one_before(api: Api, engine: FakeEngine) -> None:
    await api.run("web")
    engine.hold("starting")
    (task,) = engine.tasks("web")
    engine.crash_task(task.id, exit_code=7)

    async def again() -> Any:
        items = (await api.get("/api/tasks", service="web"))["items"]
        return items if [one["state"] for one in items] == ["starting"] else None

    (found,) = await eventually(again)
    assert (found["exit_code"], "7" in found["error"]) == (7, True)


async def test_what_was_removed_is_no_longer_told(api: Api) -> None:
    await api.run("web")
    await api.act("web", "stop")

    async def gone() -> bool:
        return not (await api.get("/api/tasks"))["items"]

    await eventually(gone)
