"""Faults on purpose: the swarm notices them, and the lab tells the truth about them."""

import time
from collections.abc import Callable

import pytest

from lab import Lab, LabError
from lab.status import status
from lab.waiting import wait_until

pytestmark = pytest.mark.lab


def expect(lab: Lab, **states: str) -> None:
    """Wait until the swarm says so of its nodes, e.g. `worker_1="down"`."""
    wanted = {name.replace("_", "-"): state for name, state in states.items()}

    def as_wanted() -> bool:
        listed = {node["Description"]["Hostname"]: node["Status"]["State"] for node in lab.swarm_nodes()}
        return listed.items() >= wanted.items()

    wait_until(as_wanted, seconds=90, what=f"a swarm with {wanted}")


def seen(lab: Lab, name: str) -> dict[str, object]:
    return next(dict(node) for node in status(lab)["nodes"] if node["name"] == name)


def test_nodes_without_power_or_network_are_down_and_come_back_as_who_they_were(lab: Lab) -> None:
    dead, lonely = lab.node("worker-1"), lab.node("worker-2")
    identity = dead.engine.info()["Swarm"]["NodeID"]
    lab.power_off(dead.name)
    lab.cut(lonely.name)
    assert not dead.running
    assert (seen(lab, dead.name)["power"], seen(lab, dead.name)["pid"]) == ("off", None)
    assert (seen(lab, lonely.name)["power"], seen(lab, lonely.name)["network"]) == ("on", "cut")
    assert lonely.engine.answers()
    expect(lab, manager_1="ready", worker_1="down", worker_2="down")

    lab.power_on(dead.name)
    lab.join(lonely.name)

    expect(lab, manager_1="ready", worker_1="ready", worker_2="ready")
    assert dead.engine.info()["Swarm"]["NodeID"] == identity
    assert (seen(lab, dead.name)["power"], seen(lab, lonely.name)["network"]) == ("on", "up")


def test_a_frozen_engine_accepts_and_does_not_answer(lab: Lab) -> None:
    worker = lab.node("worker-1")
    lab.freeze("worker-1")
    try:
        assert seen(lab, "worker-1")["daemon"] == "frozen"
        with pytest.raises(TimeoutError):
            worker.engine.info(seconds=0.5)
    finally:
        lab.thaw("worker-1")
    assert seen(lab, "worker-1")["daemon"] == "running"
    assert worker.engine.answers()


def test_status_stays_quick_and_true_while_the_manager_is_frozen(lab: Lab) -> None:
    lab.freeze("manager-1")
    try:
        started = time.monotonic()
        found = status(lab)
        assert time.monotonic() - started < 2
        assert found["running"] is True
        assert [node["swarm"] for node in found["nodes"]] == [None, None, None]
    finally:
        lab.thaw("manager-1")


def test_the_registry_stops_and_starts_with_what_it_holds(lab: Lab) -> None:
    lab.registry_stop()
    assert status(lab)["registry"] == "off"
    with pytest.raises(LabError, match="registry ended"):
        lab.registry.answers()
    lab.registry_start()
    assert status(lab)["registry"] == "on"
    assert lab.registry.answers()


def test_a_stored_process_is_not_the_one_that_got_its_pid_later(lab: Lab) -> None:
    init = lab.node("worker-1").machine.init
    assert init
    assert init.alive
    impostor = type(init)(init.pid, init.started + 1, init.boot_id)
    assert not impostor.alive
    impostor.kill()
    assert init.alive
    assert not type(init)(init.pid, init.started, "another boot").alive


@pytest.mark.parametrize("fault", [Lab.power_off, Lab.power_on, Lab.cut, Lab.join, Lab.freeze, Lab.thaw])
def test_an_unknown_node_is_refused_with_the_names_there_are(
    lab: Lab, fault: Callable[[Lab, str], None]
) -> None:
    with pytest.raises(LabError, match="no node worker-9; it has manager-1, worker-1, worker-2"):
        fault(lab, "worker-9")
