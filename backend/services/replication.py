"""Keeps an encrypted copy of our state in the swarm itself, so that losing the machine loses no catalog."""

import asyncio
import logging
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import msgspec

from backend.clients.engine_configs import EngineConfigs
from backend.database import Database
from backend.errors import Conflict, NotFound, OrchestratorError
from backend.models.cluster import STATE_LABEL
from backend.models.schemas.health import ReplicationHealth
from backend.repositories.catalog_facts import CatalogFacts
from backend.repositories.replica import Extent, Mark, ReplicaRows, copy_extent
from backend.services.state_copies import (
    MAX_PARTS,
    PART_BYTES,
    Copy,
    Part,
    StateKey,
    TooBig,
    Unfit,
    copies_in,
    load_key,
    new_id,
)
from backend.state_archive import State, write
from backend.storage_errors import from_os_error

log = logging.getLogger(__name__)

QUIET: Final = 2.0
"""Seconds without another change before a copy is made."""
LONGEST: Final = 10.0
"""Seconds after which one is made though changes go on."""
_LOOK_EVERY: Final = 0.5
_STILL_THERE_EVERY: Final = 600.0
_RETRY_AFTER: Final = (2.0, 5.0, 15.0, 60.0)
_LAST_WORDS: Final = 1.5
_EXTENTS: Final = (Extent(1_000_000, 20), Extent(20, 3), Extent(3, 1))
"""All revisions, and fewer when they do not fit."""
_FACT: Final = "replicated"


class NewerElsewhere(Conflict):
    """Another server has copied its state since: ours is the older one."""

    code = "newer_state_in_swarm"


class _Made(msgspec.Struct, frozen=True):
    """A copy of ours. Written down before it is made, so that it is known for ours whatever happens."""

    sequence: int
    copy: str
    mark: str
    revision: int
    at: datetime
    bytes: int = 0
    parts: int = 0


@dataclass(slots=True)
class _Waiting:
    """Changes that are in no copy yet."""

    since: datetime
    first: float
    last: float


