"""Running commands, saying what happens, remembering what was done; standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
"""What we install for this checkout alone; deleting it costs nothing but the time to fetch it again."""


class CannotPrepare(Exception):
    """Something only the person at the keyboard can install; the message says what and how."""


def say(text: str) -> None:
    print(f"prepare: {text}", file=sys.stderr, flush=True)


def answers(*command: str | Path) -> str | None:
    """Return what a command prints, or None when it is missing, fails or hangs."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def run(command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a command that must succeed; its output is shown only when it does not."""
    words = [str(part) for part in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotPrepare(f"`{' '.join(words)}` failed:\n{done.stdout.rstrip()}")


def digest(paths: Iterable[Path], *more: str) -> str:
    """Return a fingerprint of files (names and contents) and of anything else that matters."""
    seen = hashlib.sha256("\0".join(more).encode())
    for path in sorted(paths):
        seen.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


def is_stamped(name: str, fingerprint: str) -> bool:
    stamp = TOOLS / "stamps" / name
    return stamp.is_file() and stamp.read_text() == fingerprint


def stamp(name: str, fingerprint: str) -> None:
    path = TOOLS / "stamps" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fingerprint)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold a lock, so that `make run` and `make test` side by side do not install over each other."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another make is installing here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
