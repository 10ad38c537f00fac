"""A lab as a whole: bring a real swarm up, break it on purpose, take it down without a trace."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.cgroups import remove_cgroups
from lab.errors import LabError
from lab.host import require_tools, unsuitable
from lab.images import lab_images
from lab.machine import Machine
from lab.network import Network, free_networks
from lab.node import Node, Role
from lab.registry import Registry
from lab.rootfs import SUITES, RootfsCache
from lab.state import LabState, StateFolder, known_labs
from lab.waiting import wait_until

DEFAULT_NAME = "demo"
DEFAULT_ENGINE = "trixie"
_MOST_MANAGERS = 9
_MOST_WORKERS = 100
_READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Shape:
    """What a lab is made of; `engine` is the Debian suite the engine comes from."""

    managers: int = 1
    workers: int = 2
    engine: str = DEFAULT_ENGINE

    def __str__(self) -> str:
        return f"{_count(self.managers, 'manager')} and {_count(self.workers, 'worker')} on {self.engine}"


class Lab:
    """One lab by name. `with Lab("mine") as lab:` brings it up and takes it down again.

    Every method that changes something raises `LabError` with one clear sentence when it cannot be done.
    `say` receives a line of progress at a time.
    """

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        shape: Shape | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._folder = StateFolder(name)
        self._shape = shape
        self._say = say or (lambda _: None)

    def __enter__(self) -> Self:
        shape = self._shape or Shape()
        try:
            self.up(managers=shape.managers, workers=shape.workers, engine=shape.engine)
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(
        self, *, managers: int | None = None, workers: int | None = None, engine: str | None = None
    ) -> None:
        """Bring the lab to a ready swarm: all nodes Ready, the registry answering, the images pushed.

        On a running lab it boots what crashed and is content; over the remains of a crashed one it starts
        clean. Raises `LabError` if the lab runs in another shape than asked for.
        """
        self._require_host()
        with self._folder.locked():
            state = self._folder.read()
            if state and state.ready and any(node.running for node in self._nodes_of(state)):
                self._keep(state, managers, workers, engine)
                return
            if self._folder.path.exists():
                self._say(f"clearing the remains of lab {self.name}")
                self._clear()
            default = Shape()
            shape = Shape(
                default.managers if managers is None else managers,
                default.workers if workers is None else workers,
                engine or default.engine,
            )
            self._start(shape)

    def down(self) -> None:
        """Remove the lab and every trace of it but the cached root file systems; fine when there is none."""
        self._require_host()
        with self._folder.locked():
            if not self._folder.path.exists():
                self._say(f"there is no lab {self.name}")
                return
            self._clear()
            self._say(f"lab {self.name} is down")

    @property
    def running(self) -> bool:
        """Whether `up` went through and at least one node has power."""
        state = self._folder.read()
        return state is not None and state.ready and any(node.running for node in self._nodes_of(state))

    @property
    def engine(self) -> str:
        """The Debian suite that the engines come from."""
        return self._state().engine

    @property
    def docker_host(self) -> str:
        """The `DOCKER_HOST` of the first manager."""
        return self.nodes[0].docker_host

    @property
    def registry(self) -> Registry:
        return self._registry_of(self._state())

    @property
    def registry_url(self) -> str:
        return self.registry.url

    @property
    def nodes(self) -> list[Node]:
        """All nodes, managers first; switched-off ones too."""
        return self._nodes_of(self._state())

    def node(self, name: str) -> Node:
        """The node of that host name; raises `LabError` naming the ones there are."""
        nodes = self.nodes
        for node in nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in nodes)
        raise LabError(f"Lab {self.name} has no node {name}; it has {names}.")

    def swarm_nodes(self) -> list[dict[str, Any]]:
        """The nodes as the first manager that answers lists them (`GET /nodes`); empty if none does."""
        for node in self.nodes:
            if node.role == "manager" and node.running and not node.frozen:
                try:
                    return node.engine.nodes(seconds=3)
                except (OSError, LabError):
                    continue
        return []

    def power_off(self, name: str) -> None:
        """Cut the node's power: its engine and all its containers are dead at once, nobody is told."""
        with self._changing() as state:
            self.node(name).machine.kill()
            if name not in state.off:
                state.off.append(name)

    def power_on(self, name: str) -> None:
        """Boot the node with the disk it had; returns when it is back in the swarm. Fine if it runs."""
        with self._changing() as state:
            node = self.node(name)
            if name in state.off:
                state.off.remove(name)
            if not node.running:
                node.boot()
                node.wait_for_engine()
                node.wait_for_swarm()

    def cut(self, name: str) -> None:
        """Pull the node's network cable; its containers run on, alone."""
        self._plug(name, up=False)

    def join(self, name: str) -> None:
        """Plug the node's network cable in again."""
        self._plug(name, up=True)

    def freeze(self, name: str) -> None:
        """Stop the node's engine where it stands: connections are accepted and nothing answers."""
        with self._changing():
            self.node(name).freeze()

    def thaw(self, name: str) -> None:
        """Let a frozen engine go on."""
        with self._changing():
            self.node(name).thaw()

    def registry_stop(self) -> None:
        """Kill the registry; what is stored in it stays."""
        with self._changing() as state:
            self._registry_of(state).machine.kill()
            if "registry" not in state.off:
                state.off.append("registry")

    def registry_start(self) -> None:
        """Start the registry again and wait for its first answer. Fine if it runs."""
        with self._changing() as state:
            registry = self._registry_of(state)
            if "registry" in state.off:
                state.off.remove("registry")
            if not registry.running:
                registry.boot()
            registry.wait_until_ready()

    def _start(self, shape: Shape) -> None:
        if shape.engine not in SUITES:
            raise LabError(f"There is no engine {shape.engine}; choose one of {', '.join(SUITES)}.")
        if not 1 <= shape.managers <= _MOST_MANAGERS or not 0 <= shape.workers <= _MOST_WORKERS:
            raise LabError(f"A lab has 1 to {_MOST_MANAGERS} managers and 0 to {_MOST_WORKERS} workers.")
        self._say(f"lab {self.name}: {shape}")
        rootfs = RootfsCache().get(shape.engine, self._say)
        state = LabState(shape.engine, shape.managers, shape.workers, str(rootfs), network=-1)
        try:
            self._open_network(state)
            registry = self._registry_of(state)
            nodes = self._nodes_of(state)
            registry.boot()
            for node in nodes:
                node.boot()
            with ThreadPoolExecutor(max_workers=1) as pusher:
                pushed = pusher.submit(self._fill, registry, rootfs)
                for node in nodes:
                    node.wait_for_engine()
                self._say(f"{_count(len(nodes), 'engine')} answer (Docker {nodes[0].engine.version()})")
                self._form_swarm(nodes)
                pushed.result()
            state.ready = True
            self._folder.write(state)
        except LabError as error:
            # The logs that the message names must still be there to be read; the next `up` clears them.
            self._kill_all(state)
            raise LabError(f"Lab {self.name} did not come up. {error}") from error
        self._say(f"lab {self.name} is ready: DOCKER_HOST={nodes[0].docker_host} REGISTRY_URL={registry.url}")

    def _open_network(self, state: LabState) -> None:
        for network in free_networks():
            # Written down before it is made, so that a crash in between leaves nothing unknown.
            state.network = network.number
            self._folder.write(state)
            if network.open():
                return
        raise LabError("Every bridge swlab0 to swlab255 exists already; take a lab down first.")

    def _fill(self, registry: Registry, rootfs: Path) -> None:
        images = lab_images(rootfs / "bin" / "busybox")
        registry.wait_until_ready()
        registry.push(images)
        names = " ".join(f"{image.repository}:{image.tag}" for image in images)
        self._say(f"the registry holds {names}")

    def _form_swarm(self, nodes: list[Node]) -> None:
        first, *others = nodes
        first.engine.init_swarm(first.address)
        tokens = first.engine.join_tokens() if others else {}
        for node in others:
            node.engine.join_swarm(node.address, first.address, tokens[node.role.capitalize()])
        wait_until(
            lambda: _all_ready(first.engine.nodes(), len(nodes)),
            seconds=_READY_SECONDS,
            what=f"a swarm of {_count(len(nodes), 'ready node')}",
            log=first.machine.log,
        )
        self._say(f"{_count(len(nodes), 'node')} ready")

    def _keep(self, state: LabState, managers: int | None, workers: int | None, engine: str | None) -> None:
        shape = Shape(state.managers, state.workers, state.engine)
        asked = (managers, workers, engine)
        has = (shape.managers, shape.workers, shape.engine)
        if any(wish is not None and wish != fact for wish, fact in zip(asked, has, strict=True)):
            down = f"python -m lab down --name {self.name}"
            raise LabError(f"Lab {self.name} runs with {shape}; take it down first with `{down}`.")
        nodes = self._nodes_of(state)
        crashed = [node for node in nodes if not node.running and node.name not in state.off]
        for node in crashed:
            self._say(f"booting {node.name}, which had crashed")
            node.boot()
        for node in crashed:
            node.wait_for_engine()
            node.wait_for_swarm()
        registry = self._registry_of(state)
        if not registry.running and "registry" not in state.off:
            self._say("starting the registry, which had crashed")
            registry.boot()
            registry.wait_until_ready()
        off = f"; switched off: {', '.join(state.off)}" if state.off else ""
        self._say(f"lab {self.name} is running already with {shape}{off}")

    def _clear(self) -> None:
        state = self._folder.read()
        if state and state.network >= 0:
            state.ready = False
            self._folder.write(state)
            self._kill_all(state)
            network = Network(state.network)
            remove_cgroups(network.bridge)
            network.close()
        shutil.rmtree(self._folder.path)

    def _kill_all(self, state: LabState) -> None:
        if state.network < 0:
            return
        machines = [self._registry_of(state).machine, *(node.machine for node in self._nodes_of(state))]
        with ThreadPoolExecutor(max_workers=len(machines)) as killers:
            list(killers.map(Machine.kill, machines))

    def _plug(self, name: str, *, up: bool) -> None:
        with self._changing():
            machine = self.node(name).machine
            if not machine.running:
                raise LabError(f"{name} is off; `power-on {name}` first.")
            machine.network.plug(machine.number, up=up)

    @contextmanager
    def _changing(self) -> Iterator[LabState]:
        self._require_host()
        with self._folder.locked():
            state = self._state()
            yield state
            self._folder.write(state)

    def _state(self) -> LabState:
        state = self._folder.read()
        if state is None or not state.ready:
            others = [name for name in known_labs() if name != self.name]
            known = f" (there is {', '.join(others)})" if others else ""
            start = f"python -m lab up --name {self.name}"
            raise LabError(f"There is no running lab {self.name}{known}; start it with `{start}`.")
        return state

    def _registry_of(self, state: LabState) -> Registry:
        return Registry(self._machine(state, "registry", 2))

    def _nodes_of(self, state: LabState) -> list[Node]:
        registry = self._registry_of(state).host
        roles: list[tuple[Role, int, int]] = [("manager", state.managers, 10), ("worker", state.workers, 100)]
        return [
            Node(role, self._machine(state, f"{role}-{index}", base + index), registry)
            for role, count, base in roles
            for index in range(1, count + 1)
        ]

    def _machine(self, state: LabState, name: str, number: int) -> Machine:
        return Machine(name, number, Network(state.network), self._folder.path / name, Path(state.rootfs))

    def _require_host(self) -> None:
        if reason := unsuitable():
            raise LabError(reason)
        require_tools("ip", "iptables", "nsenter", "setsid", "unshare", say=self._say)


def _all_ready(nodes: list[dict[str, Any]], count: int) -> bool:
    return len(nodes) == count and all(
        node["Status"]["State"] == "ready"
        and node.get("ManagerStatus", {}).get("Reachability", "reachable") == "reachable"
        for node in nodes
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
