"""The picture of the cluster in memory: every read comes from here, and it may be thrown away at any time."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from backend.errors import DockerUnavailable, OrchestratorError
from backend.models.cluster import Node, Service, SwarmInfo, SwarmObject, Task


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the engine said in one full look."""

    info: SwarmInfo
    nodes: Sequence[Node]
    services: Sequence[Service]
    tasks: Sequence[Task]
    networks: Sequence[SwarmObject]
    secrets: Sequence[SwarmObject]
    configs: Sequence[SwarmObject]


@dataclass(slots=True)
class ClusterState:
    """Nodes, services and tasks as last seen, and how fresh that is."""

    info: SwarmInfo | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    """By name."""
    networks: dict[str, SwarmObject] = field(default_factory=dict)
    secrets: dict[str, SwarmObject] = field(default_factory=dict)
    configs: dict[str, SwarmObject] = field(default_factory=dict)
    error: OrchestratorError | None = None
    """Why the engine does not answer now; None while it does."""
    as_of: datetime | None = None
    _seen_at: float | None = None
    _tasks: dict[str, tuple[Task, ...]] = field(default_factory=dict)
    _refreshed_at: dict[str, float] = field(default_factory=dict)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def stale_seconds(self) -> float | None:
        """Age of the picture on our own clock, in seconds; None before the first look."""
        return None if self._seen_at is None else max(0.0, time.monotonic() - self._seen_at)

    def require_picture(self) -> None:
        """Raise when there is nothing to answer from: the engine never answered since we started."""
        if self._seen_at is None:
            raise self.error or DockerUnavailable(
                "The engine has not answered yet; try again in a moment.",
                code="no_picture_yet",
                retry_after=2,
            )

    def tasks_of(self, service: Service) -> tuple[Task, ...]:
        return self._tasks.get(service.id, ())

    def tasks_of_id(self, service_id: str) -> tuple[Task, ...]:
        """Also those of a service that is gone but whose containers are still stopping."""
        return self._tasks.get(service_id, ())

    def tasks_by_node(self) -> dict[str, list[Task]]:
        grouped: dict[str, list[Task]] = {}
        for task in self.all_tasks():
            if task.node_id:
                grouped.setdefault(task.node_id, []).append(task)
        return grouped

    def all_tasks(self) -> Iterable[Task]:
        for tasks in self._tasks.values():
            yield from tasks

    def service_by_id(self, service_id: str) -> Service | None:
        return next((service for service in self.services.values() if service.id == service_id), None)

    def apply(self, look: Look, *, began_at: float) -> None:
        """Take over a full look that began at `began_at` (monotonic seconds).

        Services re-read since then are newer than the look and keep their place in the picture.
        """
        newer = {name for name, at in self._refreshed_at.items() if at > began_at}
        newer_ids = {self.services[name].id for name in newer if name in self.services}
        services = {service.name: service for service in look.services if service.name not in newer}
        services |= {name: self.services[name] for name in newer if name in self.services}
        tasks: dict[str, list[Task]] = {}
        for task in look.tasks:
            if task.service_id not in newer_ids:
                tasks.setdefault(task.service_id, []).append(task)
        kept = {service_id: self._tasks[service_id] for service_id in newer_ids if service_id in self._tasks}
        self.info = look.info
        self.nodes = {node.id: node for node in look.nodes}
        self.services = services
        self._tasks = {service_id: tuple(group) for service_id, group in tasks.items()} | kept
        self.networks = {item.name: item for item in look.networks}
        self.secrets = {item.name: item for item in look.secrets}
        self.configs = {item.name: item for item in look.configs}
        self._refreshed_at = {name: self._refreshed_at[name] for name in newer}
        self._fresh()

    def apply_service(self, name: str, service: Service | None, tasks: Sequence[Task]) -> None:
        """Take over one service just read; None: the swarm no longer has it."""
        known = self.services.get(name)
        if service is None:
            self.services.pop(name, None)
        else:
            self.services[name] = service
        service_id = service.id if service else known.id if known else None
        if service_id is not None:
            self._tasks[service_id] = tuple(tasks)
        self._refreshed_at[name] = time.monotonic()
        self._announce()

    def apply_node(self, node: Node) -> None:
        self.nodes = self.nodes | {node.id: node}
        self._announce()

    def lost(self, error: OrchestratorError) -> None:
        """The engine did not answer; what was seen stays, with its age."""
        self.error = error
        self._announce()

    async def changed(self) -> None:
        """Wait until something is seen again, whether or not it differs."""
        await self._changed.wait()

    def _fresh(self) -> None:
        self.error = None
        self.as_of = datetime.now(UTC)
        self._seen_at = time.monotonic()
        self._announce()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
