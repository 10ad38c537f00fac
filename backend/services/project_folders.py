"""Looks into the folders of the projects directory, without following links and in bounded time."""

import fnmatch
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from backend.domain import git_head
from backend.models.definitions import inner_path
from backend.services.folder_paths import (
    IsLink,
    LeadsOut,
    Parts,
    open_folder,
    open_root,
    read_file,
    resolve,
)

MAX_PROJECTS: Final = 2_000
MAX_DOCKERFILES: Final = 50
_DOCKERFILES: Final = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
_NO_DOCKERFILE: Final = ".dockerignore"
_FOLDERS_LOOKED_INTO: Final = 200
_ENTRIES_LOOKED_AT: Final = 5_000
_DEPTH: Final = 64
_HEAD_BYTES: Final = 4 * 1024
_PACKED_REFS_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Git:
    branch: str | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class Project:
    """What one folder holds. Size and files are at least so much when `truncated`."""

    name: str
    dockerfiles: tuple[str, ...] = ()
    git: Git | None = None
    size: int = 0
    files: int = 0
    truncated: bool = False
    problem: str | None = None


class ProjectFolders:
    """All methods block: call them in a thread."""

    def __init__(self, projects_dir: Path) -> None:
        self.projects_dir = projects_dir

    def scan(self, *, within: float, each: float) -> list[Project]:
        """Every project by name. Counting takes `each` seconds at most, and `within` for all.

        Raises OSError when the directory cannot be read.
        """
        end = time.monotonic() + within
        root = open_root(self.projects_dir)
        try:
            return [
                self._look(root, name, min(end, time.monotonic() + each)) for name in sorted(_folders(root))
            ]
        finally:
            os.close(root)

    def look(self, name: str, *, within: float) -> Project | None:
        """One project, or None where there is no such folder."""
        if name in {"", ".", ".."} or "/" in name or "\0" in name or name.startswith("."):
            return None
        try:
            root = open_root(self.projects_dir)
        except OSError:
            return None
        try:
            status = os.stat(name, dir_fd=root, follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode) and not stat.S_ISLNK(status.st_mode):
                return None
            return self._look(root, name, time.monotonic() + within)
        except (OSError, ValueError):
            return None
        finally:
            os.close(root)

    def _look(self, root: int, name: str, end: float) -> Project:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        try:
            folder = open_folder(root, (name,))
        except IsLink:
            return Project(
                shown, problem="It is a link, which builds do not follow: make it a folder of its own."
            )
        except OSError as error:
            return Project(
                shown,
                problem=f"It cannot be read ({error.strerror}): let the server, by chmod or chown.",
            )
        try:
            dockerfiles, git = _dockerfiles(folder), _git(folder)
            count = _counted(folder, end)
        except OSError as error:
            return Project(shown, problem=f"It could not be looked through: {error.strerror}.")
        finally:
            os.close(folder)
        return Project(
            shown, dockerfiles, git, count.size, count.files, count.truncated, problem=_problem(name)
        )


def _problem(name: str) -> str | None:
    try:
        inner_path(name)
    except ValueError:
        return (
            "No definition can name it as its `build_context`: rename it to letters, digits, '-', '_' and "
            "'.', beginning with a letter or digit."
        )
    return None


def _folders(root: int) -> Iterator[str]:
    found = 0
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not (
                entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and entry.is_dir())
            ):
                continue
            found += 1
            if found > MAX_PROJECTS:
                return
            yield entry.name


def _dockerfiles(folder: int) -> tuple[str, ...]:
    """At the top and one level down, the top ones first."""
    top, below = _seen(folder, "")
    found = sorted(top)
    left = _ENTRIES_LOOKED_AT
    for name in sorted(below)[:_FOLDERS_LOOKED_INTO]:
        try:
            descriptor = open_folder(folder, (name,))
        except (OSError, IsLink):
            continue
        try:
            more, _ = _seen(descriptor, f"{name}/", at_most=left)
        finally:
            os.close(descriptor)
        found += sorted(more)
        left -= _ENTRIES_LOOKED_AT // _FOLDERS_LOOKED_INTO
    return tuple(path for path in found if path.isprintable())[:MAX_DOCKERFILES]


