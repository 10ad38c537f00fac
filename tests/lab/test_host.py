"""What the lab does about packages that the machine lacks."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from lab import LabError
from lab.host import require_tools

type Which = Callable[..., str | None]


def silence(_: str) -> None:
    """Nobody listens to the progress."""


def only(*programs: str) -> Which:
    return lambda name, **_options: f"/usr/bin/{name}" if name in programs else None


def apt(monkeypatch: pytest.MonkeyPatch, *codes: int) -> list[list[str]]:
    """Let apt-get be there and end with `codes`, one after the other; returns the commands it gets."""
    monkeypatch.setattr(shutil, "which", only("apt-get", "ip"))
    commands: list[list[str]] = []

    def answer(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, codes[len(commands) - 1], stdout="", stderr="E: no luck")

    monkeypatch.setattr(subprocess, "run", answer)
    return commands


def test_what_is_there_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = apt(monkeypatch)
    require_tools("ip", say=silence)
    assert commands == []


def test_what_is_missing_is_named_and_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = apt(monkeypatch, 100, 0, 0)
    said: list[str] = []
    require_tools("ip", "iptables", "mmdebstrap", say=said.append)
    assert said == ["installing iptables mmdebstrap with apt-get"]
    assert [command[1] for command in commands] == ["install", "update", "install"]
    assert not any("docker" in word for command in commands for word in command)


def test_an_installation_that_fails_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    apt(monkeypatch, 100, 100, 100)
    with pytest.raises(LabError, match=r"iptables \(E: no luck\).*`docker swarm init`"):
        require_tools("iptables", say=silence)


def test_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", only())
    with pytest.raises(LabError, match=r"needs iproute2 iptables; .*`docker swarm init`"):
        require_tools("ip", "iptables", say=silence)
