"""One change of many services with one call: a result each, and nothing weaker than single changes."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from backend.errors import Denied
from backend.models.actor import SYSTEM, Permission
from backend.services import rollout_tracker
from backend.services.turns import Turns
from tests.api.api_calls import Answer, Api
from tests.api.app_fixture import running_app
from tests.api.server_process import ServerProcess, environment, free_port
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

QUICK = {"update_config": {"monitor": "100ms"}}
TOKEN = "a-token-for-tests-of-many"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout_tracker, "UNKNOWN_AFTER", 0.5)


async def created(api: Api, count: int, **definition: Any) -> list[str]:
    names = [f"s{number}" for number in range(count)]
    for name in names:
        await api.create(name, **QUICK, **definition)
    return names


async def bulk(api: Api, action: str, names: list[str], wait: float = 0, **more: Any) -> Answer:
    body = {"action": action, "services": names, **more}
    return await api("POST", "/api/deployments", params={"wait": wait}, json=body)


async def items(api: Api, action: str, names: list[str], **more: Any) -> list[Any]:
    answer = await bulk(api, action, names, **more)
    assert answer.status == 202, answer
    assert [item["service"] for item in answer.body["items"]] == names
    return list(answer.body["items"])


def states(answer: Answer) -> list[str | None]:
    return [item["deployment"] and item["deployment"]["state"] for item in answer.body["items"]]


async def audited(api: Api, action: str) -> list[tuple[str, str, str]]:
    rows = await api.app.context.database.read(
        "SELECT target, outcome, code FROM audit WHERE action = ? ORDER BY id", (action,)
    )
    return [(row["target"], row["outcome"], row["code"]) for row in rows]


# What it does -------------------------------------------------------------------------------------------


async def test_many_are_deployed_with_a_row_each_and_their_verdicts_can_be_waited_for(
    api: Api, engine: FakeEngine
) -> None:
    names = (await created(api, 12))[::-1]
    answer = await bulk(api, "deploy", names, wait=20)
    assert (answer.status, states(answer)) == (200, ["succeeded"] * 12), answer
    assert [item["service"] for item in answer.body["items"]] == names
    for item in answer.body["items"]:
        row = await api.get(f"/api/deployments/{item['deployment']['id']}")
        assert (row["service"], row["kind"], row["to_revision"]) == (item["service"], "deploy", 1)
        assert [phase["phase"] for phase in row["phases"]][:2] == ["accepted", "sent"]
        assert (await api.get(f"/api/services/{item['service']}"))["status"] == "running"
    assert await audited(api, "service.deploy") == [(name, "done", "") for name in names]


async def test_each_image_and_each_list_is_asked_for_once(api: Api, engine: FakeEngine) -> None:
    engine.add_network("front", driver="overlay")
    names = await created(api, 20, networks=["front"])
    engine.lookups.clear()
    before = len(engine.requests)
    await items(api, "deploy", names)
    asked = [path.rpartition("/")[2] for method, path in engine.requests[before:] if method == "GET"]
    assert len(engine.lookups) == 1
    single_reads = [
        path for method, path in engine.requests[before:] if method == "GET" and "/services/" in path
    ]
    assert single_reads == []
    assert asked.count("networks") < 20


async def test_what_is_there_already_is_updated_and_what_is_unchanged_left_alone(
    api: Api, engine: FakeEngine
) -> None:
    names = await created(api, 4)
    await bulk(api, "deploy", names[:3], wait=20)
    image = "${REGISTRY_HOST}/hello-world:2"
    await api("PUT", "/api/services/s0", json={"definition": {"image": image, **QUICK}})
    versions = {name: engine.service(name).version for name in names[:3]}
    done = await items(api, "deploy", names)
    assert [item["deployment"]["changes"] for item in done] == [
        ["TaskTemplate.ContainerSpec.Image"],
        [],
        [],
        ["service"],
    ]
    assert [engine.service(name).version == versions[name] for name in names[:3]] == [False, True, True]


async def test_many_are_scaled_restarted_and_stopped(api: Api, engine: FakeEngine) -> None:
    names = await created(api, 3)
    await bulk(api, "deploy", names, wait=20)
    answer = await bulk(api, "scale", names, wait=20, replicas=2)
    assert states(answer) == ["succeeded"] * 3, answer
    assert [(await api.get(f"/api/services/{name}"))["definition"]["replicas"] for name in names] == [2] * 3
    before = {task.id for name in names for task in engine.tasks(name)}
    answer = await bulk(api, "restart", names, wait=20)
    assert states(answer) == ["succeeded"] * 3, answer
    assert not before & {t.id for name in names for t in engine.tasks(name) if t.state == "running"}
    answer = await bulk(api, "stop", names, wait=20)
    assert states(answer) == ["succeeded"] * 3, answer
    assert (await api.get("/api/services/live"))["total"] == 0
    for kind in ("scale", "restart", "stop"):
        assert await audited(api, f"service.{kind}") == [(name, "done", "") for name in names]


async def test_a_later_change_of_many_supersedes_what_was_under_way(api: Api, engine: FakeEngine) -> None:
    engine.hold("preparing")
    names = await created(api, 3)
    first = await items(api, "deploy", names)
    await items(api, "scale", names[:2], replicas=2)
    rows = [await api.get(f"/api/deployments/{item['deployment']['id']}") for item in first]
    assert [row["state"] for row in rows] == ["superseded", "superseded", "rolling_out"]
    assert rows[0]["cause"] == "A later scale took its place."


# What it refuses ----------------------------------------------------------------------------------------


async def test_one_that_fails_stops_no_other_and_says_why(api: Api, engine: FakeEngine) -> None:
    await created(api, 2)
    await api.create("ports", ports=["8080:80"])
    await api.create("ports-too", ports=["8080:80"])
    await api.create("needs", networks=["missing"])
    await api.run("changed")
    await api("PUT", "/api/services/changed", json={"definition": {"image": "x:1", "mode": "global"}})
    names = ["s0", "unknown", "ports", "needs", "s1", "changed"]
    await api.act("ports-too", "deploy")
    found = await items(api, "deploy", names)
    codes = [item["problem"] and (item["problem"]["status"], item["problem"]["code"]) for item in found]
    assert codes == [
        None,
        (404, "service_not_found"),
        (409, "port_taken"),
        (409, "missing_reference"),
        None,
        (409, "mode_changed"),
    ]
    rows = [item["deployment"] and item["deployment"]["state"] for item in found]
    assert rows == ["rolling_out", None, "failed", None, "rolling_out", None]
    assert "docker network create" in found[3]["problem"]["errors"][0]["reason"]
    kept = {target: (outcome, code) for target, outcome, code in await audited(api, "service.deploy")}
    assert (kept["s0"], kept["unknown"]) == (("done", ""), ("failed", "service_not_found"))
    assert (kept["ports"], kept["s1"]) == (("failed", "port_taken"), ("done", ""))


async def test_what_a_scale_may_not_do_leaves_catalog_and_swarm_of_that_one_alone(
    api: Api, engine: FakeEngine
) -> None:
    names = await created(api, 2)
    await api.create("agent", mode="global", **QUICK)
    await api.create("absent")
    await bulk(api, "deploy", [*names, "agent"], wait=20)
    engine.fail_next("POST", f"/services/{engine.service('s1').id}/update", status=400, message="not today")
    found = await items(api, "scale", ["s0", "s1", "agent", "absent"], replicas=3)
    assert [item["problem"] and item["problem"]["code"] for item in found][2:] == [
        "not_scalable",
        "not_running",
    ]
    assert [bool(item["problem"]) for item in found[:2]] == [False, True]
    counts = [(await api.get(f"/api/services/{name}"))["definition"].get("replicas", 1) for name in names]
    assert counts == [3, 1]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"action": "deploy", "services": ["web", "api", "web"]}, "web"),
        ({"action": "deploy", "services": []}, "services"),
        ({"action": "deploy", "services": [f"s{n}" for n in range(501)]}, "services"),
        ({"action": "remove", "services": ["web"]}, "action"),
        ({"action": "scale", "services": ["web"]}, "replicas"),
        ({"action": "stop", "services": ["web"], "replicas": 2}, "replicas"),
        ({"action": "scale", "services": ["web"], "replicas": -1}, "replicas"),
        ({"action": "scale", "services": ["web"], "replicas": "2"}, "replicas"),
        ({"action": "stop", "services": ["web"], "adopt": True}, "adopt"),
        ({"action": "stop", "services": ["web"], "force": True}, "force"),
        ({"action": "stop", "services": "web"}, "services"),
    ],
)
async def test_a_request_that_cannot_be_right_changes_nothing(
    api: Api, engine: FakeEngine, body: dict[str, Any], word: str
) -> None:
    await api.create("web")
    answer = await api("POST", "/api/deployments", json=body)
    assert (answer.status, answer.code) == (422, "invalid_input")
    assert word in str(answer.body["detail"])
    assert (await api.get("/api/deployments"))["total"] == 0


async def test_services_of_others_are_taken_over_only_when_told_to(api: Api, engine: FakeEngine) -> None:
    for name in await created(api, 2):
        await api.app.context.client.create_service(
            {
                "Name": name,
                "TaskTemplate": {"ContainerSpec": {"Image": engine.image("hello-world", "1")}},
                "Mode": {"Replicated": {"Replicas": 1}},
            }
        )
    found = await items(api, "deploy", ["s0", "s1"])
    assert [item["problem"]["code"] for item in found] == ["not_ours"] * 2
    found = await items(api, "deploy", ["s0", "s1"], adopt=True)
    assert [item["problem"] for item in found] == [None] * 2


async def test_who_may_only_read_changes_none_and_each_attempt_is_on_record(api: Api) -> None:
    names = await created(api, 2)
    reader = replace(SYSTEM, permissions=frozenset({Permission.READ}))
    with pytest.raises(Denied):
        await api.app.context.bulk_deployments.change(reader, "deploy", names)
    assert await audited(api, "service.deploy") == [(name, "denied", "denied") for name in names]
    assert (await api.get("/api/deployments"))["total"] == 0


async def test_without_an_engine_nothing_begins_and_the_whole_call_says_so(
    api: Api, engine: FakeEngine
) -> None:
    names = await created(api, 3)
    engine.lose_leader()
    answer = await bulk(api, "deploy", names)
    assert (answer.status, answer.code) == (503, "swarm_no_leader")
    assert (await api.get("/api/deployments"))["total"] == 0
    assert {outcome for _, outcome, _ in await audited(api, "service.deploy")} == {"failed"}


async def test_one_whose_turn_does_not_come_is_refused_alone(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = await created(api, 3)
    turns = Turns(wait=0.1)
    monkeypatch.setattr(api.app.context.deployments, "turns", turns)
    async with turns.of("s1"):
        found = await items(api, "deploy", names)
    assert [item["problem"] and item["problem"]["code"] for item in found] == [None, "change_under_way", None]


async def test_crossing_calls_for_the_same_services_never_wait_for_each_other_for_ever(api: Api) -> None:
    names = await created(api, 6)
    answers = await asyncio.gather(*(bulk(api, "deploy", order) for order in (names, names[::-1], names[3:])))
    for answer in answers:
        assert [item["problem"] for item in answer.body["items"]] == [None] * len(answer.body["items"])
    for name in names:
        rows = (await api.get("/api/deployments", service=name))["items"]
        assert (await api.verdict(rows[0]))["state"] == "succeeded"


# Answers that never came --------------------------------------------------------------------------------


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_a_write_of_many_without_answer_ends_as_what_the_swarm_shows(
    api: Api, engine: FakeEngine, impatient: None, done: bool
) -> None:
    names = await created(api, 5)
    engine.cut_next("POST", "/services/create", after=done, times=2)
    found = await items(api, "deploy", names)
    problems = [item["problem"] for item in found]
    unknown = [item for item in found if item["problem"]]
    assert len(unknown) == 2, problems
    assert {item["deployment"]["state"] for item in unknown} == {"unknown"}
    assert {item["problem"]["code"] for item in unknown} == {"outcome_unknown"}
    for item in found:
        row = await api.verdict(item["deployment"])
        assert row["state"] == ("succeeded" if done or not item["problem"] else "failed")


async def test_created_but_never_read_back_is_settled_by_the_swarm(
    api: Api, engine: FakeEngine, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = await created(api, 3)
    client = api.app.context.client
    create = client.create_service

    async def then_gone(spec: dict[str, Any], **options: Any) -> str:
        engine.fail_next("GET", "/services", status=503, message="gone", times=1)
        return await create(spec, **options)

    monkeypatch.setattr(client, "create_service", then_gone)
    found = await items(api, "deploy", names)
    assert {item["problem"]["code"] for item in found} == {"outcome_unknown"}
    assert {(await api.verdict(item["deployment"]))["state"] for item in found} == {"succeeded"}


async def test_a_server_killed_in_the_middle_leaves_every_row_with_a_verdict_later(
    engine: FakeEngine, tmp_path: Path, impatient: None
) -> None:
    registry_url = f"http://{engine.registry_host}"
    settings = environment(
        tmp_path, DOCKER_HOST=engine.docker_host, REGISTRY_URL=registry_url, ORCHESTRATOR_TOKEN=TOKEN
    )
    async with running_app(tmp_path, docker_host=engine.docker_host, registry_url=registry_url) as app:
        names = await created(Api(app), 12)
    # Three writes are done without an answer, the others neither done nor answered.
    engine.hang_next("POST", "/services/create", after=True, times=3)
    engine.hang_next("POST", "/services/create", times=50)
    port = free_port()
    with ServerProcess(
        ["-m", "uvicorn", "backend.main:app", "--port", str(port)], tmp_path, settings
    ) as server:
        url = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(url, headers=headers) as session:

            async def answers() -> bool:
                try:
                    async with session.get("/api/health/detailed") as answer:
                        return bool(answer.status == 200)
                except aiohttp.ClientError:
                    return False

            async def bring_in() -> None:
                body = {"action": "deploy", "services": names}
                async with session.post("/api/deployments", json=body) as answer:
                    await answer.read()

            await eventually(answers)
            call = asyncio.create_task(bring_in())
            await eventually(lambda: _creations(engine) >= 8)
            server.process.send_signal(signal.SIGKILL)
            with pytest.raises(aiohttp.ClientError):
                await call
    engine._http.faults.clear()
    async with running_app(tmp_path, docker_host=engine.docker_host, registry_url=registry_url) as app:
        api = Api(app)
        rows = [(await api.get("/api/deployments", service=name))["items"] for name in names]
        assert [len(found) for found in rows] == [1] * 12
        ended = [(await api.verdict(found[0]))["state"] for found in rows]
    assert sorted(ended) == ["failed"] * 9 + ["succeeded"] * 3


def _creations(engine: FakeEngine) -> int:
    return sum(1 for _, path in engine.requests if path.endswith("/services/create"))
