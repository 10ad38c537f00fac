"""One build as it goes on: its row and its output, told to everybody at each step."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Unpack

from backend.domain.image_reference import ImageReference
from backend.errors import StorageFailed
from backend.models.build_rows import BuildChanges, BuildPhaseRow, BuildRow, BuildStepRow
from backend.models.schemas.builds import BuildPhase, BuildState
from backend.repositories.builds import BuildRecords
from backend.services.build_output import BuildOutput

log = logging.getLogger(__name__)

LONGEST_CAUSE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What a build does, settled when it was asked for. Its arguments are here only, in no row and no log."""

    image: ImageReference
    """As the definition has it, with a tag."""
    tag: str
    """Of this build alone."""
    project: str
    dockerfile: str
    target: str | None = None
    platforms: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that the output must not show."""
    no_cache: bool = False
    warnings: tuple[str, ...] = ()
    context_files: int | None = None
    context_bytes: int | None = None

    @property
    def unique(self) -> ImageReference:
        return replace(self.image, tag=self.tag)


class BuildStory:
    def __init__(
        self,
        row: BuildRow,
        output: BuildOutput,
        records: BuildRecords,
        tell: Callable[[BuildRow], None],
    ) -> None:
        self.row = row
        self.output = output
        self._records = records
        self._tell = tell
        self.unwritten: BuildChanges | None = None
        """Its end, when the database refused it."""

    async def go_on(
        self, phase: BuildPhase, state: BuildState | None = None, /, **changes: Unpack[BuildChanges]
    ) -> None:
        """Raises StorageFailed: what cannot be recorded does not go on."""
        now = datetime.now(UTC)
        changes["phases"] = (*self.row.phases, BuildPhaseRow(phase, now))
        if state is not None:
            changes["state"] = state
        if self.row.started_at is None:
            changes["started_at"] = now
        self.row = await self._records.update(self.row.id, **changes)
        self._tell(self.row)

    async def note(self, **changes: Unpack[BuildChanges]) -> None:
        self.row = await self._records.update(self.row.id, **changes)
        self._tell(self.row)

    def say(self, text: str, *, step: str | None = None, error: bool = False) -> None:
        self.output.add(text, step=step, error=error)

    def step(self, step: BuildStepRow) -> None:
        clean = self.output.without_secrets
        error = clean(step.error)[:LONGEST_CAUSE] if step.error else None
        self.output.set_step(replace(step, name=clean(step.name)[:500], error=error))

    async def end(
        self, state: BuildState, cause: str | None = None, /, **changes: Unpack[BuildChanges]
    ) -> None:
        """The last word. A database that refuses it only delays its record."""
        if cause is not None:
            cause = self.output.without_secrets(cause)[:LONGEST_CAUSE]
            self.say(cause, error=state != "succeeded")
        now = datetime.now(UTC)
        changes["state"] = state
        changes["cause"] = cause
        changes["steps"] = tuple(self.output.steps.values())
        changes["phases"] = (*self.row.phases, BuildPhaseRow("ended", now))
        changes["finished_at"] = now
        try:
            self.row = await self._records.update(self.row.id, **changes)
        except StorageFailed as error:
            log.warning("the end of build %s is not stored yet: %s", self.row.id, error.detail)
            self.unwritten = changes
            self.row = replace(self.row, **changes)
        self._tell(self.row)

    async def write_end(self) -> bool:
        """Try again to record the end."""
        if self.unwritten is not None:
            try:
                await self._records.update(self.row.id, **self.unwritten)
            except StorageFailed:
                return False
            self.unwritten = None
        return True


def doing(row: BuildRow) -> str:
    """What went on when the build ended, to follow `while`."""
    phase = next((item.phase for item in reversed(row.phases) if item.phase != "ended"), "queued")
    return {
        "queued": "the build was waiting for its turn",
        "packing": "the context was being read",
        "building": "the image was being built",
        "tagging": "the image was being tagged",
        "pushing": "the image was being pushed",
        "verifying": "the registry was being asked for the digest",
    }[phase]
