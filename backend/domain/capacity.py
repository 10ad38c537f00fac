"""What a node's tasks reserve, counted as Swarm's scheduler counts it."""

from collections.abc import Iterable

from backend.models.cluster import Resources, Task

# swarmkit scheduler.go, setupTasksList: from pending to running a task holds its reservation on its node,
# whatever its desired state; before that it has no node, after that it has ended.
HOLDS_RESERVATION = frozenset(
    {"pending", "assigned", "accepted", "preparing", "ready", "starting", "running"}
)


def reserved(tasks_of_node: Iterable[Task]) -> Resources:
    """The sum of the reservations of the tasks that hold one."""
    nano_cpus = memory = 0
    generic: dict[str, int] = {}
    for task in tasks_of_node:
        if task.state not in HOLDS_RESERVATION:
            continue
        nano_cpus += task.reservations.nano_cpus
        memory += task.reservations.memory_bytes
        for kind, count in task.reservations.generic.items():
            generic[kind] = generic.get(kind, 0) + count
    return Resources(nano_cpus=nano_cpus, memory_bytes=memory, generic=generic)
