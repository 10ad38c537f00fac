"""Deploying an unchanged definition restarts nothing: on the fake as on real engines."""

import random
from base64 import b64encode
from typing import Any

import pytest

from backend.domain.definition_text import from_mapping
from backend.domain.plan import changes, merge_into
from backend.domain.service_spec import LABEL_REVISION, References, build_spec
from backend.models.cluster import Platform, Service
from tests.contract.swarm_under_test import Spec, SwarmUnderTest

pytestmark = pytest.mark.anyio

NEARLY_EVERYTHING: dict[str, Any] = {
    "replicas": 1,
    "ports": [
        {"target": 80, "published": 18471, "mode": "host"},
        {"target": 81, "mode": "host"},
        "18472-18473:90-91/udp",
    ],
    "env": {"B": "x", "A": "1.10", "NODE": "{{.Node.Hostname}}"},
    "constraints": ["node.platform.os==linux", "node.labels.never != yes"],
    "preferences": ["node.labels.zone"],
    "max_replicas_per_node": 3,
    "labels": {"z": "1", "a": "b"},
    "container_labels": {"y": "1", "c": "d"},
    "mounts": [
        "/tmp:/host-tmp:ro",
        {"type": "tmpfs", "target": "/scratch", "tmpfs": {"size": "8m", "mode": 0o1777}},
    ],
    "tmpfs": ["/dev/shm:size=64m"],
    "resources": {
        "limits": {"cpus": "0.5", "memory": "64m", "pids": 100},
        "reservations": {"cpus": "0.01", "memory": "8m"},
    },
    "healthcheck": {"test": "true", "interval": "5s", "timeout": "2s", "retries": 3, "start_period": "1s"},
    "update_config": {"parallelism": 2, "failure_action": "rollback", "max_failure_ratio": 0.3},
    "rollback_config": {"parallelism": 0, "order": "stop-first"},
    "restart_policy": {"condition": "on-failure", "delay": "0s", "max_attempts": 3, "window": "20s"},
    "hostname": "h-{{.Task.Slot}}",
    "user": "root",
    "working_dir": "/tmp",
    "stop_grace_period": "1s",
    "stop_signal": "SIGINT",
    "init": True,
    "cap_add": ["net_admin", "SYS_TIME"],
    "cap_drop": ["MKNOD"],
    "sysctls": {"net.ipv4.ip_unprivileged_port_start": 0, "net.core.somaxconn": 512},
    "ulimits": {"nofile": {"soft": 1000, "hard": 2000}, "nproc": 512},
    "dns": ["10.0.0.10", "1.1.1.1"],
    "dns_search": ["example.org"],
    "extra_hosts": ["b.example:10.1.1.2", "a.example:10.1.1.1"],
    "logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "2"}},
    "endpoint_mode": "vip",
}
CASES: dict[str, dict[str, Any]] = {
    "bare": {},
    "nearly everything": NEARLY_EVERYTHING,
    "global": {"mode": "global", "init": False, "stop_grace_period": "0s", "healthcheck": {"disable": True}},
    "dnsrr": {"endpoint_mode": "dnsrr", "ports": [{"target": 80, "mode": "host"}], "restart_policy": {}},
    "the host's network": {"networks": ["host"], "command": "sleep 1000"},
    "waiting for a GPU": {"resources": {"reservations": {"generic_resources": ["gpu=2", "aardvark=1"]}}},
}


def shuffled(data: dict[str, Any]) -> dict[str, Any]:
    """The same definition as another hand would have ordered it."""
    dice = random.Random(7)
    items = list(data.items())
    dice.shuffle(items)
    mixed: dict[str, Any] = {}
    for key, value in items:
        if isinstance(value, dict):
            mixed[key] = dict(reversed(value.items()))
        elif isinstance(value, list) and key not in {"dns"}:
            mixed[key] = list(reversed(value))
        else:
            mixed[key] = value
    return mixed


async def references(swarm: SwarmUnderTest) -> References:
    """Everything a definition may name, with two networks, two secrets and a config made for the test."""
    data = b64encode(b"not secret").decode()
    for name in ("front", "back"):
        await swarm.add("networks", Name=f"{swarm.prefix}-{name}", Driver="overlay")
    for name in ("one", "two"):
        await swarm.add("secrets", Name=f"{swarm.prefix}-{name}", Data=data)
    await swarm.add("configs", Name=f"{swarm.prefix}-conf", Data=data)
    refs = swarm.client.references
    return References(
        networks={item.name: item.id for item in await refs.networks() if item.scope in {"", "swarm"}},
        secrets={item.name: item.id for item in await refs.secrets()},
        configs={item.name: item.id for item in await refs.configs()},
    )


def spec_of(swarm: SwarmUnderTest, name: str, data: dict[str, Any], known: References, revision: int) -> Spec:
    image = swarm.image("hello-world")
    definition = from_mapping({"image": image, **data}, name=name)
    return build_spec(
        definition,
        image=image,
        platforms=[Platform("linux", "amd64")],
        references=known,
        labels={LABEL_REVISION: str(revision)},
    )


@pytest.mark.parametrize("case", CASES)
async def test_an_unchanged_definition_restarts_nothing(swarm: SwarmUnderTest, case: str) -> None:
    known = await references(swarm)
    data, name, own = dict(CASES[case]), swarm.name(), swarm.prefix
    if case == "nearly everything":
        data["networks"] = {f"{own}-front": {"aliases": ["two", "one"]}, f"{own}-back": None}
        data["secrets"] = [{"source": f"{own}-two", "target": "x", "mode": 0o400}, f"{own}-one"]
        data["configs"] = [{"source": f"{own}-conf", "target": "/etc/conf"}]
    await swarm.client.create_service(spec_of(swarm, name, data, known, revision=1))
    live = await swarm.client.service(name)
    waits = case == "waiting for a GPU"
    await swarm.until(
        live, lambda tasks: tasks and all(task.state == ("pending" if waits else "running") for task in tasks)
    )
    before = {task.id for task in await swarm.tasks(live)}

    again = spec_of(swarm, name, shuffled(data), known, revision=2)
    assert changes(live.spec, again).changes == ()

    def deploy(now: Service) -> Spec:
        return merge_into(now.spec, again)

    updated = await swarm.client.update_service(live.id, deploy)
    assert updated.labels[LABEL_REVISION] == "2"
    assert changes(updated.spec, again).changes == ()
    # The engine's own judgement: all tasks, and no others, still fit the new spec.
    up_to_date = await swarm.client.tasks(service_id=live.id, up_to_date=True)
    assert {task.id for task in up_to_date} == before
    assert {task.id for task in await swarm.tasks(live)} == before
    assert updated.update_status is None


async def test_a_changed_definition_is_planned_and_restarts(swarm: SwarmUnderTest) -> None:
    known, name = await references(swarm), swarm.name()
    await swarm.client.create_service(spec_of(swarm, name, {"env": {"A": "1"}}, known, revision=1))
    live = await swarm.client.service(name)
    before = {task.id for task in await swarm.until_running(live)}
    wanted = spec_of(swarm, name, {"env": {"A": "2"}}, known, revision=2)
    plan = changes(live.spec, wanted)
    assert [(change.path, plan.restarts_tasks) for change in plan.changes] == [
        ("TaskTemplate.ContainerSpec.Env", True)
    ]
    await swarm.client.update_service(live.id, lambda now: merge_into(now.spec, wanted))

    tasks = await swarm.until(
        live, lambda tasks: any(task.state == "running" and task.id not in before for task in tasks)
    )
    assert {task.id for task in tasks} - before
