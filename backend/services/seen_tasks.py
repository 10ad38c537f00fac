"""The tasks of the picture, by service and by node."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from backend.domain.observations import same_tasks, task_change, task_gone
from backend.models.cluster import Task
from backend.services.look import Difference


@dataclass(slots=True)
class SeenTasks:
    """What did not change keeps its identity: the same Task, the same tuple of a service's tasks."""

    hostname: Callable[[Task], str | None]
    """The name of the node a task is on."""
    _by_service: dict[str, tuple[Task, ...]] = field(default_factory=dict)
    _by_id: dict[str, Task] = field(default_factory=dict)
    _on_node: dict[str, dict[str, Task]] = field(default_factory=dict)

    def of(self, service_id: str) -> tuple[Task, ...]:
        return self._by_service.get(service_id, ())

    def by_id(self, task_id: str) -> Task | None:
        return self._by_id.get(task_id)

    def on(self, node_id: str) -> list[Task]:
        return list(self._on_node.get(node_id, {}).values())

    def __contains__(self, service_id: str) -> bool:
        return service_id in self._by_service

    def __iter__(self) -> Iterator[str]:
        """Ids of the services that have tasks."""
        return iter(self._by_service)

    def take(
        self,
        service_id: str,
        tasks: Sequence[Task],
        name: str | None,
        found: Difference,
        *,
        first: bool = False,
    ) -> None:
        """Take over the tasks of one service; `name` is None when nobody knows it any more."""
        known = self.of(service_id)
        if same_tasks(known, tasks):
            return
        before = {task.id: task for task in known}
        kept: list[Task] = []
        for task in tasks:
            old = before.pop(task.id, None)
            if old is not None and old.version == task.version:
                kept.append(old)
                continue
            kept.append(task)
            self._place(old, task, found)
            if not first and name is not None:
                change = task_change(old, task, name, self.hostname(task))
                if change is not None:
                    found.tasks.append(change)
        now = datetime.now(UTC)
        for old in before.values():
            self._place(old, None, found)
            if name is not None and (gone := task_gone(old, name, self.hostname(old), now)) is not None:
                found.tasks.append(gone)
        if kept:
            self._by_service[service_id] = tuple(kept)
        else:
            self._by_service.pop(service_id, None)
        if name is not None:
            found.services.add(name)

    def _place(self, old: Task | None, new: Task | None, found: Difference) -> None:
        """Keep the tasks by id and by node in step."""
        if new is not None:
            self._by_id[new.id] = new
        elif old is not None:
            self._by_id.pop(old.id, None)
        if old is not None and old.node_id:
            found.nodes.add(old.node_id)
            if new is None or new.node_id != old.node_id:
                there = self._on_node.get(old.node_id, {})
                there.pop(old.id, None)
                if not there:
                    self._on_node.pop(old.node_id, None)
        if new is not None and new.node_id:
            found.nodes.add(new.node_id)
            self._on_node.setdefault(new.node_id, {})[new.id] = new
