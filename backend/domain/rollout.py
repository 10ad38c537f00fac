"""Whether a recorded change really came up: one judgement from what is seen, without clock or I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.slots import ENDED_BADLY, up_to_date
from backend.domain.status import Status, describe_failure
from backend.models.cluster import Node, Service, Task
from backend.models.schemas.deployments import DeploymentState

HOLD_SECONDS = 10.0
"""How long everything must stay up before we believe it, unless `update_config.monitor` says otherwise.

Swarm's own default is 5 s (swarmkit api/defaults/service.go), which lets a crash after 6 s pass."""
PATIENCE_SECONDS = 120.0
"""How long a rollout may go without one more task running before it counts as stuck; Swarm waits for ever."""
FAILURES_ALLOWED = 3
"""So many tasks of the new spec may end badly before a rollout that is not complete counts as failed."""


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


def is_converged(status: Status) -> bool:
    """Whether everything wanted is up, or a batch has run to its end."""
    if status.reason in {"complete", "scaled_to_zero"}:
        return True
    return status.status == "running"


def judge(seen: Sighting) -> Verdict | None:
    """The verdict, or None while it is too early to tell."""
    update = seen.service.update_status
    if update is not None and update.started_at is not None and update.started_at >= seen.sent_at:
        if update.state in {"paused", "rollback_paused"}:
            return Verdict("failed", _cause(seen, "Swarm paused the update: " + update.message))
        if update.state == "rollback_completed":
            return Verdict("rolled_back", _cause(seen, "Swarm rolled the update back: " + update.message))
    if is_converged(seen.status):
        if seen.status.reason in {"complete", "scaled_to_zero"}:
            return Verdict("succeeded")
        if seen.converged_for is not None and seen.converged_for >= hold_seconds(seen.service):
            return Verdict("succeeded")
        return None
    if seen.status.status == "failed" and seen.status.reason == "non_zero_exit" and _nothing_follows(seen):
        return Verdict("failed", seen.status.message)
    failures = _failures_since(seen)
    if len(failures) >= FAILURES_ALLOWED:
        return Verdict("failed", describe_failure(failures[-1], seen.nodes))
    if seen.unchanged_for >= PATIENCE_SECONDS:
        return Verdict("stuck", seen.status.message or "No progress; Swarm gave no reason.")
    return None


def hold_seconds(service: Service) -> float:
    """How long the service's tasks must stay up before we believe them."""
    monitor = service.spec.get("UpdateConfig", {}).get("Monitor")
    return monitor / 1e9 if monitor else HOLD_SECONDS


def _failures_since(seen: Sighting) -> list[Task]:
    # An old failed task in the history says nothing about this change.
    failures = [
        task
        for task in up_to_date(seen.service, seen.tasks)
        if task.state in ENDED_BADLY and task.created_at >= seen.sent_at
    ]
    return sorted(failures, key=lambda task: task.state_changed_at)


def _nothing_follows(seen: Sighting) -> bool:
    policy = seen.service.spec.get("TaskTemplate", {}).get("RestartPolicy", {})
    return bool(policy.get("Condition") == "none")


def _cause(seen: Sighting, fallback: str) -> str:
    failures = _failures_since(seen)
    return describe_failure(failures[-1], seen.nodes) if failures else fallback
