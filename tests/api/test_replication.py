"""The copy of our own state in the swarm: whole, secret, never older over newer, back on a new machine."""

import asyncio
import base64
import hashlib
import secrets
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from backend.models.cluster import STATE_LABEL
from backend.repositories.replica import COPIED, LEFT
from backend.services import replication, state_copies, state_return
from backend.startup import StartRefused
from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.api.server_process import environment
from tests.eventually import eventually
from tests.fakes.engine_store import Spec
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are made a moment after a change, and nobody waits a minute for an engine."""
    monkeypatch.setattr(replication, "QUIET", 0.05)
    monkeypatch.setattr(replication, "LONGEST", 0.5)
    monkeypatch.setattr(replication, "_LOOK_EVERY", 0.02)
    monkeypatch.setattr(replication, "_RETRY_AFTER", (0.05,))
    monkeypatch.setattr(state_return, "ENGINE_WITHIN", 0.2)
    monkeypatch.setattr(state_return, "_ASK_EVERY", 0.05)


def new_key(path: Path) -> Path:
    path.write_bytes(base64.b64encode(secrets.token_bytes(32)) + b"\n")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path / "state.key")


@asynccontextmanager
async def server(folder: Path, engine: FakeEngine, key: Path | None) -> AsyncIterator[Api]:
    async with running_app(
        folder,
        docker_host=engine.docker_host,
        registry_url=f"http://{engine.registry_host}",
        orchestrator_state_key_file=key,
        backup_interval=0,
    ) as running:
        yield Api(running)


@asynccontextmanager
async def same_caller(folder: Path, engine: FakeEngine, key: Path, before: Api) -> AsyncIterator[Api]:
    """Another server, spoken to with the first one's token."""
    async with server(folder, engine, key) as api:
        api.app.client.headers["authorization"] = f"Bearer {before.app.token}"
        yield api


async def health(api: Api) -> Any:
    return (await api.get("/api/health/detailed"))["state"]["replication"]


async def copied(api: Api) -> Any:
    """Its health once everything is in the swarm."""

    async def look() -> Any:
        found = await health(api)
        done = found["unreplicated_since"] is None and not found["unreplicated_revisions"]
        return found if done and found["sequence"] else None

    return await eventually(look)


def configs(engine: FakeEngine, sequence: int | None = None) -> list[Spec]:
    """Ours, of one copy or of all, part by part."""
    found = [one for one in engine.store.objects["configs"].values() if STATE_LABEL in one["Spec"]["Labels"]]
    wanted = [one for one in found if sequence is None or label(one, "sequence") == str(sequence)]
    return sorted(wanted, key=lambda one: (int(label(one, "sequence")), int(label(one, "part"))))


def label(config: Spec, name: str) -> str:
    return str(config["Spec"]["Labels"][f"{STATE_LABEL}.{name}"])


def sequences(engine: FakeEngine) -> list[int]:
    return sorted({int(label(one, "sequence")) for one in configs(engine)})


def content(config: Spec) -> bytes:
    return base64.b64decode(config["Spec"]["Data"])


def replace(config: Spec, data: bytes, *, described: bool) -> None:
    config["Spec"]["Data"] = base64.b64encode(data).decode()
    if described:
        config["Spec"]["Labels"][f"{STATE_LABEL}.sha256"] = hashlib.sha256(data).hexdigest()


async def update(api: Api, name: str, replicas: int) -> None:
    body = {"definition": {"image": "${REGISTRY_HOST}/hello-world:1", "replicas": replicas}}
    answer = await api("PUT", f"/api/services/{name}", json=body)
    assert answer.status == 200, answer


async def big(api: Api, name: str) -> None:
    """Half a megabyte that cannot be packed any smaller, in a few definitions."""
    for number in range(3):
        env = {f"NUMBER_{n}": secrets.token_urlsafe(900) for n in range(200)}
        await api.create(f"{name}-{number}", image="nginx", env=env)


# The way there and back ---------------------------------------------------------------------------------


