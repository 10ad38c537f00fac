"""Whether a recorded change really came up: one judgement from what is seen, without clock or I/O."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.domain.slots import ENDED_BADLY, WANTED, serves, slots, up_to_date
from backend.domain.status import Status, describe_failure
from backend.models.cluster import Node, Service, Task
from backend.models.schemas.deployments import DeploymentState

HOLD_SECONDS = 10.0
"""How long everything must stay up before we believe it, unless `update_config.monitor` says otherwise.

Swarm's own default is 5 s (swarmkit api/defaults/service.go), which lets a crash after 6 s pass."""
PATIENCE_SECONDS = 120.0
"""How long a rollout may go without one more task running before it counts as stuck; Swarm waits for ever."""
PATIENCE_UNPLACED = 45.0
"""The same for tasks that no node can take: only a change of the cluster would help them."""
PATIENCE_PREPARING = 900.0
"""The same while nodes pull an image: a large one takes its time."""
FAILURES_ALLOWED = 3
"""So many tasks of one slot may end badly before a rollout that is not complete counts as failed."""
ENDED_FOR = 6.0
"""Seconds that a failed task without a successor is given; Swarm makes one in the same moment, if at all."""
SLACK = timedelta(seconds=2)
"""What we call the time of a change is when we read it back: Swarm may have begun to act before."""
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    state: DeploymentState
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is seen of a rollout at one moment. The seconds are durations on our own clock."""

    service: Service
    tasks: Sequence[Task]
    nodes: Mapping[str, Node]
    status: Status
    sent_at: datetime
    converged_for: float | None
    """How long all of it has been up; None when it is not."""
    unchanged_for: float
    """How long no further task came up."""
    failures: Sequence[Task] = ()
    """All that ended badly since the change, also those that the engine has forgotten; oldest first."""
    ended_for: float = 0.0
    """How long a task of the change has been down with nothing to replace it."""


def rollout_hash(spec: Mapping[str, Any]) -> str:
    """A fingerprint of what decides which tasks run: differs once something else changed the service."""
    decisive = {key: spec.get(key) for key in ("TaskTemplate", "Mode", "EndpointSpec", "Networks")}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]


def is_converged(seen_status: Status, tasks: Iterable[Task], nodes: Mapping[str, Node]) -> bool:
    """Whether everything wanted is up and nothing else, or a batch has run to its end."""
    if seen_status.reason == "scaled_to_zero":
        return not any(_runs(task, nodes) for task in tasks)
    return seen_status.reason == "complete" or seen_status.status == "running"


def is_gone(tasks: Iterable[Task], nodes: Mapping[str, Node]) -> bool:
    """Whether nothing is left of a removed service, as far as nodes can be asked."""
    return not any(_runs(task, nodes) for task in tasks)


def judge(seen: Sighting) -> Verdict | None:
    """The verdict, or None while it is too early to tell."""
    if (update := seen.service.update_status) is not None and is_own_update(seen.service, seen.sent_at):
        if update.state in {"paused", "rollback_paused"}:
            return Verdict("failed", _cause(seen, "Swarm paused the update: " + update.message))
        if update.state == "rollback_completed":
            return Verdict("rolled_back", _cause(seen, "Swarm rolled the update back: " + update.message))
    if is_converged(seen.status, seen.tasks, seen.nodes):
        if seen.status.reason in {"complete", "scaled_to_zero"}:
            return Verdict("succeeded")
        if seen.converged_for is not None and seen.converged_for >= hold_seconds(seen.service):
            return Verdict("succeeded")
        return None
    if ended := ended_for_good(seen.service, seen.tasks, seen.sent_at):
        patience = 0.0 if _condition(seen.service) == "none" else ENDED_FOR
        if seen.ended_for >= patience:
            return Verdict("failed", describe_failure(ended[-1], seen.nodes))
    by_slot = Counter(task.slot if task.slot is not None else task.node_id for task in seen.failures)
    if by_slot and max(by_slot.values()) >= _failures_allowed(seen.service) and not _swarm_decides(seen):
        return Verdict("failed", _again_and_again(seen.failures[-1], seen.nodes))
    if seen.unchanged_for >= patience_seconds(seen.service, seen.tasks, seen.nodes):
        return Verdict("stuck", _no_progress(seen))
    return None


def is_own_update(service: Service, sent_at: datetime) -> bool:
    """Whether the engine's update status is about the change that was sent then."""
    update = service.update_status
    return update is not None and update.started_at is not None and update.started_at >= sent_at - SLACK


def is_rolled_back(service: Service, sent_at: datetime) -> bool:
    """Whether the engine has taken the service back, or is about to."""
    update = service.update_status
    return update is not None and is_own_update(service, sent_at) and update.state.startswith("rollback")


