"""Acts of tokens that have to ask: what waits, who decides, and that a yes is good for exactly that, once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx2
import pytest

from tests.api.api_calls import Api
from tests.api.test_events import listening
from tests.api.test_scopes import client_with
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
ORIGIN = {"Origin": "http://127.0.0.1:8080"}


@asynccontextmanager
async def person(api: Api, name: str = "ada") -> AsyncIterator[httpx2.AsyncClient]:
    code = api.app.context.access.setup_code.code
    async with api.app.visitor(headers=ORIGIN) as visitor:
        if code is not None:
            body = {"code": code, "username": name, "password": PASSWORD}
            assert (await visitor.post("/api/setup", json=body)).status_code == 201
        else:
            body = {"username": name, "password": PASSWORD}
            assert (await visitor.post("/api/session", json=body)).status_code == 200
        yield visitor


@pytest.fixture
async def agent(api: Api) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_with(api.app, scope="admin", confirm=True) as client:
        client.headers["X-Orchestrator-Client"] = "claude-code 2.1"
        yield client


def waits(answer: httpx2.Response) -> str:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "approval_required"), problem
    assert problem["approval"] in problem["detail"]
    return str(problem["approval"])


async def test_a_running_service_is_stopped_and_deleted_by_one_act_with_one_yes(
    api: Api, agent: httpx2.AsyncClient, engine: FakeEngine
) -> None:
    await api.run("web", replicas=2)
    assert (await agent.delete("/api/services/web?stop=true&force=true")).status_code == 422
    assert (await agent.delete("/api/services/web?stop=true", headers={"If-Match": '"7"'})).status_code == 403
    waiting = waits(await agent.delete("/api/services/web?stop=true"))
    async with person(api) as ada:
        (row, _) = (await ada.get("/api/approvals?waiting=true")).json()["items"]
        assert (row["id"], row["action"]) == (waiting, "service.remove")
        assert row["effect"] == (
            "2 running tasks of web end, and the definition, revision 1, leaves the catalog"
        )
        assert (await ada.post(f"/api/approvals/{waiting}/approve")).status_code == 200
    # The yes is for exactly this.
    assert waits(await agent.delete("/api/services/web?force=true")) != waiting
    assert (await agent.delete("/api/services/web?stop=true")).status_code == 204
    assert (await api("GET", "/api/services/web")).status == 404
    assert "web" not in {one.name for one in engine.store.services.values()}
    (row,) = (await api.get("/api/deployments", service="web", kind="stop"))["items"]
    assert (await api.verdict(row))["state"] == "succeeded"


async def test_what_would_hurt_waits_and_is_done_once_after_a_yes(
    api: Api, agent: httpx2.AsyncClient
) -> None:
    await api.run("web", replicas=2)
    waiting = waits(await agent.post("/api/services/web/stop"))
    assert waits(await agent.post("/api/services/web/stop")) == waiting
    assert (await api.get("/api/services/web"))["status"] == "running"
    async with person(api) as ada:
        (listed,) = (await ada.get("/api/approvals?waiting=true")).json()["items"]
        assert listed["id"] == waiting
        assert (listed["action"], listed["target"]) == ("service.stop", "web")
        assert listed["effect"] == "2 running tasks of web end"
        assert listed["client"] == "claude-code 2.1"
        answer = await ada.post(f"/api/approvals/{waiting}/approve")
        assert (answer.status_code, answer.json()["state"]) == (200, "approved")
        again = await ada.post(f"/api/approvals/{waiting}/approve")
        assert (again.status_code, again.json()["code"]) == (409, "approval_decided")
    assert (await agent.post("/api/services/web/stop")).status_code in (200, 202)
    assert (await agent.get(f"/api/approvals/{waiting}")).json()["state"] == "used"
    await api.becomes("web", "stopped")
    await api.act("web", "deploy")
    await api.becomes("web", "running")
    assert waits(await agent.post("/api/services/web/stop")) != waiting
    rows = await api.get("/api/audit", action="service.stop")
    assert [(row["outcome"], row["code"]) for row in rows["items"]] == [
        ("denied", "approval_required"),
        ("done", ""),
        ("denied", "approval_required"),
        ("denied", "approval_required"),
    ]
    assert rows["items"][1]["detail"] == f"approved by ada ({waiting})"
    assert {row["client"] for row in rows["items"]} == {"claude-code 2.1"}


async def test_a_yes_is_bound_to_the_exact_arguments_and_the_caller(
    api: Api, agent: httpx2.AsyncClient
) -> None:
    await api.run("web")
    await api.run("api")
    waiting = waits(await agent.post("/api/services/web/stop"))
    async with person(api) as ada:
        assert (await ada.post(f"/api/approvals/{waiting}/approve")).status_code == 200
    waits(await agent.post("/api/services/api/stop"))
    waits(await agent.post("/api/services/web/scale", json={"replicas": 0}))
    waits(await agent.delete("/api/services/web?force=true"))
    async with client_with(api.app, scope="operate", confirm=True) as other:
        waits(await other.post("/api/services/web/stop"))
        assert (await other.get(f"/api/approvals/{waiting}")).status_code == 404


async def test_no_token_approves_not_even_the_most_powerful(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.run("web")
    waiting = waits(await agent.post("/api/services/web/stop"))
    for client in (agent, api.app.client):
        for verb in ("approve", "refuse"):
            answer = await client.post(f"/api/approvals/{waiting}/{verb}")
            assert (answer.status_code, answer.json()["code"]) == (403, "person_needed")
    # Nor does it make itself a token that need not ask.
    waits(await agent.post("/api/tokens", json={"name": "mine"}))


async def test_a_no_stands_for_a_while(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.run("web")
    waiting = waits(await agent.post("/api/services/web/stop"))
    async with person(api) as ada:
        assert (await ada.post(f"/api/approvals/{waiting}/refuse")).json()["state"] == "refused"
    answer = await agent.post("/api/services/web/stop")
    assert answer.json()["code"] == "approval_refused"
    assert "ada refused" in answer.json()["detail"]
    later(api, minutes=16)
    assert waits(await agent.post("/api/services/web/stop")) != waiting


async def test_what_nobody_decides_is_over_after_an_hour(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.run("web")
    waiting = waits(await agent.post("/api/services/web/stop"))
    later(api, minutes=61)
    over = (await agent.get(f"/api/approvals/{waiting}")).json()
    assert (over["state"], over["seconds_left"]) == ("expired", 0)
    async with person(api) as ada:
        answer = await ada.post(f"/api/approvals/{waiting}/approve")
        assert answer.status_code == 409
        assert "expired" in answer.json()["detail"]


async def test_an_unused_yes_is_over_after_a_quarter_of_an_hour(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.run("web")
    waiting = waits(await agent.post("/api/services/web/stop"))
    async with person(api) as ada:
        assert (await ada.post(f"/api/approvals/{waiting}/approve")).status_code == 200
    later(api, minutes=16)
    assert waits(await agent.post("/api/services/web/stop")) != waiting


async def test_two_calls_at_once_use_one_yes_once(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.run("web")
    waiting = waits(await agent.post("/api/services/web/stop"))
    async with person(api) as ada:
        await ada.post(f"/api/approvals/{waiting}/approve")
    statuses: list[int] = []

    async def stop() -> None:
        statuses.append((await agent.post("/api/services/web/stop")).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(stop)
    assert sorted(statuses) == [202, 403, 403, 403, 403]


ASKED: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/api/services/web/stop", None),
    ("POST", "/api/services/web/scale", {"replicas": 0}),
    ("POST", "/api/nodes/worker-1/drain", None),
    ("DELETE", "/api/services/web?force=true", None),
    ("POST", "/api/deployments", {"action": "restart", "services": ["web", "api"]}),
    ("POST", "/api/services/web/deploy", {"adopt": True}),
    ("PUT", "/api/services/web", {"definition": {"image": "nginx", "mounts": ["/etc:/host"]}}),
    ("PUT", "/api/services/web", {"yaml": "image: nginx\ncap_add: [SYS_ADMIN]\n"}),
    ("PUT", "/api/services/web", {"definition": {"image": "nginx", "replicas": 0}}),
    ("POST", "/api/services", {"name": "new", "definition": {"image": "nginx", "networks": ["host"]}}),
    ("POST", "/api/nodes/worker-1/promote", None),
    ("PUT", "/api/nodes/worker-1/labels", {"labels": {}}),
    ("PUT", "/api/registries/127.0.0.1:9", {"url": "http://127.0.0.1:9"}),
)


async def test_asked_is_what_ends_something_or_reaches_far(
    api: Api, agent: httpx2.AsyncClient, engine: FakeEngine
) -> None:
    await api.run("web", replicas=3)
    await api.run("api")
    seen = len(engine.requests)
    for method, path, json in ASKED:
        waits(await agent.request(method, path, json=json))
    assert {verb for verb, _ in engine.requests[seen:]} <= {"GET"}


async def test_the_rest_is_simply_done(api: Api, agent: httpx2.AsyncClient) -> None:
    body = {"name": "web", "definition": {"image": "${REGISTRY_HOST}/hello-world:1", "replicas": 1}}
    for method, path, json in (
        ("POST", "/api/services", body),
        ("POST", "/api/services/web/deploy", None),
        ("POST", "/api/services/web/scale", {"replicas": 3}),
        ("POST", "/api/services/web/scale", {"replicas": 1}),
        ("POST", "/api/services/web/restart", None),
        ("POST", "/api/nodes/worker-1/pause", None),
        ("POST", "/api/nodes/worker-1/activate", None),
    ):
        answer = await agent.request(method, path, json=json)
        assert answer.status_code in (200, 201, 202), (path, answer.text)


async def test_nothing_is_asked_that_cannot_be_done(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.create("web")
    assert (await agent.post("/api/services/wbe/stop")).status_code == 404
    assert (await agent.post("/api/services/web/stop")).status_code in (404, 409)
    assert (await agent.post("/api/nodes/nowhere/drain")).status_code == 404
    assert (await api.get("/api/approvals"))["total"] == 0


async def test_a_definition_that_reaches_no_further_is_not_asked_about(
    api: Api, agent: httpx2.AsyncClient
) -> None:
    mounts = ["/etc:/host"]
    await api.create("web", image="nginx:1", mounts=mounts)
    newer = {"definition": {"image": "nginx:2", "mounts": mounts}}
    assert (await agent.put("/api/services/web", json=newer)).status_code == 200
    further = {"definition": {"image": "nginx:2", "mounts": [*mounts, "/root:/root"]}}
    answer = await agent.put("/api/services/web", json=further)
    waits(answer)
    assert "/root" in answer.json()["detail"]


async def test_secrets_are_not_shown_to_whoever_approves(api: Api, agent: httpx2.AsyncClient) -> None:
    definition = {
        "image": "nginx",
        "networks": ["host"],
        "env": {"DB_PASSWORD": "hunter2", "URL": "postgres://u:hunter3@db/x", "PLAIN": "yes"},
    }
    waiting = waits(await agent.post("/api/services", json={"name": "new", "definition": definition}))
    async with person(api) as ada:
        text = (await ada.get(f"/api/approvals/{waiting}")).text
    assert "hunter" not in text
    assert '"PLAIN":"yes"' in text


async def test_one_caller_fills_no_list(api: Api, agent: httpx2.AsyncClient) -> None:
    for number in range(20):
        waits(await agent.post("/api/tokens", json={"name": f"token {number}"}))
    answer = await agent.post("/api/tokens", json={"name": "one more"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_approvals")


async def test_waiting_for_a_decision_ends_with_it(api: Api, agent: httpx2.AsyncClient) -> None:
    await api.run("web")
    waiting = waits(await agent.post("/api/services/web/stop"))
    states: list[str] = []

    async def wait() -> None:
        answer = await agent.get(f"/api/approvals/{waiting}?wait=30")
        states.append(answer.json()["state"])

    async with person(api) as ada, anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            await ada.post(f"/api/approvals/{waiting}/refuse")
    assert states == ["refused"]


async def test_open_pages_are_told_of_each_step_and_nothing_of_what_it_is_about(
    api: Api, agent: httpx2.AsyncClient
) -> None:
    await api.run("web")
    async with listening(api) as page, person(api) as ada:
        waiting = waits(await agent.post("/api/services/web/stop"))
        told = [{"id": waiting}]
        await eventually(lambda: page.all("approval") == told)
        waits(await agent.post("/api/services/web/stop"))  # Asked again: the same one waits, no news.
        (row,) = (await ada.get("/api/approvals?waiting=true")).json()["items"]
        assert 3590 < row["seconds_left"] <= 3600
        await ada.post(f"/api/approvals/{waiting}/approve")
        await eventually(lambda: page.all("approval") == told * 2)
        assert (await agent.post("/api/services/web/stop")).status_code in (200, 202)
        await eventually(lambda: page.all("approval") == told * 3)


def later(api: Api, *, minutes: int) -> None:
    def now() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=minutes)

    consent: Any = api.app.context.audit.consent
    consent._now = now
    api.app.context.approvals._now = now
