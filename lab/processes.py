"""Processes as remembered across runs of the lab, so that only our own are ever signalled."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.waiting import wait_until

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Stat:
    """What `/proc/PID/stat` says of one process; `started` is in clock ticks since the machine booted."""

    pid: int
    command: str
    state: str
    parent: int
    started: int


def parse_stat(line: str) -> Stat:
    # The command may itself contain blanks and brackets, so the fields are counted from the last bracket.
    head, _, tail = line.rpartition(")")
    pid, _, command = head.partition(" (")
    fields = tail.split()
    return Stat(int(pid), command, fields[0], int(fields[1]), int(fields[19]))


def stat(pid: int) -> Stat | None:
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None


def child(parent: int, command: str) -> Stat | None:
    """The child of process `parent` that runs `command`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            found = stat(int(entry.name))
            if found and found.parent == parent and found.command == command:
                return found
    return None


@dataclass(frozen=True, slots=True)
class RecordedProcess:
    """A process that wrote down its own identity: pid, start time and the boot of the machine it ran in.

    A pid alone is reused sooner or later, and after a reboot even the start time could match by chance.
    """

    pid: int
    started: int
    boot_id: str

    @classmethod
    def read(cls, file: Path) -> "RecordedProcess | None":
        """The process recorded in `file`, or None where the file is missing or was cut short."""
        try:
            boot_id, line = file.read_text().splitlines()
            found = parse_stat(line)
        except (FileNotFoundError, ValueError, IndexError):
            return None
        return cls(found.pid, found.started, boot_id)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        if self.boot_id != _BOOT_ID.read_text().strip():
            return False
        now = stat(self.pid)
        return now is not None and now.started == self.started and now.state not in "ZX"

    def kill(self) -> None:
        """Send SIGKILL, unless it is gone already."""
        self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        try:
            # The descriptor pins the process: what `alive` confirms is what gets the signal.
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return
        finally:
            os.close(descriptor)

    def wait_gone(self, seconds: float) -> None:
        """Wait for the end of it; raises `LabError` after `seconds`."""
        try:
            wait_until(lambda: not self.alive, seconds=seconds, what=f"the end of process {self.pid}")
        except LabError as error:
            state = stat(self.pid)
            raise LabError(f"{error} (state {state.state if state else 'gone'})") from error
