"""Changing nodes over the API: roles, labels, availability, removal, and how machines join."""

from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


async def test_a_promoted_worker_is_a_manager_and_a_demoted_one_a_worker_again(api: Api) -> None:
    for _ in range(2):
        promoted = await api("POST", "/api/nodes/worker-1/promote")
        assert (promoted.status, promoted.body["node"]["role"]) == (200, "manager")
    assert (await api.get("/api/nodes/worker-1"))["role"] == "manager"
    await api("POST", "/api/nodes/worker-2/promote")
    demoted = await api("POST", "/api/nodes/worker-1/demote")
    assert (demoted.status, demoted.body["node"]["role"]) == (200, "worker")


async def test_the_only_manager_and_the_one_we_speak_to_are_not_demoted(api: Api) -> None:
    only = await api("POST", "/api/nodes/manager-1/demote")
    assert (only.status, only.code) == (409, "quorum")
    for worker in ("worker-1", "worker-2"):
        await api("POST", f"/api/nodes/{worker}/promote")
    ours = await api("POST", "/api/nodes/manager-1/demote")
    assert (ours.status, ours.code) == (409, "own_manager")
    assert "DOCKER_HOST" in ours.body["detail"]


async def test_a_demotion_that_would_lose_the_quorum_is_refused_before_the_engine_is_asked(
    api: Api, engine: FakeEngine
) -> None:
    for worker in ("worker-1", "worker-2"):
        await api("POST", f"/api/nodes/{worker}/promote")
    engine.power_off("worker-2")

    async def noticed() -> Any:
        return (await api.get("/api/nodes/worker-2"))["reachability"] == "unreachable"

    await eventually(noticed)
    answer = await api("POST", "/api/nodes/worker-1/demote")
    assert (answer.status, answer.code) == (409, "quorum")
    assert (await api.get("/api/nodes/worker-1"))["role"] == "manager"


async def test_labels_are_replaced_and_the_tasks_they_placed_are_named_first(api: Api) -> None:
    labelled = await api("PUT", "/api/nodes/worker-1/labels", json={"labels": {"zone": "a", "disk": "ssd"}})
    assert labelled.body["node"]["labels"] == {"zone": "a", "disk": "ssd"}
    await api.run("web", constraints=["node.labels.zone == a"])
    await api.run("other")
    without = {"labels": {"disk": "ssd"}}
    preview = await api("POST", "/api/nodes/worker-1/labels-preview", json=without)
    assert [(item["service"], item["tasks"]) for item in preview.body["services"]] == [("web", 1)]
    assert (await api.get("/api/nodes/worker-1"))["labels"]["zone"] == "a"
    changed = await api("PUT", "/api/nodes/worker-1/labels", json=without)
    assert [item["service"] for item in changed.body["moving"]] == ["web"]
    assert (await api.get("/api/nodes/worker-1"))["labels"] == {"disk": "ssd"}


@pytest.mark.parametrize(
    "labels", [{"": "x"}, {"a b": "x"}, {"a=b": "x"}, {"x" * 200: ""}, {"a": 3}, {"a": None}]
)
async def test_labels_that_no_constraint_could_name_are_refused(api: Api, labels: dict[str, Any]) -> None:
    answer = await api("PUT", "/api/nodes/worker-1/labels", json={"labels": labels})
    assert answer.status == 422
    assert (await api.get("/api/nodes/worker-1"))["labels"] == {}


async def test_the_preview_of_a_role_names_the_tasks_bound_to_managers(api: Api) -> None:
    await api.run("boss", constraints=["node.role == manager"])
    preview = await api.get("/api/nodes/manager-1/role-preview", role="worker")
    assert [item["service"] for item in preview["services"]] == ["boss"]
    assert (await api.get("/api/nodes/manager-1/role-preview", role="manager"))["services"] == []


async def test_a_paused_node_keeps_its_tasks_and_gets_no_new_ones(api: Api) -> None:
    await api.run("web", replicas=3)
    answer = await api("POST", "/api/nodes/worker-1/pause")
    assert (answer.body["node"]["availability"], answer.body["moving"]) == ("pause", [])
    await api.act("web", "scale", replicas=9)

    async def spread() -> Any:
        service = await api.get("/api/services/web")
        hosts = {node["hostname"]: node["running"] for node in service["nodes"]}
        return hosts if service["running"] == 9 else None

    assert (await eventually(spread))["worker-1"] == 1


async def test_only_a_worker_that_is_down_or_forced_is_removed(api: Api, engine: FakeEngine) -> None:
    manager = await api("DELETE", "/api/nodes/manager-1")
    assert (manager.status, manager.code) == (409, "node_is_manager")
    up = await api("DELETE", "/api/nodes/worker-1")
    assert (up.status, up.code) == (409, "node_not_down")
    assert (await api("DELETE", "/api/nodes/worker-1", params={"force": True})).status == 204
    assert {node["hostname"] for node in (await api.get("/api/nodes"))["items"]} == {"manager-1", "worker-2"}
    engine.power_off("worker-2")

    async def noticed() -> Any:
        return (await api.get("/api/nodes/worker-2"))["state"] == "down"

    await eventually(noticed)
    assert (await api("DELETE", "/api/nodes/worker-2")).status == 204
    assert (await api.get("/api/nodes"))["total"] == 1


async def test_a_join_command_names_a_reachable_manager_and_rotating_changes_its_token(
    api: Api, engine: FakeEngine
) -> None:
    answer = await api("POST", "/api/swarm/join-command", json={"role": "worker"})
    token = engine.swarm.tokens["Worker"]
    manager = next(node for node in engine.store.nodes.values() if node.role == "manager")
    assert answer.body["command"] == f"docker swarm join --token {token} {manager.address}:2377"
    rotated = await api("POST", "/api/swarm/join-command", json={"role": "worker", "rotate": True})
    assert token not in rotated.body["command"]
    assert engine.swarm.tokens["Worker"] in rotated.body["command"]
    other = await api("POST", "/api/swarm/join-command", json={"role": "manager"})
    assert engine.swarm.tokens["Manager"] in other.body["command"]


async def test_the_swarm_tells_its_certificate_and_no_token(api: Api, engine: FakeEngine) -> None:
    answer = await api("GET", "/api/swarm")
    assert answer.body["root_certificate"]["subject"] == "CN=swarm-ca"
    assert answer.body["node_cert_expiry_seconds"] == 90 * 24 * 3600
    assert all(token not in str(answer.body) for token in engine.swarm.tokens.values())
    roots = {node["trust_root"] for node in (await api.get("/api/nodes"))["items"]}
    assert len(roots) == 1
    assert roots == {answer.body["trust_root"]}