def _seen(folder: int, prefix: str, at_most: int = _ENTRIES_LOOKED_AT) -> tuple[list[str], list[str]]:
    """The Dockerfiles and the folders among the first entries."""
    dockerfiles: list[str] = []
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in islice(entries, at_most):
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    folders.append(entry.name)
            elif _is_dockerfile(entry.name) and entry.is_file(follow_symlinks=False):
                dockerfiles.append(prefix + entry.name)
    return dockerfiles, folders


def _is_dockerfile(name: str) -> bool:
    return not name.endswith(_NO_DOCKERFILE) and any(
        fnmatch.fnmatchcase(name, pattern) for pattern in _DOCKERFILES
    )


def _git(folder: int) -> Git | None:
    """What is checked out; None for no repository, and for one whose files lie outside of the project."""
    try:
        place = _git_folder(folder)
        text = _text(folder, (*place, "HEAD"), _HEAD_BYTES) if place else None
        head = git_head.read_head(text) if text else None
        if place is None or head is None:
            return None
        return Git(head.branch, head.commit or _commit(folder, place, head.ref or ""))
    except (OSError, IsLink, LeadsOut):
        return None


def _git_folder(folder: int) -> Parts | None:
    try:
        kind = os.stat(".git", dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(kind):
        return (".git",)
    pointed_to = git_head.pointed_to(_text(folder, (".git",), _HEAD_BYTES) or "")
    return resolve(folder, pointed_to) if pointed_to else None


def _commit(folder: int, place: Parts, ref: str) -> str | None:
    # A worktree keeps its own HEAD and shares the rest with the repository it belongs to.
    common = _text(folder, (*place, "commondir"), _HEAD_BYTES)
    places = [place] if common is None else [place, resolve(folder, common.strip(), start=place)]
    for around in places:
        if loose := _text(folder, (*around, *ref.split("/")), _HEAD_BYTES):
            return git_head.read_commit(loose)
    packed = _text(folder, (*places[-1], "packed-refs"), _PACKED_REFS_BYTES)
    return git_head.packed_commit(packed, ref) if packed else None


def _text(folder: int, parts: Parts, at_most: int) -> str | None:
    content = read_file(folder, parts, at_most)
    return None if content is None else content.decode("utf-8", "replace")


@dataclass(slots=True)
class _Count:
    """Bytes and number of files so far; `truncated` when time or depth ended the count."""

    end: float
    size: int = 0
    files: int = 0
    truncated: bool = False
    _steps: int = 0

    def list(self, descriptor: int) -> list[str]:
        """Count the files of one folder; returns the folders in it."""
        below: list[str] = []
        with os.scandir(descriptor) as entries:
            for entry in entries:
                self._steps += 1
                if not self._steps % 64 and time.monotonic() > self.end:
                    self.truncated = True
                    return []
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.name)
                    continue
                with suppress(OSError):
                    self.size += entry.stat(follow_symlinks=False).st_size
                    self.files += 1
        return below


def _counted(folder: int, end: float) -> _Count:
    count = _Count(end)
    stack = [(os.dup(folder), count.list(folder))]
    try:
        while stack:
            descriptor, names = stack[-1]
            if not names or count.truncated:
                os.close(stack.pop()[0])
                continue
            name = names.pop()
            if len(stack) == _DEPTH:
                count.truncated = True
                continue
            with suppress(OSError, IsLink):
                below = open_folder(descriptor, (name,))
                stack.append((below, []))
                stack[-1] = (below, count.list(below))
    finally:
        for descriptor, _ in stack:
            os.close(descriptor)
    return count
