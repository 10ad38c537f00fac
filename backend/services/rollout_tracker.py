"""Follows every recorded change to a truthful verdict."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from backend.domain.rollout import Sighting, Verdict, is_converged, judge
from backend.domain.service_spec import LABEL_OPERATION
from backend.domain.status import status_of
from backend.errors import StorageFailed
from backend.models.db_models import DeploymentRow
from backend.repositories.deployments import DeploymentRecords
from backend.services.cluster_state import ClusterState

log = logging.getLogger(__name__)

UNKNOWN_AFTER = 30.0
"""Seconds with a live picture after which a change that the swarm does not show did not happen."""


@dataclass(slots=True)
class Followed:
    """One unfinished row and what was seen of it, on our own monotonic clock."""

    row: DeploymentRow
    since: float = field(default_factory=time.monotonic)
    converged_since: float | None = None
    progress: int = -1
    progressed_at: float = field(default_factory=time.monotonic)


class RolloutTracker:
    """Judges unfinished deployments each time something is seen of the cluster."""

    def __init__(self, records: DeploymentRecords, cluster: ClusterState) -> None:
        self._records = records
        self._cluster = cluster
        self._followed: dict[str, Followed] = {}
        self.on_change: list[Callable[[DeploymentRow], None]] = []
        """Called with each row whose verdict was just stored."""

    async def open(self) -> None:
        """Take up what an earlier run of this program left unfinished."""
        for row in await self._records.unfinished():
            self.follow(row)

    def follow(self, row: DeploymentRow) -> None:
        """Follow a row that is new or has changed; a finished one is let go."""
        if row.finished_at is not None:
            self._followed.pop(row.id, None)
        elif (known := self._followed.get(row.id)) is not None:
            known.row = row
        else:
            self._followed[row.id] = Followed(row)

    def moving(self) -> Iterable[str]:
        """Names of the services whose rollouts are followed now."""
        return {followed.row.service for followed in self._followed.values()}

    async def run(self) -> None:
        """Judge until cancelled."""
        while True:
            with anyio.move_on_after(1.0):
                await self._cluster.changed()
            if self._cluster.error is None and self._cluster.as_of is not None:
                await self.judge_all()

    async def judge_all(self) -> None:
        for followed in list(self._followed.values()):
            verdict = self._verdict(followed)
            if verdict is None:
                continue
            over = verdict.state != "rolling_out"
            try:
                row = await self._records.update(
                    followed.row.id,
                    state=verdict.state,
                    cause=verdict.cause,
                    finished_at=datetime.now(UTC) if over else None,
                )
            except StorageFailed as error:
                log.warning("verdict on %s not stored yet: %s", followed.row.id, error.detail)
                continue
            log.info("%s of %s %s", row.kind, row.service, row.state)
            self.follow(row)
            for listener in self.on_change:
                listener(row)

    def _verdict(self, followed: Followed) -> Verdict | None:
        row = followed.row
        if row.state in {"accepted", "unknown"}:
            return self._settle(followed)
        if row.kind == "stop":
            gone = row.service not in self._cluster.services and not any(
                task.state in {"starting", "running"}
                for task in self._cluster.tasks_of_id(row.service_id or "")
            )
            return Verdict("succeeded") if gone else None
        return self._judge_rollout(followed)

    def _settle(self, followed: Followed) -> Verdict | None:
        """Whether a change whose answer never came happened after all: its label tells."""
        row = followed.row
        service = self._cluster.services.get(row.service)
        happened = (
            service is None
            if row.kind == "stop"
            else service is not None and service.labels.get(LABEL_OPERATION) == row.id
        )
        if happened:
            return Verdict("succeeded") if row.kind == "stop" else Verdict("rolling_out")
        if time.monotonic() - followed.since > UNKNOWN_AFTER:
            return Verdict("failed", "The engine did not take the change.")
        return None

    def _judge_rollout(self, followed: Followed) -> Verdict | None:
        row, now = followed.row, time.monotonic()
        service = self._cluster.services.get(row.service)
        if service is None:
            return Verdict("superseded", "The service was removed from the swarm meanwhile.")
        tasks = self._cluster.tasks_of(service)
        status = status_of(service, tasks, self._cluster.nodes, datetime.now(UTC))
        if not is_converged(status):
            followed.converged_since = None
        elif followed.converged_since is None:
            followed.converged_since = now
        if status.running + status.completed > followed.progress:
            followed.progress = status.running + status.completed
            followed.progressed_at = now
        return judge(
            Sighting(
                service=service,
                tasks=tasks,
                nodes=self._cluster.nodes,
                status=status,
                sent_at=row.sent_at or row.created_at,
                converged_for=None if followed.converged_since is None else now - followed.converged_since,
                unchanged_for=now - followed.progressed_at,
            )
        )
