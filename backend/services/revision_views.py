"""The texts a definition had, with what became of each in the swarm."""

from backend.domain.permissions import Permission
from backend.domain.rollback import recorded_digest
from backend.models.actor import Actor
from backend.models.schemas.deployments import RevisionOut, RevisionText
from backend.repositories.deployments import DeploymentRecords
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.service_views import deployed_revision
from backend.services.use_case import use_case


class RevisionViews:
    def __init__(
        self, *, catalog: Catalog, records: DeploymentRecords, cluster: ClusterState, audit: Audit
    ) -> None:
        self._catalog = catalog
        self._records = records
        self._cluster = cluster
        self.audit = audit

    @use_case(Permission.READ)
    async def page(
        self, actor: Actor, name: str, *, limit: int, offset: int
    ) -> tuple[list[RevisionOut], int]:
        """Newest first, with the total; also of a definition that was deleted since."""
        newest = await self._catalog.revisions(name, limit=1)
        revisions = await self._catalog.revisions(name, limit=limit, offset=offset)
        history = await self._records.brought_in(name)
        service = self._cluster.services.get(name)
        live = deployed_revision(service) if service else None
        brought_in = {row.to_revision for row in history}
        found = [
            RevisionOut(
                revision=revision.number,
                author=revision.author,
                source=revision.source,
                created_at=revision.created_at,
                note=revision.note,
                deleted=revision.deleted,
                deployed=revision.number in brought_in,
                live=revision.number == live,
                digest=recorded_digest(history, revision.number),
            )
            for revision in revisions
        ]
        return found, newest[0].number if newest else 0

    @use_case(Permission.READ)
    async def text(self, actor: Actor, name: str, revision: int) -> RevisionText:
        return RevisionText(revision=revision, text=await self._catalog.revision_text(name, revision))
