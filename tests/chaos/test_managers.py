"""Faults of managers: the picture stands while they are gone and is true soon after they are back."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.server import eventually
from lab import Lab
from lab.node import Node
from tests.chaos.engine_truth import EngineRefusal, leader, node_state
from tests.chaos.trial import LONG, Trial

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(600)]


def test_reads_go_on_while_a_new_leader_is_chosen(lab: Lab, home: Node, trial: Callable[..., Trial]) -> None:
    first = leader(home.socket)
    assert first
    # Tasks on the dead node take the swarm half a minute to replace: only the long form waits for that.
    with trial("leader killed", place=None if LONG else "node.role == worker") as run:
        lab.power_off(first)
        run.until_engine_fails(within=20)
        run.until_engine_answers(within=60)
        second = leader(home.socket)
        assert second is not None
        if second != first:
            run.bit = f"{first} led, then {second}"


def test_reads_go_on_while_the_engine_is_frozen(lab: Lab, home: Node, trial: Callable[..., Trial]) -> None:
    seconds = 60 if LONG else 12
    with trial(f"engine frozen for {seconds} s") as run:
        lab.freeze(home.name)
        run.until_engine_fails(within=10)
        run.hold(seconds)
        found = run.server.get("/api/health/detailed")
        if run.probe.failures and found["stale_seconds"] > seconds / 2:
            run.bit = f"{len(run.probe.failures)} calls timed out"
        lab.thaw(home.name)
        run.until_engine_answers(within=60)


@pytest.mark.chaos
def test_a_lost_quorum_is_told_and_its_return_is_seen(
    lab: Lab, home: Node, trial: Callable[..., Trial]
) -> None:
    others = [node.name for node in lab.nodes if node.role == "manager" and node.name != home.name]
    with trial("two of three managers gone, one back") as run:
        for name in others:
            lab.power_off(name)
        eventually(
            lambda: run.server.get("/api/health/detailed")["engine"]["code"] == "swarm_no_leader", within=60
        )
        run.hold(25)
        health = run.server.get("/api/health/detailed")
        refused = run.server.call("POST", "/api/services/web/scale", {"replicas": 2})
        if not run.probe.answers_now and refused.status == 503:
            run.bit = f"{health['engine']['code']}; a scale: 503 {refused.body['code']}"
        lab.power_on(others[0])
        run.until_engine_answers(within=90)


@pytest.mark.chaos
def test_the_healing_of_a_cut_manager_is_ridden_out(
    lab: Lab, home: Node, trial: Callable[..., Trial]
) -> None:
    cut = leader(home.socket)
    assert cut
    with trial("the leading manager cut for 45 s and healed") as run:
        lab.cut(cut)
        run.hold(45)
        eventually(lambda: state(home.socket, cut) == "down", within=60, every=0.5)
        second = leader(home.socket)
        lab.join(cut)
        eventually(lambda: state(home.socket, cut) == "ready", within=180, every=0.5)
        run.until_true(time.monotonic())
        # The newcomer may make the others vote once more, a while after it is seen again.
        run.hold(30)
        eventually(lambda: state(home.socket, cut) == "ready", within=90, every=0.5)
        if run.probe.failures and second != cut:
            run.bit = f"{cut} was down, {second} led, in the end {leader(home.socket)}"
        run.count_from_now()


def state(socket: Path, hostname: str) -> str | None:
    """What the engine says of a node, or None while it says nothing."""
    try:
        return node_state(socket, hostname)
    except (OSError, EngineRefusal):
        return None
