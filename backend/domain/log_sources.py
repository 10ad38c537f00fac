"""Which tasks have lines to read, and how one that ended did, in words."""

from backend.models.cluster import Task

ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})
HAS_LOGS = frozenset({"starting", "running", "complete", "shutdown", "failed", "remove"})


def ending(task: Task) -> str:
    """`failed, exit code 3: task: non-zero exit (3)`."""
    if task.state not in ENDED:
        return "removed"
    code = f", exit code {task.exit_code}" if task.exit_code is not None else ""
    return f"{task.state}{code}: {task.error}" if task.error else f"{task.state}{code}"
