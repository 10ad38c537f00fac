"""Changes to what the swarm runs, each one recorded: deploy, scale, stop, rollback, restart."""

import contextlib
import dataclasses
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from backend.clients.docker_client import SwarmClient
from backend.domain.definition_text import with_replicas
from backend.domain.permissions import Permission
from backend.domain.plan import changes, merge_into
from backend.domain.service_spec import LABEL_OPERATION, LABEL_REVISION
from backend.errors import Conflict, DockerUnavailable, NotFound, OrchestratorError, OutcomeUnknown
from backend.models.actor import Actor
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentRow, Phase
from backend.models.schemas.deployments import DeploymentKind, DeploymentOut
from backend.repositories.deployments import DeploymentRecords
from backend.services.audit import Audit
from backend.services.catalog import Catalog, Entry
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.earlier_revisions import EarlierRevisions
from backend.services.recorded_changes import RecordedChanges
from backend.services.service_views import ServiceViews, deployed_revision
from backend.services.services import not_in_catalog
from backend.services.turns import Turns
from backend.services.use_case import use_case
from backend.services.wanted_specs import Wanted, WantedSpecs, not_ours


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
        self._turns = Turns()
        self._revisions = EarlierRevisions(catalog, records, wanted)
        self.changes = RecordedChanges(records, watcher, views)
        self.on_change = self.changes.on_change
        """Called with each row that was added or changed here; the tracker's verdicts are its own."""
        self.audit = audit

    @use_case(Permission.READ)
    async def list_recent(
        self, actor: Actor, *, service: str | None, limit: int, offset: int
    ) -> tuple[list[DeploymentOut], int]:
        """Newest first, with the total; without the log lines of their evidence."""
        rows, total = await self._records.page(service, limit=limit, offset=offset)
        return [_out(_without_lines(row)) for row in rows], total

    @use_case(Permission.READ)
    async def get(self, actor: Actor, deployment_id: str, *, wait: float = 0) -> DeploymentOut:
        """The row once it is final, or as it is after `wait` seconds or when the server stops."""
        return await self.settled(deployment_id, wait)

    async def settled(self, deployment_id: str, wait: float) -> DeploymentOut:
        """As `get`, for who just made the deployment."""
        return _out(await self.changes.wait(deployment_id, wait))

    @use_case(Permission.OPERATE, action="service.deploy")
    async def deploy(self, actor: Actor, name: str, *, adopt: bool = False) -> DeploymentOut:
        """Bring what the catalog says into the swarm; an unchanged definition restarts nothing."""
        async with self._turns.of(name):
            wanted = await self._wanted.resolve(self._entry(name), adopt=adopt)
            return await self._bring_in(wanted, self._row_of(actor, "deploy", wanted))

    @use_case(Permission.OPERATE, action="service.scale")
    async def scale(self, actor: Actor, name: str, replicas: int) -> DeploymentOut:
        """Change the number of replicas, in the swarm and in the catalog: the next deploy keeps it."""
        async with self._turns.of(name):
            return await self._scale(actor, name, replicas)

    @use_case(Permission.OPERATE, action="service.stop")
    async def stop(self, actor: Actor, name: str) -> DeploymentOut:
        """Remove the service from the swarm; the catalog entry stays and `deploy` brings it back."""
        self._entry(name)
        async with self._turns.of(name):
            live = await self._live(name)
            row = self._row(
                actor,
                "stop",
                name,
                **{**_as_it_is(live), "to_revision": None, "to_digest": None},
                replicas=0,
                changes=("service",),
                service_id=live.id,
            )

            async def remove() -> None:
                # Gone is gone; a removal that is sent again on a new connection finds nothing any more.
                with contextlib.suppress(NotFound):
                    await self._client.remove_service(live.id)

            return _out(await self.changes.carry_out(row, remove))

    @use_case(Permission.OPERATE, action="service.restart")
    async def restart(self, actor: Actor, name: str) -> DeploymentOut:
        """Replace all tasks by new ones of the same spec, in the way its `update_config` says."""
        self._entry(name)
        async with self._turns.of(name):
            live = await self._live(name)
            row = self._row(
                actor,
                "restart",
                name,
                **_as_it_is(live),
                replicas=live.replicas,
                changes=("TaskTemplate.ForceUpdate",),
                restarts_tasks=True,
            )

            def edit(fresh: Service) -> dict[str, Any]:
                return _labelled(_forced(fresh.spec), {LABEL_OPERATION: row.id})

            return _out(await self.changes.carry_out(row, lambda: self._update(live.id, edit)))

    @use_case(Permission.OPERATE, action="service.rollback")
    async def rollback(self, actor: Actor, name: str, to_revision: int | None = None) -> DeploymentOut:
        """Bring back an earlier revision with the digest it had then, as a new revision of the catalog.

        Raises Conflict `nothing_to_roll_back_to`, NotFound `revision_not_found`.
        """
        async with self._turns.of(name):
            before = self._entry(name)
            live = await self._live(name)
            earlier = await self._revisions.find(before, live, to_revision)
            wanted = await self._wanted.resolve(earlier.entry, adopt=False, pinned=earlier.digest)
            entry = await self._catalog.update(
                actor.name, name, earlier.entry.text, if_match=before.revision, source="rollback"
            )
            label = {LABEL_REVISION: str(entry.revision)}
            wanted = dataclasses.replace(wanted, entry=entry, spec=_labelled(wanted.spec, label))
            row = self._row_of(
                actor,
                "rollback",
                wanted,
                restores_revision=earlier.entry.revision,
                warnings=(*earlier.warnings, *wanted.warnings),
            )
            return await self._or_restore(actor, entry, before.text, row, lambda: self._send(wanted, row))

    async def _scale(self, actor: Actor, name: str, replicas: int) -> DeploymentOut:
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
                actor.name, name, with_replicas(before, replicas), if_match=entry.revision, source="scale"
            )
        row = self._row(
            actor,
            "scale",
            name,
            **{**_as_it_is(live), "to_revision": entry.revision},
            replicas=replicas,
            changes=("Mode.Replicated.Replicas",) if live.replicas != replicas else (),
        )
        drifted = bool(self._views.drift(entry, _scaled(live, replicas)))

        def edit(fresh: Service) -> dict[str, Any]:
            spec = _scaled(fresh, replicas).spec
            if not drifted:
                spec = _labelled(spec, {LABEL_REVISION: str(entry.revision)})
            return _labelled(spec, {LABEL_OPERATION: row.id})

        return await self._or_restore(actor, entry, before, row, lambda: self._update(live.id, edit))

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
            try:
                return await self._client.service(service_id)
            except DockerUnavailable as error:
                raise _went_away(error) from error

        def edit(fresh: Service) -> dict[str, Any] | None:
            again = _finished(self._views, fresh)
            # Swarm leaves a paused update alone until the next write.
            write = again or _is_paused(fresh) or not _same_revision(fresh, wanted)
            if not write and not changes(fresh.spec, wanted.spec).changes:
                return None
            spec = _labelled(merge_into(fresh.spec, wanted.spec), operation)
            # A batch that has run to its end runs again: there is nothing to restart, only to start.
            return _forced(spec) if again and not fresh.is_job else spec

        return await self._update(wanted.live.id, edit)

    async def _update(self, service_id: str, edit: Callable[[Service], dict[str, Any] | None]) -> Service:
        """As the client's, but an engine that goes away once it was written to leaves the outcome open."""
        tried = False

        def noted(fresh: Service) -> dict[str, Any] | None:
            nonlocal tried
            tried = True
            return edit(fresh)

        try:
            return await self._client.update_service(service_id, noted)
        except DockerUnavailable as error:
            if not tried:
                raise
            raise _went_away(error) from error

    async def _bring_in(self, wanted: Wanted, row: DeploymentRow) -> DeploymentOut:
        if not self._views.knows(wanted.references):
            await self._watcher.look()
        return _out(await self.changes.carry_out(row, lambda: self._send(wanted, row)))

    async def _or_restore(
        self,
        actor: Actor,
        entry: Entry,
        before: str,
        row: DeploymentRow,
        send: Callable[[], Awaitable[Service | None]],
    ) -> DeploymentOut:
        """Carry out what the catalog already says; when the swarm says no, the catalog must not claim it."""
        try:
            return _out(await self.changes.carry_out(row, send))
        except OutcomeUnknown:
            raise
        except OrchestratorError:
            if entry.text != before:
                await self._catalog.update(actor.name, entry.name, before, if_match=entry.revision)
            raise

    def _row_of(self, actor: Actor, kind: DeploymentKind, wanted: Wanted, **fields: Any) -> DeploymentRow:
        return self._row(
            actor,
            kind,
            wanted.entry.name,
            **{
                "from_revision": deployed_revision(wanted.live) if wanted.live else None,
                "to_revision": wanted.entry.revision,
                "from_digest": wanted.from_digest,
                "to_digest": wanted.digest,
                "image": wanted.image.partition("@")[0],
                "replicas": wanted.replicas,
                "changes": tuple(one.path for one in wanted.plan.changes) if wanted.plan else ("service",),
                "restarts_tasks": wanted.plan.restarts_tasks if wanted.plan else False,
                "warnings": wanted.warnings,
                **fields,
            },
        )

    def _row(self, actor: Actor, kind: DeploymentKind, service: str, **fields: Any) -> DeploymentRow:
        deployment_id = secrets.token_hex(8)
        now = datetime.now(UTC)
        return DeploymentRow(
            id=deployment_id,
            operation=deployment_id,
            service=service,
            kind=kind,
            state="accepted",
            actor=actor.name,
            created_at=now,
            phases=(Phase("accepted", now),),
            **fields,
        )


