"""Builds whose server ended: what is said of them, and what the registry says has really arrived."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import anyio

from backend.errors import OrchestratorError, StorageFailed
from backend.models.build_rows import BuildPhaseRow, BuildRow
from backend.repositories.builds import BuildRecords
from backend.services.build_story import doing

log = logging.getLogger(__name__)

LOOKED_UP = "What arrived is being looked up."
RETRY_AFTER = 5.0
LONGEST_RETRY = 60.0


class LooksBack(Protocol):
    async def look_back(self, row: BuildRow) -> tuple[str, str | None]:
        """What arrived of a build, in a sentence, and its digest; OrchestratorError while nobody can say."""


class InterruptedBuilds:
    """None is begun again by itself: its arguments are kept nowhere."""

    def __init__(self, records: BuildRecords, builder: LooksBack, tell: Callable[[BuildRow], None]) -> None:
        self._records = records
        self._builder = builder
        self._tell = tell

    async def open(self) -> None:
        """End what an earlier run of this program did not; `run` asks what arrived."""
        now = datetime.now(UTC)
        for row in await self._records.open_ones():
            if row.finished_at is None:
                await self._records.update(
                    row.id,
                    state="interrupted",
                    cause=f"The server ended while {doing(row)}. {LOOKED_UP}",
                    phases=(*row.phases, BuildPhaseRow("ended", now)),
                    finished_at=now,
                    unverified=True,
                )

    async def run(self) -> None:
        """Ask what arrived until that is known of all."""
        pause = RETRY_AFTER
        while True:
            try:
                unknown = [row for row in await self._records.open_ones() if row.unverified]
            except StorageFailed:
                unknown = None
            if unknown == []:
                return
            for row in unknown or ():
                if row.finished_at is not None:
                    await self._look_back(row)
            await anyio.sleep(pause)
            pause = min(pause * 2, LONGEST_RETRY)

    async def _look_back(self, row: BuildRow) -> None:
        what = f"The server ended while {doing(row)}"
        try:
            arrived, digest = await self._builder.look_back(row)
            changed = await self._records.update(
                row.id, cause=f"{what}. {arrived}", digest=digest, unverified=False
            )
        except StorageFailed as error:
            log.warning("what arrived of build %s is not stored yet: %s", row.id, error.detail)
            return
        except OrchestratorError as error:
            cause = f"{what}. Whether its image was pushed is not known yet: {error.detail}"
            if cause == row.cause:
                return
            changed = await self._records.update(row.id, cause=cause)
        self._tell(changed)