async def test_a_machine_without_state_comes_up_with_catalog_revisions_and_access(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as first:
        await first.create("web")
        await update(first, "web", 2)
        await first.create("gone")
        assert (await first("DELETE", "/api/services/gone")).status == 204
        credentials = {"username": "ci", "password": "hush-hush"}
        assert (await first("PUT", "/api/registries/ghcr.io", json=credentials)).status == 200
        deployed = (await first.act("web", "deploy"))["id"]
        await first.verdict({"id": deployed})
        # What is copied of deployments is what they were at the last change of the catalog.
        await first.create("last")
        await copied(first)
        revisions = await first.get("/api/services/web/revisions")

        async with same_caller(tmp_path / "second", engine, key, first) as second:
            assert await second.get("/api/services/web/revisions") == revisions
            names = [item["name"] for item in (await second.get("/api/services"))["items"]]
            assert names == ["last", "web"]
            assert (await second.get(f"/api/deployments/{deployed}"))["state"] == "succeeded"
            registry = await second.get("/api/registries/ghcr.io")
            assert (registry["username"], registry["problem"]) == ("ci", None)
            # Nothing was found changed on disk: files and database are of one moment.
            rows = await second.app.context.database.read("SELECT * FROM revisions WHERE source = 'disk'")
            assert rows == []
            assert second.app.context.catalog.get("web").revision == 2


async def test_people_sign_in_on_the_new_machine_with_their_password(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    same = {"Sec-Fetch-Site": "same-origin"}
    async with server(tmp_path / "first", engine, key) as first, first.app.visitor() as browser:
        code = first.app.context.access.setup_code.code
        body = {"code": code, "password": "correct horse battery"}
        assert (await browser.post("/api/setup", json=body, headers=same)).status_code == 201
        await copied(first)
    async with server(tmp_path / "second", engine, key) as second, second.app.visitor() as browser:
        assert second.app.context.access.setup_code.code is None
        body = {"username": "admin", "password": "correct horse battery"}
        assert (await browser.post("/api/session", json=body, headers=same)).status_code < 300


async def test_what_is_in_the_swarm_is_secret_small_and_of_no_concern_to_anybody(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web", env={"PASSWORD": "hush-hush"})
        await big(api, "big")
        status = await copied(api)
        parts = configs(engine, status["sequence"])
        assert len(parts) == status["parts"] >= 2
        assert sum(len(content(part)) for part in parts) == status["bytes"]
        for part in parts:
            assert len(content(part)) < 500 * 1024
            assert label(part, "sha256") == hashlib.sha256(content(part)).hexdigest()
            assert b"hush-hush" not in content(part)
            assert b"nginx" not in content(part)
        await eventually(lambda: api.app.context.cluster.as_of is not None)
        await api.app.context.watcher.look()
        assert not [name for name in api.app.context.cluster.configs if "state" in name]
        report = await api.get("/api/health/detailed")
        assert "state" not in str(report["attention"])
        # It is nobody's to mount, either.
        answer = await api(
            "POST",
            "/api/services",
            json={"name": "thief", "definition": {"image": "nginx", "configs": [parts[0]["Spec"]["Name"]]}},
        )
        assert answer.status == 201
        refused = await api("POST", "/api/services/thief/deploy")
        assert refused.status in (409, 422)
        assert "config" in str(refused.body)


async def test_many_changes_at_once_are_few_copies_and_only_two_stay(
    engine: FakeEngine, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "LONGEST", 30.0)
    monkeypatch.setattr(replication, "QUIET", 0.5)
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        before = (await copied(api))["sequence"]
        for replicas in range(1, 30):
            await update(api, "web", replicas)
        assert (await health(api))["unreplicated_revisions"] > 0
        after = (await copied(api))["sequence"]
        assert 1 <= after - before <= 4
        for name in ("a", "b"):
            await api.create(name)
            await copied(api)
        newest = (await health(api))["sequence"]
        assert sequences(engine) == [newest - 1, newest]


async def test_changes_without_a_pause_are_copied_all_the_same(
    engine: FakeEngine, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "QUIET", 60.0)
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        assert (await copied(api))["sequence"] >= 1


async def test_the_last_changes_are_copied_when_the_server_stops(
    engine: FakeEngine, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(tmp_path / "first", engine, key) as first:
        await copied(first)
        monkeypatch.setattr(replication, "QUIET", 60.0)
        monkeypatch.setattr(replication, "LONGEST", 60.0)
        await first.create("web")
    async with same_caller(tmp_path / "second", engine, key, first) as second:
        assert (await second.get("/api/services/web"))["revision"] == 1


async def test_a_restart_writes_no_more_than_what_changed(
    engine: FakeEngine, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        before = int((await copied(api))["sequence"])
    # It looks in the swarm again and again, so that there are steps to count.
    monkeypatch.setattr(replication, "_STILL_THERE_EVERY", 0.02)
    async with server(tmp_path / "first", engine, key) as again:
        # The token of this test is a change.
        async def sequence() -> int:
            return int((await health(again))["sequence"] or 0)

        async def more() -> bool:
            return await sequence() > before

        await eventually(more)
        after, looks = await sequence(), engine.requests.count(("GET", "/configs"))
        await eventually(lambda: engine.requests.count(("GET", "/configs")) > looks + 10)
        assert await sequence() == after


async def test_without_a_key_nothing_is_put_into_the_swarm(engine: FakeEngine, tmp_path: Path) -> None:
    async with server(tmp_path / "first", engine, None) as api:
        await api.create("web")
        await eventually(lambda: api.app.context.cluster.as_of is not None)
        assert await health(api) == {
            "enabled": False,
            "sequence": None,
            "copied_at": None,
            "bytes": 0,
            "parts": 0,
            "unreplicated_revisions": 0,
            "unreplicated_since": None,
            "problem": None,
            "note": None,
        }
    assert configs(engine) == []


def test_of_every_table_it_is_decided_whether_it_is_copied(tmp_path: Path) -> None:
    from backend.migrations import load

    with closing(sqlite3.connect(tmp_path / "new.db")) as database:
        for migration in load():
            database.executescript(migration.sql)
        rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = {name for (name,) in rows if not name.startswith("sqlite_")}
    assert tables == {*COPIED, *LEFT}


# Copies that are not what was written -------------------------------------------------------------------


@asynccontextmanager
async def two_copies(engine: FakeEngine, tmp_path: Path, key: Path) -> AsyncIterator[tuple[Api, int]]:
    """A server that ended; of its two copies the newer has `newer`, too. Yields the newer one's number."""
    async with server(tmp_path / "first", engine, key) as first:
        await big(first, "older")
        await copied(first)
        await first.create("newer")
        newest = (await copied(first))["sequence"]
    assert sequences(engine) == [newest - 1, newest]
    yield first, newest


async def names_on_a_new_machine(
    folder: Path, engine: FakeEngine, key: Path, before: Api, *, unknown: bool = False
) -> list[str]:
    async with same_caller(folder, engine, key, before) as api:
        return [entry.name for entry in api.app.context.catalog.entries()]


OLDER = ["older-0", "older-1", "older-2"]


async def test_a_torn_copy_gives_way_to_the_one_before_it(
    engine: FakeEngine, tmp_path: Path, key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with two_copies(engine, tmp_path, key) as (first, newest):
        torn = configs(engine, newest)[-1]
        del engine.store.objects["configs"][torn["ID"]]
        assert await names_on_a_new_machine(tmp_path / "second", engine, key, first) == OLDER
    parts = int(label(torn, "parts"))
    assert f"copy {newest} of the state in the swarm is torn: {parts - 1} of its {parts} parts" in caplog.text


@pytest.mark.parametrize("described", [False, True], ids=["hash wrong", "hash right"])
async def test_a_changed_copy_gives_way_to_the_one_before_it(
    engine: FakeEngine, tmp_path: Path, key: Path, caplog: pytest.LogCaptureFixture, described: bool
) -> None:
    async with two_copies(engine, tmp_path, key) as (first, newest):
        victim = configs(engine, newest)[0]
        data = bytearray(content(victim))
        data[len(data) // 2] ^= 1
        replace(victim, bytes(data), described=described)
        assert await names_on_a_new_machine(tmp_path / "second", engine, key, first) == OLDER
    said = "is not sealed with the key" if described else "is not what was written"
    assert f"copy {newest} " in caplog.text
    assert said in caplog.text


async def test_parts_that_were_exchanged_or_renumbered_are_refused(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with two_copies(engine, tmp_path, key) as (first, newest):
        one, other = configs(engine, newest)[:2]
        data, more = content(one), content(other)
        replace(one, more, described=True)
        replace(other, data, described=True)
        assert await names_on_a_new_machine(tmp_path / "second", engine, key, first) == OLDER


async def test_an_older_copy_cannot_be_passed_off_as_a_newer_one(
    engine: FakeEngine, tmp_path: Path, key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with two_copies(engine, tmp_path, key) as (first, newest):
        for config in configs(engine, newest - 1):
            config["Spec"]["Labels"][f"{STATE_LABEL}.sequence"] = str(newest + 5)
        names = await names_on_a_new_machine(tmp_path / "second", engine, key, first)
    assert names == ["newer", *OLDER]
    assert f"copy {newest + 5} of the state in the swarm was changed" in caplog.text


async def test_without_one_usable_copy_the_start_is_refused_and_nothing_is_made(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with two_copies(engine, tmp_path, key) as (_, newest):
        for config in configs(engine):
            replace(config, b"garbage", described=False)
        before = [content(config) for config in configs(engine)]
        with pytest.raises(StartRefused) as refusal:
            async with server(tmp_path / "second", engine, key):
                pytest.fail("it started with an empty catalog")
    assert refusal.value.exit_code == 78
    assert f"copy {newest} is damaged" in refusal.value.reason
    assert f"copy {newest - 1} is damaged" in refusal.value.reason
    assert "start once without that setting" in refusal.value.reason
    assert not (tmp_path / "second" / "state" / "orchestrator.db").exists()
    assert [content(config) for config in configs(engine)] == before


async def test_another_key_opens_nothing(engine: FakeEngine, tmp_path: Path, key: Path) -> None:
    async with two_copies(engine, tmp_path, key):
        with pytest.raises(StartRefused) as refusal:
            async with server(tmp_path / "second", engine, new_key(tmp_path / "other.key")):
                pytest.fail("it started with an empty catalog")
    assert "was sealed with another key" in refusal.value.reason
    assert refusal.value.exit_code == 78


@pytest.mark.parametrize("text", [b"", b"short", b"!" * 44])
async def test_a_key_that_is_none_is_said(engine: FakeEngine, tmp_path: Path, text: bytes) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_bytes(text)
    with pytest.raises(StartRefused, match="openssl rand -base64 32"):
        async with server(tmp_path / "first", engine, wrong):
            pytest.fail("it started")
    with pytest.raises(StartRefused, match="ORCHESTRATOR_STATE_KEY_FILE"):
        async with server(tmp_path / "first", engine, tmp_path / "no.key"):
            pytest.fail("it started")


# Engines that do not play along -------------------------------------------------------------------------


async def test_a_new_machine_whose_engine_does_not_answer_waits_and_then_does_not_start(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    await engine.stop()
    with pytest.raises(StartRefused) as refusal:
        async with server(tmp_path / "first", engine, key):
            pytest.fail("it started with an empty catalog")
    assert refusal.value.exit_code == 75
    assert "the swarm cannot be asked for its copy" in refusal.value.reason
    await engine.start()


async def test_while_the_engine_is_away_writes_go_on_and_are_counted(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        await copied(api)
        await engine.stop()
        for replicas in (2, 3, 4):
            await update(api, "web", replicas)

        async def in_trouble() -> Any:
            found = await health(api)
            return found if found["problem"] else None

        found = await eventually(in_trouble)
        assert found["unreplicated_revisions"] == 3
        assert found["unreplicated_since"] is not None
        assert "cannot be reached" in found["problem"]
        await engine.start()
        assert (await copied(api))["problem"] is None


async def test_a_server_with_state_starts_without_an_engine(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        await copied(api)
    await engine.stop()
    async with server(tmp_path / "first", engine, key) as api:
        assert api.app.context.catalog.get("web").revision == 1
    await engine.start()


@pytest.mark.parametrize("lost", ["refused", "cut", "cut after it was done"])
async def test_a_copy_that_was_interrupted_is_made_anew_and_its_rest_cleared_away(
    engine: FakeEngine, tmp_path: Path, key: Path, lost: str
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        await big(api, "big")
        before = (await copied(api))["sequence"]
        # The first part gets through, the second does not.
        engine.fail_next("POST", "/nothing", status=500, message="")
        if lost == "refused":
            engine.fail_next("POST", "/configs/create", status=500, message="raft: stopped", times=1)
        else:
            engine.cut_next("POST", "/configs/create", after=lost != "cut")
        await api.create("more")
        after = await copied(api)
        assert after["sequence"] > before
        whole = configs(engine, after["sequence"])
        assert len(whole) == after["parts"]
        await api.create("again")
        newest = (await copied(api))["sequence"]
        assert sequences(engine) == [after["sequence"], newest]


async def test_a_copy_whose_note_was_lost_in_a_crash_is_still_known_for_ours(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        await copied(api)
        await api.create("more")
        newest = (await copied(api))["sequence"]
        # As if the power had gone between the last part and the note of it.
        async with api.app.context.database.transaction() as transaction:
            await transaction.execute("DELETE FROM catalog_facts WHERE key = 'replicated'")
    async with server(tmp_path / "first", engine, key) as api:
        found = await copied(api)
        assert found["problem"] is None
        assert found["sequence"] >= newest


async def test_a_copy_that_got_there_unheard_and_one_that_broke_off_after_it_are_both_ours(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        await copied(api)
        # The answer to one is lost though it is there; of all after it none gets through.
        engine.cut_next("POST", "/configs/create", after=True)
        await api.create("more")
        await eventually(lambda: not any(fault.left for fault in engine.faults))
        engine.fail_next("POST", "/configs/create", status=500, message="raft: stopped", times=1_000)

        async def broke_off() -> bool:
            return "raft" in str((await health(api))["problem"])

        await api.create("last")
        await eventually(broke_off)
    engine.faults.clear()
    async with server(tmp_path / "first", engine, key) as api:
        found = await copied(api)
        assert found["problem"] is None
        assert await names_on_a_new_machine(tmp_path / "second", engine, key, api) == ["last", "more", "web"]


async def test_copies_that_somebody_removed_are_made_again(
    engine: FakeEngine, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "_STILL_THERE_EVERY", 0.05)
    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        await copied(api)
        for config in configs(engine):
            del engine.store.objects["configs"][config["ID"]]
        await eventually(lambda: configs(engine))
        await copied(api)


async def test_too_many_revisions_leave_out_the_oldest_and_too_much_of_all_is_said(
    engine: FakeEngine, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_copies, "MAX_PARTS", 1)
    monkeypatch.setattr(state_copies, "PART_BYTES", 40_000)
    async with server(tmp_path / "first", engine, key) as api:
        for number in range(40):
            body = {"definition": {"image": "nginx", "env": {"RANDOM": secrets.token_urlsafe(900)}}}
            if number:
                assert (await api("PUT", "/api/services/web", json=body)).status == 200
            else:
                assert (await api("POST", "/api/services", json={"name": "web", **body})).status == 201

        async def thinned() -> Any:
            found = await health(api)
            return found if found["note"] and not found["unreplicated_revisions"] else None

        found = await eventually(thinned)
        assert "of each service the last 20" in found["note"]
        kept = [content(config) for config in configs(engine)]

        await big(api, "big")

        async def too_big() -> Any:
            found = await health(api)
            return found if found["problem"] else None

        found = await eventually(too_big)
        assert "at most" in found["problem"]
        assert "backups hold it all" in found["problem"]
        told = (await api.get("/api/health/detailed"))["attention"]
        (copy,) = [each for each in told if each["kind"] == "copy"]
        assert copy["cause"] == found["problem"]
        assert copy["since"]
        assert "on this machine only" in copy["evidence"][0]
        assert found["unreplicated_revisions"] >= 1
        assert kept[-1] in [content(config) for config in configs(engine)]


# Older and newer, mine and another's --------------------------------------------------------------------


async def test_an_existing_catalog_is_never_replaced_and_never_overwrites_anothers_copy(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as first:
        await first.create("theirs")
        await copied(first)
    before = [content(config) for config in configs(engine)]
    async with server(tmp_path / "second", engine, None) as second:
        await second.create("mine")
    async with server(tmp_path / "second", engine, key) as second:
        await second.create("more")

        async def refused() -> Any:
            found = await health(second)
            return found if found["problem"] else None

        found = await eventually(refused)
        assert "of another server" in found["problem"]
        assert "restore --from-swarm" in found["problem"]
        assert found["unreplicated_revisions"] == 2
        assert [entry.name for entry in second.app.context.catalog.entries()] == ["mine", "more"]
    assert [content(config) for config in configs(engine)] == before


async def test_a_machine_that_comes_back_with_its_old_state_does_not_bury_what_happened_since(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as first:
        await first.create("web")
        await copied(first)
    async with same_caller(tmp_path / "second", engine, key, first) as second:
        await second.create("since")
        await copied(second)
    before = [content(config) for config in configs(engine)]
    async with server(tmp_path / "first", engine, key) as again:

        async def refused() -> bool:
            return "of another server" in str((await health(again))["problem"])

        await eventually(refused)
    assert [content(config) for config in configs(engine)] == before


async def test_a_restored_backup_is_what_is_copied_from_then_on(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    from tests.api.test_backups import made, restored

    async with server(tmp_path / "first", engine, key) as api:
        await api.create("web")
        backup = tmp_path / "first" / "state" / "backups" / (await made(api))["name"]
        await api.create("mistake")
        await copied(api)
    await restored(tmp_path / "first", backup)
    async with server(tmp_path / "first", engine, key) as api:
        assert (await copied(api))["problem"] is None
    assert await names_on_a_new_machine(tmp_path / "second", engine, key, api) == ["web"]


async def test_the_newer_copy_is_taken_over_by_command_and_what_was_there_is_kept(
    engine: FakeEngine, tmp_path: Path, key: Path
) -> None:
    async with server(tmp_path / "first", engine, key) as first:
        await first.create("mine")
        await copied(first)
    async with same_caller(tmp_path / "second", engine, key, first) as second:
        await second.create("since")
        await copied(second)

    async def command(*words: str) -> tuple[int, str, str]:
        settings = environment(
            tmp_path / "first", DOCKER_HOST=engine.docker_host, ORCHESTRATOR_STATE_KEY_FILE=str(key)
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "backend", *words),
            cwd=tmp_path / "first",
            env=settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    code, said, _ = await command("restore", "--from-swarm")
    assert code == 0
    assert "what was there before is kept in" in said
    assert len(list((tmp_path / "first" / "state" / "backups").glob("*-before-restore.zip"))) == 1
    async with same_caller(tmp_path / "first", engine, key, first) as again:
        assert [entry.name for entry in again.app.context.catalog.entries()] == ["mine", "since"]
        await again.create("more")
        assert (await copied(again))["problem"] is None

    assert await command("restore") == (1, "", "Name the file to restore, or say --from-swarm.\n")
    code, _, error = await command("restore", "some.zip", "--from-swarm")
    assert code == 1
    assert "Name the file" in error
