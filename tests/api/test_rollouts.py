"""Rollouts to their verdicts, with what failed tasks left behind, through every sort of interruption."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.domain import rollout
from backend.errors import Conflict
from backend.services import planned_changes, rollout_tracker
from backend.services.turns import Turns
from tests.api.api_calls import FINAL, Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

QUICK = {"update_config": {"monitor": "100ms"}}
# The engine forgets a failed task, and its lines, when five newer ones have failed: here, after five seconds.
KEPT_A_WHILE = {"restart_policy": {"condition": "any", "delay": "20s"}}


@asynccontextmanager
async def server(engine: FakeEngine, folder: Path) -> AsyncIterator[Api]:
    """One run of the program on `folder`; the next one finds what this one left."""
    async with running_app(
        folder, docker_host=engine.docker_host, registry_url=f"http://{engine.registry_host}"
    ) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        yield Api(app)


async def deploy_changed(api: Api, name: str, **definition: Any) -> Any:
    answer = await api("PUT", f"/api/services/{name}", json={"definition": definition})
    assert answer.status == 200, answer
    return await api.act(name, "deploy")


async def newest(api: Api, name: str) -> Any:
    return (await api.get("/api/deployments", service=name))["items"][0]


# What is left of failed tasks ---------------------------------------------------------------------------


async def test_a_failed_deployment_keeps_what_its_tasks_left_behind(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/crasher", **KEPT_A_WHILE)
    row = await api.verdict(await api.act("web", "deploy"))
    assert row["state"] == "failed"
    assert 3 <= len(row["evidence"]) <= 5
    first = row["evidence"][0]
    assert (first["task"], first["state"], first["exit_code"]) == ("web.1", "failed", 3)
    assert first["node"] in {"manager-1", "worker-1", "worker-2"}
    assert "fatal: the flux capacitor is missing" in first["log"]


async def test_exit_codes_are_told_in_words(api: Api) -> None:
    await api.create("web", command=["sh", "-c", "exit 137"])
    row = await api.verdict(await api.act("web", "deploy"))
    assert row["evidence"][0]["meaning"] == "killed: out of memory or by hand"
    assert "out of memory" in row["cause"]


async def test_logs_that_hang_delay_no_verdict_by_more_than_their_deadline(
    api: Api, engine: FakeEngine
) -> None:
    engine.hang_next("GET", "/tasks/", times=50)
    await api.create("web", image="${REGISTRY_HOST}/crasher")
    row = await api.verdict(await api.act("web", "deploy"))
    assert (row["state"], row["evidence"][0]["exit_code"]) == ("failed", 3)


async def test_evidence_is_bounded_however_much_a_task_says(api: Api) -> None:
    words = "; ".join(f"printf 'x%.0s' $(seq 5000); echo {number}" for number in range(30))
    await api.create("web", command=["sh", "-c", f"{words}; exit 1"], **KEPT_A_WHILE)
    row = await api.verdict(await api.act("web", "deploy"))
    for item in row["evidence"]:
        assert item["log"]
        assert len(item["log"]) <= 20
        assert sum(len(line.encode()) for line in item["log"]) <= 8192


async def test_a_program_that_ends_again_and_again_did_not_come_up(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/batch")
    row = await api.verdict(await api.act("web", "deploy"))
    assert row["state"] == "failed"
    assert "restart_policy.condition" in row["cause"]


async def test_old_failures_do_not_fail_what_is_deployed_next(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/crasher", **QUICK)
    assert (await api.verdict(await api.act("web", "deploy")))["state"] == "failed"
    row = await deploy_changed(api, "web", image="${REGISTRY_HOST}/hello-world:1", **QUICK)
    assert (await api.verdict(row))["state"] == "succeeded"


async def test_a_program_that_may_not_restart_fails_at_once(api: Api) -> None:
    await api.create("web", image="${REGISTRY_HOST}/crasher", restart_policy={"condition": "none"})
    row = await api.verdict(await api.act("web", "deploy"))
    assert (row["state"], len(row["evidence"])) == ("failed", 1)


async def test_a_program_out_of_attempts_fails(api: Api) -> None:
    await api.create(
        "web",
        image="${REGISTRY_HOST}/crasher",
        restart_policy={"condition": "on-failure", "max_attempts": 1},
    )
    row = await api.verdict(await api.act("web", "deploy"))
    assert (row["state"], "code 3" in row["cause"]) == ("failed", True)


async def test_what_swarm_rolled_back_is_told_with_the_cause_and_the_evidence(api: Api) -> None:
    back = {"update_config": {"failure_action": "rollback"}}
    await api.run("web", replicas=2, **back)
    row = await api.verdict(await deploy_changed(api, "web", image="${REGISTRY_HOST}/crasher", **back))
    assert row["state"] == "rolled_back", row
    assert "code 3" in row["cause"]
    assert "flux capacitor" in str(row["evidence"])


async def test_a_paused_update_is_a_failure_and_the_next_deploy_resumes_it(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=2)
    row = await api.verdict(await deploy_changed(api, "web", image="${REGISTRY_HOST}/crasher", replicas=2))
    assert row["state"] == "failed"
    await eventually(lambda: engine.service("web").update_status)
    version = engine.service("web").version
    await api.act("web", "deploy")
    assert engine.service("web").version > version


# Others at the same time --------------------------------------------------------------------------------


async def test_a_change_by_others_supersedes_visibly(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    await api.create("web")
    row = await api.act("web", "deploy")
    client = api.app.context.client

    def other(service: Any) -> dict[str, Any]:
        task = service.spec["TaskTemplate"]
        container = {**task["ContainerSpec"], "Image": engine.image("hello-world", "2")}
        return {**service.spec, "TaskTemplate": {**task, "ContainerSpec": container}}

    await client.update_service(engine.service("web").id, other)
    row = await api.verdict(row)
    assert row["state"] == "superseded"
    assert "other than this server" in row["cause"]


async def test_a_removal_by_others_supersedes_visibly(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    await api.create("web")
    row = await api.act("web", "deploy")
    await api.app.context.client.remove_service(engine.service("web").id)
    assert (await api.verdict(row))["state"] == "superseded"


async def test_a_change_that_is_refused_supersedes_nothing(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    await api.create("web")
    first = await api.act("web", "deploy")
    engine.fail_next("POST", "/services/", status=400, message="not today")
    assert (await api("POST", "/api/services/web/restart")).status == 422
    assert (await api.get(f"/api/deployments/{first['id']}"))["state"] == "rolling_out"


async def test_changes_of_one_service_at_the_same_time_happen_one_after_the_other(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", **QUICK)

    async def act(path: str, **body: Any) -> int:
        return (await api("POST", f"/api/services/web/{path}", json=body or None)).status

    statuses = await asyncio.gather(
        *(act("scale", replicas=number) for number in (2, 3, 4)), act("deploy"), act("restart"), act("stop")
    )
    assert set(statuses) <= {200, 202, 409}
    rows = (await api.get("/api/deployments", service="web"))["items"]
    ended = [await api.verdict(row) for row in rows]
    assert {row["state"] for row in ended[1:]} <= {"superseded", "succeeded", "failed"}
    definition = (await api.get("/api/services/web"))["definition"]
    newest_scale = next(row for row in ended if row["kind"] == "scale")
    assert definition["replicas"] == newest_scale["replicas"]


async def test_a_turn_that_does_not_come_is_refused() -> None:
    turns = Turns(wait=0.05)
    async with turns.of("web"):
        async with turns.of("other"):
            pass
        with pytest.raises(Conflict) as refusal:
            async with turns.of("web"):
                pass
    assert refusal.value.code == "change_under_way"
    async with turns.of("web"):
        pass


# Answers that never came --------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout_tracker, "UNKNOWN_AFTER", 0.5)


@pytest.mark.parametrize(
    ("act", "done"),
    [
        *((act, done) for act in ("deploy", "scale", "restart", "rollback") for done in (True, False)),
        ("stop", False),
    ],
)
async def test_a_write_without_answer_ends_as_what_the_swarm_shows(
    api: Api, engine: FakeEngine, impatient: None, act: str, done: bool
) -> None:
    await api.create("web", **QUICK)
    await api.verdict(await api.act("web", "deploy"))
    changed = {"image": "${REGISTRY_HOST}/hello-world:2", **QUICK}
    if act == "rollback":
        await api.verdict(await deploy_changed(api, "web", **changed))
    elif act == "deploy":
        await api("PUT", "/api/services/web", json={"definition": changed})
    method = "DELETE" if act == "stop" else "POST"
    # A removal is sent again when an old connection turns out to be closed.
    engine.cut_next(method, "/services/", after=done, times=2 if act == "stop" else 1)
    body = {"replicas": 2} if act == "scale" else None
    answer = await api("POST", f"/api/services/web/{act}", json=body)
    row = await newest(api, "web")
    assert (answer.status, answer.code) == (504, "outcome_unknown")
    assert row["id"] in answer.body["detail"]
    row = await api.verdict(row)
    assert row["state"] == ("succeeded" if done else "failed"), row
    assert "unknown" in [phase["phase"] for phase in row["phases"]]


async def test_an_engine_that_goes_right_after_it_took_a_change_is_believed_to_have_taken_it(
    api: Api, engine: FakeEngine, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.run("web", **QUICK)
    forced = planned_changes._forced

    def then_gone(spec: dict[str, Any]) -> dict[str, Any]:
        engine.fail_next("GET", "/services/", status=503, message="gone", times=1)
        return forced(spec)

    monkeypatch.setattr(planned_changes, "_forced", then_gone)
    assert (await api("POST", "/api/services/web/restart")).code == "outcome_unknown"
    assert (await api.verdict(await newest(api, "web")))["state"] == "succeeded"


async def test_a_removal_that_is_sent_again_and_finds_nothing_is_a_removal(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", **QUICK)
    engine.cut_next("DELETE", "/services/", after=True)
    assert (await api.verdict(await api.act("web", "stop")))["state"] == "succeeded"


async def test_a_write_without_answer_that_others_overtook_is_superseded(
    api: Api, engine: FakeEngine, impatient: None
) -> None:
    await api.run("web", **QUICK)
    engine.cut_next("POST", "/services/")
    await api("POST", "/api/services/web/restart")
    lost = await newest(api, "web")
    await api.act("web", "scale", replicas=2)
    row = await api.verdict(lost)
    assert (row["state"], row["cause"]) == ("superseded", "A later scale took its place.")


async def test_time_without_an_engine_does_not_count_against_a_rollout(
    api: Api, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "PATIENCE_PREPARING", 2.0)
    engine.hold("preparing")
    await api.create("web", **QUICK)
    row = await api.act("web", "deploy")
    await engine.stop()
    cluster = api.app.context.cluster
    await eventually(lambda: cluster.error and (cluster.stale_seconds or 0) > 2.5)
    await engine.start()
    await eventually(lambda: cluster.error is None)
    await cluster.changed()
    engine.release()
    assert (await api.verdict(row))["state"] == "succeeded"


# Restarts of this server --------------------------------------------------------------------------------


async def test_a_rollout_is_followed_on_by_the_next_run_of_the_server(
    engine: FakeEngine, tmp_path: Path
) -> None:
    engine.hold("preparing")
    async with server(engine, tmp_path) as api:
        await api.create("web", **QUICK)
        row = await api.act("web", "deploy")
    engine.release()
    async with server(engine, tmp_path) as api:
        row = await api.verdict(row)
        assert row["state"] == "succeeded"
        assert [phase["phase"] for phase in row["phases"]][:2] == ["accepted", "sent"]


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_a_server_that_went_while_the_engine_had_its_write_finds_out_later(
    engine: FakeEngine, tmp_path: Path, impatient: None, done: bool
) -> None:
    async with server(engine, tmp_path) as api:
        await api.create("web", **QUICK)
        engine.hang_next("POST", "/services/create", after=done)
        call = asyncio.create_task(api("POST", "/api/services/web/deploy"))
        await eventually(lambda: ("POST", "/services/create") in engine.requests or _asked(engine))
        row = await newest(api, "web")
        assert row["state"] == "accepted"
        call.cancel()
    async with server(engine, tmp_path) as api:
        row = await api.verdict(row)
        assert row["state"] == ("succeeded" if done else "failed")


def _asked(engine: FakeEngine) -> bool:
    return any(path.endswith("/services/create") for _, path in engine.requests)


async def test_every_deployment_has_a_verdict_after_kills_at_any_moment(
    engine: FakeEngine, tmp_path: Path, impatient: None
) -> None:
    """Ten times a server goes at another moment of a deploy; what it began is always settled."""
    async with server(engine, tmp_path) as api:
        await api.create("web", **QUICK)
    for moment in range(10):
        async with server(engine, tmp_path) as api:
            image = f"${{REGISTRY_HOST}}/hello-world:{1 + moment % 2}"
            await api("PUT", "/api/services/web", json={"definition": {"image": image, **QUICK}})
            call = asyncio.create_task(api("POST", "/api/services/web/deploy"))
            await asyncio.wait({call}, timeout=moment * 0.004)
            call.cancel()
    async with server(engine, tmp_path) as api:
        rows = (await api.get("/api/deployments", service="web"))["items"]
        assert rows
        states = {(await api.verdict(row))["state"] for row in rows}
        assert states <= FINAL


async def test_time_in_which_nobody_looked_is_no_time_that_it_stayed_up(api: Api, engine: FakeEngine) -> None:
    await api.create("web", update_config={"monitor": "1s"})
    row = await api.act("web", "deploy")

    async def is_up() -> bool:
        phases = (await api.get(f"/api/deployments/{row['id']}"))["phases"]
        return "converged" in [phase["phase"] for phase in phases]

    await eventually(is_up, every=0.01)
    engine.freeze()
    frozen_at = time.monotonic()
    # Long enough for the window, too short for the engine to be called frozen.
    await eventually(lambda: time.monotonic() - frozen_at > 3, every=0.1)
    assert (await api.get(f"/api/deployments/{row['id']}"))["finished_at"] is None
    engine.thaw()
    assert (await api.verdict(row))["state"] == "succeeded"
