"""Several visitors in one process beside others elsewhere: nobody removes the log while it is in use."""

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from backend.database import Database
from backend.migrations import Migration

pytestmark = pytest.mark.anyio

NOTES = Migration(1, "0001_notes.sql", "CREATE TABLE notes (text TEXT NOT NULL) STRICT;")
COMES_AND_GOES = """
import sqlite3, sys
visitor = sqlite3.connect(sys.argv[1])
print(visitor.execute("SELECT count(*) FROM notes").fetchone()[0])
visitor.close()
"""


@asynccontextmanager
async def visit(path: Path) -> AsyncIterator[Database]:
    database = Database(path, known_migrations=(NOTES,))
    await database.open_for_a_visit()
    try:
        yield database
    finally:
        await database.close()


async def note(database: Database, text: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO notes VALUES (?)", (text,))


def seen_from_elsewhere(path: Path) -> int:
    """By a process that opens the database, reads and closes it, as other agents do."""
    command = [sys.executable, "-c", COMES_AND_GOES, str(path)]
    return int(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)


async def test_a_visit_that_ends_takes_no_locks_from_one_that_goes_on(tmp_path: Path) -> None:
    """POSIX drops a process's locks on a file when it closes that file anywhere (sqlite.org/howtocorrupt)."""
    path = tmp_path / "state" / "orchestrator.db"
    async with visit(path) as long:
        await note(long, "one")
        async with visit(path) as short:
            await note(short, "two")
        # Who believes to be the last folds the log into the file and removes it.
        assert await anyio.to_thread.run_sync(seen_from_elsewhere, path) == 2
        assert path.with_name("orchestrator.db-wal").exists()
        await note(long, "three")
        async with visit(path) as third:
            assert third.notice is None
            assert await third.integrity() == "ok"
            assert len(await third.read("SELECT text FROM notes")) == 3
    with sqlite3.connect(path) as left:
        assert left.execute("SELECT count(*) FROM notes").fetchone()[0] == 3
    left.close()
    assert list(path.parent.glob("*damaged*")) == []


async def test_visitors_of_two_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state" / "orchestrator.db"
    rounds = 12
    async with visit(path) as long:
        async with anyio.create_task_group() as visitors:
            for who in ("ann", "bob"):

                async def come_and_go(who: str = who) -> None:
                    for number in range(rounds):
                        async with visit(path) as database:
                            assert database.notice is None
                            await note(database, f"{who} {number}")

                visitors.start_soon(come_and_go)
            for number in range(rounds):
                await note(long, f"long {number}")
                await anyio.to_thread.run_sync(seen_from_elsewhere, path)
        assert len(await long.read("SELECT text FROM notes")) == 3 * rounds
        assert await long.integrity() == "ok"
