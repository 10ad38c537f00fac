"""What the timeline keeps of the cluster's life."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


async def texts(api: Api, **filters: Any) -> list[str]:
    answer = await api.get("/api/timeline", limit=1000, **filters)
    return [item["text"] for item in answer["items"]]


async def told(api: Api, text: str, **filters: Any) -> Any:
    async def look() -> Any:
        items = (await api.get("/api/timeline", limit=1000, **filters))["items"]
        return next((item for item in items if text in item["text"]), None)

    return await eventually(look)


def crash(engine: FakeEngine, service: str, exit_code: int) -> str:
    task = next(task for task in engine.tasks(service) if task.state == "running")
    engine.crash_task(task.id, exit_code)
    return f"{service}.{task.slot}"


async def test_a_crash_is_told_with_task_states_exit_code_and_node(api: Api, engine: FakeEngine) -> None:
    await api.run("web", replicas=3)
    await eventually(lambda: sum(t.state == "running" for t in engine.tasks("web")) == 3)
    await told(api, " → running", service="web")
    task = crash(engine, "web", 137)
    entry = await told(api, f"task {task}: running → failed, exit 137")
    assert (entry["kind"], entry["severity"], entry["service"], entry["task"]) == ("task", "bad", "web", task)
    assert entry["node"] in {"manager-1", "worker-1", "worker-2"}
    of_service = await api.get("/api/services/web/timeline")
    assert entry in of_service["items"]
    assert of_service["total"] >= len(of_service["items"]) > 1


async def test_services_deployments_and_nodes_leave_entries_that_filters_find(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web")
    await api.verdict(await api.act("web", "scale", replicas=2))
    engine.power_off("worker-1")
    await told(api, "node worker-1: ready → down", kind="node", node="worker-1")
    engine.power_on("worker-1")
    await told(api, "node worker-1: down → ready", kind="node")
    await told(api, "service web was created with", kind="service", service="web")
    await told(api, "service web: 1 → 2 replicas", kind="service")
    await told(api, "scale of web by", kind="deployment")
    succeeded = await told(api, "succeeded", kind="deployment", service="web")
    assert succeeded["severity"] == "good"
    assert all("node" not in text for text in await texts(api, kind="deployment"))


async def test_what_was_already_so_when_we_came_is_no_news(
    api: Api, engine: FakeEngine, tmp_path: Path
) -> None:
    await api.run("web", replicas=3)
    folder = tmp_path / "second"
    folder.mkdir()
    async with running_app(folder, docker_host=engine.docker_host) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        assert await texts(Api(app)) == []


async def test_a_restart_keeps_the_entries_and_notes_once_what_changed_meanwhile(
    engine: FakeEngine, tmp_path: Path
) -> None:
    options = {"docker_host": engine.docker_host, "registry_url": f"http://{engine.registry_host}"}
    async with running_app(tmp_path, **options) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        await Api(app).run("web")
        await told(Api(app), "service web was created")
    engine.power_off("worker-2")
    for _ in range(2):
        async with running_app(tmp_path, **options) as app:
            api = Api(app)
            await app.context.cluster.changed()
            entry = await told(api, "node worker-2 changed while this server was not running")
            assert entry["text"].endswith("ready, active → down, active")
            found = await texts(api)
            assert len([text for text in found if "while this server" in text]) == 1
            assert any("service web was created" in text for text in found)


async def test_pages_follow_each_other_without_gap_or_repeat(api: Api, engine: FakeEngine) -> None:
    await api.run("web", replicas=3)
    await told(api, " → running")
    await api.verdict(await api.act("web", "stop"))
    everything = await texts(api)
    pages: list[str] = []
    before: dict[str, int] = {}
    while items := (await api.get("/api/timeline", limit=2, **before))["items"]:
        pages += [item["text"] for item in items]
        before = {"before": items[-1]["id"]}
    assert pages[-len(everything) :] == everything


async def test_entries_are_written_and_a_refusing_disk_keeps_neither_watcher_nor_readers(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web")
    path = api.app.context.settings.database_path

    def written(text: str) -> bool:
        with sqlite3.connect(path) as database:
            rows = database.execute("SELECT text FROM timeline WHERE text LIKE ?", (f"%{text}%",))
            return bool(rows.fetchall())

    await eventually(lambda: written("service web was created"))
    # To wait for the lock here would keep the writer that has it, in this very loop, from giving it back.
    locked = sqlite3.connect(path, isolation_level=None, timeout=0)

    def has_lock() -> bool:
        with suppress(sqlite3.OperationalError):
            locked.execute("BEGIN IMMEDIATE")
        return locked.in_transaction

    await eventually(has_lock)
    try:
        crash(engine, "web", 3)
        await told(api, "running → failed, exit 3")
        assert not written("exit 3")
    finally:
        locked.execute("ROLLBACK")
        locked.close()
    await eventually(lambda: written("exit 3"))


async def test_a_thousand_crashes_at_once_are_one_sentence_for_each_service(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=40)
    await eventually(lambda: sum(t.state == "running" for t in engine.tasks("web")) == 40)
    cluster = api.app.context.cluster
    await eventually(
        lambda: sum(t.state == "running" for t in cluster.tasks_of(cluster.services["web"])) == 40
    )
    engine.drop_events()
    for task in list(engine.tasks("web")):
        if task.state == "running":
            engine.crash_task(task.id, 9)
    await told(api, "tasks of web: running → failed, exit 9")
