"""SQLite: opens and migrates the one database, and gives out short transactions on it."""

import asyncio
import contextlib
import itertools
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

import aiosqlite

from backend import __version__, migrations, state_folder, state_restore, state_unpack
from backend.errors import OrchestratorError, StorageFailed
from backend.state_archive import State, keep
from backend.storage_errors import BUSY, FAILED, SCHEMA_TOO_NEW, sqlite_errors_explained

logger = logging.getLogger(__name__)

type Value = str | int | float | bytes | None
type Parameters = Sequence[Value] | dict[str, Value]

_READERS = 2
_VISITS_LAST = 1.0
"""Seconds that a visitor may hold the lock of the state folder."""
_WAL_LIMIT = 64 * 1024 * 1024
_HIGHEST_MIGRATION = 9999
_SIDE_FILES = ("", "-wal", "-shm", "-journal")
_OPEN_HERE: Counter[Path] = Counter()
"""How many of this process have connections to a file."""


class Transaction:
    """Statements between `BEGIN IMMEDIATE` and `COMMIT`; reads see the writes before them."""

    def __init__(self, connection: aiosqlite.Connection, database: Path) -> None:
        self._connection = connection
        self._database = database

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement and return how many rows it changed."""
        with sqlite_errors_explained(self._database):
            async with self._connection.execute(sql, parameters) as cursor:
                return cursor.rowcount

    async def execute_each(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run one statement many times, at the cost of one turn of the database's thread."""
        with sqlite_errors_explained(self._database):
            await (await self._connection.executemany(sql, parameters)).close()

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        with sqlite_errors_explained(self._database):
            return list(await self._connection.execute_fetchall(sql, parameters))

    async def read_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        rows = await self.read(sql, parameters)
        return rows[0] if rows else None


