"""One status for a service, from what its tasks do: the vocabulary of API, page and agents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.exit_codes import meaning
from backend.domain.slots import Slot, serves, slots
from backend.models.cluster import Node, Service, Task
from backend.models.schemas.services import ServiceStatus, StatusReason

SETTLED_AFTER = timedelta(seconds=10)
"""A task that replaced a failed one is believed to run only after this long: crash loops run for moments."""


@dataclass(frozen=True, slots=True)
class Status:
    status: ServiceStatus
    reason: StatusReason | None = None
    message: str | None = None
    desired: int = 0
    running: int = 0
    completed: int = 0


def status_of(service: Service, tasks: Sequence[Task], nodes: Mapping[str, Node], now: datetime) -> Status:
    """The status of a service that the swarm has. `now` is compared with task times of the same engine."""
    present = slots(service, tasks)
    desired = _desired(service, present)
    running = sum(1 for slot in present for task in slot.tasks if serves(task, nodes))
    ended = [slot for slot in present if slot.has_ended]
    completed = sum(1 for slot in ended if slot.newest.state == "complete")

    def verdict(
        status: ServiceStatus, reason: StatusReason | None = None, message: str | None = None
    ) -> Status:
        return Status(status, reason, message, desired, running, completed)

    if service.replicas == 0:
        return verdict("stopped", "scaled_to_zero", "Scaled to 0 replicas.")
    if not present and service.mode in {"global", "global-job"}:
        return verdict("pending", "no_suitable_node", "No node is eligible for it.")
    failed = [slot for slot in ended if slot.newest.state != "complete"]
    if failed:
        return verdict("failed", _failure_reason(failed[0].newest), describe_failure(failed[0].newest, nodes))
    if completed >= desired:
        return verdict("stopped", "complete", _done_sentence(completed))
    update = service.update_status
    missing = [slot for slot in present if not any(serves(task, nodes) for task in slot.tasks)]
    trouble = _trouble([slot for slot in missing if not slot.has_ended], nodes)
    if update is not None and update.state in {"updating", "rollback_started"}:
        reason: StatusReason | None = "rolling_back" if update.state == "rollback_started" else None
        return verdict("updating", reason, trouble[1] if trouble else _sentence(update.message))
    if update is not None and update.state in {"paused", "rollback_paused"}:
        return verdict("degraded" if running else "failed", "update_paused", _sentence(update.message))
    if restarting := [slot for slot in present if _restarted_lately(slot, nodes, now)]:
        failure = restarting[0].last_failure
        assert failure is not None  # _restarted_lately saw it
        settled = running - len(restarting)
        return verdict(
            "degraded" if settled > 0 else "failed", "restarting", describe_failure(failure, nodes)
        )
    if running + completed >= desired:
        rolled_back = update is not None and update.state == "rollback_completed"
        return verdict("running", "rolled_back" if rolled_back else None)
    if trouble is None:
        return verdict("pending", "starting", _starting_sentence(missing, desired - running))
    reason, message = trouble
    if reason == "no_suitable_node":
        return verdict("pending", reason, message)
    return verdict("degraded" if running else "failed", reason, message)


def describe_failure(task: Task, nodes: Mapping[str, Node]) -> str:
    """Why a task ended badly, as a sentence."""
    node = nodes.get(task.node_id or "")
    where = f" on {node.hostname}" if node else ""
    if task.state == "rejected":
        return f"Rejected{where}: {_sentence(task.error or task.message)}"
    if task.exit_code:
        said = (
            "" if task.error.startswith("task: non-zero exit") else f" {_sentence(task.error) or ''}".rstrip()
        )
        return f"Exited with code {task.exit_code}{_exit_word(task.exit_code)}{where}.{said}"
    return f"Failed{where}: {_sentence(task.error or task.message)}"


def _desired(service: Service, present: Sequence[Slot]) -> int:
    if service.replicas is not None:
        return service.replicas
    return len(present)


def _failure_reason(task: Task) -> StatusReason:
    return "rejected" if task.state == "rejected" else "non_zero_exit"


def _trouble(missing: Sequence[Slot], nodes: Mapping[str, Node]) -> tuple[StatusReason, str] | None:
    """The first reason why replicas are missing, or None when they are merely on their way."""
    for slot in missing:
        task = slot.newest
        node = nodes.get(task.node_id or "")
        if node is not None and not node.is_live and task.state not in {"complete", "failed", "rejected"}:
            return "node_down", f"{node.hostname} does not answer; what runs there is unknown."
    for slot in missing:
        if (failure := slot.last_failure) is not None:
            return _failure_reason(failure), describe_failure(failure, nodes)
    for slot in missing:
        if slot.newest.state == "pending" and slot.newest.error:
            return "no_suitable_node", _sentence(slot.newest.error) or "No suitable node."
    return None


def _restarted_lately(slot: Slot, nodes: Mapping[str, Node], now: datetime) -> bool:
    newest, failure = slot.newest, slot.last_failure
    return (
        failure is not None
        and serves(newest, nodes)
        and now - newest.state_changed_at < SETTLED_AFTER
        and newest.state_changed_at - failure.state_changed_at < 6 * SETTLED_AFTER
    )


def _starting_sentence(missing: Sequence[Slot], count: int) -> str:
    states = Counter(slot.newest.state for slot in missing)
    if not states:
        return f"{count} more to start."
    return ", ".join(f"{number} {state}" for state, number in states.most_common()) + "."


def _done_sentence(completed: int) -> str:
    return "Ran to completion." if completed == 1 else f"All {completed} ran to completion."


def _exit_word(code: int) -> str:
    words = meaning(code)
    return f" ({words})" if words else ""


def _sentence(text: str) -> str | None:
    text = " ".join(text.split())
    if not text:
        return None
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?", '"')) else ".")
