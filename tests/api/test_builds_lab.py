"""Builds on real engines whose server is killed: whatever moment it was, the truth is told afterwards."""

import random
import secrets
import signal
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from backend.clients.registry_client import RegistryClient
from backend.domain.registry_address import read_address
from tests.api.building_server import Server, server, told
from tests.fakes.lab_fixture import RealSwarm, labs, real_swarm

__all__ = ["labs", "real_swarm"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab]

KILLS = 6
LATEST = 2.4
"""Seconds after which a build of these has been pushed and deployed."""
DOCKERFILE = """\
ARG REGISTRY_HOST
FROM ${REGISTRY_HOST}/hello-world:1
COPY content /content
RUN sleep 0.3
"""


async def containers(swarm: RealSwarm) -> list[str]:
    """Of builds alone, on the engine that builds."""
    connector = aiohttp.UnixConnector(swarm.docker_host.removeprefix("unix://"))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://engine/containers/json", params={"all": "1"}) as answer,
    ):
        found = await answer.json()
    return [one["Command"] for one in found if "com.docker.swarm.service.id" not in one["Labels"]]


async def stop(running: Server, name: str) -> None:
    await running.client.post(f"/api/services/{name}/stop", params={"wait": 20})


@pytest.mark.timeout(180)
async def test_a_server_killed_at_any_moment_of_build_push_and_deploy_tells_the_truth_afterwards(
    tmp_path: Path, real_swarm: RealSwarm
) -> None:
    chance = random.Random(4)
    name = f"killed-{secrets.token_hex(3)}"
    project = tmp_path / "projects" / name
    project.mkdir(parents=True)
    (project / "Dockerfile").write_text(DOCKERFILE)
    registry, address = RegistryClient(), read_address(real_swarm.registry_url).address
    repository = f"built/{name}"
    definition = {
        "image": f"${{REGISTRY_HOST}}/{repository}:1",
        "build_context": name,
        "update_config": {"monitor": "300ms"},
    }
    where = (real_swarm.docker_host, real_swarm.registry_url)
    async with server(tmp_path, *where) as running:
        await running.call("POST", "/api/services", json={"name": name, "definition": definition})
    for number in range(KILLS):
        (project / "content").write_bytes(chance.randbytes(chance.choice([10, 2_000_000])))
        async with server(tmp_path, *where) as running:
            build = await running.call("POST", f"/api/services/{name}/build", json={"deploy": True})
            await anyio.sleep(LATEST * (number + chance.random()) / KILLS)
            await running.end(signal.SIGKILL)
        async with server(tmp_path, *where) as running:
            row = await told(running, build)
            own = await registry.digest(address, None, repository, build["tag"])
            named = await registry.digest(address, None, repository, "1")
            assert is_true(row, own, named), (row, own, named)
            deployment = await running.call(
                "GET", f"/api/deployments/{build['deployment_id']}", params={"wait": 20}
            )
            assert deployment["finished_at"] is not None
            if row["state"] == "interrupted":
                assert (deployment["state"], build["id"] in deployment["cause"]) == ("failed", True)
            assert await containers(real_swarm) == []
            if number == KILLS - 1:
                again = await running.call("POST", f"/api/services/{name}/build", params={"wait": 60})
                assert again["state"] == "succeeded", again
                await stop(running, name)
    await registry.close()


def is_true(row: dict[str, Any], own: str | None, named: str | None) -> bool:
    """Whether what the build says of itself is what the registry has under its own tag and the named one."""
    cause = row["cause"] or ""
    if row["state"] == "succeeded":
        return own is not None and bool(own == named == row["digest"])
    if row["state"] != "interrupted":
        return False
    if own is None:
        return "Nothing was pushed" in cause and row["digest"] is None
    if own == named:
        return f"The image had been pushed: {own}" in cause and row["digest"] == own
    return "does not point to it" in cause and row["digest"] is None
