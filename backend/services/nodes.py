"""The swarm's machines: what they have and what they hold."""

import asyncio
from collections.abc import Sequence

import msgspec

from backend.domain.capacity import reserved
from backend.domain.observations import Changes
from backend.domain.permissions import Permission
from backend.domain.slots import WANTED
from backend.errors import Conflict, NotFound
from backend.models.actor import Actor
from backend.models.cluster import Node, Task
from backend.models.schemas.nodes import NodeDetail, NodeOut, ResourceShare
from backend.services.audit import Audit
from backend.services.cluster_state import ClusterState
from backend.services.listed import Listed
from backend.services.service_views import ServiceViews
from backend.services.use_case import use_case

NANO = 1_000_000_000
NODES_AT_ONCE = 100
"""Nodes that are looked at before the event loop gets a turn."""


class Nodes:
    """List and read, from memory."""

    def __init__(
        self, *, cluster: ClusterState, views: ServiceViews, node_views: "NodeViews", audit: Audit
    ) -> None:
        self._cluster = cluster
        self._views = views
        self._node_views = node_views
        self.audit = audit

    @use_case(Permission.READ)
    async def list_all(self, actor: Actor, *, match: str | None = None, limit: int, offset: int) -> Listed:
        """Managers first, then by host name; 503 before the first look."""
        self._cluster.require_picture()
        found = [
            encoded
            for node, encoded in await self._node_views.all()
            if not match or match.casefold() in f"{node.hostname} {node.address} {node.labels}".casefold()
        ]
        return Listed(found[offset : offset + limit], len(found))

    @use_case(Permission.READ)
    async def get(self, actor: Actor, node: str) -> NodeDetail:
        """One node by id or host name, with the tasks the swarm keeps on it."""
        found = find_node(self._cluster, node)
        tasks = self._cluster.tasks_on(found.id)
        view = node_view(found, tasks)
        grouped: dict[str, list[Task]] = {}
        for task in tasks:
            grouped.setdefault(task.service_id, []).append(task)
        shown = [
            task
            for service_id, group in grouped.items()
            for task in self._views.tasks(self._cluster.service_by_id(service_id), group)
        ]
        return NodeDetail(**view.model_dump(), tasks=sorted(shown, key=lambda task: task.name))


class NodeViews:
    """What lists say of each node, made anew only when the node or a task on it changed."""

    def __init__(self, cluster: ClusterState) -> None:
        self._cluster = cluster
        self._made: dict[str, tuple[Node, NodeOut, bytes]] = {}
        cluster.on_change.append(self._forget)

    async def all(self) -> list[tuple[NodeOut, bytes]]:
        """Every node with its resources as the scheduler counts them, and the same as JSON."""
        views = []
        for number, node in enumerate(list(self._cluster.nodes.values()), 1):
            views.append(self._of(node))
            if not number % NODES_AT_ONCE:
                await asyncio.sleep(0)
        return sorted(views, key=lambda view: (view[0].role != "manager", view[0].hostname))

    def _of(self, node: Node) -> tuple[NodeOut, bytes]:
        known = self._made.get(node.id)
        if known is None or known[0] is not node:
            view = node_view(node, self._cluster.tasks_on(node.id))
            known = self._made[node.id] = (node, view, view.model_dump_json().encode())
        return known[1:]

    def _forget(self, changes: Changes) -> None:
        for node_id in changes.nodes:
            self._made.pop(node_id, None)


def node_view(node: Node, tasks: Sequence[Task]) -> NodeOut:
    has, taken = node.resources, reserved(tasks)
    share = ResourceShare(
        cpus=has.nano_cpus / NANO,
        cpus_reserved=taken.nano_cpus / NANO,
        cpus_free=(has.nano_cpus - taken.nano_cpus) / NANO,
        memory_bytes=has.memory_bytes,
        memory_reserved=taken.memory_bytes,
        memory_free=has.memory_bytes - taken.memory_bytes,
        generic=has.generic,
        generic_reserved=taken.generic,
    )
    fields = msgspec.structs.asdict(node)
    return NodeOut(
        **{name: fields[name] for name in NodeOut.model_fields if name in fields and name != "resources"},
        os=node.platform.os,
        architecture=node.platform.architecture,
        resources=share,
        tasks_running=sum(1 for task in tasks if task.state == "running" and task.desired_state in WANTED),
    )


def find_node(cluster: ClusterState, node: str) -> Node:
    """The node of this id or host name. Raises NotFound `node_not_found`, Conflict `ambiguous_name`."""
    cluster.require_picture()
    if (found := cluster.nodes.get(node)) is not None:
        return found
    named = [candidate for candidate in cluster.nodes.values() if candidate.hostname == node]
    if len(named) > 1:
        ids = ", ".join(sorted(candidate.id for candidate in named))
        raise Conflict(f"{len(named)} nodes are called {node}; use an id: {ids}.", code="ambiguous_name")
    if not named:
        raise NotFound(f"The swarm has no node {node!r}.", code="node_not_found")
    return named[0]
