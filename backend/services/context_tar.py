"""Packs a build context into a tar, piece by piece, out of files that may be changed meanwhile."""

import os
import stat
import tarfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Final

from backend.services.context_walk import ContextWalk, Found, changed, unreadable
from backend.services.folder_paths import IsLink, open_file

PIECE: Final = 256 * 1024
"""Bytes that are handed on at once, at least; a file is read in pieces of this size too."""
_END: Final = bytes(2 * tarfile.BLOCKSIZE)
_LATEST: Final = 8**11 - 1


class ContextTar:
    """A tar as pieces, for a thread.

    As Docker packs it: owner root, modes and times kept, links as links, sparse files in full length, no
    extended attributes. Raises Conflict `context_changed` as soon as a file is not what it was.
    """

    def __init__(self, walk: ContextWalk, may_be_read: Callable[[os.stat_result], bool]) -> None:
        self.files = 0
        """Packed so far."""
        self._may_be_read = may_be_read
        self._pieces = self._packed(walk)

    def next_piece(self) -> bytes:
        """The next bytes; empty at the end, and after `close`."""
        return next(self._pieces, b"")

    def close(self) -> None:
        self._pieces.close()

    def _packed(self, walk: ContextWalk) -> Generator[bytes]:
        piece = bytearray()
        with closing(walk.entries()) as entries:
            for found in entries:
                for part in self._entry(found):
                    piece += part
                    if len(piece) >= PIECE:
                        yield bytes(piece)
                        piece.clear()
        yield bytes(piece) + _END

    def _entry(self, found: Found) -> Iterator[bytes]:
        self.files += not stat.S_ISDIR(found.stat.st_mode)
        header = tarfile.TarInfo(found.path)
        header.mode = stat.S_IMODE(found.stat.st_mode)
        header.mtime = min(max(int(found.stat.st_mtime), 0), _LATEST)
        if stat.S_ISREG(found.stat.st_mode):
            yield from self._file(found, header)
            return
        if stat.S_ISLNK(found.stat.st_mode):
            header.type, header.linkname = tarfile.SYMTYPE, found.target
        else:
            header.type = tarfile.DIRTYPE
        yield header.tobuf(tarfile.PAX_FORMAT)

    def _file(self, found: Found, header: tarfile.TarInfo) -> Iterator[bytes]:
        try:
            descriptor = open_file(found.folder, found.path.rpartition("/")[2])
        except PermissionError:
            raise unreadable(found.path) from None
        except (OSError, IsLink):
            raise changed(found.path) from None
        try:
            if _trace(os.fstat(descriptor)) != _trace(found.stat) or not self._may_be_read(found.stat):
                raise changed(found.path)
            header.size = left = found.stat.st_size
            yield header.tobuf(tarfile.PAX_FORMAT)
            while left:
                part = os.read(descriptor, min(PIECE, left))
                if not part:
                    raise changed(found.path)
                left -= len(part)
                yield part
            if _trace(os.fstat(descriptor)) != _trace(found.stat):
                raise changed(found.path)
            yield bytes(-found.stat.st_size % tarfile.BLOCKSIZE)
        finally:
            os.close(descriptor)


def _trace(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
