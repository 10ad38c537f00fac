"""A registry with a password and nodes that never logged in: real engines, real pulls."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, Shape
from lab.host import unsuitable
from lab.registry import USER
from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.lab_fixture import labs

__all__ = ["labs"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab]

QUICK: dict[str, Any] = {"mode": "global", "update_config": {"monitor": "1s", "parallelism": 3}}
NODES = {"manager-1", "worker-1", "worker-2"}


@pytest.fixture
def guarded(labs: object) -> Iterator[Lab]:
    if reason := unsuitable():
        pytest.skip(reason)
    shape = Shape(registry_password=secrets.token_urlsafe(12))
    with Lab(f"test-{os.getpid()}-password", shape=shape) as lab:
        yield lab


def images_on(lab: Lab, node: str) -> str:
    command = lab.node(node).machine.inside(["docker", "images", "--no-trunc"])
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def has_logged_in(lab: Lab, node: str) -> bool:
    command = lab.node(node).machine.inside(["test", "-e", "/root/.docker/config.json"])
    return subprocess.run(command, check=False).returncode == 0


@pytest.mark.timeout(170)
async def test_every_node_pulls_from_a_registry_with_a_password_and_none_ever_logged_in(
    guarded: Lab, tmp_path: Path
) -> None:
    host, password = guarded.registry.host, guarded.registry.password
    assert not any("hello-world" in images_on(guarded, node) for node in NODES)
    async with running_app(
        tmp_path, docker_host=guarded.docker_host, registry_url=guarded.registry_url
    ) as app:
        api = Api(app)
        await eventually(lambda: app.context.cluster.as_of is not None)

        async def put(password: str) -> Any:
            body = {"username": USER, "password": password}
            return (await api("PUT", f"/api/registries/{host}", json=body)).body

        async def refused() -> str:
            answer = await api("POST", "/api/services/everywhere/deploy")
            assert (answer.status, answer.code) == (409, "registry_denied"), answer
            (row, *_) = (await api.get("/api/deployments", service="everywhere"))["items"]
            assert (row["state"], row["cause"]) == ("failed", answer.body["detail"])
            return str(row["cause"])

        async def runs_on() -> dict[str, str]:
            tasks = (await api.get("/api/services/everywhere"))["tasks"]
            return {task["node"]: task["id"] for task in tasks if task["state"] == "running"}

        async def runs_everywhere() -> bool:
            return set(await runs_on()) == NODES

        await api.create("everywhere", image="${REGISTRY_HOST}/hello-world:1", **QUICK)
        assert f"The registry {host} wants credentials" in await refused()
        await put("wrong")
        assert f"to the user '{USER}': the credentials are wrong" in await refused()
        assert (await put(password))["problem"] is None
        deployment = await api.act("everywhere", "deploy")
        await eventually(runs_everywhere, within=60)
        assert deployment["to_digest"].startswith("sha256:")
        # The same again hands the credentials over anew, and moves nothing.
        before = await runs_on()
        again = await api.verdict(await api.act("everywhere", "deploy"), within=60)
        assert again["state"] == "succeeded"
        assert await runs_on() == before
        # A pull that the swarm begins by itself, with what it was given.
        definition = {"image": "${REGISTRY_HOST}/hello-world:2", **QUICK}
        await api("PUT", "/api/services/everywhere", json={"definition": definition})
        update = await api.verdict(await api.act("everywhere", "deploy"), within=90)
        assert update["state"] == "succeeded", update
        assert await runs_everywhere()
        assert (await api("POST", "/api/services/everywhere/stop?wait=20")).status in {200, 202}
    assert not any(has_logged_in(guarded, node) for node in NODES)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert password.encode() not in kept
