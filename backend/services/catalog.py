"""The catalog: definition files are the truth about what is wanted; their past is kept beside them."""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.database import Database
from backend.domain import definition_text
from backend.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    NotFound,
    OrchestratorError,
    PayloadTooLarge,
    PreconditionFailed,
    StorageFailed,
)
from backend.models.db_models import DefinitionRow, Intent, Revision, RevisionSource
from backend.models.definitions import NAME, RESERVED_NAMES, Definition
from backend.repositories.catalog_facts import CatalogFacts
from backend.services.definition_files import (
    MAX_BYTES,
    ChangedMeanwhile,
    DefinitionFiles,
    FileText,
    Traces,
    sha256_of,
    shown,
)
from backend.services.definition_history import DefinitionHistory
from backend.services.file_change import FileChange, hash_of, kept_text, remove_leftovers
from backend.services.settling import Settling
from backend.storage_errors import BUSY

logger = logging.getLogger(__name__)

_SEEDED = "seeded"
_SEEDER = "system"
_LOOK_EVERY = 0.4
_TURN_DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition as it is now.

    A file that cannot be used has a `problem` and no `definition`; its `text` is what the file says, its
    `revision` the newest recorded one (0 when there never was one).
    """

    name: str
    revision: int
    text: str
    sha256: str
    definition: Definition | None
    problem: FieldError | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a file says and whether it is a definition."""

    file: FileText
    definition: Definition | None
    problem: FieldError | None


