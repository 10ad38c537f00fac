"""Opens a backup and believes nothing in it: every file is checked before anything is made of it."""

import hashlib
import os
import shutil
import sqlite3
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import msgspec

from backend import __version__
from backend.domain.yaml_tree import SUFFIXES
from backend.errors import InvalidInput, NotFound, StorageFailed
from backend.state_archive import (
    DATABASE,
    DEFINITIONS,
    FORMAT,
    KEY,
    MANIFEST,
    MAX_DEFINITION,
    ArchivedFile,
    Manifest,
)
from backend.storage_errors import FULL, from_os_error

MAX_FILES = 100_000
MAX_DATABASE = 8 * 1024**3
_MAX_MANIFEST = 32 * 1024**2
_MAX_KEY = 1024
_PIECE = 1024 * 1024
_TABLES = frozenset({"definitions", "revisions", "catalog_facts", "users", "tokens"})
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class BackupRefused(InvalidInput):
    """`detail` says what is wrong with the file; nothing was touched."""

    code = "backup_invalid"


def read_manifest(backup: Path) -> Manifest:
    """What the backup says of itself, without a look at the rest. Raises BackupRefused, NotFound."""
    with _opened(backup) as archive:
        return _manifest(backup, archive)


def unpack(backup: Path, into: Path, *, newest_schema: int) -> Manifest:
    """Check all of the backup and lay its files into the new folder `into`.

    Raises BackupRefused, NotFound, StorageFailed; what `into` then holds is to be thrown away.
    """
    with _opened(backup) as archive:
        manifest = _manifest(backup, archive)
        if manifest.schema > newest_schema:
            raise BackupRefused(
                f"{backup.name} was made by version {manifest.version} (schema {manifest.schema}); this is "
                f"version {__version__}, which knows schemas up to {newest_schema}. Restore it with version "
                f"{manifest.version} or a newer one.",
                code="schema_too_new",
            )
        _check_names(backup, archive, manifest)
        try:
            _check_room(into.parent, sum(file.bytes for file in manifest.files))
            (into / DEFINITIONS).mkdir(mode=0o700, parents=True)
            for file in manifest.files:
                _extract(backup, archive, file, into / file.name)
        except OSError as error:
            raise from_os_error(error, f"{backup.name} cannot be unpacked", into.parent) from error
    _check_database(backup, into / DATABASE, manifest.schema)
    return manifest


def _opened(backup: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(backup)
    except FileNotFoundError:
        raise NotFound(f"There is no file {backup}.", code="backup_not_found") from None
    except OSError as error:
        raise from_os_error(error, f"{backup.name} cannot be read", backup.parent) from error
    except _UNREADABLE:
        raise BackupRefused(f"{backup.name} is no backup, or only part of one: it is no whole zip.") from None


def _manifest(backup: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST:
            raise ValueError
        with archive.open(MANIFEST) as file:
            manifest = msgspec.json.decode(file.read(_MAX_MANIFEST), type=Manifest)
    except (KeyError, OSError, msgspec.MsgspecError, *_UNREADABLE):
        raise BackupRefused(
            f"{backup.name} is no backup of Swarm Orchestrator: {MANIFEST} is missing or damaged."
        ) from None
    if manifest.format != FORMAT:
        raise BackupRefused(
            f"{backup.name} has the format {manifest.format} of version {manifest.version}; this is version "
            f"{__version__}, which reads the format {FORMAT}. Restore it with version {manifest.version}.",
            code="schema_too_new",
        )
    return manifest


def _check_names(backup: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Only what we write ourselves may be in it, once each, and in no size that we do not write."""
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise BackupRefused(f"{backup.name} holds {len(entries)} files; at most {MAX_FILES} are taken.")
    for file in manifest.files:
        most = _most(file.name)
        if most is None:
            raise BackupRefused(f"{backup.name} holds {file.name!r}, which no backup of ours has.")
        if not 0 <= file.bytes <= most:
            raise BackupRefused(
                f"{backup.name} holds {file.name} with {file.bytes} bytes; at most {most} are taken."
            )
    named = [MANIFEST, *(file.name for file in manifest.files)]
    present = [entry.filename for entry in entries]
    if sorted(named) != sorted(present):
        odd = sorted(set(named) ^ set(present)) or sorted(name for name in present if present.count(name) > 1)
        raise BackupRefused(
            f"{backup.name} does not hold what its {MANIFEST} lists: {', '.join(map(repr, odd[:3]))}."
        )
    if DATABASE not in named:
        raise BackupRefused(f"{backup.name} holds no {DATABASE}.")


def _most(name: str) -> int | None:
    """How big a file of that name may be; None for what may not be there."""
    if name in (DATABASE, KEY):
        return MAX_DATABASE if name == DATABASE else _MAX_KEY
    folder, file = name[: len(DEFINITIONS)], name[len(DEFINITIONS) :]
    plain = file.isprintable() and not file.startswith(".") and not set(file) & {"/", "\\", "\0"}
    return MAX_DEFINITION if folder == DEFINITIONS and plain and file.lower().endswith(SUFFIXES) else None


def _check_room(folder: Path, wanted: int) -> None:
    # The files lie there twice for a moment: unpacked, and in their place.
    free = shutil.disk_usage(folder).free
    if free < 2 * wanted:
        raise StorageFailed(
            f"The backup needs {2 * wanted} bytes on the disk that holds {folder}, and {free} are free.",
            code=FULL,
        )


def _extract(backup: Path, archive: zipfile.ZipFile, file: ArchivedFile, target: Path) -> None:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as into:
        try:
            with archive.open(file.name) as source:
                while piece := source.read(_PIECE):
                    size += len(piece)
                    if size > file.bytes:
                        break
                    digest.update(piece)
                    into.write(piece)
        except _UNREADABLE:
            size = -1
        into.flush()
        os.fsync(into.fileno())
    if size != file.bytes or digest.hexdigest() != file.sha256:
        raise BackupRefused(f"{backup.name} is damaged: {file.name} is not what was put into it.")


def _check_database(backup: Path, database: Path, schema: int) -> None:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
            connection.text_factory = bytes
            [said] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            [present] = connection.execute("PRAGMA user_version").fetchone()
            things = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    except sqlite3.DatabaseError as error:
        raise BackupRefused(f"{backup.name} holds a database that cannot be read: {error}.") from None
    if said != b"ok":
        reason = said.decode("utf-8", "replace").splitlines()[-1].rstrip(".")
        raise BackupRefused(f"{backup.name} holds a damaged database: {reason}.")
    tables = {name.decode("utf-8", "replace") for kind, name in things if kind == b"table"}
    # Ours has neither; what runs by itself at a later write does not come in by a backup.
    odd = [kind for kind, _ in things if kind in (b"trigger", b"view")]
    if present != schema or schema < 1 or odd or not tables >= _TABLES:
        raise BackupRefused(f"{backup.name} holds a database that is none of Swarm Orchestrator's.")
