"""Writes down, in deploy/socket-filter.conf, which calls of the engine's API the tests see us make.

Run it when a call is new: until then the FakeEngine refuses that call as the filter would.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.shell import ROOT
from scripts.steps import VENV
from scripts.test import SIDE_BY_SIDE
from tests.fakes.socket_filter import CONF

TESTS = ("tests/api", "tests/clients", "tests/mcp", "tests/services")
_MARKS = re.compile(r"(?<=# --- calls ---\n).*?(?=    # --- end ---)", re.DOTALL)
_PARTS = {
    "{version}": r"v1\.[0-9]+",
    "{id}": r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    # Of an image: a registry's host with its port, folders, a tag or a digest.
    "{name}": r"(?!\S*(//|\.\.))[A-Za-z0-9][A-Za-z0-9_.:@/-]*",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls"
        pytest = ["-m", "pytest", "-p", "scripts.side_by_side", *SIDE_BY_SIDE, "-m", "not lab and not alone"]
        command = [str(VENV / "python"), *pytest, *TESTS]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | {"ENGINE_CALLS_FILE": str(calls)}, check=False
        )
        if done.returncode != 0:
            return done.returncode
        lines = [_line(call) for call in sorted(set(calls.read_text().splitlines()))]
    CONF.write_text(_MARKS.sub(lambda _: "".join(lines), CONF.read_text()))
    print(f"{CONF.relative_to(ROOT)} lets {len(lines)} calls through")
    return 0


def _line(call: str) -> str:
    """One line of nginx's map."""
    pattern = call.replace(".", r"\.")
    for name, regex in _PARTS.items():
        pattern = pattern.replace(name, regex)
    return f'    "~^{pattern}(\\?\\S*)?$" 1;\n'


if __name__ == "__main__":
    sys.exit(main())
