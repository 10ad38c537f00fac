"""A newcomer's first hour by `curl`: the brief's lines, with a token, against a real three-node swarm.

The tests tell one story in order, on one lab and one server.
"""

import json
import subprocess
from typing import Any

import pytest

from e2e.curl import Curl, fetch
from e2e.server import Server, eventually
from lab import Lab

pytestmark = pytest.mark.lab

PORT = 8088


@pytest.fixture(scope="module")
def curl(server: Server) -> Curl:
    return Curl(server)


def verdict(curl: Curl, answer: tuple[int, Any]) -> str:
    return str(curl.verdict(answer)["state"])


def service(curl: Curl, name: str) -> dict[str, Any]:
    return dict(curl.get(f"/api/services/{name}"))


def running_on(curl: Curl, name: str) -> dict[str, int]:
    return {share["hostname"]: share["running"] for share in service(curl, name)["nodes"] if share["running"]}


def test_without_a_token_every_call_but_liveness_is_refused_and_told_where_one_comes_from(
    server: Server,
) -> None:
    command = ["curl", "-sS", "-w", "\n%{http_code}", f"{server.url}/api/services"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text, _, status = done.stdout.rpartition("\n")
    assert status == "401"
    assert "token" in json.loads(text)["detail"].lower()


def test_the_three_nodes_are_listed(curl: Curl) -> None:
    status, body = curl("GET", "/api/nodes")
    assert status == 200
    assert body["total"] == 3
    assert {node["hostname"] for node in body["items"]} == {"manager-1", "worker-1", "worker-2"}
    assert {node["state"] for node in body["items"]} == {"ready"}


def test_three_replicas_on_three_nodes_answer_on_each_nodes_address(curl: Curl, lab: Lab) -> None:
    definition = {
        "image": "${REGISTRY_HOST}/hello-world:1",
        "replicas": 3,
        "ports": [{"target": 80, "published": PORT, "mode": "host"}],
        "env": {"NODE": "{{.Node.Hostname}}", "TASK": "{{.Task.Name}}"},
    }
    status, created = curl("POST", "/api/services", {"name": "web", "definition": definition})
    assert status == 201, created
    assert created["status"] == "stopped"
    assert created["reason"] == "never_deployed"

    assert verdict(curl, curl("POST", "/api/services/web/deploy")) == "succeeded"

    eventually(lambda: service(curl, "web")["status"] == "running", within=30)
    web = service(curl, "web")
    assert (web["desired"], web["running"]) == (3, 3)
    assert web["digest"].startswith("sha256:")
    assert running_on(curl, "web") == {"manager-1": 1, "worker-1": 1, "worker-2": 1}
    addresses = {node["hostname"]: node["address"] for node in curl("GET", "/api/nodes")[1]["items"]}
    for hostname, address in addresses.items():
        page = eventually(lambda url=f"http://{address}:{PORT}/": fetch(url), within=30)  # type: ignore[misc]
        assert hostname in page


def test_deploying_the_same_again_restarts_nothing(curl: Curl) -> None:
    def tasks() -> set[str]:
        return {task["id"] for task in service(curl, "web")["tasks"] if task["desired_state"] == "running"}

    before = tasks()
    assert verdict(curl, curl("POST", "/api/services/web/deploy")) == "succeeded"
    assert tasks() == before


def test_a_second_service_without_a_port_is_scaled_to_five(curl: Curl) -> None:
    definition = {"image": "${REGISTRY_HOST}/multi:latest", "replicas": 1}
    assert curl("POST", "/api/services", {"name": "quiet", "definition": definition})[0] == 201
    assert verdict(curl, curl("POST", "/api/services/quiet/deploy")) == "succeeded"

    assert verdict(curl, curl("POST", "/api/services/quiet/scale", {"replicas": 5})) == "succeeded"

    eventually(lambda: service(curl, "quiet")["running"] == 5, within=30)
    quiet = service(curl, "quiet")
    assert quiet["definition"]["replicas"] == 5, "a scale is written into the definition"


def test_logs_are_read(curl: Curl) -> None:
    def lines() -> list[dict[str, Any]]:
        status, body = curl("GET", "/api/services/web/logs?tail=50")
        assert status == 200, body
        assert body["incomplete"] == []
        return [line for line in body["items"] if "listens on port 80" in line["line"]]

    found = eventually(lambda: len(lines()) >= 3 and lines(), within=15)
    assert found
    assert {line["node"] for line in found} == {"manager-1", "worker-1", "worker-2"}
    assert found == sorted(found, key=lambda line: line["time"])


def test_a_batch_job_that_ends_well_is_stopped_and_one_that_does_not_is_failed(curl: Curl) -> None:
    for name in ("batch", "crasher"):
        definition = {"image": f"${{REGISTRY_HOST}}/{name}:latest", "mode": "replicated-job"}
        if name == "crasher":
            definition["restart_policy"] = {"condition": "none"}  # type: ignore[assignment]
        status, body = curl("POST", "/api/services", {"name": name, "definition": definition})
        assert status == 201, body
        verdict(curl, curl("POST", f"/api/services/{name}/deploy"))

    eventually(lambda: service(curl, "batch")["status"] == "stopped", within=60)
    assert service(curl, "batch")["reason"] == "complete"
    eventually(lambda: service(curl, "crasher")["status"] == "failed", within=60)
    assert service(curl, "crasher")["reason"] == "non_zero_exit"


def test_draining_a_node_names_what_moves_and_moves_it(curl: Curl) -> None:
    status, preview = curl("GET", "/api/nodes/worker-1/drain-preview")
    assert status == 200
    assert {"web", "quiet"} <= {moving["service"] for moving in preview["services"]}

    status, change = curl("POST", "/api/nodes/worker-1/drain")
    assert status == 200, change
    assert change["node"]["availability"] == "drain"

    eventually(
        lambda: "worker-1" not in running_on(curl, "quiet") and service(curl, "quiet")["running"] == 5,
        within=90,
    )
    assert curl("POST", "/api/nodes/worker-1/activate")[0] == 200
    eventually(lambda: service(curl, "web")["running"] == 3, within=90)


def test_a_node_without_power_is_shown_as_it_is(curl: Curl, lab: Lab) -> None:
    lab.power_off("worker-2")
    try:
        # about 13 s until the managers give it up, the rest leaves room for a busy machine.
        eventually(lambda: curl("GET", "/api/nodes/worker-2")[1]["state"] == "down", within=90)
        eventually(lambda: "worker-2" not in running_on(curl, "web"), within=30)
        web = service(curl, "web")
        assert web["status"] in ("degraded", "pending")
        assert web["running"] == 2, "no other node has the port free, and the dead one does not count"
        status, health = curl("GET", "/api/health/detailed")
        assert status == 200
        assert health["status"] == "degraded"
        assert any("worker-2" in problem for problem in health["problems"])
        status, _ = curl("GET", "/api/services/quiet/logs?tail=10")
        assert status == 200, "logs have a deadline even when a node is dead"
    finally:
        lab.power_on("worker-2")
    eventually(lambda: service(curl, "web")["running"] == 3, within=120)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "mentions"),
    [
        ("POST", "/api/services", {"name": "../x", "definition": {"image": "a"}}, 422, "name"),
        ("POST", "/api/services", {"name": "x", "yaml": "image: [a"}, 422, "line"),
        (
            "POST",
            "/api/services",
            {"name": "x", "definition": {"image": "a", "replicas": -1}},
            422,
            "replicas",
        ),
        (
            "POST",
            "/api/services",
            {"name": "x", "definition": {"image": "a", "mounts": ["nopath"]}},
            422,
            "mount",
        ),
        (
            "POST",
            "/api/services",
            {"name": "x", "definition": {"image": "a", "constraints": ["node.colour == red"]}},
            422,
            "node.colour",
        ),
        ("POST", "/api/services", {"name": "web", "definition": {"image": "a"}}, 409, "web"),
        ("POST", "/api/services/absent/deploy", None, 404, "absent"),
        ("POST", "/api/services/web/scale", {"replicas": -1}, 422, "replicas"),
        ("DELETE", "/api/services/web", None, 409, "web"),
        ("POST", "/api/nodes/absent/drain", None, 404, "absent"),
        ("GET", "/api/nothing", None, 404, "nothing"),
    ],
)
def test_bad_input_is_a_problem_that_names_it(
    curl: Curl, method: str, path: str, body: object, status: int, mentions: str
) -> None:
    before = curl("GET", "/api/services")[1]["total"]
    seen, problem = curl(method, path, body)
    assert seen == status, problem
    assert problem["code"]
    assert mentions in json.dumps(problem)
    assert curl("GET", "/api/services")[1]["total"] == before


def test_stop_removes_it_from_the_swarm_and_keeps_it_in_the_catalog(curl: Curl) -> None:
    assert verdict(curl, curl("POST", "/api/services/web/stop")) == "succeeded"
    eventually(lambda: not service(curl, "web")["live"], within=30)
    web = service(curl, "web")
    assert (web["status"], web["reason"]) == ("stopped", "removed")
    status, problem = curl("POST", "/api/services/web/stop")
    assert status == 409, problem
    assert curl("DELETE", "/api/services/web")[0] == 204
    assert curl("GET", "/api/services/web")[0] == 404
