"""Back to what ran before, restarts, and the texts a definition had."""

from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
QUICK = {"update_config": {"monitor": "100ms"}}


async def change(api: Api, name: str, **definition: Any) -> None:
    answer = await api("PUT", f"/api/services/{name}", json={"definition": QUICK | definition})
    assert answer.status == 200, answer


async def deployed(api: Api, name: str) -> Any:
    verdict = await api.verdict(await api.act(name, "deploy"))
    assert verdict["state"] == "succeeded", verdict
    return verdict


async def two_versions(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/hello-world:1", replicas=2, **QUICK)
    await deployed(api, "web")
    await change(api, "web", image="${REGISTRY_HOST}/hello-world:2", replicas=2)
    await deployed(api, "web")


async def test_a_rollback_brings_back_what_ran_before_as_a_new_revision(api: Api, engine: FakeEngine) -> None:
    await two_versions(api)
    row = await api.act("web", "rollback")
    assert (row["kind"], row["from_revision"], row["to_revision"], row["restores_revision"]) == (
        "rollback",
        2,
        3,
        1,
    )
    assert (await api.verdict(row))["state"] == "succeeded"
    assert "/hello-world:1@" in engine.service("web").spec["TaskTemplate"]["ContainerSpec"]["Image"]
    service = await api.get("/api/services/web")
    assert (service["revision"], service["deployed_revision"], service["drift"]) == (3, 3, False)
    assert service["definition"]["image"] == "${REGISTRY_HOST}/hello-world:1"


async def test_the_deploy_after_a_rollback_keeps_it(api: Api, engine: FakeEngine) -> None:
    await two_versions(api)
    await api.verdict(await api.act("web", "rollback"))
    assert (await api.act("web", "deploy"))["changes"] == []


async def test_scales_and_restarts_in_between_do_not_hide_what_ran_before(
    api: Api, engine: FakeEngine
) -> None:
    await two_versions(api)
    await api.act("web", "scale", replicas=3)
    await api.act("web", "scale", replicas=4)
    await api.act("web", "restart")
    row = await api.act("web", "rollback")
    assert row["restores_revision"] == 1
    assert ":1@" in engine.service("web").spec["TaskTemplate"]["ContainerSpec"]["Image"]


async def test_a_tag_that_moved_is_rolled_back_to_its_old_digest_and_stays_there(
    api: Api, engine: FakeEngine
) -> None:
    image = "10.0.0.5:5000/app:latest"
    engine.add_image(image, digest=ONE)
    await api.create("app", image="${REGISTRY_HOST}/app", **QUICK)
    await deployed(api, "app")
    engine.add_image(image, digest=TWO)
    await deployed(api, "app")
    row = await api.act("app", "rollback")
    assert (row["from_digest"], row["to_digest"]) == (TWO, ONE)
    assert "names its digest" in row["warnings"][0]
    assert engine.service("app").spec["TaskTemplate"]["ContainerSpec"]["Image"] == f"{image}@{ONE}"
    assert (await api.act("app", "deploy"))["changes"] == []
    assert (await api.get("/api/services/app"))["definition"]["image"] == (
        f"${{REGISTRY_HOST}}/app:latest@{ONE}"
    )


async def test_a_rollback_passes_over_what_did_not_come_up(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/hello-world:1", **QUICK)
    await deployed(api, "web")
    await change(api, "web", image="${REGISTRY_HOST}/crasher")
    assert (await api.verdict(await api.act("web", "deploy")))["state"] == "failed"
    await change(api, "web", image="${REGISTRY_HOST}/hello-world:2")
    await deployed(api, "web")
    assert (await api.act("web", "rollback"))["restores_revision"] == 1


async def test_any_revision_may_be_named(api: Api, engine: FakeEngine) -> None:
    await two_versions(api)
    await change(api, "web", image="${REGISTRY_HOST}/hello-world:2", replicas=1)
    await deployed(api, "web")
    row = await api.act("web", "rollback", to_revision=1)
    assert (row["restores_revision"], row["to_revision"], row["replicas"]) == (1, 4, 2)
    answer = await api("POST", "/api/services/web/rollback", json={"to_revision": 99})
    assert (answer.status, answer.code) == (404, "revision_not_found")


async def test_nothing_to_go_back_to_is_said_in_a_sentence(api: Api, engine: FakeEngine) -> None:
    await api.create("web", **QUICK)
    answer = await api("POST", "/api/services/web/rollback")
    assert (answer.status, answer.code) == (409, "not_running")
    await deployed(api, "web")
    await api.act("web", "scale", replicas=2)
    answer = await api("POST", "/api/services/web/rollback")
    assert (answer.status, answer.code) == (409, "nothing_to_roll_back_to")
    assert "nothing else was deployed before it" in answer.body["detail"]


async def test_a_rollback_the_engine_refuses_leaves_the_catalog_as_it_was(
    api: Api, engine: FakeEngine
) -> None:
    await two_versions(api)
    engine.fail_next("POST", "/services/", status=400, message="not today")
    answer = await api("POST", "/api/services/web/rollback")
    assert 400 <= answer.status < 500
    assert (await api.get("/api/services/web"))["definition"]["image"].endswith(":2")


async def test_a_rollback_needs_no_registry(api: Api, engine: FakeEngine) -> None:
    await two_versions(api)
    engine.registry_up = False
    row = await api.act("web", "rollback")
    assert row["to_digest"].startswith("sha256:")
    assert any("only nodes that have the image" in warning for warning in row["warnings"])
    assert (await api.verdict(row))["state"] == "succeeded"


@pytest.mark.parametrize("revision", [0, -1, 1.5, "1", True])
async def test_a_revision_is_a_whole_number_from_one(api: Api, revision: object) -> None:
    await api.create("web")
    answer = await api("POST", "/api/services/web/rollback", json={"to_revision": revision})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "to_revision")


async def test_a_restart_replaces_every_task_and_changes_nothing_else(api: Api, engine: FakeEngine) -> None:
    await api.create("web", replicas=2, **QUICK)
    await deployed(api, "web")
    before = {task.id for task in engine.tasks("web") if task.state == "running"}
    row = await api.act("web", "restart")
    assert (row["kind"], row["changes"], row["restarts_tasks"]) == (
        "restart",
        ["TaskTemplate.ForceUpdate"],
        True,
    )
    assert (await api.verdict(row))["state"] == "succeeded"
    running = {task.id for task in engine.tasks("web") if task.state == "running"}
    assert len(running) == 2
    assert not running & before
    service = await api.get("/api/services/web")
    assert (service["revision"], service["drift"]) == (1, False)


async def test_revisions_tell_what_was_deployed_and_what_runs(api: Api) -> None:
    await two_versions(api)
    await change(api, "web", image="${REGISTRY_HOST}/hello-world:2", replicas=9)
    listing = await api.get("/api/services/web/revisions")
    assert [(r["revision"], r["deployed"], r["live"]) for r in listing["items"]] == [
        (3, False, False),
        (2, True, True),
        (1, True, False),
    ]
    assert listing["total"] == 3
    assert listing["items"][2]["digest"].startswith("sha256:")
    text = await api.get("/api/services/web/revisions/1")
    assert "hello-world:1" in text["text"]
    assert (await api("GET", "/api/services/web/revisions/7")).code == "revision_not_found"
    assert (await api("GET", "/api/services/nothing/revisions")).code == "service_not_found"


async def test_an_act_can_wait_for_its_verdict(api: Api) -> None:
    await api.create("web", **QUICK)
    answer = await api("POST", "/api/services/web/deploy?wait=20")
    assert (answer.status, answer.body["state"]) == (200, "succeeded")
    assert [phase["phase"] for phase in answer.body["phases"]] == [
        "accepted",
        "sent",
        "starting",
        "converged",
        "verdict",
    ]
    answer = await api("POST", "/api/services/web/stop?wait=20")
    assert (answer.status, answer.body["state"]) == (200, "succeeded")


async def test_a_wait_ends_with_the_row_as_it_is_when_time_is_up(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    await api.create("web")
    answer = await api("POST", "/api/services/web/deploy?wait=0.2")
    assert (answer.status, answer.body["state"], answer.body["finished_at"]) == (202, "rolling_out", None)
    row = await api.get(f"/api/deployments/{answer.body['id']}", wait="0.2")
    assert row["state"] == "rolling_out"


async def test_a_wait_ends_when_the_server_stops(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    await api.create("web")
    row = await api.act("web", "deploy")
    api.app.context.stopping.set()
    seen = await eventually(lambda: api.get(f"/api/deployments/{row['id']}", wait="600"), within=2.0)
    assert seen["finished_at"] is None


@pytest.mark.parametrize("wait", ["-1", "601", "nan", "soon"])
async def test_a_wait_is_between_nothing_and_ten_minutes(api: Api, wait: str) -> None:
    await api.create("web")
    answer = await api("POST", f"/api/services/web/deploy?wait={wait}")
    assert answer.status == 422
