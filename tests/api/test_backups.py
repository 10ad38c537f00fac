"""Backups over the API: made while everything goes on, handed out, kept for as long as they should be."""

import asyncio
import errno
import io
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import anyio.to_thread
import pytest
import time_machine

from backend.models.actor import SYSTEM
from backend.state_archive import State
from backend.state_restore import restore
from tests.api.api_calls import Api
from tests.api.app_fixture import running_app, settings_in
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Api]:
    """The app without an engine."""
    async with running_app(tmp_path / "first") as running:
        yield Api(running)


async def made(api: Api) -> Any:
    answer = await api("POST", "/api/backups")
    assert answer.status == 201, answer
    assert answer.headers["location"] == f"/api/backups/{answer.body['name']}"
    return answer.body


async def download(api: Api, name: str, into: Path) -> Path:
    answer = await api.app.client.get(f"/api/backups/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert name in answer.headers["content-disposition"]
    await anyio.Path(into).write_bytes(answer.content)
    return into


async def restored(folder: Path, backup: Path) -> State:
    state = State.of(settings_in(folder))
    await anyio.to_thread.run_sync(restore, state, backup)
    return state


async def test_a_backup_holds_definitions_and_database_and_not_the_key(alone: Api, tmp_path: Path) -> None:
    await alone.create("web")
    answer = await alone("PUT", "/api/registries/ghcr.io", json={"username": "u", "password": "hush-hush"})
    assert answer.status == 200
    backup = await made(alone)
    assert (backup["reason"], backup["definitions"], backup["has_key"], backup["problem"]) == (
        "manual",
        1,
        False,
        None,
    )
    assert await alone.get("/api/backups") == {"items": [backup], "total": 1}
    file = await download(alone, backup["name"], tmp_path / "backup.zip")
    content = file.read_bytes()
    assert len(content) == backup["bytes"]
    with ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == ["backup.json", "definitions/web.yaml", "orchestrator.db"]
        assert b"hush-hush" not in archive.read("orchestrator.db")


async def test_a_restored_backup_has_catalog_revisions_and_tokens_whole(alone: Api, tmp_path: Path) -> None:
    await alone.create("web", replicas=1)
    for replicas in (2, 3):
        body = {"definition": {"image": "nginx", "replicas": replicas}}
        assert (await alone("PUT", "/api/services/web", json=body)).status == 200
    await alone.create("gone")
    assert (await alone("DELETE", "/api/services/gone")).status == 204
    revisions = await alone.get("/api/services/web/revisions")
    file = await download(alone, (await made(alone))["name"], tmp_path / "backup.zip")

    await restored(tmp_path / "second", file)
    async with running_app(tmp_path / "second") as again:
        # The token of the first server opens the second.
        again.client.headers["authorization"] = f"Bearer {alone.app.token}"
        second = Api(again)
        assert await second.get("/api/services/web/revisions") == revisions
        service = await second.get("/api/services/web")
        assert (service["revision"], service["yaml"]) == (3, (await alone.get("/api/services/web"))["yaml"])
        assert [entry.name for entry in again.context.catalog.entries()] == ["web"]


async def test_backups_made_while_services_change_are_each_of_one_moment(alone: Api, tmp_path: Path) -> None:
    """Of a write both its file and its revision are there, or neither: nothing is found changed on disk."""
    names = [f"service-{number}" for number in range(6)]
    for name in names:
        await alone.create(name)
    done = asyncio.Event()
    written = 0

    async def change(name: str) -> None:
        nonlocal written
        replicas = 1
        while not done.is_set():
            replicas += 1
            body = {"definition": {"image": "nginx", "replicas": replicas}}
            answer = await alone("PUT", f"/api/services/{name}", json=body)
            assert answer.status == 200, answer
            written += 1

    def more_than(some: int) -> bool:
        return written > some

    async with asyncio.TaskGroup() as tasks:
        for name in names:
            tasks.create_task(change(name))
        backups = []
        for _ in range(5):
            before = written
            backups.append((await made(alone))["name"])
            await eventually(partial(more_than, before + 3))
        done.set()
    assert len(set(backups)) == 5
    for number, name in enumerate(backups):
        file = await download(alone, name, tmp_path / f"{number}.zip")
        folder = tmp_path / f"restored-{number}"
        await restored(folder, file)
        async with running_app(folder) as again:
            database = again.context.database
            assert await database.read("SELECT * FROM revisions WHERE source = 'disk'") == []
            assert await database.read("SELECT * FROM intents") == []
            assert len(again.context.catalog.entries()) == len(names)


async def test_a_backup_does_not_hold_up_writes(alone: Api) -> None:
    """A database that takes long to copy: what is written meanwhile is acknowledged meanwhile."""
    async with alone.app.context.database.transaction() as transaction:
        await transaction.execute("CREATE TABLE ballast (content BLOB) STRICT")
        await transaction.execute_each(
            "INSERT INTO ballast VALUES (randomblob(?))", [(1_000_000,) for _ in range(60)]
        )
    making = asyncio.create_task(made(alone))
    during = 0
    while not making.done():
        await alone.create(f"service-{during}")
        if not making.done():
            during += 1
    assert (await making)["bytes"] > 60_000_000
    assert during >= 5


async def test_only_one_backup_is_made_at_a_time(alone: Api) -> None:
    answers = await asyncio.gather(*(alone("POST", "/api/backups") for _ in range(4)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    assert all(answer.code == "backup_under_way" for answer in answers if answer.status == 409)


async def test_a_deleted_backup_is_gone(alone: Api) -> None:
    name = (await made(alone))["name"]
    assert (await alone("DELETE", f"/api/backups/{name}")).status == 204
    for method in ("GET", "DELETE"):
        answer = await alone(method, f"/api/backups/{name}")
        assert (answer.status, answer.code) == (404, "backup_not_found")
    assert (await alone.get("/api/backups"))["total"] == 0


@pytest.mark.parametrize("name", ["..%2forchestrator.db", "orchestrator.db", "x.zip%00", "..zip", "a/b.zip"])
async def test_no_name_leads_out_of_the_folder(alone: Api, name: str) -> None:
    await made(alone)
    for method in ("GET", "DELETE"):
        answer = await alone(method, f"/api/backups/{name}")
        assert answer.status in (400, 404, 405, 422), answer


async def test_whoever_may_only_look_or_operate_gets_no_backup(alone: Api) -> None:
    name = (await made(alone))["name"]
    for scope in ("read", "operate"):
        tokens = alone.app.context.access.tokens
        _, token = await tokens.create(SYSTEM, f"a {scope} token", expires_in=None, scope=scope)
        headers = {"Authorization": f"Bearer {token}"}
        assert (await alone("GET", "/api/backups", headers=headers)).status == 200
        for method, path in (
            ("POST", "/api/backups"),
            ("GET", f"/api/backups/{name}"),
            ("DELETE", f"/api/backups/{name}"),
        ):
            answer = await alone(method, path, headers=headers)
            assert (answer.status, answer.code) == (403, "denied"), (scope, method)
    assert (await alone.get("/api/backups"))["total"] == 1


async def test_what_is_done_with_backups_is_in_the_audit(alone: Api) -> None:
    name = (await made(alone))["name"]
    await alone.app.client.get(f"/api/backups/{name}")
    await alone("DELETE", f"/api/backups/{name}")
    rows = (await alone.get("/api/audit", action="backup."))["items"]
    assert [(row["action"], row["target"], row["outcome"]) for row in rows] == [
        ("backup.delete", name, "done"),
        ("backup.download", name, "done"),
        ("backup.create", "", "done"),
    ]


async def test_backups_are_made_by_themselves_and_the_oldest_of_those_go(tmp_path: Path) -> None:
    async with running_app(tmp_path, backup_interval=0.2 / 3600, backups_kept=2) as running:
        api = Api(running)

        async def made_by_hand() -> str | None:
            # One of the others may be under way.
            answer = await api("POST", "/api/backups")
            return str(answer.body["name"]) if answer.status == 201 else None

        by_hand = await eventually(made_by_hand)

        async def by_themselves() -> list[str]:
            items = (await api.get("/api/backups"))["items"]
            return [item["name"] for item in items if item["reason"] == "scheduled"]

        first = await eventually(by_themselves)
        await eventually(lambda: _gone(api, first[0]))
        assert 1 <= len(await by_themselves()) <= 2
        names = [item["name"] for item in (await api.get("/api/backups"))["items"]]
        assert by_hand in names


async def _gone(api: Api, name: str) -> bool:
    return name not in [item["name"] for item in (await api.get("/api/backups"))["items"]]


async def test_a_backup_that_is_damaged_is_listed_with_its_trouble(alone: Api, tmp_path: Path) -> None:
    name = (await made(alone))["name"]
    path = tmp_path / "first" / "state" / "backups" / name
    path.write_bytes(path.read_bytes()[:100])
    [item] = (await alone.get("/api/backups"))["items"]
    assert "no whole zip" in item["problem"]


async def test_a_machine_that_starts_in_1970_makes_backups_too(tmp_path: Path) -> None:
    with time_machine.travel("1970-01-02 03:04:05+00:00", tick=True):
        async with running_app(tmp_path, backup_interval=0.2 / 3600) as running:
            api = Api(running)

            async def one() -> bool:
                return bool((await api.get("/api/backups"))["items"])

            await eventually(one)
            items = (await api.get("/api/backups"))["items"]
            assert items[-1]["created_at"].startswith("1970-01-02")
            assert items[-1]["problem"] is None


async def test_a_full_disk_costs_the_backup_and_nothing_else(
    alone: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    await alone.create("web")
    with monkeypatch.context() as patched:
        patched.setattr("backend.state_archive.zipfile.ZipFile", full)
        answer = await alone("POST", "/api/backups")
    assert (answer.status, answer.code) == (507, "storage_full")
    assert "Free some space" in answer.body["detail"]
    folder = tmp_path / "first" / "state" / "backups"
    assert list(folder.iterdir()) == []
    assert (await made(alone))["problem"] is None
