"""Deploys asked for while the image was built: they go on with its digest, or end with its cause."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from backend.domain.image_reference import ImageReference, expand_registry_host
from backend.errors import Conflict, OrchestratorError
from backend.models.actor import Actor
from backend.models.deployment_rows import DeploymentRow, Phase
from backend.models.schemas.builds import BuildOut
from backend.repositories.deployments import DeploymentRecords
from backend.services.builds import Builds
from backend.services.catalog import Entry
from backend.services.deployments import Deployments
from backend.services.wanted_specs import WantedSpecs

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    actor: Actor
    row: DeploymentRow
    adopt: bool
    recorded: anyio.Event = field(default_factory=anyio.Event)


class WaitingDeploys:
    """One row each, from the moment it is asked for."""

    def __init__(
        self,
        *,
        deployments: Deployments,
        records: DeploymentRecords,
        wanted: WantedSpecs,
        builds: Builds,
        registry_host: str,
    ) -> None:
        self._builds = builds
        self._deployments = deployments
        self._records = records
        self._wanted = wanted
        self._registry_host = registry_host
        self._waiting: dict[str, list[_Waiting]] = {}
        """By build."""
        self._ended: list[tuple[_Waiting, BuildOut]] = []
        self._news = anyio.Event()

    async def open(self) -> None:
        """End what waited for a build when an earlier run of this program ended."""
        for row in await self._records.unfinished():
            if is_waiting(row):
                now = datetime.now(UTC)
                await self._records.update(
                    row.id,
                    state="failed",
                    cause=await self._what_became_of(row.build_id or ""),
                    finished_at=now,
                    phases=(*row.phases, Phase("verdict", now)),
                )

    async def _what_became_of(self, build_id: str) -> str:
        build = await self._builds.find(build_id)
        if build is not None and build.state == "succeeded":
            return (
                f"The server ended when build {build_id}, which it waited for, had succeeded; deploy again."
            )
        return f"Build {build_id}, which it waited for, was interrupted: the server ended."

    async def begin(self, actor: Actor, entry: Entry, build_id: str, *, adopt: bool) -> DeploymentRow:
        """Record a deploy that goes on when the build has ended."""
        row = self._deployments.planned.waiting(actor, entry, build_id)
        waiting = _Waiting(actor, row, adopt)
        # Before it is recorded: the build may end meanwhile.
        self._waiting.setdefault(build_id, []).append(waiting)
        try:
            await self._deployments.changes.hold(row)
        except BaseException:
            self._waiting.get(build_id, []).remove(waiting)
            raise
        waiting.recorded.set()
        build = await self._builds.find(build_id)
        if build is not None and build.finished_at is not None:
            # It ended before we were heard of.
            self.build_changed(self._builds.shown(build))
        return row

    def build_changed(self, build: BuildOut) -> None:
        if build.finished_at is not None and (waiting := self._waiting.pop(build.id, None)):
            self._ended += [(one, build) for one in waiting]
            self._news.set()

    async def run(self) -> None:
        """Go on with those whose builds have ended, until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                await self._news.wait()
                self._news = anyio.Event()
                ended, self._ended = self._ended, []
                for waiting, build in ended:
                    tasks.start_soon(self._go_on, waiting, build)

    async def _go_on(self, waiting: _Waiting, build: BuildOut) -> None:
        await waiting.recorded.wait()
        row, name = waiting.row, waiting.row.service
        changes = self._deployments.changes
        try:
            if build.state != "succeeded" or build.digest is None:
                await changes.give_up(row, f"Build {build.id}, which it waited for, {_ended(build)}")
                return
            async with self._deployments.turns.of(name):
                if (await self._records.get(row.id)).finished_at is not None:
                    return
                try:
                    entry = self._deployments.entry(name)
                    self._require_same_image(entry, build)
                    wanted = await self._wanted.resolve(entry, adopt=waiting.adopt, pinned=build.digest)
                    await self._deployments.show(wanted)
                except OrchestratorError as error:
                    await changes.give_up(row, error.detail)
                    return
                await changes.go_on(self._deployments.planned.deploy(waiting.actor, wanted, held=row))
        except OrchestratorError as error:
            log.info("deploy %s of %s after its build: %s", row.id, name, error.detail)
        finally:
            changes.let_go(row)

    def _require_same_image(self, entry: Entry, build: BuildOut) -> None:
        """A digest of one repository says nothing in another."""
        if entry.definition is None:
            return
        image = expand_registry_host(entry.definition.image, self._registry_host)
        if ImageReference.parse(image).name != ImageReference.parse(build.image).name:
            raise Conflict(
                f"The definition's image was changed from {build.image} to {image} while it was built; "
                "build and deploy again.",
                code="image_changed",
            )


def is_waiting(row: DeploymentRow) -> bool:
    """Whether a row waits for its build."""
    return row.state == "accepted" and bool(row.phases) and row.phases[-1].phase == "building"


def _ended(build: BuildOut) -> str:
    said = {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}
    return f"{said.get(build.state, 'did not succeed')}: {build.cause or 'no digest was recorded.'}"
