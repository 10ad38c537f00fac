"""A lab as a whole: bring a real swarm up, break it on purpose, take it down without a trace."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from lab.cgroups import remove_cgroups
from lab.errors import LabError
from lab.host import require_tools, unsuitable
from lab.members import Members, Shape, count
from lab.network import Network
from lab.node import Node
from lab.registry import Registry
from lab.startup import kill_all, start
from lab.state import LabState, StateFolder, known_labs

DEFAULT_NAME = "demo"


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
        if self.running:
            raise LabError(f"Lab {self.name} runs already, and leaving `with` would take it down.")
        shape = self._shape or Shape()
        try:
            self.up(
                managers=shape.managers,
                workers=shape.workers,
                engine=shape.engine,
                registry_password=shape.registry_password,
            )
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.down()

    def up(
        self,
        *,
        managers: int | None = None,
        workers: int | None = None,
        engine: str | None = None,
        registry_password: str | None = None,
    ) -> None:
        """Bring the lab to a ready swarm: all nodes Ready, the registry answering, the images pushed.

        On a running lab it boots what crashed and is content; over the remains of a crashed one it starts
        clean. Raises `LabError` if the lab runs in another shape than asked for.
        """
        self._require_host()
        with self._folder.locked():
            state = self._folder.read()
            if state and self._members(state).stand:
                self._keep(state, managers, workers, engine, registry_password)
                return
            if self._folder.path.exists():
                self._say(f"clearing the remains of lab {self.name}")
                self._clear()
            default = Shape()
            shape = Shape(
                default.managers if managers is None else managers,
                default.workers if workers is None else workers,
                engine or default.engine,
                registry_password or "",
            )
            start(self.name, shape, self._folder, self._say)

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
        """Whether `up` went through and not every node crashed since (switched off is not crashed)."""
        state = self._folder.read()
        return state is not None and self._members(state).stand

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
        return self._members(self._state()).registry

    @property
    def registry_url(self) -> str:
        return self.registry.url

    @property
    def nodes(self) -> list[Node]:
        """All nodes, managers first; switched-off ones too."""
        return self._members(self._state()).nodes

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
            self._say(f"{name} is off")

    def power_on(self, name: str) -> None:
        """Boot the node with the disk it had and the cable plugged in. Fine if it runs.

        Returns when it is back in the swarm, or once its engine answers where too few managers have power.
        """
        with self._changing() as state:
            node = self.node(name)
            if name in state.off:
                state.off.remove(name)
            if not node.running:
                self._boot_again(state, [node])
            self._say(f"{name} is on")

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
            self._say(f"{name} is frozen")

    def thaw(self, name: str) -> None:
        """Let a frozen engine go on."""
        with self._changing():
            self.node(name).thaw()
            self._say(f"{name} is thawed")

    def registry_stop(self) -> None:
        """Kill the registry; what is stored in it stays."""
        with self._changing() as state:
            self._members(state).registry.machine.kill()
            if "registry" not in state.off:
                state.off.append("registry")
            self._say("the registry is off")

    def registry_start(self) -> None:
        """Start the registry again and wait for its first answer. Fine if it runs."""
        with self._changing() as state:
            registry = self._members(state).registry
            if "registry" in state.off:
                state.off.remove("registry")
            if not registry.running:
                registry.boot()
            registry.wait_until_ready()
            self._say("the registry is on")

    def _keep(
        self,
        state: LabState,
        managers: int | None,
        workers: int | None,
        engine: str | None,
        registry_password: str | None,
    ) -> None:
        shape = Shape(state.managers, state.workers, state.engine, state.registry_password)
        asked = (managers, workers, engine, registry_password)
        has = (shape.managers, shape.workers, shape.engine, shape.registry_password)
        if any(wish is not None and wish != fact for wish, fact in zip(asked, has, strict=True)):
            down = f"python -m lab down --name {self.name}"
            raise LabError(f"Lab {self.name} runs with {shape}; take it down first with `{down}`.")
        nodes = self._members(state).nodes
        crashed = [node for node in nodes if not node.running and node.name not in state.off]
        if crashed:
            self._say(f"booting what had crashed: {', '.join(node.name for node in crashed)}")
            self._boot_again(state, crashed)
        registry = self._members(state).registry
        if not registry.running and "registry" not in state.off:
            self._say("starting the registry, which had crashed")
            registry.boot()
            registry.wait_until_ready()
        off = f"; switched off: {', '.join(state.off)}" if state.off else ""
        self._say(f"lab {self.name} is running already with {shape}{off}")

    def _boot_again(self, state: LabState, nodes: list[Node]) -> None:
        for node in nodes:
            node.boot()
        for node in nodes:
            node.wait_for_engine()
        managers = [node for node in self._members(state).nodes if node.role == "manager"]
        able = [node for node in managers if node.running and not node.frozen and not node.cut]
        if 2 * len(able) <= len(managers):
            self._say(f"{len(able)} of {count(len(managers), 'manager')} can vote, so there is no swarm yet")
            return
        for node in nodes:
            node.wait_for_swarm()

    def _clear(self) -> None:
        state = self._folder.read()
        if state and state.ready:
            state.ready = False
            self._folder.write(state)
        kill_all(self._folder)
        if state and state.network >= 0:
            network = Network(state.network)
            remove_cgroups(network.bridge)
            network.close()
        shutil.rmtree(self._folder.path)

    def _plug(self, name: str, *, up: bool) -> None:
        with self._changing():
            machine = self.node(name).machine
            if not machine.running:
                raise LabError(f"{name} is off; `power-on {name}` first.")
            machine.network.plug(machine.number, up=up)
            self._say(f"{name} is {'on the network again' if up else 'cut off'}")

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

    def _members(self, state: LabState) -> Members:
        return Members(state, self._folder)

    def _require_host(self) -> None:
        if reason := unsuitable():
            raise LabError(reason)
        require_tools("ip", "iptables", "nsenter", "setsid", "unshare", say=self._say)
