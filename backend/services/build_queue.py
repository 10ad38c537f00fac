"""The queue of builds: a few at a time and one of each service, each followed to a truthful end."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import anyio
from anyio.abc import TaskGroup

from backend.errors import DockerUnavailable, OrchestratorError, Overloaded
from backend.models.build_rows import BuildRow
from backend.models.schemas.builds import BuildState
from backend.repositories.builds import BuildRecords
from backend.services.build_output import BuildOutputs
from backend.services.build_story import BuildPlan, BuildStory, doing
from backend.services.interrupted_builds import LOOKED_UP

log = logging.getLogger(__name__)

OUTPUTS_KEPT = 100
"""So many builds keep their output; the others only their rows."""
STOP_WITHIN = 1.5
"""Seconds a build has for its end when the server stops."""
RETRY_AFTER = 5.0


class Works(Protocol):
    """Does the work of one build, and says the digest that the registry has."""

    async def build(self, story: BuildStory, plan: BuildPlan) -> str: ...
    async def push(self, story: BuildStory) -> str: ...


@dataclass(slots=True)
class Job:
    """A build that waits or runs."""

    story: BuildStory
    plan: BuildPlan | None
    """None: push again what was built before."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)
    cancelled_by: str | None = None

    @property
    def row(self) -> BuildRow:
        return self.story.row


