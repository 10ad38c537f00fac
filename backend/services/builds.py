"""Builds as callers ask for them: begun, pushed again, cancelled, listed, followed."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import anyio

from backend.domain.permissions import Permission, require
from backend.errors import Conflict, NotFound, OrchestratorError
from backend.models.actor import Actor
from backend.models.build_rows import BuildPhaseRow, BuildRow
from backend.models.schemas.builds import BuildBrief, BuildOut, BuildRequest, BuildState
from backend.repositories.builds import BuildRecords
from backend.services.audit import Audit
from backend.services.build_output import BuildOutput, BuildOutputs, OutputReader
from backend.services.build_queue import BuildQueue, Job, Works
from backend.services.build_story import BuildPlan, BuildStory
from backend.services.catalog import Catalog, Entry
from backend.services.cluster_state import ClusterState
from backend.services.interrupted_builds import InterruptedBuilds, LooksBack
from backend.services.services import not_in_catalog
from backend.services.use_case import use_case

log = logging.getLogger(__name__)

type DeployAfter = Callable[[Actor, BuildRow], Awaitable[str]]
"""Arranges that a build's image is deployed when it succeeds; the id of that deployment."""


class Plans(Protocol):
    """Looks at what is to be built; refuses what cannot be."""

    async def make(self, entry: Entry, request: BuildRequest) -> BuildPlan: ...


class Builder(Works, LooksBack, Protocol):
    async def has_image(self, row: BuildRow) -> bool:
        """Whether what was built could be pushed again."""
        ...


