"""The audit as admins read it, and ending somebody's session."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.models.actor import Actor, Permission
from tests.api.api_calls import Api
from tests.api.app_fixture import RunningApp, running_app

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path) as running:
        code = running.context.access.setup_code.code
        async with running.visitor(address="10.9.9.9") as visitor:
            body = {"code": code, "username": "ada", "password": PASSWORD}
            assert (await visitor.post("/api/setup", json=body)).status_code == 201
        yield running


async def test_the_audit_tells_who_did_what_and_how_it_ended(api: Api) -> None:
    await api.create("web")
    await api("POST", "/api/services/nothing/deploy")
    listed = await api.get("/api/audit", limit=2)
    missed, made = listed["items"]
    assert (missed["action"], missed["target"], missed["outcome"]) == ("service.deploy", "nothing", "failed")
    assert missed["code"] == "service_not_found"
    assert (made["action"], made["target"], made["outcome"]) == ("service.create", "web", "done")
    assert made["actor_kind"] == "token"
    assert listed["total"] > 2


async def test_the_audit_is_narrowed_and_paged(api: Api) -> None:
    for name in ("a", "b", "c"):
        await api.create(name)
    await api("POST", "/api/services/nothing/deploy")
    assert (await api.get("/api/audit", target="b"))["total"] == 1
    assert (await api.get("/api/audit", outcome="failed"))["total"] == 1
    assert [item["action"] for item in (await api.get("/api/audit", action="service.de"))["items"]] == [
        "service.deploy"
    ]
    assert (await api.get("/api/audit", by="nobody"))["total"] == 0
    first = await api.get("/api/audit", action="service.create", limit=2)
    second = await api.get("/api/audit", action="service.create", limit=2, before=first["items"][-1]["id"])
    assert [item["target"] for item in first["items"] + second["items"]] == ["c", "b", "a"]
    assert first["total"] == second["total"] == 3


async def test_only_admins_read_the_audit(running: RunningApp) -> None:
    reader = Actor(kind="token", name="reader", permissions=frozenset({Permission.READ}), id="r")
    with pytest.raises(Exception, match="needs the permission 'admin'"):
        await running.context.activity.page(
            reader, by=None, action=None, target=None, outcome=None, before=None, limit=1
        )
    with pytest.raises(Exception, match="needs the permission 'admin'"):
        await running.context.sign_ins.list_all(reader, None)


async def test_a_browser_that_is_signed_out_from_elsewhere_is_out(running: RunningApp) -> None:
    body = {"username": "ada", "password": PASSWORD}
    async with running.visitor(address="10.0.0.7") as here, running.visitor(address="10.0.0.8") as there:
        for browser in (here, there):
            assert (await browser.post("/api/session", json=body)).status_code == 200
        listed = (await here.get("/api/sessions")).json()
        assert {(item["username"], item["address"], item["current"]) for item in listed["items"]} == {
            ("ada", "10.9.9.9", False),
            ("ada", "10.0.0.7", True),
            ("ada", "10.0.0.8", False),
        }
        theirs = next(item["id"] for item in listed["items"] if item["address"] == "10.0.0.8")
        own = {"Origin": "http://127.0.0.1:8080"}
        assert (await here.delete(f"/api/sessions/{theirs}", headers=own)).status_code == 204
        assert (await there.get("/api/services")).status_code == 401
        assert (await here.get("/api/services")).status_code == 200
        again = await here.delete(f"/api/sessions/{theirs}", headers=own)
        assert (again.status_code, again.json()["code"]) == (404, "session_not_found")