class BuildQueue:
    """Who waits sees the position. What is cut off by the end of the server is said to be."""

    def __init__(
        self,
        *,
        records: BuildRecords,
        outputs: BuildOutputs,
        builder: Works,
        limit: int,
        room: int,
        within: float,
        moved: Callable[[BuildRow], None],
    ) -> None:
        self._records = records
        self._outputs = outputs
        self._builder = builder
        self._limit = limit
        self._room = room
        self._within = within
        self._moved = moved
        """Called with each build whose position changed."""
        self._waiting: list[Job] = []
        self._running: dict[str, Job] = {}
        """By service."""
        self._unwritten: dict[str, BuildStory] = {}
        self._outputs_grew = True
        self._news = anyio.Event()
        self._stopping = anyio.Event()

    def require_room(self) -> None:
        """Raises Overloaded `too_many_builds`, `stopping`."""
        if self._stopping.is_set():
            raise Overloaded("The server is being stopped.", code="stopping", retry_after=10)
        if len(self._waiting) >= self._room:
            raise Overloaded(
                f"{self._room} builds are waiting already; try again when some have ended.",
                code="too_many_builds",
                retry_after=30,
            )

    def add(self, job: Job) -> None:
        """Let it wait; `wake` when it may begin."""
        self._waiting.append(job)

    def wake(self) -> None:
        self._news.set()

    async def withdraw(self, job: Job, state: BuildState, cause: str) -> bool:
        """End what still waits; False when it does not wait any more."""
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        await self._end(job, state, cause)
        self._tell_positions()
        return True

    def find(self, build_id: str) -> Job | None:
        for job in (*self._waiting, *self._running.values()):
            if job.row.id == build_id:
                return job
        return None

    def position(self, build_id: str) -> int | None:
        """Counted from 1, while it waits."""
        return next((n for n, job in enumerate(self._waiting, 1) if job.row.id == build_id), None)

    def newest_of(self, service: str) -> BuildRow | None:
        """The newest build of a service that waits or runs."""
        jobs = [*self._running.values(), *self._waiting]
        rows = [job.row for job in jobs if job.row.service == service and job.row.finished_at is None]
        return rows[-1] if rows else None

    def unwritten(self, build_id: str) -> BuildRow | None:
        """A build that has ended, though the database does not know it yet."""
        story = self._unwritten.get(build_id)
        return story.row if story else None

    def end_waits(self) -> None:
        """Let everybody go who waits: the server stops."""
        self._stopping.set()
        for job in (*self._waiting, *self._running.values()):
            job.ended.set()

    async def run(self) -> None:
        """Build until cancelled; what is under way then is interrupted, and said to be."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._write_ends)
                while True:
                    self._begin_next(tasks)
                    await self._news.wait()
                    self._news = anyio.Event()
        finally:
            with anyio.move_on_after(STOP_WITHIN, shield=True):
                waiting, self._waiting = self._waiting, []
                for job in waiting:
                    await self._end(job, "interrupted", "The server was stopped before it began.")

    def _begin_next(self, tasks: TaskGroup) -> None:
        began = False
        for job in list(self._waiting):
            if len(self._running) >= self._limit:
                break
            if job.row.service not in self._running:
                self._waiting.remove(job)
                self._running[job.row.service] = job
                tasks.start_soon(self._carry, job)
                began = True
        if began:
            self._tell_positions()

    async def _carry(self, job: Job) -> None:
        """See one build to its end, whatever happens to it."""
        try:
            with job.scope:
                await self._see_through(job)
            if job.scope.cancelled_caught:
                by = job.cancelled_by or "the server"
                await self._end(job, "cancelled", f"Cancelled by {by} while {doing(job.row)}.")
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(STOP_WITHIN, shield=True):
                cause = f"The server was stopped while {doing(job.row)}. {LOOKED_UP}"
                await self._end(job, "interrupted", cause, unverified=True)
            raise
        finally:
            del self._running[job.row.service]
            self.wake()

    async def _see_through(self, job: Job) -> None:
        async with anyio.create_task_group() as beside:
            beside.start_soon(self._outputs.keep_writing, job.row.id)
            digest = None
            cause = None
            try:
                with anyio.move_on_after(self._within) as deadline:
                    if job.plan is None:
                        digest = await self._builder.push(job.story)
                    else:
                        digest = await self._builder.build(job.story, job.plan)
                if deadline.cancelled_caught:
                    cause = f"It took longer than {self._within:g} s (BUILD_TIMEOUT) and was ended while "
                    cause += f"{doing(job.row)}."
            except OrchestratorError as error:
                cause = error.detail.rstrip(".")
                away = isinstance(error, DockerUnavailable)
                if away:
                    cause += f", while {doing(job.row)}"
                if job.row.image_id is not None:
                    cause += ". The engine keeps the image: push again, or build again"
                elif away:
                    cause += ". Build again when it answers"
                cause += "."
            except Exception:
                log.exception("build %s of %s failed", job.row.id, job.row.service)
                cause = "Something unexpected went wrong in this server; its log has the details."
            with anyio.CancelScope(shield=True):
                if digest is not None:
                    await self._end(job, "succeeded", None, digest=digest, image_id=None)
                else:
                    await self._end(job, "failed", cause)
            beside.cancel_scope.cancel()

    async def _end(
        self,
        job: Job,
        state: BuildState,
        cause: str | None,
        *,
        digest: str | None = None,
        image_id: str | None = "kept",
        unverified: bool = False,
    ) -> None:
        if job.row.finished_at is not None:
            return
        kept = job.row.image_id if image_id == "kept" else image_id
        await job.story.end(state, cause, digest=digest, image_id=kept, unverified=unverified)
        if job.story.unwritten is not None:
            self._unwritten[job.row.id] = job.story
        await self._outputs.end(job.row.id)
        job.ended.set()
        self._outputs_grew = True
        log.info("build %s of %s %s", job.row.id, job.row.service, state)

    async def _write_ends(self) -> None:
        """Record what a full disk refused to, and clear away outputs that are too many."""
        while True:
            await anyio.sleep(RETRY_AFTER)
            for build_id, story in list(self._unwritten.items()):
                if await story.write_end():
                    del self._unwritten[build_id]
            if self._outputs_grew:
                self._outputs_grew = False
                try:
                    await self._outputs.keep_only(await self._records.newest_ids(OUTPUTS_KEPT))
                except (OrchestratorError, OSError) as error:
                    log.warning("outputs of old builds are not removed: %s", error)

    def _tell_positions(self) -> None:
        for job in list(self._waiting):
            self._moved(job.row)
