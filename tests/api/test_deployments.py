"""Deploy, scale and stop over the API, to their verdicts."""

from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

DIGEST = "sha256:" + "d" * 64


async def test_a_deploy_pins_the_tag_to_its_digest_and_sets_the_platforms(
    api: Api, engine: FakeEngine
) -> None:
    engine.add_image("10.0.0.5:5000/app:1", digest=DIGEST, platforms=[("linux", "amd64"), ("linux", "arm64")])
    service = await api.run("app", image="${REGISTRY_HOST}/app:1")
    assert (service["image"], service["digest"]) == ("10.0.0.5:5000/app:1", DIGEST)
    task = engine.service("app").spec["TaskTemplate"]
    assert task["ContainerSpec"]["Image"] == f"10.0.0.5:5000/app:1@{DIGEST}"
    assert [item["Architecture"] for item in task["Placement"]["Platforms"]] == ["amd64", "arm64"]


async def test_a_deployment_is_recorded_and_succeeds_once_it_held(api: Api) -> None:
    await api.create("web", replicas=2, update_config={"monitor": "200ms"})
    deployment = await api.act("web", "deploy")
    assert (deployment["kind"], deployment["to_revision"], deployment["replicas"]) == ("deploy", 1, 2)
    verdict = await api.verdict(deployment)
    assert (verdict["state"], verdict["cause"]) == ("succeeded", None)
    history = await api.get("/api/deployments", service="web")
    assert (history["total"], history["items"][0]["id"]) == (1, deployment["id"])


async def test_deploying_an_unchanged_definition_restarts_nothing_and_asks_nothing_of_the_engine(
    api: Api, engine: FakeEngine
) -> None:
    await api.run(
        "web",
        replicas=2,
        env={"B": "2", "A": "1"},
        ports=["8081:81", "8080:80"],
        labels={"z": "1", "a": "2"},
        networks=[],
    )
    before = {task.id for task in engine.tasks("web")}
    version = engine.service("web").version
    again = await api.act("web", "deploy")
    assert again["changes"] == []
    assert engine.service("web").version == version
    assert {task.id for task in engine.tasks("web")} == before


async def test_a_latest_tag_that_moved_is_deployed_anew(api: Api, engine: FakeEngine) -> None:
    engine.add_image("10.0.0.5:5000/app:latest", digest=DIGEST)
    await api.run("app", image="${REGISTRY_HOST}/app")
    engine.add_image("10.0.0.5:5000/app:latest", digest="sha256:" + "e" * 64)
    deployment = await api.act("app", "deploy")
    assert deployment["changes"] == ["TaskTemplate.ContainerSpec.Image"]
    assert deployment["restarts_tasks"] is True
    await eventually(lambda: "e" * 64 in engine.service("app").spec["TaskTemplate"]["ContainerSpec"]["Image"])


async def test_a_comment_in_the_file_is_a_new_revision_that_restarts_nothing(
    api: Api, engine: FakeEngine
) -> None:
    running = await api.run("web")
    before = {task.id for task in engine.tasks("web")}
    await api("PUT", "/api/services/web", json={"yaml": running["yaml"] + "# a word\n"})
    await api.act("web", "deploy")
    service = await api.get("/api/services/web")
    assert (service["revision"], service["deployed_revision"], service["drift"]) == (2, 2, False)
    assert {task.id for task in engine.tasks("web")} == before


async def test_a_tag_the_registry_does_not_have_is_deployed_with_a_warning_and_judged_failed(
    api: Api,
) -> None:
    await api.create("web", image="${REGISTRY_HOST}/nothing:1")
    deployment = await api.act("web", "deploy")
    assert "could not be pinned" in deployment["warnings"][0]
    verdict = await api.verdict(deployment)
    assert verdict["state"] == "failed"
    assert "No such image" in verdict["cause"]


