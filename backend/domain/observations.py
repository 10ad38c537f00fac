"""What differs between two pictures of the cluster, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.models.cluster import Node, Service, Task

ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})
GONE = "gone"
"""Not a state of the engine's: the task is no longer listed, though it had not ended when last seen."""


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One task in another state than before, or new. `before` is None for a task not seen before."""

    service: str
    task: str
    """`web.3`, or `web.worker-1` for global services."""
    task_id: str
    node: str | None
    before: str | None
    after: str
    exit_code: int | None
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """None stands for a service the swarm does not have."""

    before: Service | None
    after: Service | None


@dataclass(frozen=True, slots=True)
class NodeChange:
    before: Node | None
    after: Node | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What really differs from the picture before; objects that are equal do not appear."""

    services: frozenset[str] = frozenset()
    """Names of services that changed themselves, or whose tasks did, or that came or went."""
    nodes: frozenset[str] = frozenset()
    """Ids of nodes that changed themselves, or whose tasks did, or that came or went."""
    tasks: tuple[TaskChange, ...] = ()
    service_changes: tuple[ServiceChange, ...] = ()
    node_changes: tuple[NodeChange, ...] = ()
    references: bool = False
    """Networks, secrets or configs came, went or changed."""
    resync: bool = False
    """The first picture, or the first after events may have been missed: read everything again."""

    def __bool__(self) -> bool:
        return bool(self.services or self.nodes or self.references or self.resync)


def same_tasks(old: Sequence[Task], new: Sequence[Task]) -> bool:
    """Whether both say the same of the same tasks. The engine gives every change a new version."""
    return len(old) == len(new) and all(
        one.id == other.id and one.version == other.version for one, other in zip(old, new, strict=True)
    )


def task_name(task: Task, service: str, hostname: str | None) -> str:
    return f"{service}.{task.slot if task.slot is not None else hostname or task.node_id or task.id}"


def task_change(old: Task | None, new: Task, service: str, hostname: str | None) -> TaskChange | None:
    """The change of state between two sightings of one task; None when its state is the same."""
    if old is not None and old.state == new.state and old.exit_code == new.exit_code:
        return None
    return TaskChange(
        service=service,
        task=task_name(new, service, hostname),
        task_id=new.id,
        node=hostname,
        before=old.state if old else None,
        after=new.state,
        exit_code=new.exit_code,
        error=new.error,
        at=new.state_changed_at,
    )


def task_gone(old: Task, service: str, hostname: str | None, at: datetime) -> TaskChange | None:
    """A task the engine no longer lists; None when it had ended before, for those are merely forgotten."""
    if old.state in ENDED:
        return None
    return TaskChange(
        service=service,
        task=task_name(old, service, hostname),
        task_id=old.id,
        node=hostname,
        before=old.state,
        after=GONE,
        exit_code=None,
        error="",
        at=at,
    )
