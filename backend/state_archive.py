"""A backup: one file with the database and the definition files, consistent while writes go on."""

import hashlib
import os
import shutil
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

import msgspec

from backend import __version__
from backend.config import Settings
from backend.domain.yaml_tree import SUFFIXES
from backend.errors import NotFound, StorageFailed
from backend.state_folder import StateLock, catalog_lock
from backend.storage_errors import BUSY, STATE_IN_USE, from_os_error, sqlite_errors_explained

type Reason = Literal["manual", "scheduled", "before-upgrade", "before-restore", "swarm"]

FORMAT = 1
MANIFEST = "backup.json"
DATABASE = "orchestrator.db"
KEY = "secret.key"
DEFINITIONS = "definitions/"
MAX_DEFINITION = 1024 * 1024
_WAITS_FOR_WRITES = 10.0
_PIECE = 1024 * 1024
_FIRST_OF_ZIP = datetime(1980, 1, 1, tzinfo=UTC)


class ArchivedFile(msgspec.Struct, frozen=True):
    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself; lies in it as `backup.json`."""

    format: int
    version: str
    """Of the program that made it."""
    schema: int
    """Of the database: the number of its last migration."""
    created_at: datetime
    reason: str
    files: list[ArchivedFile]
    left_out: list[str] = []
    """Definition files that are links, unreadable or too big."""

    @property
    def definitions(self) -> int:
        return sum(file.name.startswith(DEFINITIONS) for file in self.files)

    @property
    def has_key(self) -> bool:
        return any(file.name == KEY for file in self.files)


@dataclass(frozen=True, slots=True)
class State:
    """Where one orchestrator's state lies."""

    database: Path
    definitions: Path

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.database_path, settings.definitions_dir)

    @property
    def folder(self) -> Path:
        return self.database.parent

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    @property
    def key(self) -> Path:
        return self.folder / KEY


def keep(state: State, reason: Reason, *, with_key: bool = False) -> Path:
    """Write a backup into the folder of backups and return its path."""
    if not _has_content(state.database):
        raise NotFound(f"There is no database at {state.database}: nothing to back up.", code="no_state")
    try:
        state.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, "The folder of backups cannot be made", state.backups) from error
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (f"orchestrator-{stamp}-{reason}{more}.zip" for more in ("", *(f"-{n}" for n in range(2, 100))))
    target = next(path for name in names if not (path := state.backups / name).exists())
    write(state, target, reason, with_key=with_key)
    return target


def write(
    state: State,
    target: Path,
    reason: Reason,
    *,
    with_key: bool = False,
    copy: Callable[[sqlite3.Connection, Path], None] | None = None,
    compressed: bool = True,
) -> Manifest:
    """Write a backup to `target`, which appears whole or not at all; a server may be writing meanwhile.

    `copy` makes the file's database from a connection that holds a moment still; without it, all of it.
    Raises NotFound when there is no database, StorageFailed.
    """
    if not _has_content(state.database):
        raise NotFound(f"There is no database at {state.database}: nothing to back up.", code="no_state")
    try:
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        try:
            with sqlite_errors_explained(state.database):
                schema, left_out = _take(state, part, copy or _copy_all)
            if with_key and state.key.is_file():
                _put(part / KEY, state.key.read_bytes())
            files = [_described(part, path) for path in sorted(part.rglob("*")) if path.is_file()]
            now = datetime.now(UTC).replace(microsecond=0)
            manifest = Manifest(FORMAT, __version__, schema, now, reason, files, left_out)
            _pack(part, part / "archive", manifest, compressed=compressed)
            (part / "archive").rename(target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise from_os_error(error, f"The backup {target.name} cannot be written", target.parent) from error
    return manifest


@contextmanager
def at_rest(state: State) -> Iterator[None]:
    """No definition is written meanwhile, by any process."""
    lock = StateLock(catalog_lock(state.database), quiet=True)
    try:
        lock.acquire(within=_WAITS_FOR_WRITES)
    except StorageFailed as error:
        if error.code != STATE_IN_USE:
            raise
        msg = "The catalog is being written to without a pause; try again."
        raise StorageFailed(msg, code=BUSY, retry_after=5) from None
    try:
        yield
    finally:
        lock.release()


def definition_files(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """What the catalog may read there and we can keep, by name; and the names of what we cannot."""
    found: dict[str, Path] = {}
    left_out: list[str] = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.lower().endswith(SUFFIXES):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            plain = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_DEFINITION
            if plain and entry.name.isprintable():
                found[entry.name] = folder / entry.name
            else:
                left_out.append(entry.name.encode("utf-8", "backslashreplace").decode())
    return found, sorted(left_out)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_content(database: Path) -> bool:
    try:
        return database.stat().st_size > 0
    except OSError:
        return False


def _take(
    state: State, part: Path, copy: Callable[[sqlite3.Connection, Path], None]
) -> tuple[int, list[str]]:
    """Files and database of one and the same moment: of a write to the catalog both show all or nothing."""
    address = f"file:{quote(str(state.database))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=5.0)) as live:
        live.execute("PRAGMA query_only = ON")
        with at_rest(state):
            live.execute("BEGIN")
            # The first read fixes the moment.
            [schema] = live.execute("PRAGMA user_version").fetchone()
            live.execute("SELECT count(*) FROM sqlite_master").fetchone()
            found, left_out = definition_files(state.definitions)
            (part / DEFINITIONS).mkdir(mode=0o700)
            for name, path in found.items():
                try:
                    _put(part / DEFINITIONS / name, _read(path))
                except FileNotFoundError:
                    continue
                except OSError:
                    left_out.append(name)
        copy(live, part / DATABASE)
    (part / DATABASE).chmod(0o600)
    return int(schema), sorted(left_out)


def _copy_all(live: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copied:
        live.backup(copied)
        # One file: what reads it needs no write-ahead log beside it.
        copied.execute("PRAGMA journal_mode = DELETE")


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_DEFINITION)


def _put(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _described(folder: Path, path: Path) -> ArchivedFile:
    return ArchivedFile(str(path.relative_to(folder)), path.stat().st_size, sha256_of(path))


def _pack(folder: Path, target: Path, manifest: Manifest, *, compressed: bool) -> None:
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    # A zip knows no time before that, and a machine without a battery may start in 1970.
    moment = max(manifest.created_at, _FIRST_OF_ZIP).timetuple()[:6]

    def entry(name: str, size: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, moment)
        info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        info.file_size = size
        return info

    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        with zipfile.ZipFile(file, "w") as archive:
            # First, so that a look at what a backup is reads no more than this.
            archive.writestr(entry(MANIFEST, len(text)), text)
            for one in manifest.files:
                with (
                    (folder / one.name).open("rb") as source,
                    archive.open(entry(one.name, one.bytes), "w") as into,
                ):
                    shutil.copyfileobj(source, into, _PIECE)
        file.flush()
        os.fsync(file.fileno())