def failures_since(service: Service, tasks: Sequence[Task], sent_at: datetime) -> list[Task]:
    """The tasks made since a change that ended badly, or ended at all though they were to stay up."""
    stays_up = not service.is_job and _condition(service) in {"any", ""}
    bad = ENDED_BADLY | {"complete"} if stays_up else ENDED_BADLY
    of_present_spec = (
        set() if is_rolled_back(service, sent_at) else {t.id for t in up_to_date(service, tasks)}
    )
    # An old failed task in the history says nothing about this change.
    failures = [
        task
        for task in tasks
        if task.state in bad
        and task.created_at >= (sent_at - SLACK if task.id in of_present_spec else sent_at)
    ]
    return sorted(failures, key=lambda task: task.state_changed_at)


def ended_for_good(service: Service, tasks: Sequence[Task], sent_at: datetime) -> list[Task]:
    """Tasks of the change that ended badly and have no successor."""
    return [
        slot.newest
        for slot in slots(service, tasks)
        if slot.has_ended and slot.newest.state in ENDED_BADLY and slot.newest.created_at >= sent_at - SLACK
    ]


def waiting_tasks(service: Service, tasks: Iterable[Task], nodes: Mapping[str, Node]) -> list[Task]:
    """The wanted tasks of the present spec that do not run."""
    return [
        task
        for task in up_to_date(service, tasks)
        if task.desired_state in WANTED and task.state != "complete" and not serves(task, nodes)
    ]


def hold_seconds(service: Service) -> float:
    """How long the service's tasks must stay up before we believe them."""
    monitor = (service.spec.get("UpdateConfig") or {}).get("Monitor")
    return monitor / _NANOSECONDS if monitor else HOLD_SECONDS


def patience_seconds(service: Service, tasks: Sequence[Task], nodes: Mapping[str, Node]) -> float:
    """How long no progress is no reason to worry: by what is waited for and what the spec itself asks for."""
    waiting = waiting_tasks(service, tasks, nodes)
    template = service.spec.get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    update = service.spec.get("UpdateConfig") or {}
    if waiting and all(task.state == "pending" and task.error for task in waiting):
        patience = PATIENCE_UNPLACED
    elif any(task.state == "preparing" for task in waiting):
        patience = PATIENCE_PREPARING
    else:
        patience = PATIENCE_SECONDS
    asked = (
        update.get("Delay"),
        update.get("Monitor"),
        container.get("StopGracePeriod"),
        (template.get("RestartPolicy") or {}).get("Delay"),
        (container.get("Healthcheck") or {}).get("StartPeriod"),
    )
    return patience + sum(duration or 0 for duration in asked) / _NANOSECONDS


def _runs(task: Task, nodes: Mapping[str, Node]) -> bool:
    node = nodes.get(task.node_id or "")
    return task.state in {"starting", "running"} and node is not None and node.is_live


def _failures_allowed(service: Service) -> int:
    policy = (service.spec.get("TaskTemplate") or {}).get("RestartPolicy") or {}
    # Who asks for five attempts means that the fifth may be the good one.
    return max(FAILURES_ALLOWED, (policy.get("MaxAttempts") or 0) + 1)


def _swarm_decides(seen: Sighting) -> bool:
    """Whether the engine is still updating and will pause or go back by itself when too much fails."""
    update = seen.service.update_status
    if update is None or update.state != "updating" or not is_own_update(seen.service, seen.sent_at):
        return False
    action = (seen.service.spec.get("UpdateConfig") or {}).get("FailureAction")
    return action in {None, "", "pause", "rollback"}


def _condition(service: Service) -> str:
    policy = (service.spec.get("TaskTemplate") or {}).get("RestartPolicy") or {}
    return str(policy.get("Condition") or "")


def _again_and_again(task: Task, nodes: Mapping[str, Node]) -> str:
    if task.state != "complete":
        return describe_failure(task, nodes)
    node = nodes.get(task.node_id or "")
    where = f" on {node.hostname}" if node else ""
    return (
        f"Ended by itself{where} (exit code 0) and was started again, several times. For work that ends, set "
        "restart_policy.condition to on-failure or none."
    )


def _no_progress(seen: Sighting) -> str:
    reasons = Counter(
        task.error for task in waiting_tasks(seen.service, seen.tasks, seen.nodes) if task.error
    )
    message = seen.status.message or ""
    if reasons:
        reason, count = reasons.most_common(1)[0]
        reason = reason[0].upper() + reason[1:]
        message = f"{count} task{'s' if count > 1 else ''} cannot be placed: {reason}."
        if "host-mode port already in use" in reason and _start_first(seen.service):
            message += (
                " With update order start-first the new task needs the port while the old one has it: use "
                "stop-first, or more nodes than replicas."
            )
    elif seen.failures:
        message = describe_failure(seen.failures[-1], seen.nodes)
    return message or "No progress; Swarm gave no reason."


def _start_first(service: Service) -> bool:
    return (service.spec.get("UpdateConfig") or {}).get("Order") == "start-first"


def _cause(seen: Sighting, fallback: str) -> str:
    return describe_failure(seen.failures[-1], seen.nodes) if seen.failures else fallback
