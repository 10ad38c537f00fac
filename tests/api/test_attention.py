"""What needs attention, with since when, why and what it showed: true however long it lasts."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def server(engine: FakeEngine, folder: Path, **changes: Any) -> AsyncIterator[Api]:
    settings = {"registry_url": f"http://{engine.registry_host}", **changes}
    async with running_app(folder, docker_host=engine.docker_host, **settings) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        yield Api(app)


async def attention(api: Api, kind: str = "service") -> list[Any]:
    report = await api.get("/api/health/detailed")
    assert [each["sentence"] for each in report["attention"]] == report["problems"]
    return [each for each in report["attention"] if each["kind"] == kind]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_failing_service_says_since_when_why_and_what_its_tasks_showed(api: Api) -> None:
    await api.create("bad", image="${REGISTRY_HOST}/crasher")
    row = await api.verdict(await api.act("bad", "deploy"))
    await api.becomes("bad", "failed")
    (found,) = await attention(api)
    assert (found["service"], found["status"], found["severity"]) == ("bad", "failed", "bad")
    assert found["deployment"] == row["id"]
    assert "code 3" in found["cause"]
    assert found["sentence"].startswith("bad is failed (0 of 1 running)")
    assert any("bad.1" in said and "code 3" in said for said in found["evidence"])
    service = await api.get("/api/services/bad")
    failures = [at(task["state_changed_at"]) for task in service["tasks"] if task["state"] == "failed"]
    assert at(row["created_at"]) <= at(found["since"]) <= min(failures)


async def test_since_when_stays_though_the_engine_forgets_the_first_failures(
    api: Api, engine: FakeEngine
) -> None:
    await api.create("bad", image="${REGISTRY_HOST}/crasher", restart_policy={"delay": "20ms"})
    await api.act("bad", "deploy")
    seen: list[str] = []

    async def forgotten() -> bool:
        if not (found := await attention(api)):
            return False
        seen.append(found[0]["since"])
        tasks = (await api.get("/api/services/bad"))["tasks"]
        failed = [at(task["state_changed_at"]) for task in tasks if task["state"] == "failed"]
        return bool(failed) and min(failed) > at(seen[0])

    await eventually(forgotten)
    assert len(set(seen)) == 1, seen


async def test_since_when_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    async with FakeEngine(nodes=3) as engine:
        async with server(engine, tmp_path) as api:
            await api.create("bad", image="${REGISTRY_HOST}/crasher", restart_policy={"delay": "20ms"})
            await api.verdict(await api.act("bad", "deploy"))
            await api.becomes("bad", "failed")
            (before,) = await attention(api)
        async with server(engine, tmp_path) as api:

            async def as_before() -> bool:
                found = await attention(api)
                return bool(found) and abs((at(found[0]["since"]) - at(before["since"])).total_seconds()) < 1

            await eventually(as_before)


async def test_a_service_that_is_well_again_is_forgotten(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/crasher")
    await api.verdict(await api.act("web", "deploy"))
    await api.becomes("web", "failed")
    assert await attention(api)
    await api("PUT", "/api/services/web", json={"definition": {"image": "${REGISTRY_HOST}/hello-world:1"}})
    await api.act("web", "deploy")
    await api.becomes("web", "running")
    assert await attention(api) == []


BACK = {"update_config": {"failure_action": "rollback"}, "replicas": 2}


async def rolled_back(api: Api) -> Any:
    """The verdict of a change of `web` that the swarm takes back."""
    await api.run("web", **BACK)
    definition = {"image": "${REGISTRY_HOST}/crasher", **BACK}
    await api("PUT", "/api/services/web", json={"definition": definition})
    row = await api.verdict(await api.act("web", "deploy"))
    assert row["state"] == "rolled_back", row
    await api.becomes("web", "running")
    return row


async def nothing_left(api: Api) -> None:
    async def gone() -> bool:
        return await attention(api) == []

    await eventually(gone)


async def test_a_change_that_swarm_took_back_is_told_until_a_later_one_succeeds(api: Api) -> None:
    row = await rolled_back(api)
    (found,) = await attention(api)
    assert (found["service"], found["status"], found["reason"]) == ("web", "running", "rolled_back")
    assert (found["severity"], found["deployment"]) == ("warn", row["id"])
    assert at(found["since"]) == at(row["finished_at"])
    assert found["cause"].startswith("Swarm rolled its newest change back: Exited with code 3")
    assert found["sentence"].startswith("web runs as before its newest change (2 of 2 running)")
    assert found["evidence"] == [f"Revision 2 by {row['actor']} was wanted; revision 1 runs."]
    assert (await api.get("/api/health/detailed"))["status"] == "degraded"

    # Scaling what runs brings nothing of what was wanted, and the engine forgets that it went back.
    assert (await api.verdict(await api.act("web", "scale", replicas=1)))["state"] == "succeeded"
    (still,) = await attention(api)
    assert (still["deployment"], still["since"]) == (row["id"], found["since"])

    mended = {"image": "${REGISTRY_HOST}/hello-world:2", **BACK}
    await api("PUT", "/api/services/web", json={"definition": mended})
    assert await attention(api), "written is not deployed"
    await api.verdict(await api.act("web", "deploy"))
    await nothing_left(api)


async def test_a_definition_that_says_what_runs_again_needs_no_attention(api: Api) -> None:
    await rolled_back(api)
    assert await attention(api)
    before = {"image": "${REGISTRY_HOST}/hello-world:1", **BACK}
    await api("PUT", "/api/services/web", json={"definition": before})
    await nothing_left(api)


async def test_a_roll_back_by_hand_settles_what_swarm_took_back(api: Api) -> None:
    await rolled_back(api)
    await api.verdict(await api.act("web", "rollback", to_revision=1))
    await nothing_left(api)


async def test_a_tag_whose_newer_image_was_taken_back_is_still_wanted(api: Api, engine: FakeEngine) -> None:
    image = f"{engine.registry_host}/app:latest"
    engine.add_image(image, digest=f"sha256:{'1' * 64}")
    await api.run("web", image=image, **BACK)
    engine.add_image(image, digest=f"sha256:{'2' * 64}", program="exit 3")
    row = await api.verdict(await api.act("web", "deploy"))
    assert (row["state"], (await api.get("/api/services/web"))["drift"]) == ("rolled_back", False)
    (found,) = await attention(api)
    assert found["deployment"] == row["id"]


async def test_what_was_taken_back_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    async with FakeEngine(nodes=3) as engine:
        async with server(engine, tmp_path) as api:
            await rolled_back(api)
            before = await attention(api)
        async with server(engine, tmp_path) as api:
            assert await attention(api) == before


async def test_a_paused_update_is_told_with_its_rollout_and_since_when(api: Api) -> None:
    await api.run("web", replicas=2)
    definition = {"image": "${REGISTRY_HOST}/crasher", "replicas": 2}
    await api("PUT", "/api/services/web", json={"definition": definition})
    row = await api.verdict(await api.act("web", "deploy"))
    assert row["state"] == "failed"

    async def paused() -> bool:
        return [each["reason"] for each in await attention(api)] == ["update_paused"]

    await eventually(paused)
    (found,) = await attention(api)
    assert found["deployment"] == row["id"]
    assert at(row["created_at"]) <= at(found["since"])
    assert "paused" in found["cause"].lower()


async def test_a_service_no_node_fits_says_so_since_it_waits(api: Api) -> None:
    await api.create("nowhere", constraints=["node.labels.gpu == yes"], replicas=2)
    await api.act("nowhere", "deploy")
    await api.becomes("nowhere", "pending")
    # A task that was only just made waits too: what keeps it waiting comes with the scheduler's first try.
    found = await eventually(lambda: attention(api))
    tasks = (await api.get("/api/services/nowhere"))["tasks"]
    assert (found[0]["reason"], found[0]["desired"]) == ("no_suitable_node", 2)
    assert at(found[0]["since"]) == min(at(task["created_at"]) for task in tasks)
    assert "waits for a node: it may only run where node.labels.gpu == yes" in found[0]["evidence"][0]


async def test_a_broken_file_is_told_since_it_is_broken(api: Api) -> None:
    await api.create("web")
    folder = api.app.context.settings.definitions_dir
    (folder / "web.yml").write_text("image: [")

    async def broken() -> bool:
        return [each["status"] for each in await attention(api)] == ["broken"]

    await eventually(broken)
    (found,) = await attention(api)
    assert found["cause"]
    assert found["since"] == (await api.get("/api/services/web"))["updated_at"]


async def test_a_node_away_says_what_it_held_and_keeps_its_time(api: Api, engine: FakeEngine) -> None:
    await api.run("web", constraints=["node.hostname == worker-1"])
    engine.power_off("worker-1")

    async def replaced() -> bool:
        return bool(await attention(api, "node")) and len((await api.get("/api/services/web"))["tasks"]) == 2

    await eventually(replaced)
    (first,) = await attention(api, "node")
    assert (first["node"], first["severity"]) == ("worker-1", "bad")
    assert first["evidence"] == ["It held tasks of web."]
    assert (await attention(api, "node"))[0]["since"] == first["since"]
    assert (await attention(api))[0]["reason"] == "no_suitable_node"


async def test_an_engine_that_went_away_is_told_since_it_did(api: Api, engine: FakeEngine) -> None:
    await api.run("web")
    engine.freeze()
    try:

        async def away() -> bool:
            return bool(await attention(api, "engine"))

        await eventually(away)
        first = (await attention(api, "engine"))[0]["since"]
        assert (await attention(api, "engine"))[0]["since"] == first
    finally:
        engine.thaw()

    async def back() -> bool:
        return not await attention(api, "engine")

    await eventually(back)


async def test_losing_a_manager_of_three_is_a_problem_of_the_quorum(tmp_path: Path) -> None:
    async with FakeEngine(nodes=4, managers=3) as engine, server(engine, tmp_path) as api:
        assert await attention(api, "quorum") == []
        engine.power_off("manager-3")

        async def without_margin() -> bool:
            return bool(await attention(api, "quorum"))

        await eventually(without_margin)
        (found,) = await attention(api, "quorum")
        assert found["sentence"] == "2 of 3 managers answer: no more may be lost."
        assert "manager-3" in found["cause"]


async def test_a_registry_that_images_in_use_come_from_is_missed(tmp_path: Path) -> None:
    async with (
        FakeEngine(nodes=1) as engine,
        server(engine, tmp_path, registry_url="http://127.0.0.1:9") as api,
    ):
        watch = api.app.context.registry_watch
        await watch.look()
        assert await attention(api, "registry") == [], "nobody needs it"
        await api.create("web", image="127.0.0.1:9/web:1")
        await watch.look()
        (found,) = await attention(api, "registry")
        assert (found["registry"], found["severity"]) == ("127.0.0.1:9", "warn")
        assert "web" in found["evidence"][0]
        await api("DELETE", "/api/services/web")
        await watch.look()
        assert await attention(api, "registry") == []


async def test_deployments_are_listed_by_state_kind_and_who(api: Api) -> None:
    await api.create("web")
    await api.verdict(await api.act("web", "deploy"))
    await api.verdict(await api.act("web", "scale", replicas=2))
    await api.create("bad", image="${REGISTRY_HOST}/crasher")
    await api.verdict(await api.act("bad", "deploy"))

    async def of(**filters: Any) -> list[tuple[str, str]]:
        listed = await api.get("/api/deployments", **filters)
        assert listed["total"] == len(listed["items"])
        return [(row["service"], row["kind"]) for row in listed["items"]]

    everything = [("bad", "deploy"), ("web", "scale"), ("web", "deploy")]
    assert await of() == everything
    assert await of(kind="scale") == [("web", "scale")]
    assert await of(state=["failed", "stuck", "rolled_back"]) == [("bad", "deploy")]
    assert await of(state="succeeded", service="web", kind="deploy") == [("web", "deploy")]
    someone = (await api.get("/api/deployments"))["items"][0]["actor"]
    assert await of(by=someone) == everything
    assert await of(by="nobody") == []


async def test_a_backup_that_is_due_and_fails_is_told_until_one_is_made(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("backend.state_archive.zipfile.ZipFile", full)
        patched.setattr("backend.services.backups._LOOK_EVERY", 0.1)
        async with server(engine, tmp_path, backup_interval=0.1 / 3600) as api:
            (found,) = await eventually(lambda: attention(api, "backup"))
            assert "is full. Free some space" in found["cause"]
            assert found["evidence"] == ["There is none yet."]
            assert (found["severity"], bool(found["since"])) == ("warn", True)
            patched.undo()

            async def settled() -> bool:
                return not await attention(api, "backup")

            await eventually(settled)
