"""Goes through a build context: every entry that is to be sent, judged and counted, and none that is not."""

import os
import stat
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from backend.domain.ignore_rules import IgnoreRules, Matched
from backend.errors import Conflict, InvalidInput, PayloadTooLarge
from backend.services.folder_paths import IsLink, LeadsOut, LeadsRound, open_folder, resolve

LOOKED_AT_PER_FILE: Final = 10
"""How many entries may be looked at for each one that may be sent; the others are ignored ones."""
_LOOK_AT_CLOCK_EVERY: Final = 256
_KINDS: Final = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
)
MEND: Final = "remove it, or name it in .dockerignore"


@dataclass(frozen=True, slots=True)
class ContextLimits:
    bytes: int = 2 * 1024**3
    files: int = 100_000
    depth: int = 64
    seconds: float = 60.0
    """How long the look before anything is sent may take."""


@dataclass(slots=True)
class Tally:
    """What a walk met so far."""

    files: int = 0
    """Files and links to send; folders are counted by themselves, against the same limit."""
    folders: int = 0
    bytes: int = 0
    ignored: int = 0
    looked_at: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One entry to send. `folder` is a descriptor that stays open until the next entry is asked for."""

    path: str
    folder: int
    stat: os.stat_result
    target: str = ""
    """Of a link, as it is written."""


@dataclass(slots=True)
class _Folder:
    descriptor: int
    parts: tuple[str, ...]
    matched: Matched
    names: list[str]
    """What is left to visit, the next one last."""
    unsent: Found | None
    """Itself, when it is ignored: it is sent only when something in it is."""


class Abandoned(Exception):
    """Nobody waits for this walk any more."""


class ContextWalk:
    """One pass over the tree below `root`, sorted by name. Blocks: for a thread.

    Descriptors are opened below descriptors only, and links are never followed, so a tree that is changed
    meanwhile leads nowhere else. `vanished` is told of what was there a moment before; `stop` is asked
    now and then.
    """

    def __init__(
        self,
        root: int,
        rules: IgnoreRules,
        limits: ContextLimits,
        *,
        deadline: float | None = None,
        stop: Callable[[], bool] = lambda: False,
        vanished: Callable[[str], None] = lambda _path: None,
    ) -> None:
        self._root = root
        self._rules = rules
        self._limits = limits
        self._deadline = deadline
        self._stop = stop
        self._vanished = vanished
        self._steps = 0
        self.tally = Tally()

    def entries(self) -> Generator[Found]:
        """Raises InvalidInput, PayloadTooLarge, and OSError for what cannot be read."""
        stack = [self._listed(os.dup(self._root), (), self._rules.top, None)]
        try:
            while stack:
                folder = stack[-1]
                if not folder.names:
                    os.close(stack.pop().descriptor)
                    continue
                self._step()
                name = folder.names.pop()
                found = self._looked_at(folder, name)
                if found is None:
                    continue
                if stat.S_ISDIR(found.stat.st_mode):
                    verdict = self._rules.judge(found.path, folder.matched)
                    below = self._opened(folder, name, found, verdict.matched, ignored=verdict.ignored)
                    if below is not None:
                        stack.append(below)
                    if verdict.ignored:
                        continue
                for around in stack:
                    if around.unsent is not None:
                        yield around.unsent
                        around.unsent = None
                yield found
        finally:
            for folder in stack:
                os.close(folder.descriptor)

    def _looked_at(self, folder: _Folder, name: str) -> Found | None:
        path = "/".join((*folder.parts, name))
        try:
            status = os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                target = os.readlink(name, dir_fd=folder.descriptor)
                self._check_link(folder, path, target)
                return Found(path, folder.descriptor, status, target)
        except OSError:
            # Another kind of thing took a link's place, or it is gone.
            self._vanished(path)
            return None
        if stat.S_ISREG(status.st_mode):
            self.tally.bytes += status.st_size
            if self.tally.bytes > self._limits.bytes:
                raise PayloadTooLarge(
                    f"The build context has more than {_size(self._limits.bytes)}: '{path}' with "
                    f"{_size(status.st_size)} is too much. Name what the build does not need in "
                    ".dockerignore, or raise BUILD_CONTEXT_MAX_BYTES.",
                    code="context_too_large",
                )
        elif not stat.S_ISDIR(status.st_mode):
            kind = next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), "no file or folder")
            raise InvalidInput(
                f"'{path}' is {kind}, which cannot be part of a build: {MEND}.", code="unsupported_file"
            )
        return Found(path, folder.descriptor, status)

    def _check_link(self, folder: _Folder, path: str, target: str) -> None:
        _require_text(target, f"The target of the link '{path}'")
        try:
            resolve(self._root, target, start=folder.parts)
        except LeadsRound:
            raise InvalidInput(
                f"The link '{path}' -> '{target[:200]}' leads from link to link and to no file: {MEND}.",
                code="link_leads_round",
            ) from None
        except LeadsOut:
            raise InvalidInput(
                f"The link '{path}' -> '{target[:200]}' leads out of the build context. Make it a relative "
                "link that stays inside, copy what it points to, or name it in .dockerignore.",
                code="link_leads_out",
            ) from None

    def _opened(
        self, around: _Folder, name: str, found: Found, matched: Matched, *, ignored: bool
    ) -> _Folder | None:
        try:
            descriptor = open_folder(around.descriptor, (name,))
        except PermissionError:
            raise unreadable(found.path) from None
        except (OSError, IsLink):
            self._vanished(found.path)
            return None
        return self._listed(descriptor, (*around.parts, name), matched, found if ignored else None)

    def _listed(
        self, descriptor: int, parts: tuple[str, ...], matched: Matched, unsent: Found | None
    ) -> _Folder:
        """The folder with the names to visit. What is counted is counted here, before names pile up."""
        try:
            prefix = "".join(f"{part}/" for part in parts)
            names: list[str] = []
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if self._is_wanted(entry, prefix + entry.name, matched):
                        self._check_depth(parts, entry.name)
                        names.append(entry.name)
            names.sort(reverse=True)
            return _Folder(descriptor, parts, matched, names, unsent)
        except BaseException:
            os.close(descriptor)
            raise

    def _is_wanted(self, entry: os.DirEntry[str], path: str, matched: Matched) -> bool:
        self._step()
        self.tally.looked_at += 1
        limit = self._limits.files
        if self.tally.looked_at > limit * LOOKED_AT_PER_FILE:
            raise _too_many(limit * LOOKED_AT_PER_FILE, "entries, the ignored ones counted")
        is_folder = entry.is_dir(follow_symlinks=False)
        ignored = self._rules.judge(as_text(path), matched).ignored
        if ignored and not (is_folder and self._rules.may_hold_wanted(as_text(path))):
            self.tally.ignored += 1
            return False
        _require_text(path, "The name of")
        if is_folder:
            self.tally.folders += 1
        else:
            self.tally.files += 1
        if self.tally.files > limit:
            raise _too_many(limit, "files")
        if self.tally.folders > limit:
            raise _too_many(limit, "folders")
        return True

    def _check_depth(self, parts: tuple[str, ...], name: str) -> None:
        if len(parts) >= self._limits.depth:
            shown = "/".join((*parts[:3], "…", name))
            raise InvalidInput(
                f"'{shown}' lies more than {self._limits.depth} folders deep, which no build needs: {MEND}.",
                code="context_too_deep",
            )

    def _step(self) -> None:
        self._steps += 1
        if self._steps % _LOOK_AT_CLOCK_EVERY:
            return
        if self._stop():
            raise Abandoned
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise PayloadTooLarge(
                f"Looking through the build context took longer than {self._limits.seconds:.0f} s, and "
                f"{self.tally.looked_at:,} entries were seen by then. Name whole folders in .dockerignore: "
                "those are not looked into.",
                code="context_too_slow",
            )


def as_text(path: str) -> str:
    """The path as rules see it: bytes that are no UTF-8 become U+FFFD, as in Go."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path).decode("utf-8", "replace")
    return path


def unreadable(path: str) -> InvalidInput:
    return InvalidInput(
        f"'{path}' may not be read by the server: change its owner or mode, or name it in .dockerignore.",
        code="unreadable_file",
    )


def changed(path: str) -> Conflict:
    return Conflict(
        f"'{path}' changed while it was read, so the build was not begun with half of it. Build again when "
        "nothing writes to the project, or name it in .dockerignore.",
        code="context_changed",
    )


def _require_text(path: str, what: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        named = f"{what} '{shown}'" if what == "The name of" else f"{what}, '{shown}',"
        raise InvalidInput(
            f"{named} is not UTF-8, so neither a Dockerfile nor an answer could name it: rename it, or "
            "leave it out in .dockerignore.",
            code="unsupported_file",
        ) from None


def _too_many(limit: int, what: str) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The build context has more than {limit:,} {what}. Name what the build does not need in "
        ".dockerignore (whole folders are not looked into), or raise BUILD_CONTEXT_MAX_FILES.",
        code="too_many_files",
    )


def _size(count: int) -> str:
    """The same units that limits are set in."""
    for unit, name in ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count} bytes"
