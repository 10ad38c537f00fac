"""A folder of source as the context of a build: opened safely, judged before it is sent, sent as a tar."""

import errno
import functools
import os
import stat
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from backend.domain.ignore_rules import MAX_BYTES, IgnoreRules
from backend.errors import FieldError, InvalidInput, NotFound, OrchestratorError
from backend.services.context_tar import ContextTar
from backend.services.context_walk import Abandoned, ContextLimits, ContextWalk, changed, unreadable
from backend.services.folder_paths import (
    IsLink,
    LeadsOut,
    Parts,
    open_file,
    open_folder,
    open_root,
    read_file,
    resolve,
)

__all__ = ["BuildContext", "ContextLimits", "Survey"]

DOCKERFILE: Final = "Dockerfile"
IGNORE_FILE: Final = ".dockerignore"
THREADS: Final = 4
"""How many contexts are read at once, so that slow disks do not hold every thread of the server."""

type _Inode = tuple[int, int]


@functools.cache
def _threads() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(THREADS)


@dataclass(frozen=True, slots=True)
class Survey:
    """What would be sent. `ignored` counts entries left behind; an ignored folder counts as one."""

    files: int
    bytes: int
    ignored: int


class BuildContext:
    """An opened folder below the projects directory; use `open`.

    `dockerfile` is where the Dockerfile lies in the tar, without links. `sent_files` and `sent_bytes` grow
    while the tar is read; `failure` is why it ended early, for clients that hide what their body raises.
    """

    def __init__(
        self,
        root: int,
        *,
        name: str,
        dockerfile: str,
        rules: IgnoreRules,
        limits: ContextLimits,
        stop: threading.Event,
    ) -> None:
        self.name = name
        self.dockerfile = dockerfile
        self.sent_files = 0
        self.sent_bytes = 0
        self.failure: OrchestratorError | None = None
        self._root = root
        self._rules = rules
        self._limits = limits
        self._own_links: frozenset[_Inode] | None = None
        self._stop = stop
        # A cancelled caller may leave a read under way in its thread; no descriptor is closed under it.
        self._turn = threading.Lock()
        self._packed: ContextTar | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        projects_dir: Path,
        build_context: str,
        dockerfile: str | None = None,
        limits: ContextLimits = ContextLimits(),  # noqa: B008
    ) -> AsyncGenerator["BuildContext"]:
        """Find the folder, its Dockerfile and its ignore rules; `async with`.

        Raises NotFound `project_not_found` and InvalidInput `invalid_path`, `link_leads_out`,
        `dockerfile_missing`, `ignore_file_invalid`, `unreadable_file`.
        """
        opening = _Opening(projects_dir, build_context, dockerfile or DOCKERFILE, limits)
        try:
            yield await anyio.to_thread.run_sync(opening.begin)
        finally:
            opening.give_up()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(opening.end)

    async def survey(self) -> Survey:
        """Look through the folder and count; nothing is read but names, sizes and kinds.

        Raises PayloadTooLarge `context_too_large`, `too_many_files`, `context_too_slow`, and InvalidInput
        `context_too_deep`, `unsupported_file`, `unreadable_file`, `link_leads_out`.
        """
        # Left to end by itself when cancelled: closing the context stops it and waits for it.
        return await anyio.to_thread.run_sync(self._survey, abandon_on_cancel=True, limiter=_threads())

    async def dockerfile_text(self) -> str:
        """What the Dockerfile says; empty when it is longer than any that a person writes."""
        return await anyio.to_thread.run_sync(self._read_dockerfile)

    async def tar(self) -> AsyncGenerator[bytes]:
        """The context as a tar, in pieces that are made only when they are asked for.

        What the survey refuses is refused again, with Conflict `context_changed` when a file changes,
        vanishes or is swapped while it is read. Close the generator to give up.
        """
        try:
            if self._own_links is None:
                await self.survey()
            while piece := await anyio.to_thread.run_sync(self._next_piece, limiter=_threads()):
                self.sent_bytes += len(piece)
                yield piece
        except OrchestratorError as error:
            self.failure = error
            raise

    def _survey(self) -> Survey:
        deadline = time.monotonic() + self._limits.seconds
        walk = ContextWalk(self._root, self._rules, self._limits, deadline=deadline, stop=self._stop.is_set)
        total = 0
        links: dict[_Inode, list[Any]] = {}
        with self._turn, closing(walk.entries()) as entries:
            for found in entries:
                if not stat.S_ISREG(found.stat.st_mode):
                    continue
                total += found.stat.st_size
                if found.stat.st_nlink > 1:
                    inode = (found.stat.st_dev, found.stat.st_ino)
                    links.setdefault(inode, [found.stat.st_nlink, found.path])[0] -= 1
        for missing, path in links.values():
            if missing > 0:
                raise InvalidInput(
                    f"'{path}' is a hard link, and {missing} of its names lie outside of what would be sent, "
                    "so it could be a file of somebody else. Copy the file in its place (rsync does), or "
                    "name it in .dockerignore.",
                    code="link_leads_out",
                )
        self._own_links = frozenset(links)
        return Survey(files=walk.tally.files, bytes=total, ignored=walk.tally.ignored)

    def _read_dockerfile(self) -> str:
        try:
            content = read_file(self._root, tuple(self.dockerfile.split("/")), MAX_BYTES)
        except PermissionError:
            raise unreadable(self.dockerfile) from None
        except (OSError, IsLink):
            return ""
        return (content or b"").decode("utf-8", "replace")

    def _next_piece(self) -> bytes:
        with self._turn:
            if self._stop.is_set():
                return b""
            if self._packed is None:
                walk = ContextWalk(
                    self._root, self._rules, self._limits, stop=self._stop.is_set, vanished=_refuse_vanished
                )
                self._packed = ContextTar(walk, self._is_own)
            piece = self._packed.next_piece()
            self.sent_files = self._packed.files
            return piece

    def _is_own(self, status: os.stat_result) -> bool:
        return status.st_nlink == 1 or (status.st_dev, status.st_ino) in (self._own_links or ())

    def close(self) -> None:
        """Blocks until a read under way in another thread is done."""
        with self._turn:
            if self._packed is not None:
                self._packed.close()
            os.close(self._root)


