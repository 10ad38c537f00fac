"""`python -m bench.watched`: our server, telling how long its event loop was held up at a time."""

import asyncio
import os
import sys
import time
from pathlib import Path

from backend.__main__ import main
from backend.context import AppContext

EVERY = 0.002
FILE = "BENCH_TURNS"
_run = AppContext.run


async def _run_watched(self: AppContext) -> None:
    watching = asyncio.create_task(_watch(Path(os.environ[FILE])))
    try:
        await _run(self)
    finally:
        watching.cancel()


async def _watch(file: Path) -> None:
    """Write the longest turn since the file was last taken away: processor time, so that what other
    programs take does not count, and wall time."""
    longest = wall = written = 0.0
    while True:
        began, began_wall = time.thread_time(), time.perf_counter()
        await asyncio.sleep(EVERY)
        turn, turn_wall = time.thread_time() - began, time.perf_counter() - began_wall - EVERY
        longest, wall = max(longest, turn), max(wall, turn_wall)
        if began_wall - written > 0.5:
            if not _wanted(file):
                longest, wall = turn, turn_wall
            _write(file, f"{longest * 1000:.2f} {wall * 1000:.2f}")
            written = began_wall


def _wanted(file: Path) -> bool:
    return file.exists()


def _write(file: Path, text: str) -> None:
    file.write_text(text)


if __name__ == "__main__":
    AppContext.run = _run_watched  # type: ignore[method-assign]
    sys.exit(main())
