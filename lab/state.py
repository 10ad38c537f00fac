"""What the lab remembers between commands: which labs there are and what they are made of."""

import json
import os
import re
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab.errors import LabError
from lab.locks import locked

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
# The kernel's limit for the path of a unix socket is 107 bytes.
_LONGEST_SOCKET = 107
# Longer than an `up` that builds a root file system first.
_LOCK_SECONDS = 1500


def state_root() -> Path:
    """Where labs keep their state: `LAB_STATE`, or /var/lib/swarm-orchestrator-lab."""
    return Path(os.environ.get("LAB_STATE") or "/var/lib/swarm-orchestrator-lab").absolute()


@dataclass(slots=True)
class LabState:
    """One lab as written to its `lab.json`.

    `ready` becomes true when `up` is through; `off` names the machines somebody switched off on purpose.
    """

    engine: str
    managers: int
    workers: int
    rootfs: str
    network: int
    ready: bool = False
    off: list[str] = field(default_factory=list)
    registry_password: str = field(default="", repr=False)


class StateFolder:
    """The folder of one lab: its record, its lock, and one folder per machine."""

    def __init__(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise LabError(f"{name!r} is no name for a lab: use up to 31 small letters, digits and dashes.")
        self.path = state_root() / name
        if len(bytes(self.path / "worker-100" / "docker.sock")) > _LONGEST_SOCKET:
            raise LabError(
                f"{self.path} is too long for the path of a socket; set LAB_STATE to a shorter one."
            )

    def read(self) -> LabState | None:
        """The record, or None where there is no lab (or only a record that was cut short)."""
        try:
            return LabState(**json.loads(self._record.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, state: LabState) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self._record.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(asdict(state), indent=2) + "\n")
        unfinished.replace(self._record)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lab: changes to one lab happen one after the other, changes to two labs do not meet."""
        lock = self.path.parent / ".locks" / self.path.name
        return locked(lock, seconds=_LOCK_SECONDS, what=f"lab {self.path.name}")

    @property
    def _record(self) -> Path:
        return self.path / "lab.json"


def known_labs() -> list[str]:
    """The names of the labs that have a record, whether they run or not."""
    return sorted(record.parent.name for record in state_root().glob("*/lab.json"))
