"""Carries out one change of the swarm with a row that says how far it got, whatever happens meanwhile."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Unpack

import anyio

from backend.domain.rollout import rollout_hash
from backend.domain.service_spec import LABEL_OPERATION
from backend.errors import OrchestratorError, OutcomeUnknown, StorageFailed
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentChanges, DeploymentRow, Phase
from backend.models.schemas.deployments import DeploymentPhase
from backend.repositories.deployments import DeploymentRecords
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.service_views import ServiceViews

log = logging.getLogger(__name__)

Listener = Callable[[DeploymentRow], None]


class RecordedChanges:
    """Rows from the engine's yes or no; their verdict is the tracker's. Also lets callers wait for rows."""

    def __init__(self, records: DeploymentRecords, watcher: ClusterWatcher, views: ServiceViews) -> None:
        self._records = records
        self._watcher = watcher
        self._views = views
        self.on_change: list[Listener] = []
        self._under_way: set[str] = set()
        self._waited_for: dict[str, anyio.Event] = {}
        self._ending = False

    def is_under_way(self, deployment_id: str) -> bool:
        """Whether the engine's answer is still to come: nobody else has to settle this row."""
        return deployment_id in self._under_way

    async def carry_out(
        self, row: DeploymentRow, send: Callable[[], Awaitable[Service | None]]
    ) -> DeploymentRow:
        """Record, send, and record what the engine said; the caller never waits for tasks."""
        await self._records.insert(row)
        self._under_way.add(row.id)
        try:
            announce(self.on_change, row)
            return await self._sent(row, send)
        finally:
            self._under_way.discard(row.id)
            # Who listens may have left the row alone because it was under way.
            self._watcher.look_soon()

    async def _sent(self, row: DeploymentRow, send: Callable[[], Awaitable[Service | None]]) -> DeploymentRow:
        try:
            service = await send()
        except OutcomeUnknown as error:
            await self._supersede_older(row)
            await self._change(row, "unknown", state="unknown", cause=error.detail)
            raise OutcomeUnknown(
                f"{error.detail} Deployment {row.id} will say how it ended.", code=error.code
            ) from error
        except OrchestratorError as error:
            now = datetime.now(UTC)
            await self._change(row, "verdict", state="failed", cause=error.detail, finished_at=now)
            raise
        # Sent: what the picture shows must not be older than what the row says.
        await self._watcher.refresh(row.service)
        await self._supersede_older(row)
        self._views.ever_deployed.add(row.service)
        if service is None:
            return await self._change(row, "sent", state="rolling_out", sent_at=datetime.now(UTC))
        return await self._change(
            row,
            "sent",
            state="rolling_out",
            # The engine's clock, so that later comparisons with its tasks do not depend on ours.
            sent_at=service.updated_at,
            service_id=service.id,
            operation=service.labels.get(LABEL_OPERATION),
            spec_hash=rollout_hash(service.spec),
        )

    async def wait(self, deployment_id: str, seconds: float) -> DeploymentRow:
        """The row once it is final, or as it is after `seconds` or when the server stops."""
        with anyio.move_on_after(seconds):
            while not self._ending:
                changed = self._waited_for.setdefault(deployment_id, anyio.Event())
                row = await self._records.get(deployment_id)
                if row.finished_at is not None:
                    return row
                await changed.wait()
        return await self._records.get(deployment_id)

    def note(self, row: DeploymentRow) -> None:
        """Wake who waits for this row."""
        if (changed := self._waited_for.pop(row.id, None)) is not None:
            changed.set()

    def end_waits(self) -> None:
        """Let everybody go who waits, now and later: the server stops."""
        self._ending = True
        for changed in self._waited_for.values():
            changed.set()
        self._waited_for.clear()

    async def _supersede_older(self, row: DeploymentRow) -> None:
        for older in await self._records.unfinished(row.service):
            if older.id != row.id:
                now = datetime.now(UTC)
                cause = f"A later {row.kind} took its place."
                await self._change(older, "verdict", state="superseded", cause=cause, finished_at=now)

    async def _change(
        self, row: DeploymentRow, phase: DeploymentPhase, **changes: Unpack[DeploymentChanges]
    ) -> DeploymentRow:
        changes["phases"] = (*row.phases, Phase(phase, datetime.now(UTC)))
        try:
            row = await self._records.update(row.id, **changes)
        except StorageFailed as error:
            log.warning("the row of %s of %s was not stored: %s", row.kind, row.service, error.detail)
            raise
        announce(self.on_change, row)
        self.note(row)
        return row


def announce(listeners: list[Listener], row: DeploymentRow) -> None:
    """Tell everybody; one who fails keeps nobody else from hearing it."""
    for listener in listeners:
        try:
            listener(row)
        except Exception:
            log.exception("a listener of deployments failed")