async def test_a_crash_loop_is_a_failed_deployment_with_its_exit_code(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/crasher")
    verdict = await api.verdict(await api.act("web", "deploy"))
    assert verdict["state"] == "failed"
    assert "code 3" in verdict["cause"]
    service = await api.becomes("web", "failed")
    assert service["reason"] in {"non_zero_exit", "restarting"}


async def test_a_batch_that_ends_well_is_complete_and_runs_again_when_deployed_again(
    api: Api, engine: FakeEngine
) -> None:
    await api.create("batch", image="${REGISTRY_HOST}/batch", restart_policy={"condition": "none"})
    assert (await api.verdict(await api.act("batch", "deploy")))["state"] == "succeeded"
    service = await api.becomes("batch", "stopped")
    assert (service["reason"], service["completed"]) == ("complete", 1)
    before = {task.id for task in engine.tasks("batch")}
    await api.act("batch", "deploy")
    await eventually(lambda: {task.id for task in engine.tasks("batch")} - before)


async def test_a_job_succeeds_with_its_completions(api: Api) -> None:
    await api.create("job", image="${REGISTRY_HOST}/batch", mode="replicated-job", replicas=3)
    assert (await api.verdict(await api.act("job", "deploy")))["state"] == "succeeded"
    service = await api.becomes("job", "stopped")
    assert (service["reason"], service["completed"], service["mode"]) == ("complete", 3, "replicated-job")


async def test_a_scale_changes_swarm_and_catalog_so_that_the_next_deploy_keeps_it(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=1)
    deployment = await api.act("web", "scale", replicas=3)
    assert (deployment["kind"], deployment["to_revision"], deployment["replicas"]) == ("scale", 2, 3)
    await eventually(lambda: len([t for t in engine.tasks("web") if t.state == "running"]) == 3)
    service = await api.get("/api/services/web")
    assert (service["definition"]["replicas"], service["drift"], service["deployed_revision"]) == (
        3,
        False,
        2,
    )
    await api.act("web", "deploy")
    assert engine.service("web").spec["Mode"]["Replicated"]["Replicas"] == 3


async def test_a_scale_does_not_carry_an_undeployed_edit_into_the_swarm(api: Api, engine: FakeEngine) -> None:
    running = await api.run("web")
    image = running["definition"]["image"].replace(":1", ":2")
    await api("PUT", "/api/services/web", json={"definition": {"image": image}})
    await api.act("web", "scale", replicas=2)
    assert ":1@" in engine.service("web").spec["TaskTemplate"]["ContainerSpec"]["Image"]
    service = await api.get("/api/services/web")
    assert (service["deployed_revision"], service["drift_paths"]) == (1, ["TaskTemplate.ContainerSpec.Image"])


async def test_a_scale_the_engine_refuses_leaves_the_catalog_as_it_was(api: Api, engine: FakeEngine) -> None:
    await api.run("web", replicas=1)
    engine.fail_next("POST", "/services/", status=400, message="replicas: not today", times=1)
    answer = await api("POST", "/api/services/web/scale", json={"replicas": 3})
    assert 400 <= answer.status < 500
    service = await api.get("/api/services/web")
    assert (service["definition"]["replicas"], service["desired"]) == (1, 1)


async def test_stop_removes_from_the_swarm_and_deploy_brings_it_back(api: Api, engine: FakeEngine) -> None:
    await api.run("web")
    verdict = await api.verdict(await api.act("web", "stop"))
    assert verdict["state"] == "succeeded"
    service = await api.get("/api/services/web")
    assert (service["live"], service["status"], service["reason"]) == (False, "stopped", "removed")
    assert (await api.get("/api/services/live"))["total"] == 0
    await api.act("web", "deploy")
    await api.becomes("web", "running")


async def test_a_second_change_supersedes_the_first_visibly(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    await api.create("web")
    first = await api.act("web", "deploy")
    await api.act("web", "scale", replicas=2)
    verdict = await api.verdict(first)
    assert (verdict["state"], verdict["cause"]) == ("superseded", "A later scale took its place.")


async def test_a_service_made_by_others_is_taken_over_only_when_told_to(api: Api, engine: FakeEngine) -> None:
    spec: dict[str, Any] = {
        "Name": "web",
        "Labels": {"com.example": "theirs"},
        "TaskTemplate": {"ContainerSpec": {"Image": engine.image("hello-world", "1")}},
        "Mode": {"Replicated": {"Replicas": 1}},
    }
    await api.app.context.client.create_service(spec)
    await eventually(lambda: "web" in api.app.context.cluster.services)
    for act in ("deploy", "stop"):
        answer = await api("POST", f"/api/services/web/{act}")
        assert (answer.status, answer.code) == (404, "not_in_catalog")
    await api.create("web")
    for act in ("deploy", "stop"):
        answer = await api("POST", f"/api/services/web/{act}")
        assert (answer.status, answer.code) == (409, "not_ours")
    await api.act("web", "deploy", adopt=True)
    assert (await api.get("/api/services/web"))["deployed_revision"] == 1


async def test_what_a_definition_names_must_exist_and_the_command_that_makes_it_is_told(
    api: Api, engine: FakeEngine
) -> None:
    await api.create("web", networks=["front"], secrets=["key"], configs=["conf"])
    answer = await api("POST", "/api/services/web/deploy")
    assert (answer.status, answer.code) == (409, "missing_reference")
    reasons = [error["reason"] for error in answer.body["errors"]]
    assert "docker network create --driver overlay front" in reasons[0]
    assert "docker secret create key FILE" in reasons[1]
    assert "docker config create conf FILE" in reasons[2]
    assert (await api.get("/api/services/live"))["total"] == 0
    engine.add_network("front", driver="overlay")
    engine.add_secret("key")
    engine.add_config("conf")
    await api.act("web", "deploy")
    assert (await api.becomes("web", "running"))["drift"] is False


async def test_a_port_already_taken_is_refused_with_the_service_that_has_it(api: Api) -> None:
    await api.run("first", ports=["8080:80"])
    await api.create("second", ports=["8080:80"])
    answer = await api("POST", "/api/services/second/deploy")
    assert (answer.status, answer.code) == (409, "port_taken")
    assert "first" in answer.body["detail"]
    history = await api.get("/api/deployments", service="second")
    assert (history["items"][0]["state"], history["items"][0]["finished_at"] is not None) == ("failed", True)


@pytest.mark.parametrize(("act", "body"), [("scale", {"replicas": 2}), ("stop", None)], ids=["scale", "stop"])
async def test_what_is_not_in_the_swarm_cannot_be_scaled_or_stopped(
    api: Api, act: str, body: dict[str, int] | None
) -> None:
    await api.create("web")
    answer = await api("POST", f"/api/services/web/{act}", json=body)
    assert (answer.status, answer.code) == (409, "not_running")
    assert (await api.get("/api/services/web"))["revision"] == 1


async def test_a_global_service_is_not_scaled(api: Api) -> None:
    service = await api.run("agent", mode="global")
    assert (service["running"], service["desired"]) == (3, 3)
    answer = await api("POST", "/api/services/agent/scale", json={"replicas": 2})
    assert (answer.status, answer.code) == (409, "not_scalable")


@pytest.mark.parametrize("replicas", [-1, 100_001, 1.5, "2", None, True])
async def test_replicas_are_a_whole_number_from_zero(api: Api, replicas: object) -> None:
    await api.run("web")
    answer = await api("POST", "/api/services/web/scale", json={"replicas": replicas})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "replicas")


async def test_scaled_to_zero_is_stopped_for_its_own_reason(api: Api) -> None:
    await api.run("web")
    await api.act("web", "scale", replicas=0)
    service = await api.becomes("web", "stopped")
    assert service["reason"] == "scaled_to_zero"


async def test_a_changed_mode_is_refused_with_the_way_out(api: Api) -> None:
    running = await api.run("web")
    await api("PUT", "/api/services/web", json={"definition": {"image": running["image"], "mode": "global"}})
    answer = await api("POST", "/api/services/web/deploy")
    assert (answer.status, answer.code) == (409, "mode_changed")
    assert "stop it, then deploy" in answer.body["detail"]


async def test_a_write_whose_answer_never_came_is_settled_by_what_the_swarm_shows(
    api: Api, engine: FakeEngine
) -> None:
    await api.create("web", update_config={"monitor": "100ms"})
    engine.cut_next("POST", "/services/create", after=True)
    answer = await api("POST", "/api/services/web/deploy")
    assert (answer.status, answer.code) == (504, "outcome_unknown")
    deployment = (await api.get("/api/deployments", service="web"))["items"][0]
    assert (await api.verdict(deployment))["state"] == "succeeded"
