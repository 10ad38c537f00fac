"""SQLite: opens, migrates and backs up the one database, and gives out short transactions on it."""

import asyncio
import contextlib
import itertools
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from backend import migrations, state_folder
from backend.errors import StorageFailed
from backend.storage_errors import BUSY, FAILED, SCHEMA_TOO_NEW, from_os_error, sqlite_errors_explained

logger = logging.getLogger(__name__)

type Value = str | int | float | bytes | None
type Parameters = Sequence[Value] | dict[str, Value]

_READERS = 2
_WAL_LIMIT = 64 * 1024 * 1024
_HIGHEST_MIGRATION = 9999
_SIDE_FILES = ("", "-wal", "-shm", "-journal")


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

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        with sqlite_errors_explained(self._database):
            return list(await self._connection.execute_fetchall(sql, parameters))

    async def read_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        rows = await self.read(sql, parameters)
        return rows[0] if rows else None


class Database:
    """One writer and a few readers on a file. The constructor opens nothing.

    `busy_timeout` is in seconds: how long a write waits for another writer, in this process or elsewhere,
    before it fails with StorageFailed `storage_busy`.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: float = 5.0,
        filesystem_of: Callable[[Path], str | None] = state_folder.filesystem_of,
        known_migrations: Sequence[migrations.Migration] | None = None,
    ) -> None:
        self.path = path
        self.notice: str | None = None
        """What an operator should know about the last opening, such as a damaged file set aside."""
        self.journal_mode = ""
        self._busy_timeout = busy_timeout
        self._filesystem_of = filesystem_of
        self._migrations = known_migrations
        self._lock = state_folder.StateLock(path.with_name(f"{path.name}.lock"))
        self._turn = asyncio.Lock()
        self._writer: aiosqlite.Connection | None = None
        self._readers: list[aiosqlite.Connection] = []
        self._next_reader = itertools.cycle(range(_READERS))
        self._endings: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Lock the state folder, check the file and bring it to the present schema.

        Raises StorageFailed: `state_in_use` when another server has it, `schema_too_new` when a newer
        version wrote it, `storage_*` when the disk refuses. A damaged file is set aside (see `notice`).
        """
        await asyncio.to_thread(state_folder.prepare, self.path)
        await asyncio.to_thread(self._lock.acquire)
        try:
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
        try:
            with sqlite_errors_explained(self.path):
                self._writer = await self._connect()
                await self._open_readers()
        except BaseException:
            await self._close_all()
            raise

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

    async def backup(self, target: Path) -> None:
        """Write a consistent copy to `target`, which appears whole or not at all."""
        with sqlite_errors_explained(target):
            await self._copy(self._opened(self._writer), target)

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

    async def _is_damaged(self) -> bool:
        try:
            probe = await self._connect()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not _means_damage(error):
                raise
            return True
        try:
            probe.text_factory = bytes
            rows = list(await probe.execute_fetchall("PRAGMA quick_check(1)"))
            return [row[0] for row in rows] != [b"ok"] or await asyncio.to_thread(self._has_an_odd_header)
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
            "definitions are read again from their files; history, deployments, users and tokens are gone."
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
            raise StorageFailed(
                f"The database {self.path} was written by a newer version (schema {present}; this one knows "
                f"{len(known)}). Start that version, or restore the backup it made before it migrated.",
                code=SCHEMA_TOO_NEW,
            )
        if 0 < present < len(known):
            target = self.path.with_name(f"{self.path.name}.schema-{present}.backup")
            await self._copy(connection, target)
            logger.info("backed up %s as %s before migrating it", self.path, target.name)
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

    async def _copy(self, source: aiosqlite.Connection, target: Path) -> None:
        part = target.with_name(f".{target.name}.part")
        try:
            await asyncio.to_thread(_create_private, part)
            async with aiosqlite.connect(part, isolation_level=None) as copy:
                await source.backup(copy)
            await asyncio.to_thread(_put_in_place, part, target)
        except OSError as error:
            raise from_os_error(error, f"The backup {target} cannot be written", target.parent) from error
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def _close_all(self) -> None:
        writer, readers, self._writer, self._readers = self._writer, self._readers, None, []
        # The writer goes last: the last connection to close folds the write-ahead log into the file.
        for connection in (*readers, *([writer] if writer else [])):
            try:
                await connection.close()
            except sqlite3.Error as error:
                logger.warning("closing %s: %s", self.path, error)
        self._lock.release()


def _means_damage(error: Exception) -> bool:
    if isinstance(error, UnicodeDecodeError):
        # SQLite's own message quotes damaged bytes, which Python then cannot make into an error.
        return True
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # A plain SQLITE_ERROR from a PRAGMA is "unsupported file format": the schema's format number is odd.
    return primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _create_private(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _put_in_place(part: Path, target: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
