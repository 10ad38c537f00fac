"""The catalog: definition files are the truth about what is wanted; their past is kept beside them."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread

from backend.database import Database
from backend.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, StorageFailed
from backend.models.db_models import DefinitionRow, Intent, Revision, RevisionSource
from backend.repositories.catalog_facts import CatalogFacts
from backend.services.catalog_entry import Draft, Entry, draft, short
from backend.services.catalog_picture import CatalogPicture
from backend.services.definition_files import ChangedMeanwhile, DefinitionFiles, Traces
from backend.services.definition_history import DefinitionHistory
from backend.services.file_change import FileChange, hash_of, kept_text, remove_leftovers
from backend.state_folder import StateLock, catalog_lock
from backend.storage_errors import BUSY, STATE_IN_USE

__all__ = ["Catalog", "Entry"]

logger = logging.getLogger(__name__)

_SEEDED = "seeded"
_SEEDER = "system"
_TURN_DEADLINE = 10.0


class Catalog:
    """Reads are from memory; a write is acknowledged when both the file and the history are on disk.

    `look_every` is in seconds; a hand edit is noticed after two or three looks. `at_step` is told each step
    of a write, for tests that crash there.
    """

    def __init__(
        self,
        definitions_dir: Path,
        database: Database,
        *,
        look_every: float = 0.4,
        at_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self.on_change: list[Callable[[set[str]], None]] = []
        """Called with the names whose entries changed, after memory did."""
        self.problem: str | None = None
        """Why the folder cannot be followed at present."""
        self._files = DefinitionFiles(definitions_dir)
        self._database = database
        self._history = DefinitionHistory(database)
        self._facts = CatalogFacts(database)
        self._at_step = at_step
        self._look_every = look_every
        self._picture = CatalogPicture(
            self._files, self._history, look_every=look_every, announce=self._announce
        )
        self._turn = asyncio.Lock()
        self._between_processes = StateLock(catalog_lock(database.path), quiet=True)
        self._under_way: set[asyncio.Task[Any]] = set()

    # Reading -----------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Every definition, by name."""
        return self._picture.entries()

    def find(self, name: str) -> Entry | None:
        return self._picture.find(name)

    def get(self, name: str) -> Entry:
        entry = self._picture.find(name)
        if entry is None:
            raise NotFound(f"The catalog has no service '{short(name)}'.", code="service_not_found")
        return entry

    async def revisions(self, name: str, *, limit: int = 1000, offset: int = 0) -> list[Revision]:
        """The revisions of a definition, newest first, also of one that was deleted since."""
        if self._history.newest(name) is None:
            self.get(name)
        return await self._history.page(name, limit=limit, offset=offset)

    async def revision_text(self, name: str, revision: int) -> str:
        if self._history.newest(name) is None:
            self.get(name)
        return await self._history.text(name, revision)

    # Life --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Settle what a crash left undone, then read every file and record what changed meanwhile."""
        await asyncio.to_thread(self._files.create_folder)
        async with self._my_turn():
            for intent in await self._history.open():
                present = await asyncio.to_thread(hash_of, self._files, intent.file)
                replaced = await asyncio.to_thread(kept_text, self._files, intent.file, intent.id)
                await self._history.recover(intent, present, replaced)
            removed = await asyncio.to_thread(remove_leftovers, self._files)
            if removed:
                logger.info("removed what interrupted writes left behind: %s", ", ".join(removed))
            await self._picture.read_all()
        logger.info("the catalog has %d definitions in %s", len(self.entries()), self._files.folder)

    async def close(self) -> None:
        """Let the writes under way end."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_TURN_DEADLINE)

    async def follow(self) -> None:
        """Notice what people change on disk, for ever; within 2 s of the last write to a file."""
        while True:
            try:
                await self.look()
            except StorageFailed as error:
                if self.problem != error.detail:
                    logger.warning("the catalog cannot follow its folder: %s", error.detail)
                self.problem = error.detail
            else:
                if self.problem is not None:
                    logger.info("the catalog follows its folder again")
                self.problem = None
            await asyncio.sleep(self._look_every)

    async def look(self) -> None:
        """Glance at the folder once; take in what changed and has kept still since an earlier look."""
        changed = await self._picture.look()
        if changed:
            async with self._my_turn():
                await self._picture.take_in(changed)

    async def seed(self, examples_dir: Path) -> list[str]:
        """Copy the examples into a catalog that never was seeded; returns the names that were added.

        It is remembered in the database, so that examples somebody deleted do not come back.
        """
        examples = await asyncio.to_thread(_examples, examples_dir)
        if not examples or await self._facts.get(_SEEDED) is not None:
            return []
        added: list[str] = []
        for name, text in examples:
            try:
                await self.create(_SEEDER, name, text, source="seed")
            except (InvalidInput, Conflict) as error:
                logger.warning("the example '%s' was not added: %s", name, error.detail)
            else:
                added.append(name)
        async with self._database.transaction() as transaction:
            await self._facts.put(transaction, _SEEDED, datetime.now(UTC).isoformat())
        return added

    # Writing -----------------------------------------------------------------------------------------

    async def create(self, actor_name: str, name: str, text: str, *, source: RevisionSource = "api") -> Entry:
        """Add a definition. Raises InvalidInput, Conflict `already_exists`, StorageFailed."""
        return await self._to_the_end(self._create(await draft(name, text, actor_name, source)))

    async def update(
        self,
        actor_name: str,
        name: str,
        text: str,
        *,
        if_match: int | None = None,
        source: RevisionSource = "api",
    ) -> Entry:
        """Replace a definition's text; the same text again makes no revision.

        Raises NotFound, InvalidInput, PreconditionFailed when `if_match` is no longer the revision, also
        because the file was edited by hand a moment ago, and StorageFailed.
        """
        await self._notice(name)
        return await self._to_the_end(self._update(await draft(name, text, actor_name, source), if_match))

    async def delete(self, actor_name: str, name: str, *, if_match: int | None = None) -> None:
        """Remove a definition's file; its revisions stay, and a later one of that name continues them."""
        await self._notice(name)
        await self._to_the_end(self._delete(actor_name, name, if_match))

    async def check_change(self, name: str, *, if_match: int | None = None) -> None:
        """Raise what a change or a removal of this definition would be refused with; change nothing."""
        async with self._my_turn():
            await self._present(name, if_match)

    async def _create(self, new: Draft) -> Entry:
        async with self._my_turn():
            await self._refuse_if_present(new.name)
            intent = _intent(new.name, f"{new.name}.yaml", None, new, new.author)
            try:
                row, traces = await self._write(intent)
            except ChangedMeanwhile:
                await self._refuse_if_present(new.name)
                raise _edited_at_the_same_moment(new.name) from None
            return self._remember(new, row, intent.file, traces)

    async def _update(self, new: Draft, if_match: int | None) -> Entry:
        async with self._my_turn():
            present, file = await self._present(new.name, if_match)
            if present.problem is None and present.sha256 == new.sha256:
                return present
            intent = _intent(new.name, file, present.sha256, new, new.author)
            try:
                row, traces = await self._write(intent)
            except ChangedMeanwhile:
                await self._present(new.name, if_match)
                raise _edited_at_the_same_moment(new.name) from None
            return self._remember(new, row, file, traces)

    async def _delete(self, author: str, name: str, if_match: int | None) -> None:
        async with self._my_turn():
            present, file = await self._present(name, if_match)
            try:
                await self._write(_intent(name, file, present.sha256, None, author))
            except ChangedMeanwhile:
                await self._present(name, if_match)
                raise _edited_at_the_same_moment(name) from None
            self._picture.forget(name)

    async def _write(self, intent: Intent) -> tuple[DefinitionRow, Traces]:
        """Intent, file, record: at whatever step the power goes, the next `open` knows what to do."""
        change = FileChange(
            self._files,
            intent.file,
            token=intent.id,
            expected=intent.old_sha256,
            content=None if intent.new_text is None else intent.new_text.encode(),
            at_step=self._at_step,
        )
        replaced = self.find(intent.service)
        await self._history.begin(intent)
        self._at_step("intent recorded")
        await asyncio.to_thread(change.carry_out)
        try:
            row = await self._history.complete(
                intent, replaced_broken=replaced.text if replaced and replaced.problem else None
            )
        except Exception:
            await asyncio.to_thread(change.undo)
            raise
        self._at_step("revision recorded")
        traces = await asyncio.to_thread(change.finish)
        self._at_step("side files removed")
        return row, traces

    async def _present(self, name: str, if_match: int | None) -> tuple[Entry, str]:
        """The entry as the disk has it this moment, and the file to write to."""
        await self._picture.refresh(name)
        present = self.get(name)
        if if_match is not None and if_match != present.revision:
            raise PreconditionFailed(
                f"'{short(name)}' is at revision {present.revision} now, not {if_match}. "
                "Look at what changed, then send your change with the new revision."
            )
        file = self._picture.file_of(name)
        if file is None:
            reason = present.problem.reason if present.problem else "its file cannot be written"
            raise Conflict(
                f"'{short(name)}' can only be changed on disk: {reason}.", code="definition_not_writable"
            )
        return present, file

    async def _refuse_if_present(self, name: str) -> None:
        await self._picture.refresh(name)
        present = self.find(name)
        if present is not None:
            but = f", though its file is broken: {present.problem.reason}" if present.problem else ""
            raise Conflict(f"The catalog already has a service '{name}'{but}.", code="already_exists")

    def _remember(self, new: Draft, row: DefinitionRow, file: str, traces: Traces) -> Entry:
        entry = Entry(new.name, row.revision, new.text, row.sha256, new.definition, None, row.updated_at)
        self._picture.remember(entry, file, traces)
        return entry

    async def _notice(self, name: str) -> None:
        """A file put there a moment ago counts, although no look has seen it yet. Raises NotFound."""
        if self.find(name) is None:
            async with self._my_turn():
                await self._picture.refresh(name)
        self.get(name)

    # Turns -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_DEADLINE):
                await self._turn.acquire()
        except TimeoutError:
            raise StorageFailed(
                f"The definitions folder {self._files.folder} does not answer; nothing was written.",
                code=BUSY,
                retry_after=5,
            ) from None
        try:
            # Another process may be at it for a moment: an agent's, that has no server to talk to.
            await anyio.to_thread.run_sync(partial(self._between_processes.acquire, within=_TURN_DEADLINE))
            try:
                yield
            finally:
                self._between_processes.release()
        except StorageFailed as error:
            if error.code != STATE_IN_USE:
                raise
            raise StorageFailed(
                f"Another process is writing to {self._files.folder}; nothing was written.",
                code=BUSY,
                retry_after=5,
            ) from None
        finally:
            self._turn.release()

    async def _to_the_end[T](self, work: Coroutine[Any, Any, T]) -> T:
        """A caller that gives up must not leave a write half done."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.debug("a write to the catalog was refused: %s", task.exception())

    def _announce(self, names: set[str]) -> None:
        for listener in self.on_change:
            try:
                listener(set(names))
            except Exception:
                logger.exception("a listener of the catalog failed")


def _intent(name: str, file: str, old_sha256: str | None, new: Draft | None, author: str) -> Intent:
    return Intent(
        id=uuid.uuid4().hex,
        service=name,
        file=file,
        old_sha256=old_sha256,
        new_sha256=new.sha256 if new else None,
        new_text=new.text if new else None,
        author=author,
        source=new.source if new else "api",
        created_at=datetime.now(UTC),
    )


def _edited_at_the_same_moment(name: str) -> Conflict:
    return Conflict(
        f"The file of '{short(name)}' was edited on disk at the same moment; look again.",
        code="changed_on_disk",
    )


def _examples(folder: Path) -> list[tuple[str, str]]:
    if not folder.is_dir():
        return []
    return [(file.stem, file.read_bytes().decode()) for file in sorted(folder.glob("*.yaml"))]
