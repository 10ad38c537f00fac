"""`python -m lab` as people and scripts use it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab import Lab
from lab.__main__ import main
from lab.host import unsuitable

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


@pytest.mark.lab
def test_env_is_made_for_the_shell(lab: Lab) -> None:
    script = f"export $({sys.executable} -m lab env --name {lab.name}) && echo $DOCKER_HOST $REGISTRY_URL"
    output = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert output.split() == [lab.docker_host, lab.registry_url]


@pytest.mark.lab
def test_status_for_programs_and_for_people(lab: Lab) -> None:
    seen = json.loads(run("status", "--json", "--name", lab.name).stdout)
    assert seen["running"] is True
    assert [(node["name"], node["role"], node["power"]) for node in seen["nodes"]] == [
        ("manager-1", "manager", "on"),
        ("worker-1", "worker", "on"),
        ("worker-2", "worker", "on"),
    ]
    assert {node["swarm"]["state"] for node in seen["nodes"]} == {"ready"}
    text = run("status", "--name", lab.name).stdout
    assert "worker-1" in text
    assert lab.docker_host in text


@pytest.mark.lab
def test_exec_runs_inside_the_node_and_passes_the_exit_code(lab: Lab) -> None:
    assert run("exec", "--name", lab.name, "worker-1", "hostname").stdout == "worker-1\n"
    assert run("exec", "--name", lab.name, "worker-1", "sh", "-c", "exit 7").returncode == 7
    assert "CONTAINER ID" in run("exec", "--name", lab.name, "manager-1", "--", "docker", "ps").stdout


@pytest.mark.lab
def test_a_lab_that_is_not_there_is_named(lab: Lab) -> None:
    answer = run("env", "--name", "nowhere")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "nowhere is not running" in answer.stderr
    assert json.loads(run("status", "--json", "--name", "nowhere").stdout)["running"] is False


@pytest.mark.lab
def test_without_root_one_sentence_says_what_to_do_instead() -> None:
    # The interpreter may lie where only root can read, so the rights go only when everything is loaded.
    script = "import os, sys, lab.__main__ as m; os.setgid(65534); os.setuid(65534); sys.exit(m.main(['up']))"
    command = [sys.executable, "-c", script]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "needs root" in answer.stderr
    assert "docker swarm init" in answer.stderr
    assert "DOCKER_HOST" in answer.stderr


def test_without_linux_one_sentence_says_what_to_do_instead(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["up"]) == 1
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "needs Linux" in complaint
    assert "docker swarm init" in complaint


@pytest.mark.parametrize("name", ["", "Demo", "../up", "a" * 32, "-x"])
def test_a_name_that_would_not_do_as_a_folder_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", f"--name={name}"]) == 1
    assert "no name for a lab" in capsys.readouterr().err


@pytest.mark.lab
@pytest.mark.parametrize("arguments", [["--managers", "0"], ["--workers", "-1"], ["--managers", "10"]])
def test_a_shape_that_cannot_be_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--name", "test-shape", *arguments]) == 1
    assert "1 to 9 managers" in capsys.readouterr().err
    assert unsuitable() is None
    assert not Lab("test-shape").running
