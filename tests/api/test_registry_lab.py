"""A real registry: browsed, deleted from, and followed by a real swarm when something is pushed to it."""

import dataclasses
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from lab import Lab
from lab.images import Image, lab_images
from tests.api.live_server import TOKEN, LiveServer
from tests.api.server_process import ServerProcess, environment
from tests.eventually import eventually
from tests.fakes.lab_fixture import RealSwarm, labs, real_swarm

__all__ = ["labs", "real_swarm"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab]


@pytest.fixture
def lab(real_swarm: RealSwarm) -> Iterator[Lab]:
    if real_swarm.lab is None:
        pytest.skip("its registry is started anew: needs a lab of its own")
    yield real_swarm.lab
    real_swarm.lab.registry.notify(None)
    real_swarm.lab.registry_stop()
    real_swarm.lab.registry_start()


@pytest.fixture
async def server(lab: Lab, tmp_path: Path) -> AsyncIterator[LiveServer]:
    """On the lab's own address, where its registry reaches it."""
    settings = environment(
        tmp_path,
        DOCKER_HOST=lab.docker_host,
        REGISTRY_URL=lab.registry_url,
        ORCHESTRATOR_TOKEN=TOKEN,
        ORCHESTRATOR_BIND=lab.registry.machine.network.gateway,
        APP_PORT="0",
    )
    with ServerProcess(["-m", "backend"], tmp_path, settings) as process:
        url = (await anyio.to_thread.run_sync(process.link)).partition("/setup")[0]
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
            made = LiveServer(url, process, session)

            async def sees() -> bool:
                return (await made.call("GET", "/api/nodes"))[0] == 200

            await eventually(sees)
            yield made


def images(lab: Lab, repository: str) -> tuple[Image, Image, Image]:
    """Two programs and one for several platforms, all in a repository of their own."""
    known = lab_images(lab.registry.machine.rootfs / "bin" / "busybox")
    by_name = {(image.repository, image.tag): image for image in known}
    one, two = by_name["hello-world", "1"], by_name["hello-world", "2"]
    multi = next(image for image in known if image.repository == "multi")
    renamed = [dataclasses.replace(image, repository=repository) for image in (one, two, multi)]
    return renamed[0], dataclasses.replace(renamed[1], tag="1"), dataclasses.replace(renamed[2], tag="multi")


@pytest.mark.timeout(120)
async def test_a_push_to_a_real_registry_redeploys_what_follows_its_tag(lab: Lab, server: LiveServer) -> None:
    run = secrets.token_hex(3)
    repository, service = f"team-{run}/web", f"follows-{run}"
    first, second, multi = images(lab, repository)
    lab.registry.notify(f"{server.url}/api/webhooks/registry", f"Bearer {TOKEN}")
    await anyio.to_thread.run_sync(lab.registry_stop)
    await anyio.to_thread.run_sync(lab.registry_start)
    await anyio.to_thread.run_sync(lab.registry.push, [first, multi])
    async with server.stream("/api/events") as events:
        await server.run(service, image=f"${{REGISTRY_HOST}}/{repository}:1", auto_deploy="digest")
        path = f"/api/registry/repositories/{repository}/tags"
        tags = await by_name(server, path)
        assert tags["1"]["digest"] == first.manifests[-1][1].digest
        assert tags["1"]["used_by"] == [{"service": service, "by": "digest", "running": True}]
        assert tags["1"]["size"] > 100_000
        assert len(tags["multi"]["platforms"]) == 2

        await anyio.to_thread.run_sync(lab.registry.push, [second])
        digest = second.manifests[-1][1].digest

        async def follows() -> bool:
            found = await server.get(f"/api/services/{service}")
            return bool(found["digest"] == digest and found["status"] == "running")

        await eventually(follows)
        told = [event.data for event in events.events if event.kind == "registry"]
        assert {"registry": lab.registry.host, "repository": repository} in told
    deployments = (await server.get("/api/deployments", service=service))["items"]
    assert [(row["actor"], row["to_digest"] == digest) for row in deployments] == [
        ("system", True),
        ("configured token", False),
    ]
    assert (await by_name(server, path))["1"]["newer_than_deployed"] is False

    refused, problem = await server.call("DELETE", f"{path}/1")
    assert (refused, problem["code"]) == (409, "image_in_use")
    done, deleted = await server.call("DELETE", f"{path}/multi")
    assert (done, deleted["tags"]) == (200, ["multi"])
    assert set(await by_name(server, path)) == {"1"}
    await server.call("POST", f"/api/services/{service}/stop?wait=20")
    await server.call("DELETE", f"/api/services/{service}")
    assert (await server.call("DELETE", f"{path}/1"))[0] == 200

    await anyio.to_thread.run_sync(lab.registry_stop)
    down, problem = await server.call("GET", path)
    # Its whole machine is gone, and nobody says so.
    assert (down, problem["code"]) == (504, "registry_timeout")
    await anyio.to_thread.run_sync(lab.registry_start)
    assert await by_name(server, path) == {}


async def by_name(server: LiveServer, path: str) -> dict[str, Any]:
    return {tag["name"]: tag for tag in (await server.get(path))["items"]}
