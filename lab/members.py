"""Which machines a lab has: their names, addresses and places, worked out from its record."""

from dataclasses import dataclass, field
from pathlib import Path

from lab.machine import Machine
from lab.network import Network
from lab.node import Node, Role
from lab.registry import Registry
from lab.state import LabState, StateFolder

DEFAULT_ENGINE = "trixie"
_REGISTRY = 2
_BEFORE_MANAGERS = 10
_BEFORE_WORKERS = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """What a lab is made of; `engine` is the Debian suite the engine comes from."""

    managers: int = 1
    workers: int = 2
    engine: str = DEFAULT_ENGINE
    registry_password: str = field(default="", repr=False)
    """Of the user `lab`; empty: the registry lets everybody in."""

    def __str__(self) -> str:
        nodes = f"{count(self.managers, 'manager')} and {count(self.workers, 'worker')}"
        registry = ", the registry with a password" if self.registry_password else ""
        return f"{nodes} on {self.engine}{registry}"


@dataclass(frozen=True, slots=True)
class Members:
    """The machines of one lab, running or not."""

    state: LabState
    folder: StateFolder

    @property
    def registry(self) -> Registry:
        return Registry(self._machine("registry", _REGISTRY), self.state.registry_password)

    @property
    def nodes(self) -> list[Node]:
        """Managers first."""
        registry = self.registry.host
        roles: list[tuple[Role, int, int]] = [
            ("manager", self.state.managers, _BEFORE_MANAGERS),
            ("worker", self.state.workers, _BEFORE_WORKERS),
        ]
        return [
            Node(role, self._machine(f"{role}-{index}", before + index), registry)
            for role, number, before in roles
            for index in range(1, number + 1)
        ]

    @property
    def stand(self) -> bool:
        """Whether they came up as a swarm once and are not the remains of a crash by now."""
        if not self.state.ready or not Network(self.state.network).exists:
            return False
        return any(node.running or node.name in self.state.off for node in self.nodes)

    def _machine(self, name: str, number: int) -> Machine:
        network = Network(self.state.network)
        return Machine(name, number, network, self.folder.path / name, Path(self.state.rootfs))


def count(number: int, noun: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
