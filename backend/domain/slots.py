"""Tasks grouped by slot: what each replica of a service is doing now, and what it did before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.models.cluster import Node, Service, Task

ENDED_BADLY = frozenset({"failed", "rejected"})
WANTED = frozenset({"running", "ready", "complete"})
"""Desired states of a task that is meant to serve; `complete` is that of jobs."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One replica (or one node of a global service): its tasks of the present spec, newest first."""

    key: int | str
    tasks: tuple[Task, ...]

    @property
    def newest(self) -> Task:
        return self.tasks[0]

    @property
    def last_failure(self) -> Task | None:
        """The task that ended badly and made the newest one necessary, or the newest one itself."""
        return next((task for task in self.tasks[:2] if task.state in ENDED_BADLY), None)

    @property
    def has_ended(self) -> bool:
        """Whether it ended for good: nothing is coming to replace its newest task."""
        task = self.newest
        return task.state == "complete" or (task.state in ENDED_BADLY and task.desired_state not in WANTED)


def up_to_date(service: Service, tasks: Iterable[Task]) -> list[Task]:
    """The tasks that run the service's present spec; of a job, those of its present iteration."""
    if service.is_job:
        return [task for task in tasks if task.job_iteration == service.job_iteration]
    return [task for task in tasks if task.spec_digest == service.task_spec_digest]


def slots(service: Service, tasks: Iterable[Task]) -> list[Slot]:
    """The slots of the present spec, in order; those beyond `replicas` are left out."""
    grouped: dict[int | str, list[Task]] = {}
    for task in up_to_date(service, tasks):
        key: int | str | None = task.slot if task.slot is not None else task.node_id
        if task.slot is None and service.mode == "replicated-job":
            key = 0  # Jobs count their slots from 0, which the engine leaves out of its JSON.
        if key is not None:
            grouped.setdefault(key, []).append(task)
    found = [Slot(key, tuple(sorted(group, key=_newest_first))) for key, group in grouped.items()]
    if service.replicas is not None and len(found) > service.replicas:
        # Swarm keeps the history of slots that were scaled away; what is wanted stands before what ended.
        found.sort(key=lambda slot: _newest_first(slot.newest))
        found = found[: service.replicas]
    return sorted(found, key=lambda slot: str(slot.key).zfill(8))


def _newest_first(task: Task) -> tuple[bool, float]:
    # A start-first replacement is newer but only a wanted task stands for the slot.
    return (task.desired_state not in WANTED, -task.created_at.timestamp())


def serves(task: Task, nodes: Mapping[str, Node]) -> bool:
    """Whether this task runs, is meant to, and its node's word can be believed."""
    node = nodes.get(task.node_id or "")
    return task.state == "running" and task.desired_state in WANTED and node is not None and node.is_live
