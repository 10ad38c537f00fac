"""The twelve tasks on a real swarm with the SDK's own client: over HTTP, and over stdio without a server."""

import re
import secrets
from pathlib import Path

import pytest

from bench.replay import clean, ours, plant, replay
from tests.api.live_server import TOKEN, live_server
from tests.api.server_process import environment
from tests.fakes.lab_fixture import RealSwarm, labs, real_swarm
from tests.mcp.agents import http_agent, say, stdio_agent, text_of

__all__ = ["labs", "real_swarm"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab]

CALLS = {
    "T1": 1,
    "T2": 1,
    "T3": 2,
    "T4": 1,
    "T5": 3,
    "T6": 3,
    "T7": 1,
    "T8": 1,
    "T9": 1,
    "T10": 1,
    "T11": 1,
    "T12": 1,
}
"""They may fall, not rise."""
BYTES = {"T1": 600, "T2": 900, "T4": 16_000, "T8": 1_024, "T11": 250, "T12": 250}


@pytest.mark.timeout(280)
async def test_twelve_tasks_over_http(real_swarm: RealSwarm, tmp_path: Path) -> None:
    run = secrets.token_hex(3)
    async with (
        live_server(tmp_path, real_swarm.docker_host, real_swarm.registry_host) as server,
        http_agent(server.url, TOKEN) as client,
    ):
        await plant(client, run, real_swarm.registry_host)
        try:
            found = await replay(client, ours(run, real_swarm.registry_host))
        finally:
            await clean(client, run)
    assert {one.task: one.wrong for one in found if one.wrong} == {}
    for one in found:
        task = one.task.split()[0]
        assert one.calls <= CALLS[task], one
        assert max(one.text, one.data) <= BYTES.get(task, 2_000), one


@pytest.mark.timeout(280)
async def test_a_service_lives_its_life_over_stdio_without_a_server(
    real_swarm: RealSwarm, tmp_path: Path
) -> None:
    """A child process, as clients start it, and one that speaks the older protocol beside it."""
    name = f"life-{secrets.token_hex(3)}"
    image = f"{real_swarm.registry_host}/hello-world"
    here = environment(tmp_path, DOCKER_HOST=real_swarm.docker_host, REGISTRY_URL=real_swarm.registry_url)
    async with (
        stdio_agent(tmp_path, here) as client,
        stdio_agent(tmp_path, here, "--mode", "read-only", era="legacy") as watcher,
    ):
        try:
            await say(client, "deploy_service", name=name, image=f"{image}:1", replicas=2)
            assert "succeeded, 2/2" in await say(client, "wait_service", name=name, timeout=90)
            await say(client, "scale_service", name=name, replicas=3)
            assert "succeeded, 3/3" in await say(client, "wait_service", name=name, timeout=90)
            assert "listens on port 80" in await say(watcher, "get_service_logs", name=name, tail=10)
            await say(client, "update_service", name=name, image=f"{image}:2")
            assert "rolling" in await say(client, "rollback_service", name=name)
            assert "succeeded" in await say(client, "wait_service", name=name, timeout=90)
            both = [await one.call_tool("inspect_service", {"name": name}) for one in (client, watcher)]
            first, second = (_without_ages(text_of(one)) for one in both)
            assert first == second
            first, second = (_without_ages(str(one.structured_content)) for one in both)
            assert first == second
            assert "hello-world:1" in text_of(both[0])
        finally:
            assert "removed from the swarm" in await say(client, "stop_service", name=name)
        assert "succeeded, 0/0" in await say(client, "wait_service", name=name, timeout=60)
        assert f"{name} stopped" in await say(watcher, "list_services")


def _without_ages(text: str) -> str:
    return re.sub(r"\d+[smhd] ago", "ago", text)
