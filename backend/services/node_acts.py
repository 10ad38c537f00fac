"""Acts on nodes: availability, role, labels and removal, each naming the tasks that will move."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from backend.clients.docker_client import SwarmClient
from backend.domain import constraints
from backend.domain.capacity import HOLDS_RESERVATION
from backend.domain.permissions import Permission
from backend.domain.slots import WANTED
from backend.errors import Conflict
from backend.models.actor import Actor
from backend.models.cluster import Availability, Node, Role, Service
from backend.models.schemas.nodes import DrainPreview, MovingService, NodeChange
from backend.services.audit import Audit
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.nodes import find_node, node_view
from backend.services.use_case import use_case

type Spec = dict[str, Any]


class NodeActs:
    """Every act answers with the node as it is afterwards and with what it does to services."""

    def __init__(
        self, *, cluster: ClusterState, watcher: ClusterWatcher, client: SwarmClient, audit: Audit
    ) -> None:
        self._cluster = cluster
        self._watcher = watcher
        self._client = client
        self.audit = audit

    async def _effect_of_draining(self, arguments: Mapping[str, Any]) -> str | None:
        found = find_node(self._cluster, str(arguments["node"]))
        moving = self._moving(found)
        if not moving:
            return None
        said = f"{sum(one.tasks for one in moving if one.moves)} tasks leave {found.hostname}"
        end = [one.service for one in moving if not one.moves]
        return f"{said}; {', '.join(end[:10])} end there and start nowhere else" if end else said

    @use_case(Permission.READ)
    async def drain_preview(self, actor: Actor, node: str) -> DrainPreview:
        """What a drain would move, service by service."""
        found = find_node(self._cluster, node)
        return DrainPreview(node=found.hostname, services=self._moving(found))

    @use_case(Permission.READ)
    async def preview(
        self, actor: Actor, node: str, *, role: Role | None = None, labels: Mapping[str, str] | None = None
    ) -> DrainPreview:
        """What a change of role or labels would move: tasks whose constraints the node then fails."""
        found = find_node(self._cluster, node)
        return DrainPreview(node=found.hostname, services=self._evicted(found, _changed(found, role, labels)))

    @use_case(Permission.OPERATE, action="node.drain", target="node", effect=_effect_of_draining)
    async def drain(self, actor: Actor, node: str) -> NodeChange:
        """Take a node out of service; its tasks move to other nodes where they may."""
        return await self._set_availability(node, "drain", self._moving)

    @use_case(Permission.OPERATE, action="node.pause", target="node")
    async def pause(self, actor: Actor, node: str) -> NodeChange:
        """Let a node keep its tasks and take no new ones."""
        return await self._set_availability(node, "pause", _nothing)

    @use_case(Permission.OPERATE, action="node.activate", target="node")
    async def activate(self, actor: Actor, node: str) -> NodeChange:
        """Let a node take tasks again; running ones do not move back by themselves."""
        return await self._set_availability(node, "active", _nothing)

    @use_case(Permission.ADMIN, action="node.promote", target="node")
    async def promote(self, actor: Actor, node: str) -> NodeChange:
        """Make a node a manager: it gets a copy of the swarm's state and a vote."""
        return await self._set_role(find_node(self._cluster, node), "manager")

    @use_case(Permission.ADMIN, action="node.demote", target="node")
    async def demote(self, actor: Actor, node: str) -> NodeChange:
        """Make a manager a worker.

        Raises Conflict `quorum` when the swarm could not go on without it, `own_manager` for the one we
        speak to: with its role it would lose the very swarm we manage.
        """
        found = find_node(self._cluster, node)
        if found.role == "manager":
            await self._check_may_go(found)
        return await self._set_role(found, "worker")

    @use_case(Permission.OPERATE, action="node.label", target="node")
    async def label(self, actor: Actor, node: str, labels: Mapping[str, str]) -> NodeChange:
        """Replace the node's labels. Running tasks that placed themselves by an old one move at once."""
        found = find_node(self._cluster, node)
        moving = self._evicted(found, _changed(found, None, labels))
        return await self._update(found, {"Labels": dict(labels)}, moving)

    @use_case(Permission.ADMIN, action="node.remove", target="node")
    async def remove(self, actor: Actor, node: str, *, force: bool) -> None:
        """Forget a node that is down for good; with `force` one that is not, whose tasks then go on unseen.

        Raises Conflict `node_not_down`.
        """
        found = find_node(self._cluster, node)
        if found.role == "manager":
            raise Conflict(
                f"{found.hostname} is a manager. Demote it first, then remove it.", code="node_is_manager"
            )
        if found.is_live and not force:
            raise Conflict(
                f"{found.hostname} is up. Drain it and run `docker swarm leave` on it, or force the removal.",
                code="node_not_down",
            )
        await self._client.remove_node(found.id, force=force)
        await self._watcher.look()

    async def _set_availability(
        self, node: str, availability: Availability, moving: Callable[[Node], list[MovingService]]
    ) -> NodeChange:
        found = find_node(self._cluster, node)
        return await self._update(found, {"Availability": availability}, moving(found))

    async def _set_role(self, node: Node, role: Role) -> NodeChange:
        return await self._update(node, {"Role": role}, self._evicted(node, _changed(node, role, None)))

    async def _check_may_go(self, node: Node) -> None:
        managers = [one for one in self._cluster.nodes.values() if one.role == "manager"]
        if len(managers) == 1:
            raise Conflict(f"{node.hostname} is the only manager; promote another node first.", code="quorum")
        left = [one for one in managers if one.id != node.id and one.reachability == "reachable"]
        if len(left) < (len(managers) - 1) // 2 + 1:
            raise Conflict(
                f"Without {node.hostname} only {len(left)} of {len(managers) - 1} managers would be "
                "reachable, too few to decide anything. Bring the others back first.",
                code="quorum",
            )
        if (await self._client.info()).node_id == node.id:
            raise Conflict(
                f"{node.hostname} is the manager whose engine this server speaks to; as a worker it could "
                "not tell us about the swarm any more. Point DOCKER_HOST at another manager first.",
                code="own_manager",
            )

    async def _update(self, node: Node, fields: Spec, moving: list[MovingService]) -> NodeChange:
        after = await self._client.update_node(node.id, lambda spec: {**spec, **fields})
        self._cluster.apply_node(after)
        self._watcher.look_soon()
        return NodeChange(node=node_view(after, self._cluster.tasks_on(node.id)), moving=moving)

    def _moving(self, node: Node) -> list[MovingService]:
        return self._on(node, lambda _: True)

    def _evicted(self, before: Node, after: Node) -> list[MovingService]:
        """Swarm moves running tasks only off active nodes (swarmkit, orchestrator/constraintenforcer)."""
        if after.availability != "active":
            return []
        return self._on(before, lambda service: _fits(service, before) and not _fits(service, after))

    def _on(self, node: Node, concerned: Callable[[Service], bool]) -> list[MovingService]:
        counts = Counter(
            task.service_id
            for task in self._cluster.tasks_on(node.id)
            if task.state in HOLDS_RESERVATION and task.desired_state in WANTED
        )
        moving = [
            moving_service(service, count)
            for service_id, count in counts.items()
            if (service := self._cluster.service_by_id(service_id)) is not None and concerned(service)
        ]
        return sorted(moving, key=lambda item: item.service)


def moving_service(service: Service, tasks: int) -> MovingService:
    """What losing its node does to one service's tasks: swarmkit restart.go decides who comes back."""
    note = None
    if service.mode in {"global", "global-job"}:
        note = "It runs once on every eligible node, so it ends here and starts nowhere else."
    elif (service.spec.get("TaskTemplate", {}).get("RestartPolicy") or {}).get("Condition") == "none":
        note = "Its restart policy is `none`: Swarm will not start it again elsewhere."
    return MovingService(service=service.name, tasks=tasks, moves=note is None, note=note)


def _nothing(_node: Node) -> list[MovingService]:
    return []


def _changed(node: Node, role: Role | None, labels: Mapping[str, str] | None) -> Node:
    return msgspec.structs.replace(
        node, role=role or node.role, labels=node.labels if labels is None else dict(labels)
    )


def _fits(service: Service, node: Node) -> bool:
    placement = (service.spec.get("TaskTemplate") or {}).get("Placement") or {}
    try:
        wanted = [constraints.parse(text) for text in placement.get("Constraints") or ()]
    except ValueError:
        # Not ours to judge; such a service runs nowhere anyway.
        return True
    return constraints.matches_all(wanted, node)
