"""Nodes and health over the API."""

from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


async def test_nodes_are_listed_managers_first_with_what_they_have(api: Api) -> None:
    listed = await api.get("/api/nodes")
    assert [node["hostname"] for node in listed["items"]] == ["manager-1", "worker-1", "worker-2"]
    node = listed["items"][0]
    assert (node["role"], node["leader"], node["state"], node["availability"]) == (
        "manager",
        True,
        "ready",
        "active",
    )
    assert node["resources"]["cpus_free"] == node["resources"]["cpus"] > 0
    assert listed["total"] == 3
    assert (await api.get("/api/nodes", match="worker", limit=1))["total"] == 2


async def test_reservations_are_subtracted_on_the_node_that_holds_the_task(api: Api) -> None:
    await api.run(
        "web",
        constraints=["node.hostname == worker-1"],
        resources={"reservations": {"cpus": "0.5", "memory": "256m"}},
    )
    node = await api.get("/api/nodes/worker-1")
    assert node["resources"]["cpus_reserved"] == 0.5
    assert node["resources"]["memory_reserved"] == 256 << 20
    assert [task["name"] for task in node["tasks"]] == ["web.1"]


async def test_a_node_answers_to_its_id_too_and_an_unknown_one_is_404(api: Api) -> None:
    node = await api.get("/api/nodes/worker-1")
    assert (await api.get(f"/api/nodes/{node['id']}"))["hostname"] == "worker-1"
    answer = await api("GET", "/api/nodes/worker-9")
    assert (answer.status, answer.code) == (404, "node_not_found")


async def test_draining_names_what_moves_and_moves_it(api: Api) -> None:
    await api.run("web", replicas=3)
    await api.run("agent", mode="global")
    preview = await api.get("/api/nodes/worker-1/drain-preview")
    assert [(item["service"], item["moves"]) for item in preview["services"]] == [
        ("agent", False),
        ("web", True),
    ]
    assert (await api.get("/api/nodes/worker-1"))["availability"] == "active"
    answer = await api("POST", "/api/nodes/worker-1/drain")
    assert (answer.status, answer.body["node"]["availability"]) == (200, "drain")
    assert [item["service"] for item in answer.body["moving"]] == ["agent", "web"]

    async def moved() -> Any:
        service = await api.get("/api/services/web")
        hosts = {node["hostname"] for node in service["nodes"]}
        return service["running"] == 3 and hosts == {"manager-1", "worker-2"}

    await eventually(moved)
    back = await api("POST", "/api/nodes/worker-1/activate")
    assert back.body["node"]["availability"] == "active"


async def test_a_node_that_died_is_told_and_its_tasks_are_not_counted(api: Api, engine: FakeEngine) -> None:
    await api.run("web", replicas=2, constraints=["node.hostname == worker-1"])
    engine.power_off("worker-1")
    service = await api.becomes("web", "pending", "degraded", "failed")
    assert service["running"] == 0
    node = await api.get("/api/nodes/worker-1")
    assert node["state"] == "down"
    report = await api.get("/api/health/detailed")
    assert report["status"] == "degraded"
    assert any("worker-1 is down" in problem for problem in report["problems"])


async def test_health_counts_services_by_status_and_tells_what_needs_attention(api: Api) -> None:
    await api.run("web")
    await api.create("idle")
    await api.create("bad", image="${REGISTRY_HOST}/crasher")
    await api.act("bad", "deploy")
    await api.becomes("bad", "failed")
    report = await api.get("/api/health/detailed")
    assert report["services"] == {"running": 1, "stopped": 1, "failed": 1}
    assert (report["status"], report["managers"], report["quorum_margin"]) == ("degraded", 1, 0)
    assert any(problem.startswith("bad is failed") and "code 3" in problem for problem in report["problems"])


async def test_liveness_needs_no_sign_in(api: Api) -> None:
    async with api.app.visitor() as visitor:
        answer = await visitor.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
