"""Faults around our server: no engine yet, no events, no registry, a worker gone, itself killed."""

import http.client
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.server import Answer, Server, eventually
from lab import Lab
from lab.errors import LabError
from lab.node import Node
from tests.chaos.engine_truth import ask, node_state
from tests.chaos.fault_proxy import FaultProxy
from tests.chaos.load import Acknowledged, definition
from tests.chaos.trial import LONG, WEB, Trial

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(900)]

WITHOUT_ENGINE = ("/api/services", "/api/health/detailed", "/api/health")


def test_the_catalog_is_read_before_there_ever_was_an_engine(
    home: Node, start: Callable[..., Server], trial: Callable[..., Trial], tmp_path: Path
) -> None:
    with FaultProxy(tmp_path / "engine.sock", home.socket) as proxy:
        server = start(proxy.docker_host)
        name = {"name": "early", "definition": definition("early:1", 1)}
        with trial(
            "engine absent at start", server=server, ready=False, reads=WITHOUT_ENGINE, writes=False
        ) as run:
            taken = server.call("POST", "/api/services", name)
            assert taken.status == 201, taken
            refused = server.call("GET", "/api/services/live")
            deployed = server.call("POST", "/api/services/early/deploy")
            run.hold(10 if LONG else 4)
            again = server.call("GET", "/api/services/live")
            codes = {refused.status, deployed.status, again.status}
            if codes == {503}:
                run.bit = f"live lists and a deploy: 503 {refused.body['code']}"
            run.count_from_now()
            proxy.open()
        assert server.get("/api/services/early")["revision"] == 1


def test_the_picture_is_true_though_events_never_arrive(
    home: Node, start: Callable[..., Server], trial: Callable[..., Trial], tmp_path: Path
) -> None:
    with FaultProxy(tmp_path / "engine.sock", home.socket) as proxy:
        proxy.open()
        server = start(proxy.docker_host)
        with trial("events swallowed, streams broken off", server=server) as run:
            proxy.swallowing = True
            for number in range(30 if LONG else 10):
                create_and_scale(home.socket, run, f"silent-{number}")
                if number % 5 == 4:
                    proxy.drop()
            if proxy.swallowed and proxy.dropped:
                run.bit = f"{proxy.swallowed} events lost, {proxy.dropped} streams broken"
            run.count_from_now()


def create_and_scale(socket: Path, run: Trial, name: str) -> None:
    """Change the swarm behind our server's back: one service more, or one less."""
    spec = {
        "Name": name,
        "TaskTemplate": {"ContainerSpec": {"Image": run.image}, "Networks": []},
        "Mode": {"Replicated": {"Replicas": 0}},
    }
    made = ask(socket, "POST", "/services/create", spec)
    if run.dice.random() < 0.4:
        ask(socket, "DELETE", f"/services/{made['ID']}")
    run.hold(0.3)


@pytest.mark.chaos
def test_a_deploy_without_a_registry_ends_in_a_verdict(lab: Lab, trial: Callable[..., Trial]) -> None:
    with trial("registry down mid-deploy") as run:
        # An image that no node has yet, and a registry that dies once the deploy has pinned it.
        new = run.image.removesuffix(":1") + ":2"
        changed = run.server.call("PUT", f"/api/services/{WEB}", {"definition": definition(new, 3)})
        assert changed.status == 200, changed
        answers: list[Answer] = []
        deploy = threading.Thread(
            target=lambda: answers.append(run.server.call("POST", f"/api/services/{WEB}/deploy"))
        )
        deploy.start()
        run.hold(run.dice.uniform(0.0, 0.3))
        lab.registry_stop()
        deploy.join(40)
        first = answers[0]
        second = run.server.call("POST", f"/api/services/{WEB}/deploy")
        run.hold(20 if LONG else 5)
        try:
            lab.registry.answers()
        except (OSError, LabError):
            unpinned = any("pinned" in warning for warning in second.body.get("warnings", []))
            if second.status >= 500 or unpinned:
                said = "tag not pinned, as a warning says" if unpinned else second.body["code"]
                run.bit = f"deploys: {first.status}, then {second.status}, {said}"
        lab.registry_start()
        run.count_from_now()
    after = run.server.call("POST", f"/api/services/{WEB}/deploy?wait=60")
    assert after.status == 200, after
    assert after.body["state"] == "succeeded", after


@pytest.mark.chaos
def test_a_rollout_survives_the_death_of_a_worker(lab: Lab, home: Node, trial: Callable[..., Trial]) -> None:
    with trial("worker powered off mid-rollout") as run:
        body = {"definition": definition(run.image, 4, "second")}
        assert run.server.call("PUT", f"/api/services/{WEB}", body).status == 200
        deployed = run.server.call("POST", f"/api/services/{WEB}/deploy")
        assert deployed.status == 202, deployed
        path = f"/api/deployments/{deployed.body['id']}"
        eventually(lambda: run.server.get(path)["state"] == "rolling_out", within=10)
        run.hold(run.dice.uniform(0.0, 1.5))
        lab.power_off("worker-1")
        during = run.server.get(path)["state"]
        eventually(lambda: node_state(home.socket, "worker-1") == "down", within=60)
        run.count_from_now()
        if during == "rolling_out":
            run.bit = "worker-1 is down"
    assert run.server.get(path)["state"] == "succeeded", run.server.get(path)


def test_a_server_killed_at_any_moment_of_a_rollout_loses_nothing(
    home: Node, trial: Callable[..., Trial]
) -> None:
    kills = 30 if LONG else 3
    with trial(f"our server killed {kills} times", writes=False, edited=WEB) as run:
        taken = run.acknowledged
        last_taken = -1
        mid_rollout = 0
        for number in range(kills):
            mark = f"kill-{number}"
            body = {"definition": definition(run.image, 2 + number % 2, mark)}
            changed = run.server.call("PUT", f"/api/services/{WEB}", body)
            assert changed.status == 200, changed
            taken.marks[changed.body["revision"]] = mark
            deployments = len(taken.deployments)
            deploy = threading.Thread(target=deploy_once, args=(run.server, taken))
            deploy.start()
            run.hold(
                run.dice.choice((run.dice.uniform(0.0, 0.3), run.dice.uniform(0.3, 4.0 if LONG else 1.5)))
            )
            run.reader.pause()
            mid_rollout += bool(run.unfinished())
            run.server.kill()
            deploy.join(40)
            if len(taken.deployments) > deployments:
                last_taken = number
            run.server.start()
            run.count_from_now()
            # A fresh process answers live lists with 503 until its first look, which is what is timed here.
            run.until_true(run.recovered_at or 0.0)
            run.reader.go_on()
        if mid_rollout:
            run.bit = f"{mid_rollout} times in mid-rollout"
        live = mark_of(home.socket)
        if live < last_taken:
            run.lost.append(f"deploy {last_taken} was acknowledged, the swarm runs that of {live}")


def deploy_once(server: Server, taken: Acknowledged) -> None:
    try:
        answer = server.call("POST", f"/api/services/{WEB}/deploy")
    except (OSError, http.client.HTTPException):
        return
    if answer.status in {200, 202}:
        taken.deployments.append(answer.body["id"])


def mark_of(socket: Path) -> int:
    """Which of the deploys the swarm runs; -1 for none of them."""
    spec = ask(socket, "GET", f"/services/{WEB}")["Spec"]["TaskTemplate"]["ContainerSpec"]
    marks = [
        entry.removeprefix("MARK=kill-") for entry in spec.get("Env", []) if entry.startswith("MARK=kill-")
    ]
    return int(marks[0]) if marks else -1
