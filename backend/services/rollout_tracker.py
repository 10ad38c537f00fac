"""Follows every recorded change to a truthful verdict."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Unpack

import anyio
from anyio.abc import TaskGroup

from backend.domain.rollout import (
    Sighting,
    Verdict,
    ended_for_good,
    failures_since,
    is_converged,
    is_gone,
    is_rolled_back,
    judge,
    rollout_hash,
    waiting_tasks,
)
from backend.domain.service_spec import LABEL_OPERATION
from backend.domain.slots import up_to_date
from backend.domain.status import status_of
from backend.errors import OrchestratorError
from backend.models.cluster import Service, Task
from backend.models.deployment_rows import DeploymentChanges, DeploymentRow, EvidenceItem, Phase
from backend.models.schemas.deployments import DeploymentPhase
from backend.repositories.deployments import DeploymentRecords
from backend.services.cluster_state import ClusterState
from backend.services.evidence import SECONDS, TASKS, Evidence
from backend.services.recorded_changes import Listener, announce

log = logging.getLogger(__name__)

GATHERING_PAUSE = 0.02
UNKNOWN_AFTER = 20.0
"""Seconds with a live picture after which a change that the swarm does not show did not happen: longer than
an engine that came back takes for what it still had to do."""
ABSENT_AFTER = 3.0
"""Seconds a service has to be missing from the picture to count as removed."""
GONE_WITHIN = 900.0
"""Seconds that the containers of a removed service may take to stop."""
PHASES_AT_MOST = 20
WENT_WRONG = frozenset({"failed", "stuck", "rolled_back"})


@dataclass(slots=True)
class Followed:
    """One unfinished row and what was seen of it, on our own monotonic clock."""

    row: DeploymentRow
    since: float = field(default_factory=time.monotonic)
    converged_since: float | None = None
    ended_since: float | None = None
    absent_since: float | None = None
    progress: int = -1
    progressed_at: float = field(default_factory=time.monotonic)
    failures: dict[str, Task] = field(default_factory=dict)
    evidence: list[EvidenceItem] = field(default_factory=list)
    gathering: dict[str, anyio.Event] = field(default_factory=dict)
    """By task: set when its evidence is in."""
    ending: bool = False
    """The verdict is reached and being written."""

    def begin_anew(self, now: float) -> None:
        """Time in which nothing was seen of the cluster counts neither for nor against a rollout."""
        self.progressed_at = now
        self.converged_since = self.ended_since = self.absent_since = None

    def after(self, *phases: DeploymentPhase) -> tuple[Phase, ...]:
        now = datetime.now(UTC)
        return (*self.row.phases, *(Phase(phase, now) for phase in phases))


class RolloutTracker:
    """Judges unfinished deployments each time something is seen of the cluster."""

    def __init__(self, records: DeploymentRecords, cluster: ClusterState, evidence: Evidence) -> None:
        self._records = records
        self._cluster = cluster
        self._evidence = evidence
        self._followed: dict[str, Followed] = {}
        self._live_since: float | None = None
        self.on_change: list[Listener] = []
        """Called with each row whose phase, evidence or verdict is new."""
        self.is_under_way: Callable[[str], bool] = lambda _id: False
        """Whether a row is left alone because its sender still waits for the engine."""

    async def open(self) -> None:
        """Take up what an earlier run of this program left unfinished."""
        for row in await self._records.unfinished():
            self.follow(row)

    def follow(self, row: DeploymentRow) -> None:
        """Follow a row that is new or has changed; a finished one is let go."""
        if row.finished_at is not None:
            self._followed.pop(row.id, None)
        elif row.phases and row.phases[-1].phase == "building":
            return  # Nothing was sent yet, however long that takes.
        elif (known := self._followed.get(row.id)) is not None:
            known.row = row
        else:
            self._followed[row.id] = Followed(row, evidence=list(row.evidence))

    def moving(self) -> Iterable[str]:
        """Names of the services whose rollouts are followed now."""
        return {followed.row.service for followed in self._followed.values()}

    async def run(self) -> None:
        """Judge until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                with anyio.move_on_after(1.0):
                    await self._cluster.changed()
                # A hundred deployments at once are a hundred changes: not each has to be judged against all.
                await anyio.sleep(GATHERING_PAUSE)
                if self._cluster.error is not None or self._cluster.as_of is None:
                    self._live_since = None
                    continue
                if self._live_since is None:
                    self._live_since = time.monotonic()
                    for followed in self._followed.values():
                        followed.begin_anew(self._live_since)
                await self._judge_all(tasks)

    async def _judge_all(self, tasks: TaskGroup) -> None:
        for followed in list(self._followed.values()):
            if followed.ending or self.is_under_way(followed.row.id):
                continue
            try:
                verdict = await self._verdict(followed, tasks)
                if verdict is not None and followed.row.finished_at is None:
                    followed.ending = True
                    tasks.start_soon(self._end, followed, verdict, tasks)
            except OrchestratorError as error:
                log.warning("%s is not judged now: %s", followed.row.id, error.detail)
            except Exception:
                # One odd service must not keep all others from their verdicts.
                log.exception("%s of %s could not be judged", followed.row.kind, followed.row.service)

    async def _verdict(self, followed: Followed, tasks: TaskGroup) -> Verdict | None:
        row = followed.row
        if row.state in {"accepted", "unknown"}:
            return await self._settle(followed)
        if row.kind == "stop":
            return self._judge_stop(followed)
        return await self._judge_rollout(followed, tasks)

    # What became of a change whose answer never came -------------------------------------------------

    async def _settle(self, followed: Followed) -> Verdict | None:
        """Its label on the service tells whether it happened after all."""
        row = followed.row
        service = self._cluster.services.get(row.service)
        if row.kind == "stop":
            if service is None or service.id != row.service_id:
                await self._change(followed, state="rolling_out", phases=followed.after("sent"))
                return None
        elif service is not None and service.labels.get(LABEL_OPERATION) == row.id:
            await self._change(
                followed,
                state="rolling_out",
                cause=None,
                phases=followed.after("sent"),
                sent_at=min(row.created_at, service.updated_at),
                service_id=service.id,
                spec_hash=rollout_hash(service.spec),
            )
            return None
        if not self._waited_long_enough(followed):
            return None
        if service is not None and (label := service.labels.get(LABEL_OPERATION)):
            later = await self._records.find(label)
            if later is None or later.created_at > row.created_at:
                return Verdict("superseded", _superseded_by(later))
        in_catalog = {"scale", "rollback"}
        kept = " The catalog keeps it: deploy brings it in." if row.kind in in_catalog else ""
        return Verdict("failed", f"The engine did not take the change.{kept}")

    def _waited_long_enough(self, followed: Followed) -> bool:
        since = max(followed.since, self._live_since or time.monotonic())
        return time.monotonic() - since > UNKNOWN_AFTER

    # Rollouts ----------------------------------------------------------------------------------------

    def _judge_stop(self, followed: Followed) -> Verdict | None:
        row = followed.row
        service = self._cluster.services.get(row.service)
        if service is not None and service.id == row.service_id:
            return None
        left = self._cluster.tasks_of_id(row.service_id or "")
        if is_gone(left, self._cluster.nodes):
            return Verdict("succeeded")
        if time.monotonic() - followed.since > GONE_WITHIN:
            return Verdict("stuck", f"{len(left)} of its tasks have not stopped yet.")
        return None

    async def _judge_rollout(self, followed: Followed, tasks: TaskGroup) -> Verdict | None:
        row = followed.row
        service = self._cluster.services.get(row.service)
        if service is None:
            followed.absent_since = followed.absent_since or time.monotonic()
            if time.monotonic() - followed.absent_since < ABSENT_AFTER:
                return None
            return Verdict("superseded", "The service was removed from the swarm meanwhile.")
        followed.absent_since = None
        sent_at = row.sent_at or row.created_at
        if service.updated_at < sent_at:
            return None  # The picture is from before the change.
        if not is_rolled_back(service, sent_at):
            if service.labels.get(LABEL_OPERATION) != row.operation:
                return Verdict("superseded", _superseded_by(await self._later(service)))
            if row.spec_hash is not None and rollout_hash(service.spec) != row.spec_hash:
                return Verdict("superseded", _superseded_by(None))
        sighting = self._look(followed, service, sent_at)
        for task in list(followed.failures.values())[:TASKS]:
            self._gather(followed, task, tasks)
        await self._note_progress(followed, sighting)
        return judge(sighting)

    def _look(self, followed: Followed, service: Service, sent_at: datetime) -> Sighting:
        # Not the clock's: what nobody looked at meanwhile has stayed no way at all.
        now = self._cluster.seen_at(service.name)
        tasks = self._cluster.tasks_of(service)
        nodes = self._cluster.nodes
        status = status_of(service, tasks, nodes, datetime.now(UTC))
        new = [task for task in failures_since(service, tasks, sent_at) if task.id not in followed.failures]
        followed.failures |= {task.id: task for task in new}
        if new or not is_converged(status, tasks, nodes):
            # A crash between two looks shows only in the history.
            followed.converged_since = None
        elif followed.converged_since is None:
            followed.converged_since = now
        if not ended_for_good(service, tasks, sent_at):
            followed.ended_since = None
        elif followed.ended_since is None:
            followed.ended_since = now
        self._measure_progress(followed, status.running + status.completed, now)
        return Sighting(
            service=service,
            tasks=tasks,
            nodes=nodes,
            status=status,
            sent_at=sent_at,
            converged_for=None if followed.converged_since is None else now - followed.converged_since,
            unchanged_for=now - followed.progressed_at,
            failures=list(followed.failures.values()),
            ended_for=0.0 if followed.ended_since is None else now - followed.ended_since,
        )

    def _measure_progress(self, followed: Followed, up: int, now: float) -> None:
        # What was lost and comes back is progress, too: a node that goes late is no standstill.
        if up > followed.progress or followed.converged_since is not None:
            followed.progressed_at = now
        followed.progress = up

    async def _note_progress(self, followed: Followed, seen: Sighting) -> None:
        phases = followed.row.phases
        last = phases[-1].phase if phases else None
        new: list[DeploymentPhase] = []
        if all(phase.phase != "starting" for phase in phases) and any(
            task.node_id for task in up_to_date(seen.service, seen.tasks)
        ):
            new.append("starting")
        if seen.converged_for is not None and last != "converged":
            new.append("converged")
        elif seen.converged_for is None and last == "converged":
            new.append("lost")
        if new and len(phases) < PHASES_AT_MOST:
            await self._change(followed, phases=followed.after(*new))

    async def _later(self, service: Service) -> DeploymentRow | None:
        label = service.labels.get(LABEL_OPERATION)
        return await self._records.find(label) if label else None

    # Evidence and ends -------------------------------------------------------------------------------

    def _gather(self, followed: Followed, task: Task, tasks: TaskGroup) -> None:
        if task.id in followed.gathering or len(followed.evidence) >= TASKS:
            return
        followed.gathering[task.id] = anyio.Event()
        tasks.start_soon(self._gather_one, followed, task)

    async def _gather_one(self, followed: Followed, task: Task) -> None:
        try:
            item = await self._evidence.of(followed.row.service, task)
            # After a restart of the server a task is seen again.
            if all((kept.task, kept.at) != (item.task, item.at) for kept in followed.evidence):
                followed.evidence.append(item)
                await self._change(followed, evidence=tuple(followed.evidence[:TASKS]))
        except OrchestratorError as error:
            log.warning("evidence of %s is not kept: %s", followed.row.id, error.detail)
        finally:
            followed.gathering[task.id].set()

    async def _end(self, followed: Followed, verdict: Verdict, tasks: TaskGroup) -> None:
        """Write the verdict, with the evidence when there is something to explain."""
        if verdict.state in WENT_WRONG:
            service = self._cluster.services.get(followed.row.service)
            if not followed.failures and service is not None:
                waiting = waiting_tasks(service, self._cluster.tasks_of(service), self._cluster.nodes)
                for task in waiting[:TASKS]:
                    self._gather(followed, task, tasks)
            with anyio.move_on_after(SECONDS):
                for gathered in list(followed.gathering.values()):
                    await gathered.wait()
        try:
            if followed.row.finished_at is not None:
                return
            row = await self._change(
                followed,
                state=verdict.state,
                cause=verdict.cause,
                phases=followed.after("verdict"),
                finished_at=datetime.now(UTC),
            )
            log.info("%s of %s %s", row.kind, row.service, row.state)
        except OrchestratorError as error:
            log.warning("verdict on %s not stored yet: %s", followed.row.id, error.detail)
            followed.ending = False

    async def _change(self, followed: Followed, **changes: Unpack[DeploymentChanges]) -> DeploymentRow:
        row = await self._records.update(followed.row.id, **changes)
        followed.row = row
        self.follow(row)
        announce(self.on_change, row)
        return row


def _superseded_by(later: DeploymentRow | None) -> str:
    if later is None:
        return "Something other than this server changed the service meanwhile."
    return f"A later {later.kind} took its place."
