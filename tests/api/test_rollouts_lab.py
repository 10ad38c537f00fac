"""The truths about rollouts that only real engines can tell, all at once and through a restart of ours."""

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.lab_fixture import RealSwarm, labs, real_swarm

__all__ = ["labs", "real_swarm"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab]

VICTIM = "worker-2"
ELSEWHERE = {"placement": {"constraints": [f"node.hostname != {VICTIM}"]}}


@asynccontextmanager
async def server(swarm: RealSwarm, folder: Path) -> AsyncIterator[Api]:
    async with running_app(folder, docker_host=swarm.docker_host, registry_url=swarm.registry_url) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        yield Api(app)


class Rollouts:
    """Services of one test run: names nobody else uses, and the deployment to judge of each."""

    api: Api

    def __init__(self) -> None:
        self.run = secrets.token_hex(3)
        self.rows: dict[str, Any] = {}

    def name(self, short: str) -> str:
        return f"{short}-{self.run}"

    async def deploy(self, short: str, **definition: Any) -> None:
        definition = ELSEWHERE | definition
        await self.api.create(self.name(short), **definition)
        self.rows[short] = await self.api.act(self.name(short), "deploy")

    async def deploy_many(self, *shorts: str, **definition: Any) -> None:
        for short in shorts:
            await self.api.create(self.name(short), **ELSEWHERE | definition)
        items = await self._all_at_once("deploy", shorts)
        self.rows |= {short: item["deployment"] for short, item in zip(shorts, items, strict=True)}

    async def change(self, short: str, **definition: Any) -> None:
        answer = await self.api(
            "PUT", f"/api/services/{self.name(short)}", json={"definition": ELSEWHERE | definition}
        )
        assert answer.status == 200, answer
        self.rows[short] = await self.api.act(self.name(short), "deploy")

    async def runs(self, short: str) -> None:
        async def running() -> bool:
            return bool((await self.api.get(f"/api/services/{self.name(short)}"))["status"] == "running")

        # A busy machine takes its time to start containers.
        await eventually(running)

    async def all_verdicts(self) -> dict[str, Any]:
        return {short: await self.api.verdict(row, within=100.0) for short, row in self.rows.items()}

    async def clean(self) -> None:
        await self._all_at_once("stop", self.rows)

    async def _all_at_once(self, action: str, shorts: Iterable[str]) -> list[Any]:
        names = [self.name(short) for short in shorts]
        answer = await self.api("POST", "/api/deployments", json={"action": action, "services": names})
        items = answer.body["items"]
        assert [(item["service"], item["problem"]) for item in items] == [(name, None) for name in names]
        return list(items)


def shell(text: str) -> list[str]:
    return ["sh", "-c", text]


@pytest.mark.timeout(170)
async def test_every_rollout_ends_in_the_truth(real_swarm: RealSwarm, tmp_path: Path) -> None:
    if real_swarm.lab is None:
        pytest.skip("a node is powered off: needs a lab of its own")
    one, two = "${REGISTRY_HOST}/hello-world:1", "${REGISTRY_HOST}/hello-world:2"
    host_port: dict[str, Any] = {
        "replicas": 2,
        "ports": [{"target": 80, "published": 18431, "mode": "host"}],
        "update_config": {"order": "start-first"},
    }
    comes_back = {"update_config": {"failure_action": "rollback"}}
    rollouts = Rollouts()
    try:
        async with server(real_swarm, tmp_path) as rollouts.api:
            await rollouts.deploy("fits-once", image=one, **host_port)
            await rollouts.deploy("back", image=one, **comes_back)
            await rollouts.deploy("halts", image=one, replicas=2)
            # A window longer than the swarm takes to miss a node: the loss has to be seen and survived.
            window = {"update_config": {"monitor": "22s"}}
            await rollouts.deploy("moved", image=one, replicas=6, placement={}, **window)
            for short in ("fits-once", "back", "halts", "moved"):
                await rollouts.runs(short)
            real_swarm.lab.power_off(VICTIM)
            await rollouts.change("fits-once", image=two, **host_port)
            await rollouts.change("back", image="${REGISTRY_HOST}/crasher", **comes_back)
            await rollouts.change("halts", image="${REGISTRY_HOST}/crasher", replicas=2)
            await rollouts.deploy("no-image", image="${REGISTRY_HOST}/nothing:1", replicas=2)
            await rollouts.deploy("no-mount", image=one, mounts=["/no/such/folder:/data"])
            await rollouts.deploy("late", image=one, command=shell("sleep 6; echo out of fuel; exit 3"))
            await rollouts.deploy("killed", image=one, command=shell("echo hungry; exit 137"))
            await rollouts.deploy("ends", image="${REGISTRY_HOST}/batch")
            await rollouts.deploy("job", image="${REGISTRY_HOST}/batch", mode="replicated-job", replicas=2)
            await rollouts.deploy("fine", image=one, replicas=2)
            await rollouts.deploy_many("many-1", "many-2", "many-3", image=one)
            assert (await rollouts.api.verdict(rollouts.rows["job"]))["state"] == "succeeded"
        # Another server takes over in the middle.
        async with server(real_swarm, tmp_path) as rollouts.api:
            found = await rollouts.all_verdicts()
            await rollouts.clean()
    finally:
        real_swarm.lab.power_on(VICTIM)
    said = {short: (row["state"], row["cause"]) for short, row in found.items()}
    assert {short: state for short, (state, _) in said.items()} == {
        "fits-once": "stuck",
        "back": "rolled_back",
        "halts": "failed",
        "moved": "succeeded",
        "no-image": "failed",
        "no-mount": "failed",
        "late": "failed",
        "killed": "failed",
        "ends": "failed",
        "job": "succeeded",
        "fine": "succeeded",
        "many-1": "succeeded",
        "many-2": "succeeded",
        "many-3": "succeeded",
    }, said
    assert "code 3" in found["halts"]["cause"]
    assert "host-mode port already in use" in found["fits-once"]["cause"]
    assert "start-first" in found["fits-once"]["cause"]
    assert "No such image" in found["no-image"]["cause"]
    assert "/no/such/folder" in found["no-mount"]["cause"]
    assert "code 3" in found["late"]["cause"]
    assert "out of memory or by hand" in found["killed"]["cause"]
    assert "restart_policy" in found["ends"]["cause"]
    assert {item["state"] for item in found["no-mount"]["evidence"]} == {"rejected"}
    assert any("out of fuel" in line for item in found["late"]["evidence"] for line in item["log"])
    assert any("flux capacitor" in line for item in found["back"]["evidence"] for line in item["log"])
    assert found["killed"]["evidence"][0]["meaning"] == "killed: out of memory or by hand"
    assert "lost" in [phase["phase"] for phase in found["moved"]["phases"]]
