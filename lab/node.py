"""One node of the swarm: a machine that runs a Docker engine."""

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.engine import Engine
from lab.errors import LabError
from lab.machine import Machine
from lab.processes import RecordedProcess, Stat, child
from lab.waiting import wait_until

type Role = Literal["manager", "worker"]
_BOOT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Node:
    """A node as the lab sees it: what it is, and its power, cable and engine."""

    role: Role
    machine: Machine
    registry: str

    @property
    def name(self) -> str:
        return self.machine.name

    @property
    def address(self) -> str:
        return self.machine.address

    @property
    def socket(self) -> Path:
        return self.machine.directory / "docker.sock"

    @property
    def docker_host(self) -> str:
        return f"unix://{self.socket}"

    @property
    def engine(self) -> Engine:
        return Engine(self.socket)

    @property
    def running(self) -> bool:
        return self.machine.running

    @property
    def cut(self) -> bool:
        return self.machine.network.unplugged(self.machine.number)

    @property
    def frozen(self) -> bool:
        daemon = self._daemon()
        return daemon is not None and daemon.state == "T"

    def configure(self, **daemon_json: object) -> None:
        """What its engine's daemon.json says from the next boot on; raises `LabError` while it runs."""
        if self.running:
            raise LabError(f"{self.name} is on: its disk can be written to when its power is off.")
        file = self.machine.directory / "upper" / "etc" / "docker" / "daemon.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(daemon_json))

    def boot(self) -> None:
        """Start machine and engine; the engine answers some seconds later (`wait_for_engine`)."""
        self.socket.unlink(missing_ok=True)
        directory = self.machine.directory
        self.machine.boot(
            [
                "dockerd",
                f"--data-root={directory / 'data'}",
                # On the machine's own tmpfs: after a crash a stale containerd.pid would block the start.
                "--exec-root=/run/docker-exec",
                "--pidfile=/run/docker.pid",
                f"--host=unix://{self.socket}",
                "--host=unix:///run/docker.sock",
                # The group `docker` of the root file system has a number that is another group on the host.
                "--group=root",
                f"--insecure-registry={self.registry}",
                f"--cgroup-parent=/{self.machine.network.bridge}/{self.name}",
            ]
        )

    def wait_for_engine(self) -> None:
        """Wait until the engine answers; raises `LabError` naming the log if it ended or stays silent."""
        what = f"the first answer of the engine on {self.name}"
        wait_until(self._answers, seconds=_BOOT_SECONDS, what=what, log=self.machine.log)

    def wait_for_swarm(self) -> None:
        """Wait until the node takes part in the swarm again, as after a boot."""
        what = f"the return of {self.name} to the swarm"
        log = self.machine.log
        wait_until(lambda: self.swarm_state() == "active", seconds=_BOOT_SECONDS, what=what, log=log)

    def swarm_state(self) -> str:
        """What the engine says of its own part in the swarm: `active`, `inactive`, `pending`, …"""
        return str(self.engine.info()["Swarm"]["LocalNodeState"])

    def freeze(self) -> None:
        """Stop the engine where it stands (SIGSTOP); its containers run on."""
        self._signal_daemon(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_daemon(signal.SIGCONT)

    def _answers(self) -> bool:
        if not self.machine.running:
            raise LabError(
                f"The engine on {self.name} ended: {self.machine.last_words()} (see {self.machine.log})"
            )
        return self.engine.answers()

    def _daemon(self) -> Stat | None:
        init = self.machine.init
        return child(init.pid, "dockerd") if init and init.alive else None

    def _signal_daemon(self, number: signal.Signals) -> None:
        daemon = self._daemon()
        init = self.machine.init
        if daemon is None or init is None:
            raise LabError(f"{self.name} is off; `power-on {self.name}` first.")
        RecordedProcess(daemon.pid, daemon.started, init.boot_id).send(number)
