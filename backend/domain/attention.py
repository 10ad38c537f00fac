"""What is the matter with a service beyond its one sentence: since when, and what its tasks showed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from backend.domain.slots import ENDED_BADLY, Slot, serves, slots
from backend.domain.status import Status, describe_failure
from backend.models.cluster import Node, Service, Task

TROUBLE = ("failed", "broken", "degraded", "pending")
"""Statuses that somebody has to look at, worst first."""
PASSING = frozenset({"starting", "not_known_yet"})
"""Reasons that pass by themselves."""
EVIDENCE = 3


def is_trouble(status: Status) -> bool:
    return status.status in TROUBLE and status.reason not in PASSING


def is_well(status: Status) -> bool:
    """Neither in trouble nor on the way out of it: between two attempts a service is on its way."""
    return not is_trouble(status) and status.status != "updating" and status.reason not in PASSING


def since_when(
    service: Service, status: Status, tasks: Sequence[Task], nodes: Mapping[str, Node]
) -> datetime:
    """When the trouble began, as far back as the engine's history of tasks goes."""
    update = service.update_status
    if status.reason == "update_paused" and update is not None:
        return update.completed_at or update.started_at or service.updated_at
    began = [found for slot in slots(service, tasks) if (found := _began(slot, nodes)) is not None]
    return min(began, default=service.updated_at)


def evidence_of(service: Service, tasks: Sequence[Task], nodes: Mapping[str, Node]) -> list[str]:
    """What its tasks showed lately, the newest first: one sentence for what several showed alike."""
    present = slots(service, tasks)
    failed = [task for slot in present for task in slot.tasks if task.state in ENDED_BADLY]
    failed.sort(key=lambda task: task.state_changed_at, reverse=True)
    told = [f"{_name(service, task, nodes)}: {describe_failure(task, nodes)}" for task in failed]
    asked = f"it {asked}" if (asked := asks(service)) else ""
    waiting = [
        f"{_name(service, slot.newest, nodes)} waits for a node: {asked or slot.newest.error}"
        for slot in present
        if slot.newest.state == "pending" and slot.newest.error
    ]
    return _alike(told + waiting)


def asks(service: Service) -> str:
    """What a node must have to get a task of this service, as the rest of a sentence; empty: nothing."""
    template = service.spec["TaskTemplate"]
    placement = template.get("Placement") or {}
    reserved = (template.get("Resources") or {}).get("Reservations") or {}
    said = []
    if constraints := placement.get("Constraints"):
        said.append(f"may only run where {' and '.join(constraints)}")
    needs = []
    if cpus := reserved.get("NanoCPUs"):
        needs.append(f"{cpus / 1e9:.4g} cores")
    if memory := reserved.get("MemoryBytes"):
        needs.append(f"{memory / 2**20:.4g} MiB of memory")
    for generic in reserved.get("GenericResources") or ():
        ((kind, value),) = ((each["Kind"], each["Value"]) for each in generic.values())
        needs.append(f"{kind} {value}")
    if needs:
        said.append(f"needs {' and '.join(needs)} that nobody has reserved")
    if most := placement.get("MaxReplicas"):
        said.append(f"has room for {most} on each node")
    return ", ".join(said)


def _began(slot: Slot, nodes: Mapping[str, Node]) -> datetime | None:
    """When this slot stopped serving; None while it does and did not just come back from a failure."""
    newest = slot.newest
    if serves(newest, nodes) and slot.last_failure is None:
        return None
    node = nodes.get(newest.node_id or "")
    if newest.state == "running" and node is not None and not node.is_live:
        return node.updated_at
    began: datetime | None = None
    for task in slot.tasks:
        if task.state in ENDED_BADLY:
            began = task.state_changed_at
        elif task is not newest:
            break
        elif not serves(task, nodes):
            # Trying again to find a node does not make the wait begin anew.
            began = task.created_at
    return began


def _name(service: Service, task: Task, nodes: Mapping[str, Node]) -> str:
    node = nodes.get(task.node_id or "")
    return f"{service.name}.{task.slot if task.slot is not None else node.hostname if node else '?'}"


def _alike(sentences: Iterable[str]) -> list[str]:
    """At most a few: the first of each sort, and how many more said the same of another task."""
    groups: dict[str, list[str]] = {}
    for sentence in sentences:
        said = sentence.partition(": ")[2]
        groups.setdefault(said, []).append(sentence)
    return [
        group[0] if len(group) == 1 else f"{group[0]} ({len(group)} times)"
        for group in list(groups.values())[:EVIDENCE]
    ]
