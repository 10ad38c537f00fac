"""Puts a backup in the place of the present state: whole, or not at all, whenever the power goes."""

import json
import logging
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend import migrations
from backend.errors import Conflict, StorageFailed
from backend.state_archive import (
    DATABASE,
    DEFINITIONS,
    KEY,
    Manifest,
    State,
    at_rest,
    definition_files,
    keep,
    sync_file,
    sync_folder,
)
from backend.state_folder import StateLock, server_lock
from backend.state_unpack import unpack
from backend.storage_errors import STATE_IN_USE, from_os_error, sqlite_errors_explained

logger = logging.getLogger(__name__)

UNPACKED = ".restore-unpacked"
PENDING = "restore-pending"
"""A folder of this name is a restore that was decided: whoever opens the state next carries it out."""
_PLAN = "plan.json"
_SIDE_FILES = ("-wal", "-shm", "-journal")
_VISITS_LAST = 1.0


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: Manifest
    kept: Path | None
    """Where what was there before is kept; None when there was nothing."""


def restore(state: State, backup: Path, *, goes_on: bool = True) -> Restored:
    """Check `backup` whole, keep what is there, then put it in its place.

    With `goes_on` it is this server's wish: copies in the swarm that were made of what is there now give way.

    Raises BackupRefused or NotFound for the file, Conflict `state_in_use` while a server has the state,
    StorageFailed. People have to sign in again; the tokens are those of the backup's time.
    """
    try:
        state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.definitions.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, "The state cannot be restored", state.folder) from error
    lock = StateLock(server_lock(state.database))
    try:
        lock.acquire(within=_VISITS_LAST)
    except StorageFailed as error:
        if error.code != STATE_IN_USE:
            raise
        msg = f"{error.detail.partition('. ')[0]}. Stop it, then restore; nothing was changed."
        raise Conflict(msg, code=STATE_IN_USE) from None
    try:
        finish(state.database)
        return _restore(state, backup, goes_on=goes_on)
    finally:
        lock.release()


def _restore(state: State, backup: Path, *, goes_on: bool) -> Restored:
    unpacked = state.folder / UNPACKED
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        manifest = unpack(backup, unpacked, newest_schema=len(migrations.load()))
        _end_sessions(unpacked / DATABASE)
        kept = _keep_present(state, with_key=manifest.has_key)
        if goes_on:
            _carry_over(state.database, unpacked / DATABASE)
        try:
            _decide(state, unpacked)
        except OSError as error:
            raise from_os_error(error, "The state cannot be restored", state.folder) from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    finish(state.database)
    return Restored(manifest, kept)


def finish(database: Path) -> bool:
    """Carry out a restore that was decided; True when there was one. Call it with the state locked.

    Each step can be done twice, so it does not matter at which one an earlier try ended.
    """
    pending = database.parent / PENDING
    if not pending.is_dir():
        return False
    try:
        plan = json.loads((pending / _PLAN).read_text(encoding="utf-8"))
        state = State(database, Path(plan["definitions"]))
        with at_rest(state):
            _replace_definitions(state.definitions, pending / DEFINITIONS)
            _replace_database(database, pending / DATABASE)
            if (pending / KEY).exists():
                _replace(pending / KEY, state.key)
            sync_folder(database.parent)
        # Away in one step: half a folder must not be carried out again.
        shutil.rmtree(database.parent / UNPACKED, ignore_errors=True)
        pending.rename(database.parent / UNPACKED)
        sync_folder(database.parent)
        shutil.rmtree(database.parent / UNPACKED, ignore_errors=True)
    except OSError as error:
        raise from_os_error(error, "A restore could not be completed", database.parent) from error
    logger.info("restored the state in %s from a backup", database.parent)
    return True


def _end_sessions(database: Path) -> None:
    with (
        sqlite_errors_explained(database),
        closing(sqlite3.connect(database, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("DELETE FROM sessions")


def _carry_over(present: Path, unpacked: Path) -> None:
    """What is known of copies in the swarm is true of the swarm, whatever the state."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{present}?mode=ro", uri=True)) as source:
        facts = source.execute("SELECT key, value FROM catalog_facts WHERE key LIKE 'replicated%'").fetchall()
        with closing(sqlite3.connect(unpacked)) as target, target:
            target.executemany("INSERT OR REPLACE INTO catalog_facts (key, value) VALUES (?, ?)", facts)


def _keep_present(state: State, *, with_key: bool) -> Path | None:
    try:
        if not state.database.stat().st_size:
            return None
    except FileNotFoundError:
        return None
    try:
        return keep(state, "before-restore", with_key=with_key)
    except (sqlite3.DatabaseError, StorageFailed) as error:
        if isinstance(error, StorageFailed) and not isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
    # A damaged database cannot be copied as one; its files can.
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = state.backups / f"damaged-{stamp}"
    try:
        aside.mkdir(mode=0o700, parents=True)
        found, _ = definition_files(state.definitions)
        files = (state.database.with_name(state.database.name + end) for end in ("", *_SIDE_FILES))
        for path in (*files, *found.values()):
            if path.exists():
                _replace(path, aside / path.name)
    except OSError as error:
        raise from_os_error(error, "What is there cannot be kept", aside.parent) from error
    return aside


def _decide(state: State, unpacked: Path) -> None:
    """From this rename on the backup is the state."""
    # A folder that takes no files would end it half way, at every start.
    probe = state.definitions / f".{PENDING}"
    probe.touch(mode=0o600)
    probe.unlink()
    plan = unpacked / _PLAN
    plan.write_text(json.dumps({"definitions": str(state.definitions.resolve())}), encoding="utf-8")
    sync_file(plan)
    sync_file(unpacked / DATABASE)
    for folder in (unpacked / DEFINITIONS, unpacked):
        sync_folder(folder)
    unpacked.rename(state.folder / PENDING)
    sync_folder(state.folder)


def _replace_definitions(folder: Path, wanted: Path) -> None:
    # One by one: the folder may be a mount or a git checkout, with files that are none of ours.
    folder.mkdir(parents=True, exist_ok=True)
    present, _ = definition_files(folder)
    for path in sorted(wanted.iterdir()):
        _replace(path, folder / path.name, mode=0o666)
        present.pop(path.name, None)
    for path in present.values():
        path.unlink(missing_ok=True)
    sync_folder(folder)


def _replace_database(database: Path, wanted: Path) -> None:
    # A write-ahead log belongs to the database it was written for.
    for end in _SIDE_FILES:
        database.with_name(database.name + end).unlink(missing_ok=True)
    sync_folder(database.parent)
    _replace(wanted, database)


def _replace(source: Path, target: Path, *, mode: int = 0o600) -> None:
    """Copy, so that it can be done again."""
    part = target.with_name(f".{target.name}.restored")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with source.open("rb") as file, os.fdopen(descriptor, "wb") as into:
        if os.geteuid() == 0:
            # Restored by root, read by the server's own user.
            owner = target.parent.stat()
            os.fchown(into.fileno(), owner.st_uid, owner.st_gid)
        shutil.copyfileobj(file, into)
        into.flush()
        os.fsync(into.fileno())
    part.replace(target)
