"""Plans a change of one service: the row that records it, and what will be written to the engine."""

import contextlib
import dataclasses
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from backend.clients.docker_client import SwarmClient
from backend.domain.definition_text import with_replicas
from backend.domain.plan import changes, merge_into
from backend.domain.service_spec import LABEL_OPERATION, LABEL_REVISION
from backend.errors import Conflict, DockerUnavailable, NotFound
from backend.models.actor import Actor
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentRow, Phase
from backend.models.schemas.deployments import DeploymentKind
from backend.services.catalog import Catalog, Entry
from backend.services.earlier_revisions import Earlier
from backend.services.recorded_changes import Change, Created, went_away
from backend.services.service_views import ServiceViews, deployed_revision
from backend.services.wanted_specs import Wanted, not_ours


class PlannedChanges:
    """`live` is the service as the swarm has it, None when it has none; whose turn it is, is not ours."""

    def __init__(self, *, client: SwarmClient, catalog: Catalog, views: ServiceViews) -> None:
        self._client = client
        self._catalog = catalog
        self._views = views

    def waiting(self, actor: Actor, entry: Entry, build_id: str) -> DeploymentRow:
        """The row of a deploy that can only be planned when a build has ended."""
        row = _row(actor, "deploy", entry.name, to_revision=entry.revision, build_id=build_id)
        return dataclasses.replace(row, phases=(*row.phases, Phase("building", row.created_at)))

    def deploy(self, actor: Actor, wanted: Wanted, *, held: DeploymentRow | None = None) -> Change:
        """`held` is the row that is there already, of a deploy that had to wait."""
        row = _row_of(actor, "deploy", wanted)
        if held is not None:
            row = dataclasses.replace(
                row,
                id=held.id,
                operation=held.id,
                created_at=held.created_at,
                phases=held.phases,
                build_id=held.build_id,
            )
        return Change(row, lambda: self._send(wanted, row))

    async def rollback(self, actor: Actor, before: Entry, earlier: Earlier, wanted: Wanted) -> Change:
        """Writes the earlier text to the catalog, as its newest revision."""
        entry = await self._catalog.update(
            actor.name, before.name, earlier.entry.text, if_match=before.revision, source="rollback"
        )
        label = {LABEL_REVISION: str(entry.revision)}
        wanted = dataclasses.replace(wanted, entry=entry, spec=_labelled(wanted.spec, label))
        row = _row_of(
            actor,
            "rollback",
            wanted,
            restores_revision=earlier.entry.revision,
            warnings=(*earlier.warnings, *wanted.warnings),
        )
        return self._or_restore(actor, entry, before, Change(row, lambda: self._send(wanted, row)))

    def stop(self, actor: Actor, name: str, live: Service | None) -> Change:
        live = ours(name, live)
        row = _row(
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

        return Change(row, remove)

    def restart(self, actor: Actor, name: str, live: Service | None) -> Change:
        live = ours(name, live)
        row = _row(
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

        return Change(row, lambda: self._update(live.id, edit))

    async def scale(self, actor: Actor, before: Entry, live: Service | None, replicas: int) -> Change:
        """Writes the number to the catalog, too, so that the next deploy keeps it."""
        entry, live = before, ours(before.name, live)
        if live.mode != "replicated":
            raise Conflict(
                f"{before.name} is a {live.mode} service: "
                + (
                    "it runs once on every eligible node. Use placement constraints to choose nodes."
                    if live.mode == "global"
                    else "change the definition and deploy to run it again."
                ),
                code="not_scalable",
            )
        if entry.definition is not None and entry.definition.mode == "replicated":
            entry = await self._catalog.update(
                actor.name,
                before.name,
                with_replicas(before.text, replicas),
                if_match=entry.revision,
                source="scale",
            )
        row = _row(
            actor,
            "scale",
            before.name,
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

        return self._or_restore(actor, entry, before, Change(row, lambda: self._update(live.id, edit)))

    def _or_restore(self, actor: Actor, entry: Entry, before: Entry, change: Change) -> Change:
        """When the swarm says no, the catalog must not claim what it already says."""
        if entry.text == before.text:
            return change

        async def restore() -> None:
            await self._catalog.update(actor.name, entry.name, before.text, if_match=entry.revision)

        return dataclasses.replace(change, undo=restore)

    async def _send(self, wanted: Wanted, row: DeploymentRow) -> Service | Created:
        operation = {LABEL_OPERATION: row.id}
        if wanted.refused is not None:
            raise wanted.refused
        if wanted.live is None:
            return Created(await self._client.create_service(_labelled(wanted.spec, operation)))

        def edit(fresh: Service) -> dict[str, Any] | None:
            again = _finished(self._views, fresh)
            # Swarm leaves a paused update alone until the next write.
            write = again or _is_paused(fresh) or not _same_revision(fresh, wanted)
            # Credentials travel with a write alone, and those that the swarm has may be old.
            write = write or wanted.with_credentials
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
            raise went_away(error) from error


def ours(name: str, live: Service | None) -> Service:
    """The service, provided that it runs and came from this catalog."""
    if live is None:
        raise Conflict(f"{name} is not in the swarm; deploy it first.", code="not_running")
    if deployed_revision(live) is None:
        raise not_ours(name)
    return live


def _row_of(actor: Actor, kind: DeploymentKind, wanted: Wanted, **fields: Any) -> DeploymentRow:
    return _row(
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


def _row(actor: Actor, kind: DeploymentKind, service: str, **fields: Any) -> DeploymentRow:
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
