"""uv and the virtual environment `.venv`, with every package of uv.lock."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from scripts import debian
from scripts.shell import ROOT, TOOLS, CannotPrepare, answers, run, say

PYTHON = ROOT / ".venv" / "bin" / "python"
OLDEST_UV = (0, 8)


def ensure() -> Path:
    """Return the uv that made sure `.venv` holds exactly what uv.lock says."""
    uv = _uv()
    interpreter = _interpreter(uv)
    fresh = not PYTHON.exists()
    if fresh:
        say("installing the Python packages into .venv")
    run(
        [uv, "sync", "--frozen", "--all-extras", "--python", interpreter],
        # A surrounding conda or venv must not become the place to install into.
        env={"UV_PROJECT_ENVIRONMENT": ".venv", "VIRTUAL_ENV": ""},
    )
    return uv


def build_wheel(folder: Path) -> list[Path]:
    """Build the wheel, which carries the page if that is built, into `folder`; return the wheels there."""
    run([_uv(), "build", "--quiet", "--wheel", "--out-dir", folder])
    return sorted(folder.glob("*.whl"))


def _uv() -> Path:
    ours = TOOLS / "uv" / "bin" / "uv"
    for candidate in (shutil.which("uv"), ours):
        if candidate and _is_recent(answers(candidate, "--version")):
            return Path(candidate)
    say("installing uv into .tools/uv")
    if answers(sys.executable, "-m", "pip", "--version") is None:
        debian.ensure(("python3-pip",), purpose="installing uv")
    try:
        # --target leaves the system's Python alone, so it also works where that one is externally managed.
        run([sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", TOOLS / "uv", "uv"])
    except CannotPrepare as problem:
        raise CannotPrepare(
            f"uv is missing and pip could not fetch it. Install uv or pip for {sys.executable} "
            f"and run this again.\n{problem}"
        ) from None
    return ours


def _is_recent(version: str | None) -> bool:
    found = re.match(r"uv (\d+)\.(\d+)", version or "")
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_UV


def _interpreter(uv: Path) -> str:
    """Return a Python of this machine, 3.12 for preference; let uv fetch one only when there is none."""
    for wanted in ("3.12", ">=3.12"):
        found = answers(uv, "python", "find", "--no-python-downloads", wanted)
        if found:
            return found
    say("no Python 3.12 or newer on this machine; uv fetches one of its own (your system's stays as it is)")
    try:
        run([uv, "python", "install", "3.12"])
    except CannotPrepare as problem:
        raise CannotPrepare(
            "Python 3.12 or newer is needed, none was found and uv could not fetch one. Install it with your "
            f"system's package manager or pyenv (`pyenv install 3.12`) and run this again.\n{problem}"
        ) from None
    return "3.12"
