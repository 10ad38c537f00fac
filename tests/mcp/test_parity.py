"""Every way in answers alike: over HTTP, and from a child process beside a server and without one."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tests.api.live_server import TOKEN, LiveServer, live_server
from tests.api.server_process import environment
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_registry import FakeRegistry
from tests.mcp.agents import assert_same_facts, http_agent, stdio_agent, text_of
from tests.mcp.test_contract import BEYOND, THE_EIGHT

pytestmark = pytest.mark.anyio

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "list_services": ("list_services", {}),
    "list_services: a page": ("list_services", {"limit": 2}),
    "list_services: problems": ("list_services", {"state": "problem", "match": "s"}),
    "list_catalog": ("list_catalog", {}),
    "list_catalog: a page": ("list_catalog", {"limit": 1, "match": "e"}),
    "list_nodes": ("list_nodes", {}),
    "get_health": ("get_health", {}),
    "get_registry_images": ("get_registry_images", {}),
    "get_registry_images: none": ("get_registry_images", {"match": "nothing like it"}),
    "get_service_logs": ("get_service_logs", {"name": "web", "tail": 3}),
    "get_service_logs: none": ("get_service_logs", {"name": "web", "grep": "nothing like it"}),
    "inspect_service": ("inspect_service", {"name": "web"}),
    "inspect_service: failed": ("inspect_service", {"name": "crashy"}),
    "inspect_service: outside": ("inspect_service", {"name": "stranger"}),
    "diagnose_service": ("diagnose_service", {"name": "crashy"}),
    "diagnose_service: pending": ("diagnose_service", {"name": "pinned"}),
    "diagnose_service: well": ("diagnose_service", {"name": "web"}),
    "wait_service": ("wait_service", {"name": "web"}),
    "wait_service: failed": ("wait_service", {"name": "crashy"}),
    "wait_service: time is up": ("wait_service", {"name": "pinned", "timeout": 1}),
    "wait_service: nothing": ("wait_service", {"name": "idle"}),
    "get_recent_changes": ("get_recent_changes", {"service": "web"}),
    "get_approval": ("get_approval", {"id": "apr_none"}),
    "deploy_service": ("deploy_service", {"name": "new", "image": "nginx", "ports": [80], "dry_run": True}),
    "deploy_service: there": ("deploy_service", {"name": "web", "image": "nginx"}),
    "stop_service": ("stop_service", {"name": "web", "dry_run": True}),
    "stop_service: stopped": ("stop_service", {"name": "idle"}),
    "scale_service": ("scale_service", {"name": "web", "replicas": 5, "dry_run": True}),
    "scale_service: so already": ("scale_service", {"name": "web", "replicas": 2}),
    "update_service": (
        "update_service",
        {"name": "web", "image": "nginx:2", "env": {"A": "1"}, "restart": True, "dry_run": True},
    ),
    "rollback_service": ("rollback_service", {"name": "web", "to_revision": 1, "dry_run": True}),
    "remove_service": ("remove_service", {"name": "web", "keep_catalog": False, "dry_run": True}),
    "set_node_availability": (
        "set_node_availability",
        {"node": "worker-1", "availability": "drain", "dry_run": True},
    ),
    "set_node_availability: so already": (
        "set_node_availability",
        {"node": "worker-1", "availability": "active"},
    ),
}
"""Nothing here changes anything, so that all see the same."""

DOORS = ("HTTP", "HTTP, older protocol", "child beside a server", "child alone")

type Answers = dict[str, dict[str, CallToolResult]]


@pytest.fixture(scope="module")
async def answers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Answers]:
    """What each door says to each case."""
    folder = tmp_path_factory.mktemp("parity")
    async with FakeRegistry() as registry, FakeEngine(nodes=3) as engine:
        digest = registry.add_image("hello-world", "1", "2")
        engine.add_image(f"{registry.host}/hello-world:1", digest=digest)
        said: Answers = {}
        async with live_server(folder, engine.docker_host, registry.host) as server:
            await _plant(server)
            here = environment(folder)
            for door, opened in (
                ("HTTP", http_agent(server.url, TOKEN)),
                ("HTTP, older protocol", http_agent(server.url, TOKEN, "legacy")),
                ("child beside a server", stdio_agent(folder, here)),
            ):
                async with opened as client:
                    said[door] = await _ask(client)
            assert await anyio.to_thread.run_sync(server.process.stop) == 0
        alone = {"DOCKER_HOST": engine.docker_host, "REGISTRY_URL": registry.url}
        async with stdio_agent(folder, {**here, **alone}, era="legacy") as client:
            said["child alone"] = await _ask(client)
        yield said


async def _plant(server: LiveServer) -> None:
    """One that runs, one that failed for good, one that waits, one that never ran, one of somebody else's."""
    await server.run("stranger")
    assert await server.call("DELETE", "/api/services/stranger?force=true") == (204, "")
    await server.run("web", replicas=2, env={"MODE": "prod", "DB_PASSWORD": "hunter2"}, ports=["8080:80"])
    once = {"restart_policy": {"condition": "none"}}
    for name, definition in (
        ("crashy", {"command": ["sh", "-c", "echo out of fuel; exit 3"], **once}),
        ("pinned", {"constraints": ["node.labels.gpu == yes"]}),
        ("idle", {}),
    ):
        body = {"name": name, "definition": {"image": "${REGISTRY_HOST}/hello-world:1", **definition}}
        status, answer = await server.call("POST", "/api/services", json=body)
        assert status == 201, answer
        if name != "idle":
            await server.call("POST", f"/api/services/{name}/deploy")

    async def settled() -> bool:
        rows = (await server.get("/api/deployments"))["items"]
        states = {row["service"]: row["state"] for row in rows}
        reasons = {item["name"]: item["reason"] for item in (await server.get("/api/services"))["items"]}
        return (states["web"], states["crashy"], reasons["pinned"]) == (
            "succeeded",
            "failed",
            "no_suitable_node",
        )

    await eventually(settled)


async def _ask(client: Client) -> dict[str, CallToolResult]:
    return {case: await client.call_tool(tool, arguments) for case, (tool, arguments) in CASES.items()}


def test_no_tool_is_left_out() -> None:
    assert {tool for tool, _ in CASES.values()} == {*THE_EIGHT, *BEYOND}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("door", DOORS[1:])
async def test_every_way_in_says_the_same(answers: Answers, door: str, case: str) -> None:
    one, other = answers[DOORS[0]][case], answers[door][case]
    assert _without_ages(text_of(other)) == _without_ages(text_of(one))
    assert _without_ages(_json(other)) == _without_ages(_json(one))
    assert other.is_error == one.is_error


@pytest.mark.parametrize("case", CASES)
async def test_text_and_data_carry_the_same_facts(answers: Answers, case: str) -> None:
    names = r"\d|web|crashy|pinned|idle|stranger|worker|manager|hello-world|nginx"
    assert_same_facts(answers[DOORS[0]][case], names)


def _json(answer: CallToolResult) -> str:
    return json.dumps(answer.structured_content, ensure_ascii=False)


def _without_ages(text: str) -> str:
    """And without the marks around log lines, which are new each time."""
    text = re.sub(r"\d+[smhd] ago|for \d+[smhd]", "some time", text)
    text = re.sub(r'"for": "\d+[smhd]"', '"for": "some time"', text)
    return re.sub(r"(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])", "nonce", text)