class Replication:
    """Off without a key file. Looks whether something changed, and copies once it is quiet for a moment."""

    def __init__(
        self, state: State, database: Database, configs: EngineConfigs, key_file: Path | None
    ) -> None:
        self._state = state
        self._database = database
        self._configs = configs
        self._key_file = key_file
        self._facts = CatalogFacts(database)
        self._rows = ReplicaRows(database)
        self._made: _Made | None = None
        self._begun: _Made | None = None
        self._seen: Mark | None = None
        self._waiting: _Waiting | None = None
        self._problem: str | None = None
        self._note: str | None = None
        self._looked = float("-inf")
        self._opened = False
        self._turn = asyncio.Lock()

    @property
    def enabled(self) -> bool:
        return self._key_file is not None

    async def open(self) -> None:
        made, begun = [await self._remembered(which) for which in ("", ".begun")]
        self._made, self._begun, self._opened = made, begun, True

    async def run(self) -> None:
        if not self.enabled:
            return
        failures = 0
        while True:
            try:
                await self._step()
            except OrchestratorError as error:
                if self._problem != error.detail:
                    log.warning("the state is not copied into the swarm: %s", error.detail)
                self._problem = error.detail
                wait = _RETRY_AFTER[min(failures, len(_RETRY_AFTER) - 1)]
                failures += 1
            else:
                wait, failures = _LOOK_EVERY, 0
            await anyio.sleep(wait)

    async def close(self) -> None:
        """Copy what is not copied yet, if that is done in a moment: whoever comes next may be elsewhere."""
        if not self.enabled or not self._opened:
            return
        with anyio.move_on_after(_LAST_WORDS):
            try:
                if self._made is None or str(await self._rows.mark()) != self._made.mark:
                    await self._copy()
            except OrchestratorError as error:
                log.warning("the last changes are not copied into the swarm: %s", error.detail)

    async def health(self) -> ReplicationHealth:
        if not self.enabled:
            return ReplicationHealth(enabled=False)
        made = self._made
        behind = await self._rows.revisions_after(made.revision if made else 0)
        return ReplicationHealth(
            enabled=True,
            sequence=made.sequence if made else None,
            copied_at=made.at if made else None,
            bytes=made.bytes if made else 0,
            parts=made.parts if made else 0,
            unreplicated_revisions=behind,
            unreplicated_since=self._waiting.since if self._waiting else None,
            problem=self._problem,
            note=self._note,
        )

    async def _step(self) -> None:
        now = time.monotonic()
        mark = await self._rows.mark()
        self._note_changes(mark, now)
        if now - self._looked >= _STILL_THERE_EVERY:
            await self._look()
            self._looked = now
            self._note_changes(mark, now)
        waiting = self._waiting
        if waiting is None:
            self._problem = None
        elif now - waiting.last >= QUIET or now - waiting.first >= LONGEST:
            await self._copy()
            self._waiting, self._problem = None, None

    def _note_changes(self, mark: Mark, now: float) -> None:
        if self._made is not None and self._made.mark == str(mark):
            self._waiting = None
        elif self._waiting is None:
            self._waiting = _Waiting(datetime.now(UTC), now, now)
        elif mark != self._seen:
            self._waiting.last = now
        self._seen = mark

    async def _look(self) -> tuple[StateKey, list[Copy]]:
        """Whether our copy is still there: somebody may have removed it, or another server made one."""
        key = await self._key()
        copies = [
            copy for copy in copies_in(await self._configs.labelled(STATE_LABEL)) if copy.key_id == key.id
        ]
        self._refuse_newer(copies, key)
        there = {copy.id: copy for copy in copies if copy.whole}
        mine = [one for one in (self._begun, self._made) if one is not None and one.copy in there]
        found = there[mine[0].copy] if mine else None
        made = msgspec.structs.replace(mine[0], bytes=found.bytes, parts=found.parts) if found else None
        if made is not None and made.copy != (self._made.copy if self._made else None):
            # It got there, though nobody could tell us so; the next one's beginning must not bury that.
            await self._remember("", made)
        self._made = made
        return key, copies

    async def _copy(self) -> None:
        async with self._turn:
            key, copies = await self._look()
            before = [copy.sequence for copy in copies]
            before += [mine.sequence for mine in (self._made, self._begun) if mine is not None]
            mark = await self._rows.mark()
            begun = _Made(max(before, default=0) + 1, new_id(), str(mark), mark.revision, datetime.now(UTC))
            # In the copy, too: whoever comes up from it knows that it is its own.
            await self._remember(".begun", begun)
            self._begun = begun
            parts, self._note = await anyio.to_thread.run_sync(
                partial(self._sealed, key, begun), abandon_on_cancel=True
            )
            for part in parts:
                await self._configs.create(part.name, part.labels, part.data)
            size = sum(len(part.data) for part in parts)
            made = msgspec.structs.replace(begun, bytes=size, parts=len(parts))
            await self._remember("", made)
            self._made = made
            log.info("copied the state into the swarm: copy %d, %d bytes", made.sequence, made.bytes)
            await self._clear(copies)

    def _sealed(self, key: StateKey, begun: _Made) -> tuple[list[Part], str | None]:
        for number, extent in enumerate(_EXTENTS):
            content = self._content(extent)
            note = f"not every revision fits; of each service the last {extent.revisions} are copied"
            try:
                sealed = key.seal(content, sequence=begun.sequence, copy=begun.copy)
            except TooBig as error:
                size = error.bytes
            else:
                return sealed, note if number else None
        most = MAX_PARTS * PART_BYTES
        msg = f"packed it is {size} bytes, and at most {most} are put into the swarm; backups hold it all"
        raise Conflict(msg, code="state_too_big")

    def _content(self, extent: Extent) -> bytes:
        folder = self._state.folder
        try:
            with tempfile.TemporaryDirectory(prefix=".copy-", dir=folder) as aside:
                file = Path(aside) / "state.zip"
                write(
                    self._state,
                    file,
                    "swarm",
                    # Sealed as it is: so the passwords of registries come along.
                    with_key=True,
                    copy=partial(copy_extent, extent=extent),
                    compressed=False,
                )
                return file.read_bytes()
        except OSError as error:
            raise from_os_error(error, "The copy for the swarm cannot be made", folder) from error

    async def _clear(self, copies: list[Copy]) -> None:
        """The newest is whole: what is older than the one before it goes, and what never became whole."""
        fallback = next((copy for copy in copies if copy.whole), None)
        for copy in copies:
            if copy is fallback:
                continue
            for part in copy.found.values():
                try:
                    await self._configs.remove(part.id)
                except NotFound:
                    continue

    def _refuse_newer(self, copies: list[Copy], key: StateKey) -> None:
        mine = {one.copy for one in (self._made, self._begun) if one is not None}
        for copy in copies:
            if copy.id in mine:
                return
            try:
                key.open(copy)
            except Unfit:
                continue
            raise NewerElsewhere(
                f"the swarm holds copy {copy.sequence} of another server, and this state is not made from "
                "it; nothing of it is overwritten. Take it over with: python -m backend restore "
                f"--from-swarm; or remove it: docker config rm $(docker config ls -q --filter "
                f"label={STATE_LABEL})"
            )

    async def _key(self) -> StateKey:
        assert self._key_file is not None
        return await anyio.to_thread.run_sync(load_key, self._key_file)

    async def _remember(self, which: str, made: _Made) -> None:
        async with self._database.transaction() as transaction:
            await self._facts.put(transaction, _FACT + which, msgspec.json.encode(made).decode())

    async def _remembered(self, which: str) -> _Made | None:
        text = await self._facts.get(_FACT + which)
        try:
            return msgspec.json.decode(str(text), type=_Made) if text else None
        except msgspec.MsgspecError:
            return None
