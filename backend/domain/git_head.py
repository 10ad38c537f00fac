"""What the files of a `.git` folder say is checked out, without a git program."""

import re
from dataclasses import dataclass
from typing import Final

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF: Final = re.compile(r"refs(/(?!\.)[^\x00-\x20\x7f~^:?*\[\\/]+(?<!\.lock))+")
_HEADS: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Head:
    """`ref` is what HEAD points to; `commit` is set when HEAD names one itself."""

    ref: str | None
    commit: str | None

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix(_HEADS) if self.ref and self.ref.startswith(_HEADS) else None


def read_head(text: str) -> Head | None:
    """None for what no git writes; a ref that could lead elsewhere is none."""
    line = text.strip()
    if line.startswith("ref:"):
        ref = line.removeprefix("ref:").strip()
        return Head(ref, None) if _REF.fullmatch(ref) and ".." not in ref else None
    commit = read_commit(line)
    return Head(None, commit) if commit else None


def read_commit(text: str) -> str | None:
    line = text.strip()
    return line if _COMMIT.fullmatch(line) else None


def packed_commit(text: str, ref: str) -> str | None:
    """The commit of `ref` in a `packed-refs` file."""
    for line in text.splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return read_commit(commit)
    return None


def pointed_to(text: str) -> str | None:
    """Where the `.git` file of a worktree or submodule points."""
    line = text.strip("\r\n")
    return line.removeprefix("gitdir: ") if line.startswith("gitdir: ") and "\n" not in line else None
