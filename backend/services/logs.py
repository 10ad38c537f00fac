"""A service's log lines for callers: merged over its tasks within a deadline, or followed."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import anyio

from backend.clients.docker_client import SwarmClient
from backend.domain.log_sources import HAS_LOGS
from backend.domain.permissions import Permission
from backend.errors import DockerUnavailable, FieldError, InvalidInput, NotFound, OrchestratorError
from backend.models.actor import Actor
from backend.models.cluster import LogLine, Service, Task
from backend.models.schemas.logs import LogEntry, LogPage
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.log_broker import LogBroker
from backend.services.log_history import LogHistory
from backend.services.log_reader import LogReader, LogSelection
from backend.services.newest_lines import NewestLines
from backend.services.service_views import ServiceViews
from backend.services.services import not_in_catalog
from backend.services.use_case import use_case

TASKS_AT_ONCE = 16
TASKS_AT_MOST = 200
"""The newest tasks of a service that are asked; older ones have long lost their containers."""

LONGEST_AGO = timedelta(days=36_500)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class Logs:
    """Asks each task by itself, so that a node that hangs costs its own lines only."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        cluster: ClusterState,
        client: SwarmClient,
        views: ServiceViews,
        broker: LogBroker,
        audit: Audit,
    ) -> None:
        self._catalog = catalog
        self._cluster = cluster
        self._history = LogHistory(client)
        self._views = views
        self._broker = broker
        self.audit = audit

    @use_case(Permission.READ)
    async def read(
        self, actor: Actor, name: str, selection: LogSelection, *, tail: int, oldest: bool = False
    ) -> LogPage:
        """The newest `tail` lines that are wanted of all tasks together, or the oldest; oldest first.

        A service that is not in the swarm has no lines. Raises DockerUnavailable when the engine gives none.
        """
        service = self._service(name)
        if service is None:
            return LogPage(items=[], incomplete=[], reaches_back_to=None)
        wanted = self._wanted(service, selection)
        lines, incomplete, reaches = await self._gather(wanted, selection, tail=tail, oldest=oldest)
        by_id = {candidate.id: candidate for candidate in self._cluster.tasks_of(service)}
        return LogPage(
            items=[self._entry(line, service, by_id.get(line.task_id)) for line in lines],
            incomplete=sorted(incomplete),
            reaches_back_to=reaches,
        )

    @use_case(Permission.READ)
    async def follow(
        self, actor: Actor, name: str, selection: LogSelection, *, tail: int, last_id: str | None
    ) -> LogReader:
        """A reader of the lines as they are written, beginning with the newest `tail`; it must be closed.

        `last_id` is that of the last event a caller has had who comes back. A service that is not in the
        swarm may be followed: its lines come once it is deployed.
        """
        service = self._service(name)
        if service is not None:
            self._wanted(service, selection)
        caller = f"{actor.kind} {actor.id}"
        return self._broker.join(name, selection, tail=tail, caller=caller, last_id=last_id)

    def _service(self, name: str) -> Service | None:
        self._cluster.require_picture()
        service = self._cluster.services.get(name)
        if service is None and self._catalog.find(name) is None:
            raise not_in_catalog(name, self._cluster)
        return service

    def _wanted(self, service: Service, selection: LogSelection) -> Sequence[Task]:
        task, node = selection.task, selection.node
        tasks = [candidate for candidate in self._cluster.tasks_of(service) if candidate.state in HAS_LOGS]
        if node is not None:
            ids = {n.id for n in self._cluster.nodes.values() if node in {n.id, n.hostname}}
            if not ids:
                raise NotFound(f"The swarm has no node {node!r}.", code="node_not_found")
            tasks = [candidate for candidate in tasks if candidate.node_id in ids]
        if task is not None:
            known = self._cluster.tasks_of(service)
            named = {t.id for t in known if task in self._names(t, service)}
            if not named:
                raise NotFound(f"{service.name} has no task {task!r}.", code="task_not_found")
            tasks = [candidate for candidate in tasks if candidate.id in named]
        return sorted(tasks, key=lambda t: t.created_at, reverse=True)[:TASKS_AT_MOST]

    def _names(self, task: Task, service: Service) -> set[str]:
        return {task.id, self._views.task_name(task, service.name), str(task.slot)}

    async def _gather(
        self, tasks: Sequence[Task], selection: LogSelection, *, tail: int, oldest: bool
    ) -> tuple[list[LogLine], set[str], datetime | None]:
        kept = NewestLines(tail, oldest=oldest)
        incomplete: set[str] = set()
        afters: list[datetime] = []
        asked = failed = 0
        problem: OrchestratorError | None = None
        limiter = anyio.CapacityLimiter(TASKS_AT_ONCE)
        look = self._history.look_ahead if oldest else self._history.look_back

        async def read(task: Task, hostname: str) -> None:
            nonlocal asked, failed, problem
            asked += 1
            async with limiter:
                try:
                    looked = await look(task.id, selection, tail=tail, add=kept.add)
                except NotFound:
                    return  # Swarm has reaped the task since we looked.
                except OrchestratorError as error:
                    incomplete.add(hostname)
                    failed, problem = failed + 1, error
                    return
                if not looked.answered:
                    incomplete.add(hostname)
                    failed += 1
                if looked.after is not None:
                    afters.append(looked.after)

        async with anyio.create_task_group() as group:
            for task in tasks:
                node = self._cluster.nodes.get(task.node_id or "")
                if node is None:
                    continue
                if node.is_live:
                    group.start_soon(read, task, node.hostname)
                else:
                    # Swarm would wait for the node without end (moby#37336, #41733).
                    incomplete.add(node.hostname)
        lines = kept.lines()
        if asked and failed == asked and not lines:
            # Not the nodes: the engine itself does not answer, or cannot.
            error = problem if isinstance(problem, DockerUnavailable) else self._cluster.error
            if error is not None:
                raise error
        if kept.cut and lines and not oldest:
            afters.append(lines[0].time)
        return lines, incomplete, max(afters, default=None)

    def _entry(self, line: LogLine, service: Service, task: Task | None) -> LogEntry:
        node = self._cluster.nodes.get(line.node_id)
        return LogEntry(
            time=line.time,
            task=self._views.task_name(task, service.name) if task else line.task_id,
            task_id=line.task_id,
            node=node.hostname if node else line.node_id,
            stream=line.stream,
            line=line.line,
        )


def parse_moment(text: str | None, now: datetime, *, field: str = "since") -> datetime | None:
    """`10m`, `1h30m`, an RFC 3339 time, or seconds since 1970; InvalidInput for anything else."""
    if text is None or text == "":
        return None
    if (match := _DURATION.fullmatch(text)) is not None and any(match.groups()):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        ago = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        return now - min(timedelta(seconds=min(ago, 10**12)), LONGEST_AGO)
    try:
        if text.replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        reason = "is neither a duration such as `10m` nor a time such as `2026-01-31T12:00:00Z`"
        raise InvalidInput(f"`{field}` {reason}.", errors=(FieldError(field, reason),)) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
