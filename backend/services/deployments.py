"""Changes to what the swarm runs, each one recorded: deploy, scale, stop."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Unpack

import msgspec

from backend.clients.docker_client import SwarmClient
from backend.domain.definition_text import with_replicas
from backend.domain.permissions import Permission
from backend.domain.plan import changes, merge_into
from backend.domain.service_spec import LABEL_OPERATION, LABEL_REVISION
from backend.errors import Conflict, NotFound, OrchestratorError, OutcomeUnknown
from backend.models.actor import Actor
from backend.models.cluster import Service
from backend.models.db_models import DeploymentChanges, DeploymentRow
from backend.models.schemas.deployments import DeploymentKind, DeploymentOut
from backend.repositories.deployments import DeploymentRecords
from backend.services.audit import Audit
from backend.services.catalog import Catalog, Entry
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.service_views import ServiceViews, deployed_revision
from backend.services.services import not_in_catalog
from backend.services.use_case import use_case
from backend.services.wanted_specs import Wanted, WantedSpecs, not_ours

BOOT_ID = secrets.token_hex(8)
"""Names this run of the program in the rows it writes."""


class Deployments:
    """Every change is a row from the start; `RolloutTracker` follows it to its verdict."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        cluster: ClusterState,
        watcher: ClusterWatcher,
        client: SwarmClient,
        records: DeploymentRecords,
        wanted: WantedSpecs,
        views: ServiceViews,
        audit: Audit,
    ) -> None:
        self._catalog = catalog
        self._cluster = cluster
        self._watcher = watcher
        self._client = client
        self._records = records
        self._wanted = wanted
        self._views = views
        self.audit = audit
        self.on_change: Callable[[DeploymentRow], None] = lambda _row: None

    @use_case(Permission.READ)
    async def list_recent(
        self, actor: Actor, *, service: str | None, limit: int, offset: int
    ) -> tuple[list[DeploymentOut], int]:
        """Newest first, with the total."""
        rows, total = await self._records.page(service, limit=limit, offset=offset)
        return [_out(row) for row in rows], total

    @use_case(Permission.READ)
    async def get(self, actor: Actor, deployment_id: str) -> DeploymentOut:
        return _out(await self._records.get(deployment_id))

    @use_case(Permission.OPERATE, action="service.deploy")
    async def deploy(self, actor: Actor, name: str, *, adopt: bool = False) -> DeploymentOut:
        """Bring what the catalog says into the swarm; an unchanged definition restarts nothing."""
        wanted = await self._wanted.resolve(self._entry(name), adopt=adopt)
        row = self._row(
            actor,
            "deploy",
            name,
            from_revision=deployed_revision(wanted.live) if wanted.live else None,
            to_revision=wanted.entry.revision,
            from_digest=wanted.from_digest,
            to_digest=wanted.digest,
            image=wanted.image,
            replicas=wanted.replicas,
            changes=tuple(change.path for change in wanted.plan.changes) if wanted.plan else ("service",),
            restarts_tasks=wanted.plan.restarts_tasks if wanted.plan else False,
            warnings=wanted.warnings,
        )
        if not self._views.knows(wanted.references):
            await self._watcher.look()
        return await self._carry_out(row, lambda: self._send(wanted, row))

    @use_case(Permission.OPERATE, action="service.scale")
    async def scale(self, actor: Actor, name: str, replicas: int) -> DeploymentOut:
        """Change the number of replicas, in the swarm and in the catalog: the next deploy keeps it."""
        entry = self._entry(name)
        live = await self._live(name)
        if live.mode != "replicated":
            raise Conflict(
                f"{name} is a {live.mode} service: "
                + (
                    "it runs once on every eligible node. Use placement constraints to choose nodes."
                    if live.mode == "global"
                    else "change the definition and deploy to run it again."
                ),
                code="not_scalable",
            )
        before = entry.text
        if entry.definition is not None and entry.definition.mode == "replicated":
            entry = await self._catalog.update(
                actor.name, name, with_replicas(before, replicas), if_match=entry.revision
            )
        known = deployed_revision(live)
        row = self._row(
            actor,
            "scale",
            name,
            from_revision=known,
            to_revision=entry.revision,
            from_digest=live.image.partition("@")[2] or None,
            to_digest=live.image.partition("@")[2] or None,
            image=live.image.partition("@")[0],
            replicas=replicas,
            changes=("Mode.Replicated.Replicas",) if live.replicas != replicas else (),
        )
        drifted = bool(self._views.drift(entry, _scaled(live, replicas)))

        def edit(fresh: Service) -> dict[str, Any]:
            spec = _scaled(fresh, replicas).spec
            if not drifted:
                spec = _labelled(spec, {LABEL_REVISION: str(entry.revision)})
            return _labelled(spec, {LABEL_OPERATION: row.id})

        try:
            return await self._carry_out(row, lambda: self._client.update_service(live.id, edit))
        except OutcomeUnknown:
            raise
        except OrchestratorError:
            # The swarm said no, so the catalog must not claim the new number.
            if entry.text != before:
                await self._catalog.update(actor.name, name, before, if_match=entry.revision)
            raise

    @use_case(Permission.OPERATE, action="service.stop")
    async def stop(self, actor: Actor, name: str) -> DeploymentOut:
        """Remove the service from the swarm; the catalog entry stays and `deploy` brings it back."""
        self._entry(name)
        live = await self._live(name)
        row = self._row(
            actor,
            "stop",
            name,
            from_revision=deployed_revision(live),
            to_revision=None,
            from_digest=live.image.partition("@")[2] or None,
            to_digest=None,
            image=live.image.partition("@")[0],
            replicas=0,
            changes=("service",),
            service_id=live.id,
        )

        async def remove() -> None:
            await self._client.remove_service(live.id)

        return await self._carry_out(row, remove)

    def _entry(self, name: str) -> Entry:
        entry = self._catalog.find(name)
        if entry is None:
            raise not_in_catalog(name, self._cluster)
        return entry

    async def _live(self, name: str) -> Service:
        """The service as the swarm has it now, provided that it came from this catalog."""
        try:
            live = await self._client.service(name)
        except NotFound:
            raise Conflict(f"{name} is not in the swarm; deploy it first.", code="not_running") from None
        if deployed_revision(live) is None:
            raise not_ours(name)
        return live

    async def _send(self, wanted: Wanted, row: DeploymentRow) -> Service | None:
        operation = {LABEL_OPERATION: row.id}
        if wanted.live is None:
            service_id = await self._client.create_service(_labelled(wanted.spec, operation))
            return await self._client.service(service_id)

        def edit(fresh: Service) -> dict[str, Any] | None:
            again = _finished(self._views, fresh)
            if not again and not changes(fresh.spec, wanted.spec).changes and _same_revision(fresh, wanted):
                return None
            spec = _labelled(merge_into(fresh.spec, wanted.spec), operation)
            if again and not fresh.is_job:
                # A batch that has run to its end runs again: there is nothing to restart, only to start.
                task = spec["TaskTemplate"]
                spec["TaskTemplate"] = {**task, "ForceUpdate": task.get("ForceUpdate", 0) + 1}
            return spec

        return await self._client.update_service(wanted.live.id, edit)

    async def _carry_out(
        self, row: DeploymentRow, send: Callable[[], Awaitable[Service | None]]
    ) -> DeploymentOut:
        """Record, send, and record what the engine said; the caller never waits for tasks."""
        await self._supersede(row)
        await self._records.insert(row)
        try:
            service = await send()
        except OutcomeUnknown as error:
            await self._change(row.id, state="unknown", cause=error.detail)
            raise
        except OrchestratorError as error:
            await self._change(row.id, state="failed", cause=error.detail, finished_at=datetime.now(UTC))
            raise
        # The engine's clock, so that later comparisons with its tasks do not depend on ours.
        sent_at = service.updated_at if service is not None else datetime.now(UTC)
        service_id = service.id if service is not None else row.service_id
        row = await self._change(row.id, state="rolling_out", sent_at=sent_at, service_id=service_id)
        self._views.ever_deployed.add(row.service)
        await self._watcher.refresh(row.service)
        return _out(row)

    async def _supersede(self, row: DeploymentRow) -> None:
        for older in await self._records.unfinished():
            if older.service == row.service:
                cause = f"A later {row.kind} took its place."
                await self._change(older.id, state="superseded", cause=cause, finished_at=datetime.now(UTC))

    async def _change(self, deployment_id: str, **changes: Unpack[DeploymentChanges]) -> DeploymentRow:
        row = await self._records.update(deployment_id, **changes)
        self.on_change(row)
        return row

    def _row(self, actor: Actor, kind: DeploymentKind, service: str, **fields: Any) -> DeploymentRow:
        deployment_id = secrets.token_hex(8)
        return DeploymentRow(
            id=deployment_id,
            operation=deployment_id,
            boot_id=BOOT_ID,
            service=service,
            kind=kind,
            state="accepted",
            actor=actor.name,
            created_at=datetime.now(UTC),
            **fields,
        )


def _out(row: DeploymentRow) -> DeploymentOut:
    return DeploymentOut.model_validate(row, from_attributes=True)


def _finished(views: ServiceViews, service: Service) -> bool:
    status = views.status(service.name, None, service)
    return (
        service.is_job or status.reason == "complete" or (status.status == "failed" and status.running == 0)
    )


def _same_revision(live: Service, wanted: Wanted) -> bool:
    return deployed_revision(live) == wanted.entry.revision


def _scaled(service: Service, replicas: int) -> Service:
    spec = {
        **service.spec,
        "Mode": {"Replicated": {**service.spec["Mode"]["Replicated"], "Replicas": replicas}},
    }
    return msgspec.structs.replace(service, spec=spec, replicas=replicas)


def _labelled(spec: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return {**spec, "Labels": {**(spec.get("Labels") or {}), **labels}}
