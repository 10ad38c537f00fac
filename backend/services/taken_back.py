"""Remembers which change of each service the swarm took back, until a later one succeeds."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.attention import is_well
from backend.domain.rollback import WHOLE
from backend.models.deployment_rows import DeploymentRow
from backend.repositories.deployments import DeploymentRecords
from backend.services.service_fragments import Fragment
from backend.services.service_views import ServiceViews, deployed_revision

NO_RECORD = "Swarm rolled its newest change back."


@dataclass(frozen=True, slots=True)
class Back:
    """A change that was wanted and does not run."""

    since: datetime
    cause: str
    evidence: tuple[str, ...] = ()
    deployment: str | None = None


class TakenBack:
    """Kept in memory: health is asked of a thousand services at a time."""

    def __init__(self, *, records: DeploymentRecords, views: ServiceViews) -> None:
        self._records = records
        self._views = views
        self._rows: dict[str, DeploymentRow] = {}

    async def open(self) -> None:
        """Read what earlier runs of this server saw."""
        self._rows = {row.service: row for row in await self._records.taken_back()}

    def deployment_changed(self, row: DeploymentRow) -> None:
        """Note a verdict; scales and restarts change nothing about what is wanted."""
        if row.kind not in WHOLE and row.kind != "stop":
            return
        if row.state == "rolled_back":
            self._rows[row.service] = row
        elif row.state == "succeeded":
            self._rows.pop(row.service, None)

    def of(self, name: str, fragment: Fragment) -> Back | None:
        """What is still wanted of a service that runs well without it."""
        service, entry, status = fragment.service, fragment.entry, fragment.status
        if service is None or status.status != "running" or not is_well(status):
            return None
        row, update = self._rows.get(name), service.update_status
        engine_says = status.reason == "rolled_back"
        if entry is not None and not self._views.drift(entry, service):
            # The text says what runs. Only what the same text meant then may be missing: a tag that moved.
            digest = service.image.partition("@")[2]
            if row is None or row.to_revision != entry.revision or row.to_digest in {None, digest}:
                return None
        elif row is None or entry is None:
            # Changed from elsewhere, as by the command line: nobody wrote down why it failed.
            at = (update.completed_at if update else None) or service.updated_at
            return Back(at, NO_RECORD) if engine_says else None
        runs = deployed_revision(service)
        wanted = "A change" if row.to_revision is None else f"Revision {row.to_revision}"
        return Back(
            since=row.finished_at or row.created_at,
            cause=f"Swarm rolled its newest change back: {row.cause}" if row.cause else NO_RECORD,
            evidence=(f"{wanted} by {row.actor} was wanted" + (f"; revision {runs} runs." if runs else "."),),
            deployment=row.id,
        )
