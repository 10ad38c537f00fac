"""Changes to what the swarm runs, each one recorded: deploy, scale, stop, rollback, restart."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from backend.clients.docker_client import SwarmClient
from backend.domain.permissions import Permission, require
from backend.errors import NotFound
from backend.models.actor import Actor
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentRow
from backend.models.schemas.deployments import (
    DeploymentKind,
    DeploymentOut,
    DeploymentState,
    RollbackPreview,
)
from backend.repositories.deployments import DeploymentRecords
from backend.services.audit import Audit
from backend.services.catalog import Catalog, Entry
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.earlier_revisions import EarlierRevisions
from backend.services.planned_changes import PlannedChanges, ours
from backend.services.recorded_changes import Change, RecordedChanges
from backend.services.service_views import ServiceViews
from backend.services.services import not_in_catalog
from backend.services.turns import Turns
from backend.services.use_case import use_case
from backend.services.wanted_specs import Wanted, WantedSpecs


class AfterBuild(Protocol):
    """Records a deploy that goes on when a build has ended."""

    async def __call__(
        self, actor: Actor, entry: Entry, build_id: str, /, *, adopt: bool
    ) -> DeploymentRow: ...


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
        self._revisions = EarlierRevisions(catalog, records, wanted)
        self.turns = Turns()
        self.planned = PlannedChanges(client=client, catalog=catalog, views=views)
        self.changes = RecordedChanges(records, watcher, views)
        self.on_change = self.changes.on_change
        """Called with each row that was added or changed here; the tracker's verdicts are its own."""
        self.build_under_way: Callable[[str], str | None] = lambda _service: None
        """The build that a deploy of that service has to wait for."""
        self.after_build: AfterBuild | None = None
        self.audit = audit

    async def _effect_of_ending(self, arguments: Mapping[str, Any]) -> str | None:
        """Of stopping, or of scaling to nothing."""
        name = str(arguments["name"])
        self.entry(name)
        service = self._cluster.services.get(name)
        if service is None:
            return None  # The use case says that it is not in the swarm.
        running = sum(task.state == "running" for task in self._cluster.tasks_of(service))
        return f"{running} running tasks of {name} end"

    async def _effect_of_removing(self, arguments: Mapping[str, Any]) -> str | None:
        revision = self.entry(str(arguments["name"])).revision
        ends = await self._effect_of_ending(arguments)
        goes = f"the definition, revision {revision}, leaves the catalog"
        return f"{ends}, and {goes}" if ends else goes

    @use_case(Permission.READ)
    async def list_recent(
        self,
        actor: Actor,
        *,
        service: str | None,
        states: Collection[DeploymentState] = (),
        kind: DeploymentKind | None = None,
        by: str | None = None,
        limit: int,
        offset: int,
    ) -> tuple[list[DeploymentOut], int]:
        """Newest first, with the total; without the log lines of their evidence."""
        rows, total = await self._records.page(
            service, states=states, kind=kind, by=by, limit=limit, offset=offset
        )
        return [out(_without_lines(row)) for row in rows], total

    @use_case(Permission.READ)
    async def get(self, actor: Actor, deployment_id: str, *, wait: float = 0) -> DeploymentOut:
        """The row once it is final, or as it is after `wait` seconds or when the server stops."""
        return await self.settled(deployment_id, wait)

    async def settled(self, deployment_id: str, wait: float) -> DeploymentOut:
        """As `get`, for who just made the deployment."""
        return out(await self.changes.wait(deployment_id, wait))

    @use_case(Permission.OPERATE, action="service.deploy")
    async def deploy(
        self, actor: Actor, name: str, *, adopt: bool = False, after: str | None = None
    ) -> DeploymentOut:
        """Bring what the catalog says into the swarm; an unchanged definition restarts nothing.

        While its image is built it is only recorded, and goes on when that build, or `after`, has ended.
        """
        if (waiting := await self.waiting(actor, name, adopt=adopt, after=after)) is not None:
            return out(waiting)
        async with self.turns.of(name):
            wanted = await self._wanted.resolve(self.entry(name), adopt=adopt)
            await self.show(wanted)
            return await self._carry_out(self.planned.deploy(actor, wanted))

    @use_case(Permission.OPERATE, action="service.scale", effect=_effect_of_ending)
    async def scale(self, actor: Actor, name: str, replicas: int) -> DeploymentOut:
        """Change the number of replicas, in the swarm and in the catalog: the next deploy keeps it."""
        async with self.turns.of(name):
            entry = self.entry(name)
            return await self._carry_out(
                await self.planned.scale(actor, entry, await self._live(name), replicas)
            )

    @use_case(Permission.OPERATE, action="service.stop", effect=_effect_of_ending)
    async def stop(self, actor: Actor, name: str) -> DeploymentOut:
        """Remove the service from the swarm; the catalog entry stays and `deploy` brings it back."""
        self.entry(name)
        async with self.turns.of(name):
            return await self._carry_out(self.planned.stop(actor, name, await self._live(name)))

    @use_case(Permission.EDIT, action="service.remove", effect=_effect_of_removing)
    async def remove(self, actor: Actor, name: str, *, if_match: int | None = None) -> None:
        """Take the service out of the swarm, if it is there, and its definition out of the catalog."""
        require(actor, Permission.OPERATE)
        async with self.turns.of(name):
            # Before anything ends; the catalog looks again when the definition goes.
            await self._catalog.check_change(name, if_match=if_match)
            if (live := await self._live(name)) is not None:
                await self._carry_out(self.planned.stop(actor, name, live))
            await self._catalog.delete(actor.name, name, if_match=if_match)

    @use_case(Permission.OPERATE, action="service.restart")
    async def restart(self, actor: Actor, name: str) -> DeploymentOut:
        """Replace all tasks by new ones of the same spec, in the way its `update_config` says."""
        self.entry(name)
        async with self.turns.of(name):
            return await self._carry_out(self.planned.restart(actor, name, await self._live(name)))

    @use_case(Permission.OPERATE, action="service.rollback")
    async def rollback(self, actor: Actor, name: str, to_revision: int | None = None) -> DeploymentOut:
        """Bring back an earlier revision with the digest it had then, as a new revision of the catalog.

        Raises Conflict `nothing_to_roll_back_to`, NotFound `revision_not_found`.
        """
        async with self.turns.of(name):
            before = self.entry(name)
            live = ours(name, await self._live(name))
            earlier = await self._revisions.find(before, live, to_revision)
            wanted = await self._wanted.resolve(earlier.entry, adopt=False, pinned=earlier.digest)
            return await self._carry_out(await self.planned.rollback(actor, before, earlier, wanted))

    @use_case(Permission.READ)
    async def rollback_preview(
        self, actor: Actor, name: str, to_revision: int | None = None
    ) -> RollbackPreview:
        """What `rollback` would bring back; raises what that would raise."""
        before = self.entry(name)
        earlier = await self._revisions.find(before, ours(name, await self._live(name)), to_revision)
        definition = earlier.entry.definition
        return RollbackPreview(
            to_revision=earlier.entry.revision,
            image=definition.image if definition else None,
            digest=earlier.digest,
            warnings=list(earlier.warnings),
        )

    async def waiting(
        self, actor: Actor, name: str, *, adopt: bool, after: str | None = None
    ) -> DeploymentRow | None:
        """The row of a deploy that waits for a build; None when there is none to wait for."""
        build_id = after or self.build_under_way(name)
        if build_id is None or self.after_build is None:
            return None
        return await self.after_build(actor, self.entry(name), build_id, adopt=adopt)

    def entry(self, name: str) -> Entry:
        """Raises NotFound for what the catalog does not have."""
        entry = self._catalog.find(name)
        if entry is None:
            raise not_in_catalog(name, self._cluster)
        return entry

    async def show(self, *wanted: Wanted) -> None:
        """See to it that the picture has what these refer to, so that they do not seem to drift."""
        if not all(self._views.knows(one.references) for one in wanted):
            await self._watcher.look()

    async def _live(self, name: str) -> Service | None:
        try:
            return await self._client.service(name)
        except NotFound:
            return None

    async def _carry_out(self, change: Change) -> DeploymentOut:
        return out(await self.changes.carry_out(change))


def out(row: DeploymentRow) -> DeploymentOut:
    return DeploymentOut.model_validate(row, from_attributes=True)


def _without_lines(row: DeploymentRow) -> DeploymentRow:
    short = tuple(dataclasses.replace(item, log=()) for item in row.evidence)
    return dataclasses.replace(row, evidence=short)
