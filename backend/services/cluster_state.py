"""The picture of the cluster in memory: every read comes from here, and it may be thrown away at any time."""

import asyncio
import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from backend.domain.observations import Changes, NodeChange, ServiceChange
from backend.errors import DockerUnavailable, OrchestratorError
from backend.models.cluster import Node, Service, SwarmInfo, SwarmObject, Task
from backend.services.look import Difference, Look
from backend.services.seen_tasks import SeenTasks

log = logging.getLogger(__name__)

PIECE = 2_000
"""Tasks compared before the event loop gets a turn: a few milliseconds of work."""


@dataclass(slots=True)
class ClusterState:
    """Nodes, services and tasks as last seen, and how fresh that is.

    What did not change keeps its identity: the same Task, the same tuple of a service's tasks, the same
    `nodes`, `networks`, `secrets` and `configs`. So `is` tells whether something made from them still holds.
    """

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
    on_change: list[Callable[[Changes], None]] = field(default_factory=list)
    """Called after the picture changed, with what really changed."""
    on_engine: list[Callable[[OrchestratorError | None], None]] = field(default_factory=list)
    """Called when the engine is lost, for another reason than before, or answers again (None)."""
    _seen_at: float | None = None
    _tasks: SeenTasks = field(init=False)
    _names: dict[str, str] = field(default_factory=dict)
    """Service names by id, also of those that are gone while some of their tasks are left."""
    _refreshed_at: dict[str, float] = field(default_factory=dict)
    _node_read_at: dict[str, float] = field(default_factory=dict)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        self._tasks = SeenTasks(self._hostname)

    @property
    def stale_seconds(self) -> float | None:
        """Age of the picture on our own clock, in seconds; None before the first look."""
        return None if self._seen_at is None else max(0.0, time.monotonic() - self._seen_at)

    def seen_at(self, name: str) -> float:
        """When the service and its tasks were last read, in monotonic seconds; 0 for never."""
        return max(self._refreshed_at.get(name, 0.0), self._seen_at or 0.0)

    def require_picture(self) -> None:
        """Raise when there is nothing to answer from: the engine never answered since we started."""
        if self._seen_at is None:
            raise self.error or DockerUnavailable(
                "The engine has not answered yet; try again in a moment.",
                code="no_picture_yet",
                retry_after=2,
            )

    def tasks_of(self, service: Service) -> tuple[Task, ...]:
        return self._tasks.of(service.id)

    def tasks_of_id(self, service_id: str) -> tuple[Task, ...]:
        """Also those of a service that is gone but whose containers are still stopping."""
        return self._tasks.of(service_id)

    def tasks_on(self, node_id: str) -> list[Task]:
        return self._tasks.on(node_id)

    def task_by_id(self, task_id: str) -> Task | None:
        return self._tasks.by_id(task_id)

    def service_by_id(self, service_id: str) -> Service | None:
        service = self.services.get(self._names.get(service_id, ""))
        return service if service is not None and service.id == service_id else None

    def apply(self, look: Look, *, began_at: float, resync: bool = False) -> Changes:
        """Take over a full look that began at `began_at` (monotonic seconds), at once.

        Services re-read since then are newer than the look and keep their place in the picture. `resync`
        says that events may have been missed before it.
        """
        steps = self._apply(look, began_at, resync)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                changes: Changes = done.value
                return changes

    async def take(self, look: Look, *, began_at: float, resync: bool = False) -> Changes:
        """As `apply`, giving the event loop its turns in between."""
        steps = self._apply(look, began_at, resync)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                changes: Changes = done.value
                return changes
            await asyncio.sleep(0)

    def apply_services(
        self, services: Mapping[str, Service | None], tasks: Mapping[str, Sequence[Task]]
    ) -> None:
        """Take over services just read, by name, with their tasks by service id.

        None: the swarm no longer has it. Which tasks of one that is gone are left, only a full look tells.
        """
        found = Difference()
        for name, service in services.items():
            self._take_service(name, service, tasks, found)
        self._tell(found)

    def _take_service(
        self, name: str, service: Service | None, tasks: Mapping[str, Sequence[Task]], found: Difference
    ) -> None:
        known = self.services.get(name)
        if service is None:
            self.services.pop(name, None)
        else:
            # Two reads of one service may come back in the other order than they were asked.
            if known is not None and known.id == service.id and known.version >= service.version:
                service = known
            self.services[name] = service
            self._names[service.id] = name
        if known is not service:
            found.services.add(name)
            found.service_changes.append(ServiceChange(known, service))
        if service is not None:
            self._take_tasks(service.id, tasks.get(service.id, ()), found)
        self._refreshed_at[name] = time.monotonic()

    def apply_tasks(self, service_id: str, tasks: Sequence[Task]) -> None:
        """Take over the tasks of one service just read."""
        found = Difference()
        self._take_tasks(service_id, tasks, found)
        if name := self._names.get(service_id):
            self._refreshed_at[name] = time.monotonic()
        self._tell(found)

    def apply_node(self, node: Node) -> None:
        found = Difference()
        known = self.nodes.get(node.id)
        self._node_read_at[node.id] = time.monotonic()
        if known is None or (known != node and known.version <= node.version):
            self.nodes = self.nodes | {node.id: node}
            found.nodes.add(node.id)
            found.node_changes.append(NodeChange(known, node))
            self._touch_services_on(node.id, known, node, found)
        self._tell(found)

    def apply_references(
        self,
        *,
        networks: Sequence[SwarmObject] | None = None,
        secrets: Sequence[SwarmObject] | None = None,
        configs: Sequence[SwarmObject] | None = None,
    ) -> None:
        """Take over lists just read of what definitions may name."""
        found = Difference()
        self._take_references(networks, secrets, configs, found)
        self._tell(found)

    def lost(self, error: OrchestratorError) -> None:
        """The engine did not answer; what was seen stays, with its age."""
        news = self.error is None or self.error.code != error.code
        self.error = error
        if news:
            for listener in self.on_engine:
                _call(listener, error)
        self._announce()

    async def changed(self) -> None:
        """Wait until something is seen again, whether or not it differs."""
        await self._changed.wait()

    def _apply(self, look: Look, began_at: float, resync: bool) -> Generator[None, None, Changes]:
        first = self._seen_at is None
        groups: dict[str, list[Task]] = {}
        for number, task in enumerate(look.tasks, 1):
            groups.setdefault(task.service_id, []).append(task)
            if not number % (4 * PIECE):
                yield
        found = Difference()
        self._take_nodes(look.nodes, began_at, found)
        self._take_services(look.services, began_at, found)
        done = 0
        for service_id in [*groups, *(gone for gone in self._tasks if gone not in groups)]:
            # Asked anew each time: one may be re-read while the loop had its turn.
            if self._is_newer(self._names.get(service_id), began_at):
                continue
            group = groups.get(service_id, [])
            self._tasks.take(service_id, group, self._names.get(service_id), found, first=first)
            done += len(group)
            if done >= PIECE:
                done = 0
                yield
        self._take_references(look.networks, look.secrets, look.configs, found)
        self.info = look.info
        present = {service.id for service in self.services.values()}
        self._names = {
            service_id: name
            for service_id, name in self._names.items()
            if service_id in present or service_id in self._tasks
        }
        self._refreshed_at = {name: at for name, at in self._refreshed_at.items() if at > began_at}
        self._node_read_at = {key: at for key, at in self._node_read_at.items() if at > began_at}
        back = self.error is not None
        self.error = None
        self.as_of = datetime.now(UTC)
        self._seen_at = time.monotonic()
        if back or first:
            for listener in self.on_engine:
                _call(listener, None)
        if first:
            # What was already so when we came is no news.
            changes = Changes(
                services=frozenset(self.services), nodes=frozenset(self.nodes), references=True, resync=True
            )
            self._tell_changes(changes)
            return changes
        return self._tell(found, resync=resync)

    def _take_nodes(self, nodes: Sequence[Node], began_at: float, found: Difference) -> None:
        wanted: dict[str, Node] = {}
        for node in nodes:
            known = self.nodes.get(node.id)
            keep = known is not None and (known == node or self._node_read_at.get(node.id, 0) > began_at)
            wanted[node.id] = known if keep and known is not None else node
            if not keep:
                found.nodes.add(node.id)
                found.node_changes.append(NodeChange(known, node))
                self._touch_services_on(node.id, known, node, found)
        for node_id, known in self.nodes.items():
            if node_id in wanted:
                continue
            if self._node_read_at.get(node_id, 0) > began_at:
                wanted[node_id] = known
            else:
                found.nodes.add(node_id)
                found.node_changes.append(NodeChange(known, None))
                self._touch_services_on(node_id, known, None, found)
        if found.node_changes:
            self.nodes = wanted

    def _is_newer(self, name: str | None, began_at: float) -> bool:
        return name is not None and self._refreshed_at.get(name, 0.0) > began_at

    def _take_services(self, services: Sequence[Service], began_at: float, found: Difference) -> None:
        wanted = {name: known for name, known in self.services.items() if self._is_newer(name, began_at)}
        for service in services:
            name = service.name
            if self._is_newer(name, began_at):
                continue
            known = self.services.get(name)
            if known is not None and known.id == service.id and known.version == service.version:
                wanted[name] = known
                continue
            wanted[name] = service
            self._names[service.id] = name
            found.services.add(name)
            found.service_changes.append(ServiceChange(known, service))
        for name, known in self.services.items():
            if name not in wanted:
                found.services.add(name)
                found.service_changes.append(ServiceChange(known, None))
        self.services = wanted

    def _take_tasks(self, service_id: str, tasks: Sequence[Task], found: Difference) -> None:
        self._tasks.take(service_id, tasks, self._names.get(service_id), found)

    def _take_references(
        self,
        networks: Sequence[SwarmObject] | None,
        secrets: Sequence[SwarmObject] | None,
        configs: Sequence[SwarmObject] | None,
        found: Difference,
    ) -> None:
        for known, seen in ((self.networks, networks), (self.secrets, secrets), (self.configs, configs)):
            if seen is None:
                continue
            named = {item.name: item for item in seen}
            if named == known:
                continue
            found.references = True
            if known is self.networks:
                self.networks = named
            elif known is self.secrets:
                self.secrets = named
            else:
                self.configs = named

    def _touch_services_on(
        self, node_id: str, known: Node | None, node: Node | None, found: Difference
    ) -> None:
        """What runs on a node counts only while the node answers, and is shown under its name."""
        if known is not None and node is not None:
            same = (known.is_live, known.hostname) == (node.is_live, node.hostname)
            if same:
                return
        for task in self._tasks.on(node_id):
            if name := self._names.get(task.service_id):
                found.services.add(name)

    def _hostname(self, task: Task) -> str | None:
        node = self.nodes.get(task.node_id or "")
        return node.hostname if node else None

    def _tell(self, found: Difference, *, resync: bool = False) -> Changes:
        changes = found.changes(resync=resync)
        self._tell_changes(changes)
        return changes

    def _tell_changes(self, changes: Changes) -> None:
        if changes:
            for listener in self.on_change:
                _call(listener, changes)
        self._announce()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def _call[T](listener: Callable[[T], None], news: T) -> None:
    # A listener's fault must not keep the others, or the watcher, from going on.
    try:
        listener(news)
    except Exception:
        log.exception("a listener failed on %s", type(news).__name__)
