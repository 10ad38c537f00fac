"""What takes up the nodes: every task that is wanted or not yet gone, made anew when its service changes."""

import asyncio
from collections.abc import Iterator, Sequence

from backend.domain.capacity import HOLDS_RESERVATION
from backend.domain.permissions import Permission
from backend.domain.slots import ENDED_BADLY, WANTED
from backend.models.actor import Actor
from backend.models.cluster import Service, Task
from backend.models.schemas.tasks import MapTask
from backend.services.audit import Audit
from backend.services.cluster_state import ClusterState
from backend.services.listed import Listed
from backend.services.service_views import ServiceViews
from backend.services.use_case import use_case

SERVICES_AT_ONCE = 50
"""Services that are looked at before the event loop gets a turn."""

type Seen = tuple[Service, Sequence[Task], object]


class Tasks:
    """N readers cost what one does, and a change of one service what its own tasks cost."""

    def __init__(self, *, cluster: ClusterState, views: ServiceViews, audit: Audit) -> None:
        self._cluster = cluster
        self._views = views
        self._made: dict[str, tuple[Seen, list[bytes]]] = {}
        self.audit = audit

    @use_case(Permission.READ)
    async def list_all(self, actor: Actor, *, services: Sequence[str], limit: int, offset: int) -> Listed:
        """By service, then by slot; only of these services when any are named. 503 before the first look."""
        self._cluster.require_picture()
        known = self._cluster.services
        wanted = sorted(known) if not services else sorted(set(services) & known.keys())
        found: list[bytes] = []
        for number, name in enumerate(wanted, 1):
            # Asked anew: it may have gone while the loop had its turn.
            if (service := known.get(name)) is not None:
                found += self._of(service)
            if not number % SERVICES_AT_ONCE:
                await asyncio.sleep(0)
        self._made = {name: made for name, made in self._made.items() if name in self._cluster.services}
        return Listed(found[offset : offset + limit], len(found))

    def _of(self, service: Service) -> list[bytes]:
        tasks = self._cluster.tasks_of(service)
        # Tasks of global services are called after their nodes.
        seen = (service, tasks, self._cluster.nodes if service.mode.startswith("global") else None)
        known = self._made.get(service.name)
        if known is None or any(new is not old for new, old in zip(seen, known[0], strict=True)):
            pieces = [self._encoded(service, task, failure) for task, failure in occupying(tasks)]
            known = self._made[service.name] = (seen, pieces)
        return known[1]

    def _encoded(self, service: Service, task: Task, failure: Task | None) -> bytes:
        said = failure if failure is not None and not task.error else task
        return (
            MapTask(
                id=task.id,
                name=self._views.task_name(task, service.name),
                service=service.name,
                node_id=task.node_id,
                state=task.state,
                stopping=task.desired_state not in WANTED and task.state in HOLDS_RESERVATION,
                error=said.error,
                exit_code=said.exit_code,
                image=task.image.partition("@")[0],
                state_changed_at=task.state_changed_at,
            )
            .model_dump_json()
            .encode()
        )


def occupying(tasks: Sequence[Task]) -> Iterator[tuple[Task, Task | None]]:
    """Of each slot the tasks that count now, each with the failure that made it necessary."""
    slots: dict[int | str, list[Task]] = {}
    for task in tasks:
        key = task.slot if task.slot is not None else task.node_id
        slots.setdefault(0 if key is None else key, []).append(task)
    for _, group in sorted(slots.items(), key=lambda item: str(item[0]).zfill(8)):
        newest_first = sorted(group, key=lambda task: task.created_at, reverse=True)
        for index, task in enumerate(newest_first):
            wanted = task.desired_state in WANTED and task.state not in {"complete", "shutdown", "remove"}
            stopping = task.state in HOLDS_RESERVATION
            given_up = index == 0 and task.state in ENDED_BADLY
            if not (wanted or stopping or given_up):
                continue
            before = newest_first[index + 1] if index + 1 < len(newest_first) else None
            starting = wanted and task.state != "running"
            yield task, before if starting and before and before.state in ENDED_BADLY else None
