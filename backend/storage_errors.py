"""Turns what the disk and SQLite say into `StorageFailed`, with advice a person can follow."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import StorageFailed

FULL = "storage_full"
BUSY = "storage_busy"
FAILED = "storage_failed"
STATE_IN_USE = "state_in_use"
"""Another process holds the state folder; `__main__` leaves with exit code 75."""
SCHEMA_TOO_NEW = "schema_too_new"

_RETRY_BUSY_AFTER = 5
_NO_ROOM = 64 * 1024
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
# Bugs of ours or violated constraints, not a storage that failed: these go up as they are.
_NOT_STORAGE = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


def from_os_error(error: OSError, what: str, folder: Path) -> StorageFailed:
    """`what` is the thing that could not be done: "The definition web cannot be written"."""
    if error.errno in _FULL_ERRNOS:
        return StorageFailed(
            f"{what}: the disk that holds {folder} is full. Free some space there.", code=FULL
        )
    reason = error.strerror or type(error).__name__
    return StorageFailed(f"{what}: {reason} ({folder}).", code=FAILED)


def from_sqlite_error(error: sqlite3.Error, database: Path) -> StorageFailed:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and _is_full(database)):
        return StorageFailed(
            f"The disk that holds {database} is full; nothing was written. Free some space there.", code=FULL
        )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageFailed(
            f"Another program holds a lock on {database}; nothing was written. Try again when it is done.",
            code=BUSY,
            retry_after=_RETRY_BUSY_AFTER,
        )
    return StorageFailed(f"The database {database} failed: {error}.", code=FAILED)


@contextmanager
def sqlite_errors_explained(database: Path) -> Iterator[None]:
    try:
        yield
    except _NOT_STORAGE:
        raise
    except sqlite3.Error as error:
        raise from_sqlite_error(error, database) from error


def _is_full(database: Path) -> bool:
    # SQLite reports a shared-memory file that cannot grow as a plain I/O error.
    try:
        return shutil.disk_usage(database.parent).free < _NO_ROOM
    except OSError:
        return False
