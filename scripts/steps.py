"""Named steps in lanes side by side, each to its end, so that one report holds everything that is wrong."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from scripts.node import FRONTEND, find_node
from scripts.shell import ROOT

VENV = ROOT / ".venv" / "bin"


@dataclass(frozen=True)
class Step:
    name: str
    command: Sequence[str | Path]
    cwd: Path = ROOT
    env: dict[str, str] = field(default_factory=dict)


def venv(name: str, tool: str, *arguments: str) -> Step:
    return Step(name, [VENV / tool, *arguments])


def npm_run(name: str, script: str) -> Step:
    node = find_node()
    env = node.env if node else {}
    return Step(name, [node.bin_dir / "npm" if node else "npm", "run", "--silent", script], FRONTEND, env)


def run_all(*lanes: Sequence[Step]) -> list[str]:
    """Run the steps of each lane in their order, show the output of those that fail, return their names."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        failed = [name for names in pool.map(_run_lane, lanes) for name in names]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr, flush=True)
    return failed


def _run_lane(steps: Sequence[Step]) -> list[str]:
    failed = []
    for step in steps:
        started = time.monotonic()
        done = subprocess.run(
            [str(part) for part in step.command],
            cwd=step.cwd,
            env={**os.environ, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        good = done.returncode == 0
        report = f"{'ok' if good else 'FAILED':>6}  {step.name}  ({time.monotonic() - started:.1f} s)\n"
        if not good:
            failed.append(step.name)
            report += f"{done.stdout}\n"
        # In one piece, as the other lane reports, too.
        sys.stdout.write(report)
        sys.stdout.flush()
    return failed
