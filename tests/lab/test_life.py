"""A lab comes up, goes down, survives crashes, and leaves nothing behind."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab, LabError, Shape
from lab.__main__ import main
from lab.processes import RecordedProcess
from lab.registry import Registry
from lab.waiting import wait_until
from tests.lab.conftest import lab_name
from tests.lab.docker import docker
from tests.lab.traces import Traces

pytestmark = pytest.mark.lab
SMALL = Shape(managers=1, workers=1)


@pytest.fixture
def own_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    lab = Lab(lab_name(request.node.name.replace("_", "-")[5:20].strip("-")), shape=SMALL)
    yield lab
    lab.down()


def start(lab: Lab) -> None:
    lab.up(managers=SMALL.managers, workers=SMALL.workers)


def test_down_once_or_twice_leaves_nothing_of_a_lab_with_running_containers(own_lab: Lab) -> None:
    start(own_lab)
    image = f"{own_lab.registry.host}/hello-world:1"
    docker(
        own_lab, "service", "create", "-d", "--mode", "global", "--network", "host", "--name", "web", image
    )
    wait_until(lambda: _running_tasks(own_lab, "web") == 2, seconds=60, what="two running tasks")
    traces = Traces.of(own_lab)
    assert len(traces.processes) > 10
    assert len(traces.namespaces) > 10
    assert traces.control_groups
    assert set(traces.left()) >= {"processes", "namespaces", "links", "cgroups", "rules", "files"}

    own_lab.down()
    own_lab.down()

    assert traces.left() == {}


def test_down_of_a_lab_that_never_was_is_fine(own_lab: Lab) -> None:
    own_lab.down()
    own_lab.down()
    assert not own_lab.running


def test_down_clears_the_remains_after_everything_was_killed(own_lab: Lab) -> None:
    start(own_lab)
    traces = Traces.of(own_lab)
    kill_everything(own_lab, traces)
    assert "links" in traces.left()

    own_lab.down()

    assert traces.left() == {}


def test_up_over_the_remains_of_a_crash_starts_clean(own_lab: Lab) -> None:
    start(own_lab)
    docker(own_lab, "config", "create", "old", "/etc/hostname")
    traces = Traces.of(own_lab)
    kill_everything(own_lab, traces)
    assert main(["status", "--name", own_lab.name]) == 1

    start(own_lab)

    assert main(["status", "--name", own_lab.name]) == 0
    assert docker(own_lab, "config", "ls", "-q") == ""
    assert {node["Status"]["State"] for node in own_lab.swarm_nodes()} == {"ready"}
    assert not traces.processes & Traces.of(own_lab).processes


def test_up_on_a_running_lab_says_so_and_changes_nothing(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [node.machine.init for node in lab.nodes]
    assert main(["up", "--name", lab.name]) == 0
    assert "is running already" in capsys.readouterr().err
    assert main(["up", "--name", lab.name, "--workers", "3"]) == 1
    assert "take it down first" in capsys.readouterr().err
    assert [node.machine.init for node in lab.nodes] == before


def test_up_boots_what_crashed_in_a_running_lab_and_not_what_was_switched_off(lab: Lab) -> None:
    crashed, off = lab.node("worker-1"), lab.node("worker-2")
    lab.power_off(off.name)
    crashed.machine.kill()
    lab.up()
    assert crashed.swarm_state() == "active"
    assert not off.running
    lab.power_on(off.name)
    assert off.swarm_state() == "active"


def test_two_labs_side_by_side_do_not_touch_each_other() -> None:
    one = Lab(lab_name("one"))
    two = Lab(lab_name("two"))
    starts = [threading.Thread(target=start, args=(lab,)) for lab in (one, two)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    try:
        assert one.docker_host != two.docker_host
        assert one.registry_url != two.registry_url
        traces = Traces.of(one)
        one.down()
        assert traces.left() == {}
        assert {node["Status"]["State"] for node in two.swarm_nodes()} == {"ready"}
        assert two.registry.answers()
    finally:
        one.down()
        two.down()


def test_with_refuses_a_lab_that_runs_already(lab: Lab) -> None:
    with pytest.raises(LabError, match="runs already"), Lab(lab.name):
        pass
    assert lab.running


def kill_everything(lab: Lab, traces: Traces) -> None:
    """What a crash does: nobody is told and nobody tidies up."""
    machines = [lab.registry.machine, *(node.machine for node in lab.nodes)]
    for machine in machines:
        parent = RecordedProcess.read(machine.directory / "parent")
        assert parent
        os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: "processes" not in traces.left(), seconds=60, what="the end of every process")


def _running_tasks(lab: Lab, service: str) -> int:
    states = docker(lab, "service", "ps", service, "--format", "{{.CurrentState}}").splitlines()
    return sum(state.startswith("Running") for state in states)


def test_a_registry_with_a_password_lets_only_its_user_in(
    own_lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    shape = ["--managers", "1", "--workers", "0"]
    assert main(["up", "--name", own_lab.name, *shape, "--registry-password", str(file)]) == 0
    capsys.readouterr()
    assert main(["env", "--name", own_lab.name]) == 0
    said = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    kept = Path(said["REGISTRY_PASSWORD_FILE"])
    assert (said["REGISTRY_USERNAME"], kept.read_text()) == ("lab", "correct horse")
    assert kept.stat().st_mode & 0o077 == 0
    assert Registry(own_lab.registry.machine, "wrong").status() == 401
    assert Registry(own_lab.registry.machine).status() == 401
    own_lab.registry_stop()
    own_lab.registry_start()
    assert own_lab.registry.status() == 200
    # Generated: the one it has is as good as any.
    assert main(["up", "--name", own_lab.name, "--registry-password"]) == 0
    file.write_text("another")
    assert main(["up", "--name", own_lab.name, "--registry-password", str(file)]) == 1
