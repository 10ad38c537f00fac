"""Tells other processes of the same user where the server of this state folder is, and lets them in."""

import json
import logging
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

FILE = "run.json"
TOKEN_FILE = "run.token"  # noqa: S105 (a file's name)


@dataclass(frozen=True, slots=True)
class RunningServer:
    url: str
    pid: int
    boot: str
    """Another one for each start, so that a file left by a crash is not taken for a later server's."""


def announce(state_dir: Path, url: str, token: str) -> RunningServer:
    """Write where we are, and a token that only this user can read."""
    server = RunningServer(url, os.getpid(), secrets.token_hex(8))
    _write_private(state_dir / TOKEN_FILE, token)
    _write_private(state_dir / FILE, json.dumps(asdict(server)))
    return server


def withdraw(state_dir: Path, server: RunningServer) -> None:
    """Remove what `announce` wrote, unless a later server has written its own."""
    if find(state_dir) == server:
        for name in (FILE, TOKEN_FILE):
            with suppress(OSError):
                (state_dir / name).unlink()


def find(state_dir: Path) -> RunningServer | None:
    """The server that announced itself last; its process is alive."""
    try:
        data = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
        server = RunningServer(str(data["url"]), int(data["pid"]), str(data["boot"]))
        os.kill(server.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server


def token_of(state_dir: Path) -> str | None:
    try:
        return (state_dir / TOKEN_FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _write_private(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.rename(path)
