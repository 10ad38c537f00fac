"""From nothing to a ready swarm: the story of `up`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.images import lab_images
from lab.machine import kill_machine
from lab.members import Members, Shape, count
from lab.network import free_networks
from lab.node import Node
from lab.registry import Registry
from lab.rootfs import SUITES, RootfsCache
from lab.state import LabState, StateFolder
from lab.waiting import wait_until

_MOST_MANAGERS = 9
_MOST_WORKERS = 100
_READY_SECONDS = 120


def start(name: str, shape: Shape, folder: StateFolder, say: Callable[[str], None]) -> None:
    """Start a lab where there is none. Raises `LabError`; what did not come up has no power left then."""
    _check(shape)
    say(f"lab {name}: {shape}")
    rootfs = RootfsCache().get(shape.engine, say)
    state = LabState(
        shape.engine,
        shape.managers,
        shape.workers,
        str(rootfs),
        network=-1,
        registry_password=shape.registry_password,
    )
    try:
        _open_network(state, folder)
        members = Members(state, folder)
        _boot(members, rootfs, say)
        state.ready = True
        folder.write(state)
    except LabError as error:
        # The logs that the message names must still be there to be read; the next `up` clears them.
        kill_all(folder)
        raise LabError(f"Lab {name} did not come up. {error}") from error
    docker_host = members.nodes[0].docker_host
    say(f"lab {name} is ready: DOCKER_HOST={docker_host} REGISTRY_URL={members.registry.url}")


def kill_all(folder: StateFolder) -> None:
    """Cut the power of every machine that has a disk in `folder`, whatever the record says."""
    with ThreadPoolExecutor() as killers:
        list(killers.map(kill_machine, [entry for entry in folder.path.iterdir() if entry.is_dir()]))


def _check(shape: Shape) -> None:
    if shape.engine not in SUITES:
        raise LabError(f"There is no engine {shape.engine}; choose one of {', '.join(SUITES)}.")
    if not 1 <= shape.managers <= _MOST_MANAGERS or not 0 <= shape.workers <= _MOST_WORKERS:
        raise LabError(f"A lab has 1 to {_MOST_MANAGERS} managers and 0 to {_MOST_WORKERS} workers.")


def _open_network(state: LabState, folder: StateFolder) -> None:
    for network in free_networks():
        # Written down before it is made, so that a crash in between leaves nothing unknown.
        state.network = network.number
        folder.write(state)
        if network.open():
            return
    raise LabError("Every bridge swlab0 to swlab255 exists already; take a lab down first.")


def _boot(members: Members, rootfs: Path, say: Callable[[str], None]) -> None:
    registry = members.registry
    nodes = members.nodes
    registry.boot()
    for node in nodes:
        node.boot()
    with ThreadPoolExecutor(max_workers=1) as pusher:
        pushed = pusher.submit(_fill, registry, rootfs, say)
        for node in nodes:
            node.wait_for_engine()
        say(f"{count(len(nodes), 'engine')} answering (Docker {nodes[0].engine.version()})")
        _form_swarm(nodes)
        say(f"{count(len(nodes), 'node')} ready")
        pushed.result()


def _fill(registry: Registry, rootfs: Path, say: Callable[[str], None]) -> None:
    images = lab_images(rootfs / "bin" / "busybox")
    registry.wait_until_ready()
    registry.push(images)
    names = " ".join(f"{image.repository}:{image.tag}" for image in images)
    say(f"the registry holds {names}")


def _form_swarm(nodes: list[Node]) -> None:
    first, *others = nodes
    first.engine.init_swarm(first.address)
    tokens = first.engine.join_tokens() if others else {}
    for node in others:
        node.engine.join_swarm(node.address, first.address, tokens[node.role.capitalize()])
    wait_until(
        lambda: _all_ready(first.engine.nodes(), len(nodes)),
        seconds=_READY_SECONDS,
        what=f"a swarm of {count(len(nodes), 'ready node')}",
        log=first.machine.log,
    )


def _all_ready(nodes: list[dict[str, Any]], expected: int) -> bool:
    return len(nodes) == expected and all(
        node["Status"]["State"] == "ready"
        and node.get("ManagerStatus", {}).get("Reachability", "reachable") == "reachable"
        for node in nodes
    )
