"""The power goes in the middle of a restore: what comes up is the state of before or the backup's, whole."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.database import Database
from backend.services.catalog import Catalog
from backend.state_archive import State, keep

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.anyio


async def write(folder: Path, texts: dict[str, str]) -> None:
    database = Database(folder / "state" / "orchestrator.db")
    await database.open()
    try:
        catalog = Catalog(folder / "definitions", database)
        await catalog.open()
        for name, text in texts.items():
            if catalog.find(name) is None:
                await catalog.create("ada", name, text)
            else:
                await catalog.update("ada", name, text)
        for entry in catalog.entries():
            if entry.name not in texts:
                await catalog.delete("ada", entry.name)
    finally:
        await database.close()


async def read(folder: Path) -> tuple[dict[str, str], list[tuple[str, int, str]]]:
    database = Database(folder / "state" / "orchestrator.db")
    await database.open()
    try:
        catalog = Catalog(folder / "definitions", database)
        await catalog.open()
        assert database.notice is None
        assert await database.integrity() == "ok"
        rows = await database.read("SELECT service, number, source FROM revisions ORDER BY service, number")
        return {entry.name: entry.text for entry in catalog.entries()}, [tuple(row) for row in rows]
    finally:
        await database.close()


async def test_killed_at_every_touch_of_the_disk_it_is_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    await write(folder, {"both": "image: nginx:1\n", "older": "image: nginx\n"})
    backup = await asyncio.to_thread(
        keep, State(folder / "state" / "orchestrator.db", folder / "definitions"), "manual"
    )
    backup = backup.rename(tmp_path / "backup.zip")
    old = await read(folder)
    await write(folder, {"both": "image: nginx:2\n", "newer": "image: nginx\n"})
    present = await read(folder)
    assert old != present

    command = [sys.executable, str(Path(__file__).with_name("restore_crasher.py"))]
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, str(folder), str(backup), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout.split()[0])
    assert steps > 30

    became = []
    for number in range(1, steps + 1):
        copy = tmp_path / "out" / str(number)
        found = await read(copy)
        assert found in (old, present), number
        became.append(found == old)
        left = {path.name for path in (copy / "state").iterdir()}
        assert "restore-pending" not in left, number
        assert {path.name for path in (copy / "definitions").iterdir() if not path.name.startswith(".")} == {
            f"{name}.yaml" for name in found[0]
        }, number
    # Once decided, it stays decided.
    assert became == sorted(became)
    assert (became[0], became[-1]) == (False, True)