class Catalog:
    """Reads are from memory; a write is acknowledged when both the file and the history are on disk.

    `at_step` is told each step of a write, for tests that crash there.
    """

    def __init__(
        self,
        definitions_dir: Path,
        database: Database,
        *,
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
        self._entries: dict[str, Entry] = {}
        self._known: dict[str, FileText] = {}
        self._settling = Settling()
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()

    # Reading -----------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Every definition, by name."""
        return [self._entries[name] for name in sorted(self._entries)]

    def find(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def get(self, name: str) -> Entry:
        entry = self._entries.get(name)
        if entry is None:
            raise NotFound(f"The catalog has no service '{_short(name)}'.", code="service_not_found")
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
            seen = await asyncio.to_thread(self._files.scan)
            await self._take_in(seen, self._history.names() - seen.keys())
        logger.info("the catalog has %d definitions in %s", len(self._entries), self._files.folder)

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
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Glance at the folder once; take in what changed and has kept still since an earlier look."""
        seen = await asyncio.to_thread(self._files.scan)
        known = {name: file.traces for name, file in self._known.items()}
        changed = self._settling.settled(known, seen, time.monotonic())
        if changed:
            async with self._my_turn():
                await self._take_in(
                    {name: seen[name] for name in changed & seen.keys()}, changed - seen.keys()
                )

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
        content, definition = await _checked(name, text)
        intent = _intent(name, f"{name}.yaml", None, text, actor_name, source)
        return await self._to_the_end(self._create(intent, content, definition))

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
        content, definition = await _checked(name, text)
        return await self._to_the_end(
            self._update(actor_name, name, text, content, definition, if_match, source)
        )

    async def delete(self, actor_name: str, name: str, *, if_match: int | None = None) -> None:
        """Remove a definition's file; its revisions stay, and a later one of that name continues them."""
        await self._notice(name)
        await self._to_the_end(self._delete(actor_name, name, if_match))

    async def _create(self, intent: Intent, content: bytes, definition: Definition) -> Entry:
        name = intent.service
        async with self._my_turn():
            await self._refresh(name)
            self._refuse_if_present(name)
            try:
                row, traces = await self._write(intent, content)
            except ChangedMeanwhile:
                await self._refresh(name)
                self._refuse_if_present(name)
                raise _edited_at_the_same_moment(name) from None
            return self._remember(row, intent, definition, traces)

    async def _update(
        self,
        author: str,
        name: str,
        text: str,
        content: bytes,
        definition: Definition,
        if_match: int | None,
        source: RevisionSource,
    ) -> Entry:
        async with self._my_turn():
            present, file = await self._present(name, if_match)
            if present.problem is None and present.sha256 == sha256_of(content):
                return present
            intent = _intent(name, file, present.sha256, text, author, source)
            try:
                row, traces = await self._write(intent, content)
            except ChangedMeanwhile:
                await self._present(name, if_match)
                raise _edited_at_the_same_moment(name) from None
            return self._remember(row, intent, definition, traces)

    async def _delete(self, author: str, name: str, if_match: int | None) -> None:
        async with self._my_turn():
            present, file = await self._present(name, if_match)
            try:
                await self._write(_intent(name, file, present.sha256, None, author, "api"), None)
            except ChangedMeanwhile:
                await self._present(name, if_match)
                raise _edited_at_the_same_moment(name) from None
            self._forget(name)
            self._announce({name})

    async def _write(self, intent: Intent, content: bytes | None) -> tuple[DefinitionRow, Traces]:
        """Intent, file, record: at whatever step the power goes, the next `open` knows what to do."""
        change = FileChange(
            self._files,
            intent.file,
            token=intent.id,
            expected=intent.old_sha256,
            content=content,
            at_step=self._at_step,
        )
        replaced = self._entries.get(intent.service)
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
        await self._refresh(name)
        present = self.get(name)
        if if_match is not None and if_match != present.revision:
            raise PreconditionFailed(
                f"'{_short(name)}' is at revision {present.revision} now, not {if_match}. "
                "Look at what changed, then send your change with the new revision."
            )
        file = self._known[name].file
        if file is None:
            reason = present.problem.reason if present.problem else "its file cannot be written"
            raise Conflict(
                f"'{_short(name)}' can only be changed on disk: {reason}.", code="definition_not_writable"
            )
        return present, file

    def _refuse_if_present(self, name: str) -> None:
        present = self._entries.get(name)
        if present is not None:
            but = f", though its file is broken: {present.problem.reason}" if present.problem else ""
            raise Conflict(f"The catalog already has a service '{name}'{but}.", code="already_exists")

    def _remember(self, row: DefinitionRow, intent: Intent, definition: Definition, traces: Traces) -> Entry:
        name, text = intent.service, intent.new_text or ""
        entry = Entry(name, row.revision, text, row.sha256, definition, None, row.updated_at)
        self._entries[name] = entry
        self._known[name] = FileText(name, traces, intent.file, text, row.sha256)
        self._announce({name})
        return entry

    # Taking in what is on disk -----------------------------------------------------------------------

    async def _notice(self, name: str) -> None:
        """A file put there a moment ago counts, although no look has seen it yet. Raises NotFound."""
        if name not in self._entries:
            async with self._my_turn():
                await self._refresh(name)
        self.get(name)

    async def _refresh(self, name: str) -> None:
        """Take in an edit of this file that no look has noticed yet, before it is written over."""
        seen = await asyncio.to_thread(self._files.scan)
        known = self._known.get(name)
        now = seen.get(name, ())
        if now != (known.traces if known else ()):
            await self._take_in({name: now} if now else {}, set() if now else {name}, patient=False)

    async def _take_in(self, seen: Mapping[str, Traces], gone: set[str], *, patient: bool = True) -> None:
        judged = await asyncio.to_thread(self._read_and_judge, seen)
        if patient:
            # What does not parse may be half written: it gets more time than what does.
            now = time.monotonic()
            judged = [one for one in judged if not one.problem or self._settling.is_old(one.file.name, now)]
        texts = {one.file.name: one.file.text for one in judged if self._is_new_text(one)}
        lost = {name for name in gone if self._history.present(name)}
        if texts or lost:
            await self._history.record_from_disk(texts, sorted(lost))
        self._settle(judged, gone)

    def _settle(self, judged: Iterable[_Judged], gone: Iterable[str]) -> None:
        changed = {name for name in gone if self._forget(name)}
        for one in judged:
            name = one.file.name
            entry = self._entry_of(one)
            self._known[name] = one.file
            self._settling.forget(name)
            if self._entries.get(name) != entry:
                self._entries[name] = entry
                changed.add(name)
        self._announce(changed)

    def _forget(self, name: str) -> bool:
        self._known.pop(name, None)
        self._settling.forget(name)
        return self._entries.pop(name, None) is not None

    def _read_and_judge(self, seen: Mapping[str, Traces]) -> list[_Judged]:
        judged: list[_Judged] = []
        for name, traces in seen.items():
            try:
                judged.append(_judge(self._files.read(name, traces)))
            except ChangedMeanwhile:
                continue
        return judged

    def _is_new_text(self, one: _Judged) -> bool:
        row = self._history.present(one.file.name)
        return one.problem is None and (row is None or row.sha256 != one.file.sha256)

    def _entry_of(self, one: _Judged) -> Entry:
        file, row = one.file, self._history.newest(one.file.name)
        before = self._entries.get(file.name)
        if one.problem is None and row is not None:
            moment = row.updated_at
        elif before is not None and (before.sha256, before.problem) == (file.sha256, one.problem):
            moment = before.updated_at
        else:
            moment = datetime.now(UTC)
        number = row.revision if row else 0
        return Entry(file.name, number, file.text, file.sha256, one.definition, one.problem, moment)

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
            yield
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
        if not names:
            return
        for listener in self.on_change:
            try:
                listener(set(names))
            except Exception:
                logger.exception("a listener of the catalog failed")


async def _checked(name: str, text: str) -> tuple[bytes, Definition]:
    if not NAME.fullmatch(name) or name in RESERVED_NAMES:
        reason = (
            "is a reserved word of the API; choose another name"
            if name in RESERVED_NAMES
            else "a name has 1 to 63 of a-z, 0-9, '-' and '_', and begins and ends with a letter or digit"
        )
        raise InvalidInput(
            f"'{_short(name)}' cannot be the name of a service: {reason}.",
            code="invalid_name",
            errors=(FieldError("name", reason),),
        )
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        reason = "has a character that is not Unicode text"
        raise InvalidInput(
            f"The definition {reason}.", code="invalid_definition", errors=(FieldError("definition", reason),)
        ) from error
    if len(content) > MAX_BYTES:
        raise PayloadTooLarge(f"A definition has at most {MAX_BYTES // 1024} KiB; this one has more.")
    # Parsing the largest text takes long enough to be felt by other requests.
    return content, await asyncio.to_thread(definition_text.parse, text, name=name)


def _judge(file: FileText) -> _Judged:
    if file.problem is not None:
        return _Judged(file, None, file.problem)
    try:
        return _Judged(file, definition_text.parse(file.text, name=file.name), None)
    except OrchestratorError as error:
        problem = error.errors[0] if error.errors else FieldError("", error.detail)
        return _Judged(file, None, problem)
    except Exception:
        # One file must never hide the others, whatever its text does to the parser.
        logger.exception("the definition '%s' could not be read", file.name)
        return _Judged(file, None, FieldError("", "the file cannot be read; the server's log says why"))


def _intent(
    name: str, file: str, old_sha256: str | None, text: str | None, author: str, source: RevisionSource
) -> Intent:
    return Intent(
        id=uuid.uuid4().hex,
        service=name,
        file=file,
        old_sha256=old_sha256,
        new_sha256=None if text is None else sha256_of(text.encode()),
        new_text=text,
        author=author,
        source=source,
        created_at=datetime.now(UTC),
    )


def _edited_at_the_same_moment(name: str) -> Conflict:
    return Conflict(
        f"The file of '{_short(name)}' was edited on disk at the same moment; look again.",
        code="changed_on_disk",
    )


def _examples(folder: Path) -> list[tuple[str, str]]:
    if not folder.is_dir():
        return []
    return [(file.stem, file.read_bytes().decode()) for file in sorted(folder.glob("*.yaml"))]


def _short(name: str) -> str:
    return shown(name[:80])
