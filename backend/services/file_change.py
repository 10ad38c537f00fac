"""One crash-safe change of one file: whoever looks, whenever, sees the old text or the new one."""

import contextlib
import errno
import logging
import os
import re
from collections.abc import Callable
from pathlib import PurePath

from backend.domain.yaml_tree import MAX_BYTES
from backend.errors import StorageFailed
from backend.services.definition_files import (
    ChangedMeanwhile,
    DefinitionFiles,
    Traces,
    read_up_to,
    sha256_of,
)
from backend.storage_errors import from_os_error

logger = logging.getLogger(__name__)

_LEFTOVER = re.compile(r"\.[a-z0-9_-]{1,63}\.[0-9a-f]{32}\.(tmp|old)")
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileChange:
    """Puts `content` in place of what has the hash `expected`; None stands for no file, on either side.

    Call `carry_out`, then `finish` or `undo`. All methods block. `token` makes the side files' names unique;
    `at_step` is told each step that is done.
    """

    def __init__(
        self,
        files: DefinitionFiles,
        file: str,
        *,
        token: str,
        expected: str | None,
        content: bytes | None,
        at_step: Callable[[str], None],
    ) -> None:
        self._files = files
        self._file = file
        self._expected = expected
        self._content = content
        self._at_step = at_step
        stem = PurePath(file).stem
        self._temporary = f".{stem}.{token}.tmp"
        self._kept = f".{stem}.{token}.old"
        self._written: tuple[int, int, int] | None = None

    def carry_out(self) -> None:
        """Raises ChangedMeanwhile or StorageFailed, and has then changed nothing."""
        with self._files.opened() as folder:
            try:
                try:
                    if self._content is not None:
                        self._write_temporary(folder, self._content)
                    self._check_present(folder)
                    self._at_step("present file checked")
                    self._exchange(folder)
                except BaseException:
                    _remove(folder, self._temporary)
                    raise
                self._at_step("file renamed")
                _sync(folder)
                self._at_step("folder synced")
            except FileExistsError as error:
                raise ChangedMeanwhile from error
            except OSError as error:
                self._take_back(folder)
                what = f"The definition file {self._file} cannot be written"
                raise from_os_error(error, what, self._files.folder) from error

    def finish(self) -> Traces:
        """Drop what was kept for `undo`. Returns the file's traces as we left it, or () if that is unsure."""
        try:
            with self._files.opened() as folder:
                _remove(folder, self._kept)
            traces = self._files.glance(PurePath(self._file).stem)
        except (StorageFailed, OSError) as error:
            logger.warning("after writing %s: %s", self._file, error)
            return ()
        if self._content is None or len(traces) != 1:
            return ()
        ours = (traces[0].inode, traces[0].size, traces[0].modified_ns) == self._written
        return traces if ours else ()

    def undo(self) -> None:
        """Put the old state back; needs no room on the disk. Somebody's newer edit stays."""
        with self._files.opened() as folder:
            self._take_back(folder)

    def _write_temporary(self, folder: int, content: bytes) -> None:
        descriptor = os.open(self._temporary, _NEW_FILE, 0o666, dir_fd=folder)
        try:
            self._take_over_owner(folder, descriptor)
            half = len(content) // 2
            _write_all(descriptor, content[:half])
            self._at_step("temporary file half written")
            _write_all(descriptor, content[half:])
            os.fsync(descriptor)
            status = os.fstat(descriptor)
            self._written = (status.st_ino, status.st_size, status.st_mtime_ns)
        finally:
            os.close(descriptor)
        self._at_step("temporary file written")

    def _take_over_owner(self, folder: int, descriptor: int) -> None:
        """A server run as root must not take files away from the person who edits them by hand."""
        try:
            model = os.stat(self._file, dir_fd=folder, follow_symlinks=False)
            os.fchmod(descriptor, model.st_mode & 0o777)
        except FileNotFoundError:
            model = os.fstat(folder)
        with contextlib.suppress(OSError):
            os.fchown(descriptor, model.st_uid, model.st_gid)

    def _check_present(self, folder: int) -> None:
        if self._hash(folder, self._file) != self._expected:
            raise ChangedMeanwhile

    def _exchange(self, folder: int) -> None:
        if self._content is None:
            os.rename(self._file, self._kept, src_dir_fd=folder, dst_dir_fd=folder)
            return
        if self._expected is None:
            self._put_where_nothing_is(folder)
            return
        self._keep_old(folder)
        self._at_step("old file kept")
        os.rename(self._temporary, self._file, src_dir_fd=folder, dst_dir_fd=folder)

    def _put_where_nothing_is(self, folder: int) -> None:
        # Unlike a rename, a link fails when somebody put a file there since we looked.
        try:
            os.link(self._temporary, self._file, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.rename(self._temporary, self._file, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.unlink(self._temporary, dir_fd=folder)

    def _keep_old(self, folder: int) -> None:
        try:
            os.link(self._file, self._kept, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            copy = os.open(self._kept, _NEW_FILE, 0o600, dir_fd=folder)
            try:
                _write_all(copy, self._content_of(folder, self._file))
                os.fsync(copy)
            finally:
                os.close(copy)

    def _take_back(self, folder: int) -> None:
        new = None if self._content is None else sha256_of(self._content)
        try:
            if self._hash(folder, self._file) == new:
                if self._content is None:
                    os.link(
                        self._kept, self._file, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False
                    )
                elif self._expected is None:
                    os.unlink(self._file, dir_fd=folder)
                else:
                    os.rename(self._kept, self._file, src_dir_fd=folder, dst_dir_fd=folder)
            _remove(folder, self._kept)
            _sync(folder)
        except OSError as error:
            logger.warning("%s could not be put back as it was: %s", self._file, error)

    def _hash(self, folder: int, file: str) -> str | None:
        try:
            return sha256_of(self._content_of(folder, file))
        except FileNotFoundError:
            return None

    def _content_of(self, folder: int, file: str) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(file, flags, dir_fd=folder)
        try:
            return read_up_to(descriptor, MAX_BYTES + 1)
        finally:
            os.close(descriptor)


def hash_of(files: DefinitionFiles, file: str) -> str | None:
    """The hash of what lies there now; None when nothing does, "" when it is no readable file."""
    with files.opened() as folder:
        try:
            descriptor = os.open(
                file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
            )
        except FileNotFoundError:
            return None
        except OSError:
            return ""
        try:
            return sha256_of(read_up_to(descriptor, MAX_BYTES + 1))
        except OSError:
            return ""
        finally:
            os.close(descriptor)


def kept_text(files: DefinitionFiles, file: str, token: str) -> str | None:
    """What the change of that token took the place of, as long as its side file lies there."""
    kept = files.folder / f".{PurePath(file).stem}.{token}.old"
    try:
        return kept.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def remove_leftovers(files: DefinitionFiles) -> list[str]:
    """Remove the side files that a crash left behind; call it when no change is under way."""
    with files.opened() as folder:
        found = [name for name in os.listdir(folder) if _LEFTOVER.fullmatch(name)]  # noqa: PTH208 — by descriptor
        for name in found:
            _remove(folder, name)
    return found


def _remove(folder: int, file: str) -> None:
    try:
        os.unlink(file, dir_fd=folder)
    except FileNotFoundError:
        return
    except OSError as error:
        # A read-only file system says so even of files that are not there.
        if error.errno != errno.EROFS:
            logger.warning("%s could not be removed: %s", file, error)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        # Some network file systems cannot sync a folder; their rename is as durable as they make it.
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