class Builds:
    """`limit` at a time, `room` more may wait, each may take `within` seconds."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        cluster: ClusterState,
        records: BuildRecords,
        outputs: BuildOutputs,
        plans: Plans,
        builder: Builder,
        audit: Audit,
        limit: int = 1,
        room: int = 50,
        within: float = 1800.0,
    ) -> None:
        self._catalog = catalog
        self._cluster = cluster
        self._records = records
        self._outputs = outputs
        self._plans = plans
        self._builder = builder
        self._interrupted = InterruptedBuilds(records, builder, self._tell)
        self._queue = BuildQueue(
            records=records,
            outputs=outputs,
            builder=builder,
            limit=limit,
            room=room,
            within=within,
            moved=self._tell,
        )
        self._reviving: set[str] = set()
        self._newest: dict[str, str] = {}
        self.latest: dict[str, BuildBrief] = {}
        """The newest build of each service, for whoever shows services."""
        self.on_change: list[Callable[[BuildOut], None]] = []
        """Called with each build that was added or changed."""
        self.deploy_after: DeployAfter | None = None
        self.audit = audit

    async def open(self) -> None:
        """Take up what earlier runs of this program left."""
        await self._interrupted.open()
        for row in await self._records.newest_of_each():
            self._newest[row.service] = row.id
            self.latest[row.service] = _brief(row)

    # What callers ask for ----------------------------------------------------------------------------

    @use_case(Permission.BUILD, action="service.build")
    async def start(self, actor: Actor, name: str, request: BuildRequest) -> BuildOut:
        """Look at what is to be built, and queue it; what cannot be built is refused with nothing done."""
        if request.deploy:
            require(actor, Permission.OPERATE)
        entry = self._catalog.find(name)
        if entry is None:
            raise not_in_catalog(name, self._cluster)
        self._queue.require_room()
        plan = await self._plans.make(entry, request)
        self._queue.require_room()
        now = datetime.now(UTC)
        row = BuildRow(
            id=secrets.token_hex(8),
            service=name,
            project=plan.project,
            image=plan.image.familiar,
            tag=plan.tag,
            state="queued",
            actor=actor.name,
            created_at=now,
            dockerfile=plan.dockerfile,
            target=plan.target,
            platforms=plan.platforms,
            context_bytes=plan.context_bytes,
            context_files=plan.context_files,
            warnings=plan.warnings,
            phases=(BuildPhaseRow("queued", now),),
            deploy=request.deploy,
        )
        # A caller who leaves now must not leave a row behind that nobody works on.
        with anyio.CancelScope(shield=True):
            await self._records.insert(row)
            output = self._outputs.begin(row.id)
            output.hide(plan.secrets)
            self._newest[name] = row.id
            job = await self._enqueue(actor, row, output, plan)
        return self.shown(job.row)

    @use_case(Permission.BUILD, action="build.push", target="build_id")
    async def push(self, actor: Actor, build_id: str) -> BuildOut:
        """Push again what was built but did not arrive."""
        row = await self._records.get(build_id)
        if self._queue.find(build_id) is not None:
            raise Conflict(f"Build {build_id} is under way.", code="build_under_way")
        if row.state == "succeeded":
            raise Conflict(f"Build {build_id} was pushed: {row.digest}.", code="already_pushed")
        if row.deploy:
            require(actor, Permission.OPERATE)
        self._queue.require_room()
        if not row.can_push or not await self._builder.has_image(row):
            await self._records.update(row.id, image_id=None)
            raise Conflict(
                f"The engine has no image of build {build_id} that could be pushed; build again.",
                code="image_not_kept",
            )
        if self._queue.find(build_id) is not None or build_id in self._reviving:
            raise Conflict(f"Build {build_id} is under way.", code="build_under_way")
        self._reviving.add(build_id)
        try:
            with anyio.CancelScope(shield=True):
                job = await self._revive(actor, row)
        finally:
            self._reviving.discard(build_id)
        return self.shown(job.row)

    @use_case(Permission.BUILD, action="build.cancel", target="build_id")
    async def cancel(self, actor: Actor, build_id: str) -> BuildOut:
        """End what waits or runs; the answer may still say `building`."""
        job = self._queue.find(build_id)
        if job is None or job.row.finished_at is not None:
            row = await self._records.get(build_id)
            raise Conflict(f"Build {build_id} has ended: {row.state}.", code="build_ended")
        job.cancelled_by = actor.name
        before = f"Cancelled by {actor.name} before it began."
        if not await self._queue.withdraw(job, "cancelled", before):
            job.scope.cancel()
        return self.shown(job.row)

    @use_case(Permission.READ)
    async def list_recent(
        self,
        actor: Actor,
        *,
        service: str | None,
        project: str | None,
        state: BuildState | None,
        limit: int,
        offset: int,
    ) -> tuple[list[BuildOut], int]:
        """Newest first, with the total; without their steps."""
        rows, total = await self._records.page(
            service=service, project=project, state=state, limit=limit, offset=offset
        )
        return [self.shown(row) for row in rows], total

    @use_case(Permission.READ)
    async def get(self, actor: Actor, build_id: str, *, wait: float = 0) -> BuildOut:
        """The build once it has ended, or as it is after `wait` seconds or when the server stops."""
        return await self.settled(build_id, wait)

    async def settled(self, build_id: str, wait: float) -> BuildOut:
        """As `get`, for who just started it."""
        if (job := self._queue.find(build_id)) is not None and wait > 0:
            with anyio.move_on_after(wait):
                await job.ended.wait()
        if (job := self._queue.find(build_id)) is not None and job.row.finished_at is None:
            return self.shown(replace(job.row, steps=tuple(job.story.output.steps.values())))
        return self.shown(self._queue.unwritten(build_id) or await self._records.get(build_id))

    @use_case(Permission.READ)
    async def output(self, actor: Actor, build_id: str) -> BuildOutput:
        """What the builder said, so far or in all."""
        if (live := self._outputs.live(build_id)) is not None:
            return live
        row = await self._records.get(build_id)
        output = await self._outputs.ended(build_id, str(row.finished_at), row.steps)
        if not output.ended:
            output.set_state(self.shown(row).model_dump_json().encode())
            output.end()
        return output

    @use_case(Permission.READ)
    async def follow(self, actor: Actor, build_id: str, last_event_id: str | None) -> OutputReader:
        """Read on from there as more is said; close what you get."""
        return self._outputs.reader(await self.output(actor, build_id), last_event_id)

    # What other parts ask for ------------------------------------------------------------------------

    def under_way(self, service: str) -> str | None:
        """The newest build of a service that waits or runs."""
        row = self._queue.newest_of(service)
        return row.id if row else None

    async def latest_for_project(self, project: str) -> BuildRow | None:
        return await self._records.latest_of_project(project)

    async def find(self, build_id: str) -> BuildRow | None:
        """The row, or None when it is not kept any more."""
        try:
            return self._queue.unwritten(build_id) or await self._records.get(build_id)
        except NotFound:
            return None

    def end_waits(self) -> None:
        """Let everybody go who waits: the server stops."""
        self._queue.end_waits()

    # From asked for to queued ------------------------------------------------------------------------

    async def run(self) -> None:
        """Build until cancelled; what is under way then is interrupted, and said to be."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._interrupted.run)
            await self._queue.run()

    async def _enqueue(self, actor: Actor, row: BuildRow, output: BuildOutput, plan: BuildPlan | None) -> Job:
        story = BuildStory(row, output, self._records, self._tell)
        job = Job(story, plan)
        self._queue.add(job)
        self._tell(row)
        if row.deploy and self.deploy_after is not None:
            try:
                await story.note(deployment_id=await self.deploy_after(actor, row))
            except OrchestratorError as error:
                cause = f"Its deploy could not be arranged: {error.detail}"
                if not await self._queue.withdraw(job, "failed", cause):
                    job.scope.cancel()
                raise
        self._queue.wake()
        return job

    async def _revive(self, actor: Actor, row: BuildRow) -> Job:
        """Queue a build that had ended, for its push alone."""
        row = await self._records.update(
            row.id,
            state="queued",
            cause=None,
            finished_at=None,
            deployment_id=None,
            unverified=False,
            phases=(*row.phases[-30:], BuildPhaseRow("queued", datetime.now(UTC))),
        )
        return await self._enqueue(actor, row, await self._outputs.resume(row.id, row.steps), None)

    # Telling -----------------------------------------------------------------------------------------

    def _tell(self, row: BuildRow) -> None:
        brief = replace(row, steps=())
        out = self.shown(brief)
        if (live := self._outputs.live(row.id)) is not None:
            live.set_state(out.model_dump_json().encode())
        if self._newest.get(row.service) == row.id:
            self.latest[row.service] = _brief(row)
        for listener in self.on_change:
            try:
                listener(out)
            except Exception:
                log.exception("a listener of builds failed")

    def shown(self, row: BuildRow) -> BuildOut:
        """As callers see it."""
        values = {name: getattr(row, name, None) for name in BuildOut.model_fields}
        values["position"] = self._queue.position(row.id)
        return BuildOut.model_validate(
            {**values, "position": self._queue.position(row.id)}, from_attributes=True
        )


def _brief(row: BuildRow) -> BuildBrief:
    return BuildBrief.model_validate(row, from_attributes=True)
