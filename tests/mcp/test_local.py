"""Agents on this machine: with the server that runs here, or with none, several of them at once."""

from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from mcp import Client

from backend import running_server
from backend.mcp.tools import build_server
from backend.mcp_local import Local
from backend.state_folder import StateLock
from tests.api.app_fixture import running_app, settings_in
from tests.api.live_server import live_server
from tests.api.server_process import environment
from tests.fakes.fake_engine import FakeEngine
from tests.mcp.agents import refuse, say, stdio_agent

pytestmark = pytest.mark.anyio

IMAGE = "hello-world:1"


@pytest.fixture
def settings(engine: FakeEngine, tmp_path: Path) -> Any:
    return settings_in(
        tmp_path, docker_host=engine.docker_host, registry_url=f"http://{engine.registry_host}"
    )


async def test_without_a_server_an_agent_works_on_its_own_and_the_next_server_knows(
    engine: FakeEngine, settings: Any, tmp_path: Path
) -> None:
    image = f"{engine.registry_host}/{IMAGE}"
    async with Client(build_server(Local(settings))) as client:
        assert "created" in await say(client, "deploy_service", name="web", image=image, replicas=2)
        assert "deploy of web: succeeded, 2/2" in await say(client, "wait_service", name="web")
        assert "web running 2/2" in await say(client, "list_services")
    assert not (tmp_path / "state" / "setup-code").exists()
    async with running_app(
        tmp_path, docker_host=engine.docker_host, registry_url=f"http://{engine.registry_host}"
    ) as app:
        (deployment,) = (await app.client.get("/api/deployments")).json()["items"]
        assert (deployment["state"], deployment["service"]) == ("succeeded", "web")
        assert deployment["actor"].endswith("(mcp)")
        rows = (await app.client.get("/api/audit?action=service.")).json()["items"]
        assert {(row["action"], row["actor_kind"]) for row in rows} == {
            ("service.create", "token"),
            ("service.deploy", "token"),
        }


async def test_two_agents_at_once_lose_nothing(engine: FakeEngine, settings: Any) -> None:
    """Each on its own, on the same files and database."""
    image = f"{engine.registry_host}/{IMAGE}"
    each = 4

    async def work(who: str) -> None:
        async with Client(build_server(Local(settings))) as client:
            for number in range(each):
                await say(client, "deploy_service", name=f"{who}-{number}", image=image)
                await say(client, "list_services")

    async with anyio.create_task_group() as agents:
        agents.start_soon(work, "ann")
        agents.start_soon(work, "bob")
    async with Client(build_server(Local(settings))) as client:
        found = await client.call_tool("list_services", {})
        assert found.structured_content is not None
        names = {one["name"] for one in found.structured_content["services"]}
        assert names == {f"{who}-{number}" for who in ("ann", "bob") for number in range(each)}
        changes = await client.call_tool("get_recent_changes", {"limit": 100})
        assert changes.structured_content is not None
        deploys = [one for one in changes.structured_content["changes"] if ": deploy " in f": {one}"]
        assert sum("deploy " in one for one in deploys) == 2 * each


async def test_an_agent_with_no_engine_is_told_so(tmp_path: Path) -> None:
    async with Client(build_server(Local(settings_in(tmp_path)))) as client:
        assert "unavailable" in await say(client, "get_health")
        assert "web" not in await say(client, "list_catalog")
        assert "engine" in (await refuse(client, "list_nodes")).lower()


async def test_a_child_process_finds_the_server_of_this_machine(engine: FakeEngine, tmp_path: Path) -> None:
    here = environment(
        tmp_path, DOCKER_HOST=engine.docker_host, REGISTRY_URL=f"http://{engine.registry_host}"
    )
    async with live_server(tmp_path, engine.docker_host, engine.registry_host) as server:
        known = running_server.find(tmp_path / "state")
        assert known is not None
        assert known.url == server.url
        assert (tmp_path / "state" / "run.token").stat().st_mode & 0o077 == 0
        async with stdio_agent(tmp_path, here) as client:
            assert "nodes 3/3" in await say(client, "get_health")
        calls = (await server.get("/api/audit", action="mcp."))["items"]
        assert [(row["actor"], row["action"]) for row in calls] == [
            ("agent on this machine", "mcp.get_health")
        ]
        # The same from elsewhere, with a token.
        url = {"ORCHESTRATOR_URL": server.url, "ORCHESTRATOR_TOKEN": "a-token-for-tests-of-streams"}
        async with stdio_agent(tmp_path, url, era="legacy") as client:
            assert "nodes 3/3" in await say(client, "get_health")
        wrong = {**url, "ORCHESTRATOR_TOKEN": "another-token-that-is-wrong"}
        async with stdio_agent(tmp_path, wrong) as client:
            assert "wrong, expired or revoked" in await refuse(client, "get_health")
        assert await anyio.to_thread.run_sync(server.process.stop) == 0
    assert running_server.find(tmp_path / "state") is None
    assert not (tmp_path / "state" / "run.token").exists()


async def test_a_state_that_another_process_holds_is_left_alone(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.mcp_local.STARTS_WITHIN", 0.2)
    (tmp_path / "state").mkdir()
    lock = StateLock(tmp_path / "state" / "orchestrator.db.lock")
    lock.acquire()
    try:
        local = Local(settings)
        async with Client(build_server(local)) as client:
            assert "ORCHESTRATOR_URL" in await refuse(client, "get_health")
    finally:
        lock.release()


async def test_a_file_left_by_a_crash_is_no_server(engine: FakeEngine, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "run.json").write_text('{"url": "http://127.0.0.1:9", "pid": 4194304, "boot": "x"}')
    (tmp_path / "state" / "run.token").write_text("old")
    async with Client(build_server(Local(settings))) as client:
        assert "nodes 3/3" in await say(client, "get_health")
