"""Opens what lies below a folder without ever following a link: component by component, from a descriptor."""

import errno
import os
import stat
from collections.abc import Sequence

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO that took a file's place would wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_HOPS = 40

type Parts = tuple[str, ...]


class IsLink(Exception):
    """A component is a link, and links are not followed."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class LeadsOut(Exception):
    """A link points out of the folder."""


class LeadsRound(LeadsOut):
    """A link points from link to link without an end."""


def open_root(path: str | os.PathLike[str]) -> int:
    """The folder everything else is below. Its own path may hold links: it is configured, not uploaded."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def open_folder(root: int, parts: Sequence[str]) -> int:
    """A descriptor the caller closes. Raises IsLink and OSError."""
    descriptor = os.dup(root)
    for depth, name in enumerate(parts, 1):
        try:
            below = os.open(name, _FOLDER, dir_fd=descriptor)
        except OSError as error:
            # With O_DIRECTORY a link is "not a directory" too.
            if error.errno in {errno.ELOOP, errno.ENOTDIR} and is_link(name, descriptor):
                raise IsLink("/".join(parts[:depth])) from None
            raise
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def open_file(folder: int, name: str) -> int:
    """A regular file in `folder`. Raises IsLink, and OSError (EINVAL for what is no regular file)."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise IsLink(name) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def resolve(root: int, path: str, *, start: Sequence[str] = ()) -> Parts:
    """Where `path`, read in the folder `start`, leads when links are followed: parts without links.

    `start` holds no links. What does not exist resolves to itself. Raises LeadsOut when the way leaves
    `root`, even if it comes back, and LeadsRound.
    """
    if path.startswith("/"):
        raise LeadsOut
    done = list(start)
    left = path.split("/")[::-1]
    hops = 0
    while left:
        name = left.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            if not done:
                raise LeadsOut
            done.pop()
            continue
        target = _link_target(root, done, name)
        if target is None:
            done.append(name)
            continue
        hops += 1
        if target.startswith("/"):
            raise LeadsOut
        if hops > _MAX_HOPS:
            raise LeadsRound
        left.extend(target.split("/")[::-1])
    return tuple(done)


def _link_target(root: int, folder: Sequence[str], name: str) -> str | None:
    try:
        descriptor = open_folder(root, folder)
    except (OSError, IsLink):
        return None
    try:
        return os.readlink(name, dir_fd=descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def read_file(root: int, parts: Parts, at_most: int) -> bytes | None:
    """A small regular file; None where there is none. Raises OSError EFBIG, IsLink."""
    try:
        folder = open_folder(root, parts[:-1])
    except FileNotFoundError:
        return None
    try:
        descriptor = open_file(folder, parts[-1])
    except FileNotFoundError:
        return None
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        content = b""
        while chunk := file.read(at_most + 1 - len(content)):
            content += chunk
            if len(content) > at_most:
                raise OSError(errno.EFBIG, "too large")
    return content
