"""What tokens of each scope may do: a table made from the OpenAPI document, so that no route is forgotten."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.database import Database
from backend.migrations import load
from backend.models.actor import Permission
from backend.services.credentials import new_token, sha256
from tests.api.api_calls import Api
from tests.api.app_fixture import BASE_URL, RunningApp, running_app
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

OURS_ALONE = {"audit", "tokens", "sqlite_sequence", "last_seen", "timeline"}
"""Tables in which callers leave traces without changing anything: what they tried, when they came."""

BODIES: dict[tuple[str, str], Any] = {
    ("post", "/api/services"): {"name": "new", "definition": {"image": "nginx"}},
    ("put", "/api/services/{name}"): {"definition": {"image": "other"}},
    ("post", "/api/services/{name}/scale"): {"replicas": 5},
    ("post", "/api/deployments"): {"action": "stop", "services": ["web"]},
    ("put", "/api/nodes/{node}/labels"): {"labels": {"a": "b"}},
    ("post", "/api/nodes/{node}/labels-preview"): {"labels": {"a": "b"}},
    ("put", "/api/registries/{host}"): {"url": "http://127.0.0.1:9"},
    ("post", "/api/swarm/join-command"): {"role": "worker", "rotate": True},
    ("post", "/api/tokens"): {"name": "mine"},
    ("post", "/api/drafts"): {"name": "x", "yaml": "image: nginx"},
    ("post", "/api/webhooks/registry"): {"events": []},
    ("post", "/api/agent-calls"): {"tool": "get_health", "milliseconds": 1},
}
HARMLESS = {
    ("post", "/api/drafts"),
    ("post", "/api/agent-calls"),
    ("post", "/api/nodes/{node}/labels-preview"),
    ("delete", "/api/session"),
}
"""What answers a reader although its method could change something: it computes, keeps an audit
row, or signs out nobody."""
SIGNING_IN = {("post", "/api/session"), ("post", "/api/setup")}


@asynccontextmanager
async def client_with(app: RunningApp, **token: Any) -> AsyncIterator[httpx2.AsyncClient]:
    created = await app.client.post("/api/tokens", json={"name": str(token), **token})
    assert created.status_code == 201, created.text
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app.app),
        base_url=BASE_URL,
        headers={"Authorization": f"Bearer {created.json()['token']}"},
    ) as client:
        yield client


async def everything(api: Api, folder: Path) -> dict[str, str]:
    """What there is, as text: every table, every definition's file, every service of the swarm."""
    database = api.app.context.database
    tables = await database.read("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    found = {
        row["name"]: repr([tuple(line) for line in await database.read(f"SELECT * FROM {row['name']}")])
        for row in tables
        if row["name"] not in OURS_ALONE
    }
    return found | definitions_in(folder)


def definitions_in(folder: Path) -> dict[str, str]:
    return {str(file): file.read_text() for file in sorted(folder.rglob("*.yaml"))}


def filled(path: str) -> str:
    known = {"name": "web", "node": "manager-1", "host": "127.0.0.1:5000", "digest": f"sha256:{'0' * 64}"}
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: known.get(found[1], "1"), path)


async def test_a_read_token_changes_nothing_anywhere(api: Api, engine: FakeEngine, tmp_path: Path) -> None:
    await api.create("web", replicas=2)
    await api.verdict(await api.act("web", "deploy"))
    document = (await api.app.client.get("/api/openapi.json")).json()
    changing = [
        (method, path)
        for path, operations in document["paths"].items()
        for method in operations
        if method not in {"get", "head", "options"} and (method, path) not in SIGNING_IN
    ]
    assert len(changing) > 25
    before = await everything(api, tmp_path)
    seen = len(engine.requests)
    answers: dict[tuple[str, str], int] = {}
    async with client_with(api.app, scope="read") as reader:
        for method, path in changing:
            answer = await reader.request(method.upper(), filled(path), json=BODIES.get((method, path)))
            answers[method, path] = answer.status_code
    refused = {route for route, status in answers.items() if status == 403}
    assert set(changing) - refused == HARMLESS, {r: s for r, s in answers.items() if r not in refused}
    assert await everything(api, tmp_path) == before
    assert {method for method, _ in engine.requests[seen:]} <= {"GET"}


async def test_an_operator_changes_services_and_decides_about_nobody(api: Api) -> None:
    await api.run("web")
    async with client_with(api.app, scope="operate") as operator:
        body = {"name": "api", "definition": {"image": "${REGISTRY_HOST}/hello-world:1"}}
        assert (await operator.post("/api/services", json=body)).status_code == 201
        assert (await operator.post("/api/services/api/deploy?wait=20")).json()["state"] == "succeeded"
        assert (await operator.post("/api/nodes/worker-1/drain")).status_code == 200
        for method, path, json in (
            ("POST", "/api/tokens", {"name": "mine"}),
            ("GET", "/api/audit", None),
            ("POST", "/api/swarm/join-command", {"role": "worker"}),
            ("POST", "/api/nodes/worker-1/promote", None),
            ("PUT", "/api/registries/127.0.0.1:9", {"url": "http://127.0.0.1:9"}),
        ):
            answer = await operator.request(method, path, json=json)
            assert (answer.status_code, answer.json()["code"]) == (403, "denied"), path


async def test_a_session_says_what_a_token_may_do(api: Api) -> None:
    async with client_with(api.app, scope="read") as reader:
        assert (await reader.get("/api/session")).json()["permissions"] == ["read"]
    listed = (await api.get("/api/tokens"))["items"]
    assert (listed[0]["scope"], listed[0]["confirm"]) == ("read", False)


async def test_an_unknown_scope_is_refused(api: Api) -> None:
    answer = await api("POST", "/api/tokens", json={"name": "x", "scope": "write"})
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "scope"


async def test_tokens_of_before_keep_their_rights(tmp_path: Path) -> None:
    """As an older version stored them: its last schema, a token in it, then ours."""
    path = tmp_path / "state" / "orchestrator.db"
    token = new_token()
    former = Database(path, known_migrations=load()[:6])
    await former.open()
    async with former.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO tokens (id, name, hash, role, created_by, created_at)"
            " VALUES ('t', 'laptop', ?, 'admin', 'ada', '2026-01-01T00:00:00.000000+00:00')",
            (sha256(token),),
        )
    await former.close()
    async with running_app(tmp_path) as running:
        actor = await running.context.access.tokens.actor(token, None)
    assert actor is not None
    assert actor.permissions == frozenset(Permission)
    assert not actor.confirm
