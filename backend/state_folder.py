"""The folder that holds our state: private, owned by one process at a time, on a disk whose kind we know."""

import errno
import fcntl
import logging
import os
import stat
import time
from pathlib import Path

from backend.errors import StorageFailed
from backend.storage_errors import STATE_IN_USE, from_os_error

logger = logging.getLogger(__name__)

_MOUNTS = Path("/proc/self/mountinfo")
_LOCKS_UNSUPPORTED = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})
# File systems whose machines do not share memory, which WAL needs.
_NETWORK_FILESYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "gfs2"}
    | {"glusterfs", "gpfs", "lustre", "nfs", "nfs4", "ocfs2", "smb3", "smbfs"}
)


def server_lock(database: Path) -> Path:
    """What the server that owns the state of `database` holds."""
    return database.with_name(f"{database.name}.lock")


def catalog_lock(database: Path) -> Path:
    """What is held while a definition is written."""
    return database.with_name("catalog.lock")


class StateLock:
    """An advisory lock on one file, held for the life of the process; the kernel frees it after a crash."""

    def __init__(self, path: Path, *, quiet: bool = False) -> None:
        self._path = path
        self._quiet = quiet
        self._descriptor: int | None = None

    def acquire(self, *, within: float = 0.0) -> None:
        """Raise StorageFailed with code `state_in_use` when another process holds it for `within` seconds.

        Visitors (`Database.open_for_a_visit`) hold it for moments only.
        """
        ends = time.monotonic() + within
        while True:
            try:
                self._acquire()
            except StorageFailed as error:
                if error.code != STATE_IN_USE or time.monotonic() >= ends:
                    raise
                time.sleep(0.02)
            else:
                return

    def _acquire(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise from_os_error(
                error, f"The lock {self._path} cannot be opened", self._path.parent
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _LOCKS_UNSUPPORTED:
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise self._refusal(error, holder) from error
            level = logging.DEBUG if self._quiet else logging.WARNING
            logger.log(
                level, "%s cannot be locked on this file system; start only one server on it", self._path
            )
        self._descriptor = descriptor
        if self._quiet:
            return  # It is taken for each write: who holds it is not worth one more.
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            logger.debug("the process id could not be noted in %s", self._path)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _refusal(self, error: OSError, holder: str) -> StorageFailed:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            return from_os_error(error, f"The lock {self._path} cannot be taken", self._path.parent)
        who = f" (process {holder})" if holder.isdigit() else ""
        return StorageFailed(
            f"Another server{who} already uses the state in {self._path.parent.resolve()}. "
            "Stop it, or give this one another DATABASE_PATH.",
            code=STATE_IN_USE,
        )


def prepare(database: Path) -> None:
    """Create the folder 0700 and the database file 0600; SQLite gives its side files the same mode."""
    try:
        if not database.parent.is_dir():
            database.parent.parent.mkdir(parents=True, exist_ok=True)
            database.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            _keep_private(database)
    except OSError as error:
        raise from_os_error(error, f"The database {database} cannot be opened", database.parent) from error


def _keep_private(database: Path) -> None:
    """Without opening it: closing it would drop the locks that SQLite holds on it in this process (POSIX)."""
    mode = database.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(database))
    if mode & 0o077:
        database.chmod(0o600)
    if not os.access(database, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(database))


def shares_memory(filesystem: str | None) -> bool:
    """Whether SQLite's write-ahead log is safe there; an unknown file system is taken for a local one."""
    return filesystem not in _NETWORK_FILESYSTEMS


def filesystem_of(path: Path) -> str | None:
    """The kernel's name of the file system that holds `path`: "ext4", "nfs4"; None where it cannot tell."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return filesystem_in(mounts, path.resolve())


def filesystem_in(mounts: str, path: Path) -> str | None:
    """The same from the text of `/proc/self/mountinfo` (proc(5)): the last of the deepest mounts wins."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        mount_point = Path(_unescape(fields[4]))
        if path.is_relative_to(mount_point) and (found is None or len(mount_point.parts) >= found[0]):
            found = (len(mount_point.parts), after.split(" ")[0])
    return found[1] if found else None


def _unescape(field: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field
