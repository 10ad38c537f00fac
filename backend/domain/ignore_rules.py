"""Which paths of a build context stay behind: `.dockerignore` as Docker reads it."""

import posixpath
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import re2  # type: ignore[import-untyped]

from backend.errors import FieldError, InvalidInput

MAX_BYTES: Final = 256 * 1024
MAX_PATTERNS: Final = 2_000
_REGEX_MEMORY: Final = 1 << 20
# What Go's matcher quotes. The rest, "^" for one, means what it means to a regular expression.
_QUOTED: Final = frozenset(".+()|{}$")
_WILD: Final = re.compile(r"[]*?[\\]")

type Matched = tuple[bool, ...]
"""For a folder, which patterns it or a folder above it matched: what lies in it matches those too."""


@dataclass(frozen=True, slots=True)
class Verdict:
    ignored: bool
    matched: Matched


@dataclass(frozen=True, slots=True)
class _Pattern:
    matches: Callable[[str], bool]
    is_exception: bool
    segments: tuple[str, ...]

    def may_match_below(self, folder: tuple[str, ...]) -> bool:
        """Whether a path inside `folder` could match; says yes when in doubt."""
        for wanted, name in zip(self.segments, folder, strict=False):
            # A class such as [^a] matches slashes too, so that segments no longer line up.
            if "**" in wanted or "[" in wanted or "\\" in wanted:
                return True
            if not _WILD.search(wanted) and wanted != name:
                return False
        return len(self.segments) > len(folder)


class IgnoreRules:
    """The rules of one file. `always` names paths that are sent whatever the rules say.

    No library does this: pathspec and its kin read `.gitignore`, whose patterns match at any depth, and
    docker-py's own matcher has neither Go's character classes nor its way with parents. The dialect is
    Go's `filepath.Match` plus `**`; RE2, the engine Go uses, gives the same answers in linear time.
    """

    def __init__(self, patterns: Collection[_Pattern] = (), *, always: Collection[str] = ()) -> None:
        self._patterns = tuple(patterns)
        self._exceptions = tuple(pattern for pattern in self._patterns if pattern.is_exception)
        self._always = frozenset(always)
        self.top: Matched = (False,) * len(self._patterns)
        """What the context's own folder matched: nothing."""

    @classmethod
    def parse(cls, text: str, *, always: Collection[str] = ()) -> "IgnoreRules":
        """Raises InvalidInput `ignore_file_invalid` for what Docker refuses, with the line."""
        patterns: list[_Pattern] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            # Only a "#" in the first column begins a comment.
            if line.startswith("#") or not (cleaned := _cleaned(line)):
                continue
            if len(patterns) == MAX_PATTERNS:
                raise _invalid(number, f"it has more than {MAX_PATTERNS:,} patterns")
            patterns.append(_pattern(cleaned, number))
        return cls(patterns, always=always)

    def judge(self, path: str, folder: Matched) -> Verdict:
        """Whether `path` stays behind; `folder` is what the folder around it matched."""
        ignored = False
        matched = list(folder)
        for index, pattern in enumerate(self._patterns):
            # A pattern that could change nothing is not asked, and so does not count for what is below.
            hit = folder[index] or (pattern.is_exception == ignored and pattern.matches(path))
            matched[index] = hit
            if hit:
                ignored = not pattern.is_exception
        return Verdict(ignored and path not in self._always, tuple(matched))

    def may_hold_wanted(self, folder: str) -> bool:
        """Whether something inside an ignored folder could still be wanted.

        Answers as BuildKit does: the older builder left a folder out although `!**/name` matched inside.
        """
        if any(path.startswith(f"{folder}/") for path in self._always):
            return True
        parts = tuple(folder.split("/"))
        return any(pattern.may_match_below(parts) for pattern in self._exceptions)


def _cleaned(line: str) -> str:
    """The pattern of a line without blanks, `.`, `..` and slashes that mean nothing; empty for none."""
    text = line.strip()
    if not text:
        return ""
    is_exception = text.startswith("!")
    if is_exception:
        text = text[1:].strip()
    if text:
        text = _clean_path(text)
        if len(text) > 1:
            text = text.removeprefix("/")
    # Cleaned once more as a whole: Docker's two steps do, and "!/" is an error by it.
    return _clean_path(f"!{text}") if is_exception else text


def _clean_path(path: str) -> str:
    clean = posixpath.normpath(path)
    return clean[1:] if clean.startswith("//") else clean


def _pattern(cleaned: str, line: int) -> _Pattern:
    is_exception = cleaned.startswith("!")
    text = cleaned.removeprefix("!") if is_exception else cleaned
    if not text:
        raise _invalid(line, "'!' stands alone; a path is expected behind it")
    if not _is_well_formed(text):
        raise _invalid(line, f"'{text[:80]}' is no pattern: a bracket or backslash is left open or empty")
    return _Pattern(_matcher(text, line), is_exception, tuple(text.split("/")))


def _matcher(text: str, line: int) -> Callable[[str], bool]:
    """Docker takes shortcuts for plain texts and `**` at an end, and they decide odd cases."""
    if not _WILD.search(text):
        return text.__eq__
    body = text[2:] if text.startswith("**") else text
    if body != text and not _WILD.search(body):
        return lambda path: path.endswith(body) or (body.startswith("/") and path == body[1:])
    if text.endswith("**") and not _WILD.search(start := text[:-2]):
        return lambda path: path.startswith(start)
    options = re2.Options()
    options.max_mem = _REGEX_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        found: Callable[[str], Any] = re2.compile(_regex(text), options).search
    except re2.error:
        raise _invalid(
            line, f"'{text[:80]}' is no pattern: a range is upside down, or it is too long"
        ) from None
    return lambda path: found(path) is not None


def _regex(text: str) -> str:
    parts, at = ["^"], 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*" and text.startswith("*", at):
            at += 1
            if text.startswith("/", at):
                at += 1
            parts.append(".*" if at == len(text) else "(.*/)?")
        elif char == "*":
            parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "\\":
            parts.append(f"\\{text[at]}")
            at += 1
        else:
            parts.append(f"\\{char}" if char in _QUOTED else char)
    return "".join([*parts, "$"])


def _is_well_formed(text: str) -> bool:
    """What Go's `filepath.Match` takes for a pattern."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            if at > len(text):
                return False
        elif text[at] == "[":
            end = _class_end(text, at + 1)
            if end is None:
                return False
            at = end
        else:
            at += 1
    return True


def _class_end(text: str, at: int) -> int | None:
    at += text.startswith("^", at)
    filled = False
    while not (filled and text.startswith("]", at)):
        after = _class_char(text, at)
        if after is not None and text.startswith("-", after):
            after = _class_char(text, after + 1)
        if after is None:
            return None
        at, filled = after, True
    return at + 1


def _class_char(text: str, at: int) -> int | None:
    """Where the next character of a class ends; None if there is none, or it needs a backslash."""
    if at >= len(text) or text[at] in "-]":
        return None
    at += 1 + (text[at] == "\\")
    return at if at < len(text) else None


def _invalid(line: int, reason: str) -> InvalidInput:
    return InvalidInput(
        f"The ignore file cannot be read, line {line}: {reason}.",
        code="ignore_file_invalid",
        errors=(FieldError("dockerignore", reason, line, 1),),
    )