class Database:
    """One writer and a few readers on a file. The constructor opens nothing.

    `busy_timeout` is in seconds: how long a write waits for another writer, in this process or elsewhere,
    before it fails with StorageFailed `storage_busy`. `before_migrating` blocks: it keeps the state as it is
    before a newer schema changes it, and returns where.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: float = 5.0,
        filesystem_of: Callable[[Path], str | None] = state_folder.filesystem_of,
        known_migrations: Sequence[migrations.Migration] | None = None,
        before_migrating: Callable[[], Path] | None = None,
    ) -> None:
        self.path = path
        self.notice: str | None = None
        """What an operator should know about the last opening, such as a damaged file set aside."""
        self.journal_mode = ""
        self._busy_timeout = busy_timeout
        self._filesystem_of = filesystem_of
        self._migrations = known_migrations
        self._before_migrating = before_migrating
        self._lock = state_folder.StateLock(state_folder.server_lock(path))
        self._turn = asyncio.Lock()
        self._writer: aiosqlite.Connection | None = None
        self._readers: list[aiosqlite.Connection] = []
        self._next_reader = itertools.cycle(range(_READERS))
        self._endings: set[asyncio.Task[None]] = set()
        self._counted = False

    @classmethod
    def of(cls, state: State) -> Self:
        """The database of a whole state, which is backed up before a newer schema changes it."""
        return cls(state.database, before_migrating=partial(keep, state, "before-upgrade"))

    async def open(self) -> None:
        """Lock the state folder, check the file and bring it to the present schema.

        Raises StorageFailed: `state_in_use` when another server has it, `schema_too_new` when a newer
        version wrote it, `storage_*` when the disk refuses. A damaged file is set aside (see `notice`). A
        restore that was interrupted is completed first.
        """
        await asyncio.to_thread(state_folder.prepare, self.path)
        await asyncio.to_thread(partial(self._lock.acquire, within=_VISITS_LAST))
        self._count()
        try:
            await asyncio.to_thread(state_restore.finish, self.path)
            with sqlite_errors_explained(self.path):
                if await self._is_damaged():
                    await asyncio.to_thread(self._set_aside)
                self._writer = await self._connect()
                self.journal_mode = await self._choose_journal(self._writer)
                await self._migrate(self._writer)
                await self._open_readers()
        except BaseException:
            await self._close_all()
            raise

    async def open_beside(self) -> None:
        """Open for a short visit beside a server: takes no lock, repairs and migrates nothing."""
        self._count()
        try:
            with sqlite_errors_explained(self.path):
                self._writer = await self._connect()
                await self._open_readers()
        except BaseException:
            await self._close_all()
            raise

    async def open_for_a_visit(self) -> None:
        """Open as `open` does, but keep nobody else out afterwards: visitors work side by side.

        Raises StorageFailed `state_in_use` when a server has it.
        """
        await self.open()
        await asyncio.to_thread(self._lock.release)

    async def close(self) -> None:
        """Let the running transaction end, then close. Safe to call twice."""
        if self._writer is not None:
            with contextlib.suppress(StorageFailed):
                await self._take_turn()
                self._turn.release()
        await self._close_all()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One write transaction: committed when the block ends, rolled back when it raises.

        Keep the block short: every other writer waits for it. Do not nest.
        """
        writer = self._opened(self._writer)
        await self._take_turn()
        try:
            # A deferred transaction that turns into a write fails at once under concurrency.
            with sqlite_errors_explained(self.path):
                await writer.execute("BEGIN IMMEDIATE")
            yield Transaction(writer, self.path)
        except BaseException:
            await self._end(writer.rollback)
            raise
        else:
            await self._end(writer.commit)

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one SELECT on a reader: sees what was committed, never waits for the writer."""
        self._opened(self._writer)
        reader = self._readers[next(self._next_reader)]
        with sqlite_errors_explained(self.path):
            return list(await reader.execute_fetchall(sql, parameters))

    async def read_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        rows = await self.read(sql, parameters)
        return rows[0] if rows else None

    async def integrity(self) -> str:
        """SQLite's own full check: "ok", or the first thing wrong."""
        row = await self.read_one("PRAGMA integrity_check(1)")
        return str(row[0]) if row else "no answer"

    # Turns -------------------------------------------------------------------------------------------

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(self._busy_timeout):
                await self._turn.acquire()
        except TimeoutError:
            raise StorageFailed(
                f"{self.path} is busy with other writes; nothing was written. Try again.",
                code=BUSY,
                retry_after=5,
            ) from None

    async def _end(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Commit or roll back and give the turn on, even when the caller is cancelled meanwhile."""
        task = asyncio.create_task(self._finish_and_release(finish))
        self._endings.add(task)
        task.add_done_callback(self._ended)
        await asyncio.shield(task)

    async def _finish_and_release(self, finish: Callable[[], Awaitable[None]]) -> None:
        try:
            with sqlite_errors_explained(self.path):
                await finish()
        except BaseException:
            if self._writer is not None:
                with contextlib.suppress(sqlite3.Error):
                    await self._writer.rollback()
            raise
        finally:
            self._turn.release()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._endings.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.debug("a transaction did not end well: %s", task.exception())

    # Opening -----------------------------------------------------------------------------------------

    def _opened(self, connection: aiosqlite.Connection | None) -> aiosqlite.Connection:
        if connection is None:
            raise StorageFailed(f"The database {self.path} is not open.", code=FAILED)
        return connection

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self.path, isolation_level=None, timeout=self._busy_timeout)
        try:
            connection.row_factory = sqlite3.Row
            await connection.execute("PRAGMA foreign_keys = ON")
            await connection.execute("PRAGMA synchronous = FULL")
            await connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _open_readers(self) -> None:
        for _ in range(_READERS):
            reader = await self._connect()
            self._readers.append(reader)
            await reader.execute("PRAGMA query_only = ON")

    def _count(self) -> None:
        self._counted = True
        _OPEN_HERE[self.path] += 1

    async def _is_damaged(self) -> bool:
        if await self._fails_its_check():
            return True
        # Closing the file drops every lock that SQLite holds on it in this process (POSIX), whoever opened
        # it; then other processes would take themselves for the last to use it and remove the log.
        return _OPEN_HERE[self.path] == 1 and await asyncio.to_thread(self._has_an_odd_header)

    async def _fails_its_check(self) -> bool:
        try:
            probe = await self._connect()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not _means_damage(error):
                raise
            return True
        try:
            probe.text_factory = bytes
            rows = list(await probe.execute_fetchall("PRAGMA quick_check(1)"))
            return [row[0] for row in rows] != [b"ok"]
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not _means_damage(error):
                raise
            return True
        finally:
            await probe.close()

    def _has_an_odd_header(self) -> bool:
        """What quick_check accepts although it makes the file unusable (sqlite.org/fileformat.html, 1.3)."""
        with self.path.open("rb") as file:
            header = file.read(100)
        if len(header) < 100:
            return False
        version = int.from_bytes(header[60:64], signed=True)
        return header[18] not in (1, 2) or not 0 <= version <= _HIGHEST_MIGRATION

    def _set_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        for suffix in _SIDE_FILES:
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                source.rename(aside.with_name(aside.name + suffix))
        state_folder.prepare(self.path)
        self.notice = (
            f"The database {self.path} was damaged and set aside as {aside.name}. A new one was started: "
            "definitions are read again from their files; history, deployments, users and tokens are gone, "
            f"unless a backup is restored: python -m backend restore FILE (see {self.path.parent}/backups)."
        )
        logger.error(self.notice)

    async def _choose_journal(self, connection: aiosqlite.Connection) -> str:
        filesystem = await asyncio.to_thread(self._filesystem_of, self.path)
        wanted = "wal" if state_folder.shares_memory(filesystem) else "delete"
        rows = list(await connection.execute_fetchall(f"PRAGMA journal_mode = {wanted}"))
        mode = str(rows[0][0])
        if wanted == "delete":
            logger.warning(
                "%s is on %s: SQLite runs without its write-ahead log, slower", self.path, filesystem
            )
        elif mode != wanted:
            logger.warning(
                "SQLite could not use its write-ahead log for %s; it runs in mode %s", self.path, mode
            )
        return mode

    async def _migrate(self, connection: aiosqlite.Connection) -> None:
        known = migrations.load() if self._migrations is None else self._migrations
        rows = list(await connection.execute_fetchall("PRAGMA user_version"))
        present = int(rows[0][0])
        if present > len(known):
            raise await self._too_new(connection, present, len(known))
        if 0 < present < len(known) and self._before_migrating is not None:
            kept = await asyncio.to_thread(self._before_migrating)
            logger.info("kept the state as it was before the migration in %s", kept)
        for migration in known[present:]:
            await self._apply(connection, migration)

    async def _apply(self, connection: aiosqlite.Connection, migration: migrations.Migration) -> None:
        # The schema and its number change together or not at all.
        script = f"BEGIN IMMEDIATE;\n{migration.sql}\n;PRAGMA user_version = {migration.number};\nCOMMIT;"
        try:
            await connection.executescript(script)
        except BaseException:
            await connection.rollback()
            raise
        logger.info("migrated %s with %s", self.path, migration.name)

    async def _too_new(self, connection: aiosqlite.Connection, present: int, known: int) -> StorageFailed:
        by = "a newer version"
        with contextlib.suppress(sqlite3.Error):
            rows = list(
                await connection.execute_fetchall("SELECT value FROM catalog_facts WHERE key = 'written_by'")
            )
            by = f"version {rows[0][0]}" if rows else by
        kept = await asyncio.to_thread(_newest_backup, self.path.parent / "backups", known)
        way_back = f", or go back: python -m backend restore {kept}" if kept else ""
        return StorageFailed(
            f"The database {self.path} was written by {by} (schema {present}); this is version "
            f"{__version__}, which knows schemas up to {known}. Start {by} again{way_back}.",
            code=SCHEMA_TOO_NEW,
        )

    async def _close_all(self) -> None:
        writer, readers, self._writer, self._readers = self._writer, self._readers, None, []
        # The writer goes last: the last connection to close folds the write-ahead log into the file.
        for connection in (*readers, *([writer] if writer else [])):
            try:
                await connection.close()
            except sqlite3.Error as error:
                logger.warning("closing %s: %s", self.path, error)
        if self._counted:
            self._counted = False
            _OPEN_HERE[self.path] -= 1
        self._lock.release()


def _newest_backup(folder: Path, known: int) -> Path | None:
    """The last one of a schema that we know."""
    for backup in sorted(folder.glob("orchestrator-*.zip"), reverse=True):
        with contextlib.suppress(OrchestratorError):
            if state_unpack.read_manifest(backup).schema <= known:
                return backup
    return None


def _means_damage(error: Exception) -> bool:
    if isinstance(error, UnicodeDecodeError):
        # SQLite's own message quotes damaged bytes, which Python then cannot make into an error.
        return True
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # A plain SQLITE_ERROR from a PRAGMA is "unsupported file format": the schema's format number is odd.
    return primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
