"""The folder of definition files as it is on disk: what lies there, and what one file says."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.domain.yaml_tree import MAX_BYTES, SUFFIXES
from backend.errors import FieldError
from backend.models.definitions import NAME
from backend.storage_errors import from_os_error


@dataclass(frozen=True, slots=True)
class Trace:
    """What a glance at a file shows; another trace means that the file must be read again."""

    file: str
    mode: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


type Traces = tuple[Trace, ...]
"""All files that claim one name; empty when there is none."""


@dataclass(frozen=True, slots=True)
class FileText:
    """What the file of one name says. `file` is None where we must not write: the reason is `problem`."""

    name: str
    traces: Traces
    file: str | None
    text: str
    sha256: str
    problem: FieldError | None = None


class ChangedMeanwhile(Exception):
    """The file is not what the caller last saw."""


class DefinitionFiles:
    """All methods block: call them in a thread. The folder may be replaced, so each opens it anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, "The definitions folder cannot be created", self.folder) from error

    @contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor of the folder; what is done through it cannot be led elsewhere."""
        try:
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise from_os_error(error, "The definitions folder cannot be read", self.folder) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def scan(self) -> dict[str, Traces]:
        """Every name that a file claims. Folders below, hidden files and other endings are not looked at."""
        found: dict[str, list[Trace]] = {}
        with self.opened() as folder:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122 — Path would drop odd names
                        if stem.startswith(".") or suffix.lower() not in SUFFIXES:
                            continue
                        trace = _trace(folder, entry.name)
                        if trace is not None:
                            found.setdefault(shown(stem), []).append(trace)
            except OSError as error:
                raise from_os_error(error, "The definitions folder cannot be read", self.folder) from error
        return {name: tuple(sorted(traces, key=lambda trace: trace.file)) for name, traces in found.items()}

    def glance(self, name: str) -> Traces:
        """The traces of one valid name, without a look at the others."""
        with self.opened() as folder:
            traces = (_trace(folder, name + suffix) for suffix in SUFFIXES)
            return tuple(trace for trace in traces if trace is not None)

    def read(self, name: str, traces: Traces) -> FileText:
        """Read what was seen. Raises ChangedMeanwhile when it is no longer so: look again later."""
        if len(traces) > 1:
            files = " and ".join(shown(trace.file) for trace in traces)
            return _unwritable(name, traces, f"{files} both claim this name; keep one of them")
        trace = traces[0]
        reason = _why_not_a_file(trace)
        if reason is not None:
            return _unwritable(name, traces, reason)
        with self.opened() as folder:
            try:
                content = _read_unchanged(folder, trace)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ELOOP):
                    raise ChangedMeanwhile from error
                return _unwritable(name, traces, f"the file cannot be read: {error.strerror}")
        return _as_text(name, traces, content)


def shown(text: str) -> str:
    """A file's name as text that can be printed and sent, whatever bytes it is made of."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_up_to(descriptor: int, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0 and (part := os.read(descriptor, min(limit, 1 << 16))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _trace(folder: int, file: str) -> Trace | None:
    try:
        status = os.stat(file, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Trace(
        file=file,
        mode=status.st_mode,
        inode=status.st_ino,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
    )


def _why_not_a_file(trace: Trace) -> str | None:
    if stat.S_ISLNK(trace.mode):
        return "the file is a symbolic link, and links are not followed; put the file itself here"
    if not stat.S_ISREG(trace.mode):
        return "this is not a file; a definition is a text file"
    if trace.size > MAX_BYTES:
        return f"the file has {trace.size} bytes; a definition has at most {MAX_BYTES} (256 KiB)"
    return None


def _read_unchanged(folder: int, trace: Trace) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(trace.file, flags, dir_fd=folder)
    try:
        content = read_up_to(descriptor, MAX_BYTES + 1)
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    after = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if after != (trace.inode, trace.size, trace.modified_ns, trace.changed_ns) or len(content) != trace.size:
        raise ChangedMeanwhile
    return content


def _as_text(name: str, traces: Traces, content: bytes) -> FileText:
    file = traces[0].file
    sha256 = sha256_of(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        problem = FieldError(
            "",
            "the file is not UTF-8 text; save it as UTF-8",
            line=before.count(b"\n") + 1,
            column=error.start - (before.rfind(b"\n") + 1) + 1,
        )
        return FileText(name, traces, None, content.decode("utf-8", "replace"), sha256, problem)
    stem, suffix = os.path.splitext(file)  # noqa: PTH122 — as in scan()
    if not NAME.fullmatch(stem):
        reason = (
            f"the file's name gives the service's, and '{name}' is none: 1 to 63 of a-z, 0-9, '-' and '_', "
            "beginning and ending with a letter or digit; rename the file"
        )
        return FileText(name, traces, None, text, sha256, FieldError("name", reason))
    if suffix not in SUFFIXES:
        reason = f"the file's name ends in '{suffix}'; rename it to {stem}.yaml"
        return FileText(name, traces, None, text, sha256, FieldError("", reason))
    return FileText(name, traces, file, text, sha256)


def _unwritable(name: str, traces: Traces, reason: str) -> FileText:
    return FileText(name, traces, None, "", "", FieldError("", reason))