def open_project(projects_dir: Path, build_context: str) -> int:
    """A descriptor of a folder below the projects directory, which the caller closes."""
    parts = _parts(build_context, "build_context")
    try:
        projects = open_root(projects_dir)
    except OSError as error:
        raise NotFound(
            f"The projects directory {projects_dir} cannot be opened: {error.strerror}. Set PROJECTS_DIR to "
            "the folder that projects are uploaded to.",
            code="project_not_found",
        ) from None
    try:
        return open_folder(projects, parts)
    except IsLink as link:
        raise InvalidInput(
            f"'{link.path}' in the projects directory is a link, and links there are not followed, since "
            "they may lead anywhere: make it a folder of its own.",
            code="link_leads_out",
        ) from None
    except PermissionError:
        raise unreadable(build_context) from None
    except OSError:
        raise NotFound(
            f"The projects directory has no folder '{build_context}'. Upload it first, for instance with "
            f"rsync to {projects_dir}/{parts[0]}/.",
            code="project_not_found",
        ) from None
    finally:
        os.close(projects)


class _Opening:
    """A context from before it is opened: a caller cancelled in between leaves no descriptor behind."""

    def __init__(
        self, projects_dir: Path, build_context: str, dockerfile: str, limits: ContextLimits
    ) -> None:
        self._projects_dir = projects_dir
        self._name = build_context
        self._dockerfile = dockerfile
        self._limits = limits
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._opened: BuildContext | None = None

    def begin(self) -> BuildContext:
        with self._turn:
            if self._stop.is_set():
                raise Abandoned
            root = open_project(self._projects_dir, self._name)
            try:
                lies_at = "/".join(_dockerfile(root, self._name, self._dockerfile))
                rules = _rules(root, self._dockerfile, always=(lies_at, IGNORE_FILE))
                self._opened = BuildContext(
                    root,
                    name=self._name,
                    dockerfile=lies_at,
                    rules=rules,
                    limits=self._limits,
                    stop=self._stop,
                )
            except BaseException:
                os.close(root)
                raise
            return self._opened

    def give_up(self) -> None:
        """Ask a walk that is under way to end soon; does not block."""
        self._stop.set()

    def end(self) -> None:
        with self._turn:
            if self._opened is not None:
                self._opened.close()


def _dockerfile(root: int, build_context: str, dockerfile: str) -> Parts:
    """Where the Dockerfile lies; as with Docker it may be a link, so long as that stays inside."""
    _parts(dockerfile, "dockerfile")
    try:
        parts = resolve(root, dockerfile)
        folder = open_folder(root, parts[:-1])
        try:
            os.close(open_file(folder, parts[-1]))
        finally:
            os.close(folder)
    except LeadsOut:
        raise _dockerfile_leads_out(dockerfile) from None
    except PermissionError:
        raise unreadable(dockerfile) from None
    except (OSError, IsLink, IndexError):
        raise InvalidInput(
            f"'{build_context}' has no file '{dockerfile}', which the build is to follow. Upload it, or say "
            "in the definition's 'dockerfile' where it lies in that folder.",
            code="dockerfile_missing",
        ) from None
    return parts


def _rules(root: int, dockerfile: str, *, always: tuple[str, ...]) -> IgnoreRules:
    """`<dockerfile>.dockerignore` goes before `.dockerignore`, as with BuildKit."""
    for name in (f"{dockerfile}.dockerignore", IGNORE_FILE):
        try:
            content = read_file(root, resolve(root, name), MAX_BYTES)
        except LeadsOut:
            raise _dockerfile_leads_out(name) from None
        except PermissionError:
            raise unreadable(name) from None
        except (OSError, IsLink) as error:
            reason = "it is larger than 256 KiB" if _errno(error) == errno.EFBIG else "it is not a file"
            raise InvalidInput(f"'{name}' cannot be used: {reason}.", code="ignore_file_invalid") from None
        if content is not None:
            return IgnoreRules.parse(content.decode("utf-8", "replace"), always=always)
    return IgnoreRules(always=always)


def _parts(path: str, field: str) -> Parts:
    """The components of a path as definitions may have it, whoever asks."""
    parts = tuple(path.split("/"))
    if any(part in {"", ".", ".."} or "\0" in part or not part.isprintable() for part in parts):
        reason = "must be a relative path without '..', such as 'my-project' or 'my-project/web'"
        raise InvalidInput(f"`{field}` {reason}.", code="invalid_path", errors=(FieldError(field, reason),))
    return parts


def _dockerfile_leads_out(name: str) -> InvalidInput:
    return InvalidInput(
        f"'{name}' is a link that leads out of the build context: copy the file into the project.",
        code="link_leads_out",
    )


def _refuse_vanished(path: str) -> None:
    raise changed(path)


def _errno(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None
