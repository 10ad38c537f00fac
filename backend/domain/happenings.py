"""Puts what changed in the cluster into words for the timeline."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backend.domain.observations import GONE, Changes, NodeChange, ServiceChange, TaskChange
from backend.models.cluster import Node, Service
from backend.models.schemas.timeline import Severity, TimelineKind

TOLD_ONE_BY_ONE = 10
"""Task changes of one service at a time; more become one sentence, or a rollout would bury the rest."""
_WORTH_TELLING = {"running", "complete", "failed", "rejected", "orphaned", "shutdown", GONE}
_SEVERITY: dict[str, Severity] = {
    "running": "good",
    "complete": "good",
    "failed": "bad",
    "rejected": "bad",
    "orphaned": "warn",
}
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    at: datetime
    kind: TimelineKind
    severity: Severity
    text: str
    service: str | None = None
    node: str | None = None
    task: str | None = None


def happenings(changes: Changes, now: datetime) -> list[Happening]:
    """One sentence for each thing worth telling, in the order service, node, task."""
    found: list[Happening] = []
    for service in changes.service_changes:
        found += _of_service(service, now)
    for node in changes.node_changes:
        found += _of_node(node, now)
    return found + _of_tasks(changes.tasks)


def _of_tasks(changes: Iterable[TaskChange]) -> list[Happening]:
    by_service: dict[str, list[TaskChange]] = {}
    for change in changes:
        # Waiting for a node is told with its reason; the other steps on the way up are not news.
        if change.after in _WORTH_TELLING or (change.after == "pending" and change.error):
            by_service.setdefault(change.service, []).append(change)
    found: list[Happening] = []
    for service, group in by_service.items():
        if len(group) <= TOLD_ONE_BY_ONE:
            found += [of_task(change) for change in group]
            continue
        for (before, after), count in Counter((one.before or "new", one.after) for one in group).items():
            same = [one for one in group if (one.before or "new", one.after) == (before, after)]
            found.append(
                Happening(
                    at=max(one.at for one in same),
                    kind="task",
                    severity=_SEVERITY.get(after, "info"),
                    text=f"{count} tasks of {service}: {before} → {after}"
                    + (_because(same[0].exit_code, same[0].error)),
                    service=service,
                )
            )
    return found


def of_task(change: TaskChange) -> Happening:
    """Such as `task web.3: running → failed, exit 137`."""
    text = f"task {change.task}: {change.before or 'new'} → {change.after}"
    text += _because(change.exit_code, change.error)
    return Happening(
        at=change.at,
        kind="task",
        severity="warn" if change.after == "pending" else _SEVERITY.get(change.after, "info"),
        text=text[:_LONGEST_TEXT],
        service=change.service,
        node=change.node,
        task=change.task,
    )


def _because(exit_code: int | None, error: str) -> str:
    text = f", exit {exit_code}" if exit_code else ""
    # The engine's own words for an exit code add nothing to it.
    if error and not (exit_code and error.startswith("task: non-zero exit")):
        text += f" ({' '.join(error.split())})"
    return text


def _of_service(change: ServiceChange, now: datetime) -> list[Happening]:
    before, after = change.before, change.after

    if after is None:
        assert before is not None  # else nothing changed
        return [_service(before, f"service {before.name} was removed", "info", now)]
    if before is None or before.id != after.id:
        text = f"service {after.name} was created with {_image(after)}"
        return [_service(after, text, "info", after.created_at)]
    found: list[Happening] = []
    if (old := _image(before)) != (new := _image(after)):
        text = f"service {after.name}: image {old} → {new}"
        found.append(_service(after, text, "info", after.updated_at))
    elif before.image != after.image:
        text = f"service {after.name}: {new} is another image than before"
        found.append(_service(after, text, "info", after.updated_at))
    if before.replicas != after.replicas:
        text = f"service {after.name}: {before.replicas} → {after.replicas} replicas"
        found.append(_service(after, text, "info", after.updated_at))
    was = before.update_status.state if before.update_status else None
    status = after.update_status
    if status is not None and status.state != was:
        found.append(_of_update(after, status.state, status.message, now))
    return found


def _of_update(service: Service, state: str, message: str, now: datetime) -> Happening:
    words: dict[str, tuple[Severity, str]] = {
        "updating": ("info", "the rollout began"),
        "paused": ("bad", "the rollout is paused"),
        "completed": ("good", "the rollout is complete"),
        "rollback_started": ("warn", "the rollback began"),
        "rollback_paused": ("bad", "the rollback is paused"),
        "rollback_completed": ("warn", "the rollback is complete"),
    }
    severity, said = words.get(state, ("info", state))
    because = f" ({message})" if message and severity == "bad" else ""
    return _service(service, f"service {service.name}: {said}{because}", severity, now)


def _service(service: Service, text: str, severity: Severity, at: datetime) -> Happening:
    name = service.name
    return Happening(at=at, kind="service", severity=severity, text=text[:_LONGEST_TEXT], service=name)


def _of_node(change: NodeChange, now: datetime) -> list[Happening]:
    before, after = change.before, change.after
    if after is None:
        assert before is not None  # else nothing changed
        return [_node(before, f"node {before.hostname} left the swarm", "warn", now)]
    if before is None:
        return [_node(after, f"node {after.hostname} joined the swarm as {after.role}", "info", now)]
    found: list[Happening] = []
    if before.state != after.state:
        why = f" ({after.state_message})" if after.state_message and not after.is_live else ""
        text = f"node {after.hostname}: {before.state} → {after.state}{why}"
        found.append(_node(after, text, "good" if after.is_live else "bad", now))
    if before.availability != after.availability:
        text = f"node {after.hostname}: {before.availability} → {after.availability}"
        found.append(_node(after, text, "good" if after.availability == "active" else "warn", now))
    if before.role != after.role:
        found.append(_node(after, f"node {after.hostname}: {before.role} → {after.role}", "info", now))
    if after.leader and not before.leader:
        found.append(_node(after, f"node {after.hostname} leads the swarm", "info", now))
    if before.reachability != after.reachability and after.reachability is not None:
        text = f"manager {after.hostname}: {before.reachability or 'new'} → {after.reachability}"
        severity: Severity = "good" if after.reachability == "reachable" else "bad"
        found.append(_node(after, text, severity, now))
    return found


def _node(node: Node, text: str, severity: Severity, now: datetime) -> Happening:
    return Happening(at=now, kind="node", severity=severity, text=text[:_LONGEST_TEXT], node=node.hostname)


def _image(service: Service) -> str:
    return service.image.partition("@")[0]
