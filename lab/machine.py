"""One machine of a lab: boot it, cut its power, pull its cable, run something on it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lab.errors import LabError
from lab.host import environment
from lab.network import Network
from lab.processes import RecordedProcess
from lab.waiting import wait_until

_BOOT = Path(__file__).with_name("boot.sh")
_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


@dataclass(frozen=True, slots=True)
class Machine:
    """A pid, mount, host name and network namespace with a disk (`directory`) that outlives its power.

    `number` is the last part of its address and names its cable.
    """

    name: str
    number: int
    network: Network
    directory: Path
    rootfs: Path

    @property
    def address(self) -> str:
        return self.network.address(self.number)

    @property
    def log(self) -> Path:
        return self.directory / "machine.log"

    @property
    def init(self) -> RecordedProcess | None:
        """Process 1 of the machine, as the host sees it."""
        return RecordedProcess.read(self.directory / "init")

    @property
    def running(self) -> bool:
        return (init := self.init) is not None and init.alive

    def boot(self, command: Sequence[str]) -> None:
        """Start the machine with `command` as its only program; returns once its process 1 exists.

        Raises `LabError` if it runs already or does not come up within 60 s.
        """
        if self.running:
            raise LabError(f"{self.name} is running already.")
        self._prepare_disk()
        # The cable of the last boot goes with its namespace, but the kernel takes its time for that.
        self.network.remove_link(self.number)
        with self.log.open("ab") as log:
            # setsid forks, so the machine belongs to nobody and outlives whoever started it.
            subprocess.run(
                ["setsid", "--fork", "unshare", "--net", "sh", str(_BOOT), "outside", *command],
                env=self._boot_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                check=True,
            )
        wait_until(self._has_booted, seconds=60, what=f"the boot of {self.name}", log=self.log)

    def kill(self) -> None:
        """Cut the power: everything on the machine is dead when this returns. Nothing is told beforehand."""
        kill_machine(self.directory)
        self.network.remove_link(self.number)

    def inside(self, command: Sequence[str]) -> list[str]:
        """The host command that runs `command` inside the machine; raises `LabError` if that is off."""
        init = self.init
        if init is None or not init.alive:
            raise LabError(f"{self.name} is off; `power-on {self.name}` first.")
        enter = ["nsenter", f"--target={init.pid}", "--mount", "--uts", "--net", "--pid", "--root", "--wd"]
        terminal = os.environ.get("TERM", "dumb")
        return [*enter, "env", "-i", f"PATH={_SEARCH_PATH}", "HOME=/root", f"TERM={terminal}", *command]

    def run(self, *command: str, seconds: float = 20, told: IO[bytes] | int = subprocess.DEVNULL) -> str:
        """What `command` prints inside the machine; `told` is its standard input.

        Raises `LabError` with its complaint when it fails, `subprocess.TimeoutExpired`.
        """
        done = subprocess.run(
            self.inside(command),
            stdin=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=environment(),
        )
        if done.returncode != 0:
            raise LabError(f"`{' '.join(command[:2])}` on {self.name} failed: {done.stderr.strip()}")
        return done.stdout

    def last_words(self) -> str:
        """The last line of the machine's log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it left no log"

    def _has_booted(self) -> bool:
        init = self.init
        if init is not None:
            return True
        parent = RecordedProcess.read(self.directory / "parent")
        if parent is not None and not parent.alive:
            raise LabError(f"{self.name} did not boot: {self.last_words()} (see {self.log})")
        return False

    def _prepare_disk(self) -> None:
        for old in ("parent", "init"):
            (self.directory / old).unlink(missing_ok=True)
        for folder in ("upper/etc", "work", "root", "data"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        etc = self.directory / "upper" / "etc"
        (etc / "hostname").write_text(f"{self.name}\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        for resolver in _RESOLVERS:
            if resolver.exists():
                shutil.copyfile(resolver, etc / "resolv.conf")
                break

    def _boot_environment(self) -> dict[str, str]:
        for path in (self.directory, self.rootfs):
            if set(str(path)) & set(":,\\"):
                raise LabError(
                    f"The path {path} holds a colon, comma or backslash, which overlay mounts refuse."
                )
        return {
            "PATH": environment()["PATH"],
            "LAB_DIR": str(self.directory),
            "LAB_ROOTFS": str(self.rootfs),
            "LAB_HOSTNAME": self.name,
            "LAB_ADDRESS": f"{self.address}/24",
            "LAB_GATEWAY": self.network.gateway,
            "LAB_BRIDGE": self.network.bridge,
            "LAB_LINK": self.network.link(self.number),
            # The same card at every boot, so that what neighbours remember of it stays true.
            "LAB_MAC": f"02:d2:{self.network.number:02x}:00:00:{self.number:02x}",
            "LAB_HOST_NETWORK": f"/proc/{os.getpid()}/ns/net",
        }


def kill_machine(directory: Path) -> None:
    """Kill whatever machine was booted with the disk `directory`; returns when all of it is dead."""
    recorded = [RecordedProcess.read(directory / "parent"), RecordedProcess.read(directory / "init")]
    processes = [process for process in recorded if process]
    for process in processes:
        process.kill()
    for process in processes:
        process.wait_gone(seconds=30)
