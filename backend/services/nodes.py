"""The swarm's machines: what they have, what they hold, and taking them out of and into service."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from backend.clients.docker_client import SwarmClient
from backend.domain.capacity import HOLDS_RESERVATION, reserved
from backend.domain.observations import Changes
from backend.domain.permissions import Permission
from backend.domain.slots import WANTED
from backend.errors import Conflict, NotFound
from backend.models.actor import Actor
from backend.models.cluster import Availability, Node, Service, Task
from backend.models.schemas.nodes import (
    DrainPreview,
    MovingService,
    NodeChange,
    NodeDetail,
    NodeOut,
    ResourceShare,
)
from backend.services.audit import Audit
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.listed import Listed
from backend.services.service_views import ServiceViews
from backend.services.use_case import use_case

NANO = 1_000_000_000
NODES_AT_ONCE = 100
"""Nodes that are looked at before the event loop gets a turn."""


class Nodes:
    """List, read, drain and activate."""

    def __init__(
        self,
        *,
        cluster: ClusterState,
        watcher: ClusterWatcher,
        client: SwarmClient,
        views: ServiceViews,
        node_views: "NodeViews",
        audit: Audit,
    ) -> None:
        self._cluster = cluster
        self._watcher = watcher
        self._client = client
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
        found = self._find(node)
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

    @use_case(Permission.READ)
    async def drain_preview(self, actor: Actor, node: str) -> DrainPreview:
        """What a drain would move, service by service."""
        found = self._find(node)
        return DrainPreview(node=found.hostname, services=self._moving(found))

    @use_case(Permission.OPERATE, action="node.drain", target="node")
    async def drain(self, actor: Actor, node: str) -> NodeChange:
        """Take a node out of service; its tasks move to other nodes where they may."""
        found = self._find(node)
        return await self._set_availability(found, "drain", self._moving(found))

    @use_case(Permission.OPERATE, action="node.activate", target="node")
    async def activate(self, actor: Actor, node: str) -> NodeChange:
        """Let a node take tasks again; running ones do not move back by themselves."""
        return await self._set_availability(self._find(node), "active", [])

    def _find(self, node: str) -> Node:
        self._cluster.require_picture()
        if (found := self._cluster.nodes.get(node)) is not None:
            return found
        named = [candidate for candidate in self._cluster.nodes.values() if candidate.hostname == node]
        if len(named) > 1:
            ids = ", ".join(sorted(candidate.id for candidate in named))
            raise Conflict(f"{len(named)} nodes are called {node}; use an id: {ids}.", code="ambiguous_name")
        if not named:
            raise NotFound(f"The swarm has no node {node!r}.", code="node_not_found")
        return named[0]

    async def _set_availability(
        self, node: Node, availability: Availability, moving: Sequence[MovingService]
    ) -> NodeChange:
        def edit(spec: dict[str, Any]) -> dict[str, Any]:
            return {**spec, "Availability": availability}

        after = await self._client.update_node(node.id, edit)
        self._cluster.apply_node(after)
        self._watcher.look_soon()
        tasks = self._cluster.tasks_on(node.id)
        return NodeChange(node=node_view(after, tasks), moving=list(moving))

    def _moving(self, node: Node) -> list[MovingService]:
        counts = Counter(
            task.service_id
            for task in self._cluster.tasks_on(node.id)
            if task.state in HOLDS_RESERVATION and task.desired_state in WANTED
        )
        moving = [
            moving_service(service, count)
            for service_id, count in counts.items()
            if (service := self._cluster.service_by_id(service_id)) is not None
        ]
        return sorted(moving, key=lambda item: item.service)


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


def moving_service(service: Service, tasks: int) -> MovingService:
    """What draining does to one service's tasks: swarmkit restart.go decides who comes back."""
    note = None
    if service.mode in {"global", "global-job"}:
        note = "It runs once on every eligible node, so it ends here and starts nowhere else."
    elif (service.spec.get("TaskTemplate", {}).get("RestartPolicy") or {}).get("Condition") == "none":
        note = "Its restart policy is `none`: Swarm will not start it again elsewhere."
    return MovingService(service=service.name, tasks=tasks, moves=note is None, note=note)
