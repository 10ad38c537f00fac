"""`/mcp` in the server: who gets in, sessions bound to their token, writes that are carried through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.api.api_calls import Api
from tests.api.test_approvals import person
from tests.eventually import eventually
from tests.mcp.agents import ERAS, Era, refuse, say

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8080/mcp"
INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def connected(api: Api, token: str, era: Era = "auto") -> AsyncIterator[Client]:
    transport = httpx2.ASGITransport(app=api.app.app)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers) as http,
        Client(streamable_http_client(URL, http_client=http), mode=era) as client,
    ):
        yield client


async def token_of(api: Api, **token: Any) -> tuple[str, str]:
    answer = await api("POST", "/api/tokens", json={"name": str(token), **token})
    return answer.body["token"], answer.body["id"]


@pytest.mark.parametrize("era", ERAS)
async def test_tools_act_as_the_token_that_calls(api: Api, era: Era) -> None:
    await api.create("web")
    reading, _ = await token_of(api, scope="read")
    async with connected(api, api.app.token, era) as client:
        assert len((await client.list_tools()).tools) == 18
        assert "web stopped" in await say(client, "list_services")
    async with connected(api, reading, era) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "list_services" in names
        assert "deploy_service" not in names
        assert "read-only" in await refuse(client, "deploy_service", name="x", image="nginx")
        assert "web stopped" in await say(client, "list_services")


async def test_strangers_browsers_and_foreign_pages_are_refused_before_the_sdk_sees_them(api: Api) -> None:
    bearer = {"Authorization": f"Bearer {api.app.token}"}
    async with api.app.visitor() as visitor:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer so_wrong"}, 401),
            ({**bearer, "Origin": "http://evil.example"}, 403),
            ({**bearer, "Origin": "null"}, 403),
            ({**bearer, "Host": "evil.example"}, 421),
            ({**bearer, "Origin": "http://127.0.0.1:8080"}, 200),
            (bearer, 200),
        ):
            answer = await visitor.post("/mcp", json=INITIALIZE, headers={**ACCEPT, **headers})
            assert answer.status_code == status, (headers, answer.text)
    async with person(api) as ada:
        answer = await ada.post("/mcp", json=INITIALIZE, headers=ACCEPT)
        assert (answer.status_code, answer.json()["code"]) == (403, "token_needed")


async def test_a_body_is_bounded_and_has_to_be_json(api: Api) -> None:
    headers = {**ACCEPT, "Authorization": f"Bearer {api.app.token}"}
    async with api.app.visitor() as visitor:
        large = {**INITIALIZE, "method": "x" * 1_100_000}
        assert (await visitor.post("/mcp", json=large, headers=headers)).status_code == 413
        text = {**headers, "Content-Type": "text/plain"}
        assert (await visitor.post("/mcp", content="{}", headers=text)).status_code == 415


async def test_a_session_is_of_use_only_to_the_token_that_began_it(api: Api) -> None:
    other, _ = await token_of(api, scope="admin")
    async with api.app.visitor() as visitor:
        mine = {**ACCEPT, "Authorization": f"Bearer {api.app.token}"}
        began = await visitor.post("/mcp", json=INITIALIZE, headers=mine)
        session = {"Mcp-Session-Id": began.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        theirs = {**ACCEPT, **session, "Authorization": f"Bearer {other}"}
        assert (await visitor.post("/mcp", json=ping, headers={**mine, **session})).status_code == 200
        assert (await visitor.post("/mcp", json=ping, headers=theirs)).status_code in (403, 404)


async def test_a_revoked_token_is_out_at_once(api: Api) -> None:
    token, token_id = await token_of(api, scope="read")
    async with connected(api, token) as client:
        await say(client, "list_services")
        await api("DELETE", f"/api/tokens/{token_id}")
        with pytest.raises(MCPError):
            await say(client, "list_nodes")


async def test_a_write_is_carried_through_when_its_caller_gives_up(api: Api) -> None:
    await api.run("web")
    async with (
        connected(api, api.app.token) as client,
        # Somebody else is at the service, so that the write waits where its caller leaves.
        api.app.context.deployments.turns.of("web"),
        anyio.create_task_group() as calls,
    ):
        calls.start_soon(client.call_tool, "scale_service", {"name": "web", "replicas": 3})
        await eventually(lambda: scale_rows(api))
        calls.cancel_scope.cancel()

    async def done() -> bool:
        return [row["outcome"] for row in await scale_rows(api)] == ["done"]

    await eventually(done)
    assert (await api.get("/api/services/web"))["desired"] == 3


async def scale_rows(api: Api) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await api.get("/api/audit", action="service.scale"))["items"]
    return rows