def _out(row: DeploymentRow) -> DeploymentOut:
    return DeploymentOut.model_validate(row, from_attributes=True)


def _went_away(error: DockerUnavailable) -> OutcomeUnknown:
    return OutcomeUnknown(f"The engine went away in the middle of the change: {error.detail}")


def _without_lines(row: DeploymentRow) -> DeploymentRow:
    short = tuple(dataclasses.replace(item, log=()) for item in row.evidence)
    return dataclasses.replace(row, evidence=short)


def _finished(views: ServiceViews, service: Service) -> bool:
    status = views.status(service.name, None, service)
    return (
        service.is_job or status.reason == "complete" or (status.status == "failed" and status.running == 0)
    )


def _is_paused(service: Service) -> bool:
    update = service.update_status
    return update is not None and update.state in {"paused", "rollback_paused"}


def _forced(spec: dict[str, Any]) -> dict[str, Any]:
    task = spec["TaskTemplate"]
    return {**spec, "TaskTemplate": {**task, "ForceUpdate": task.get("ForceUpdate", 0) + 1}}


def _as_it_is(live: Service) -> dict[str, Any]:
    """The fields of a row that leaves revision and image alone."""
    image, _, digest = live.image.partition("@")
    revision = deployed_revision(live)
    return {
        "from_revision": revision,
        "to_revision": revision,
        "from_digest": digest or None,
        "to_digest": digest or None,
        "image": image,
    }


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
