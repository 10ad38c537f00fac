"""A server killed with SIGKILL while it writes definitions leaves each one old or new, never half."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.database import Database
from backend.services.catalog import Catalog
from tests.services.catalog_writer import NAMES, text_for

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
KILLS = 30
TO_THE_FILE = ("intent-recorded", "temporary-file-half-written", "temporary-file-written")
CHECKED = "present-file-checked"
TO_THE_END = ("file-renamed", "folder-synced", "revision-recorded", "side-files-removed")
STEPS = {
    "create": [*TO_THE_FILE, CHECKED, *TO_THE_END],
    "update": [*TO_THE_FILE, CHECKED, "old-file-kept", *TO_THE_END],
    "delete": ["intent-recorded", CHECKED, *TO_THE_END],
}


class Writer:
    """The process of `catalog_writer.py`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, *words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def hear(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()

    def hear_until_end(self) -> tuple[list[list[str]], int]:
        """Everything the fork said, and how it ended."""
        heard: list[list[str]] = []
        while (words := self.hear()) and words[0] != "end":
            heard.append(words)
        assert words, "the writer itself died"
        return heard, int(words[1])


@pytest.fixture(scope="module")
def writer() -> Iterator[Writer]:
    command = [sys.executable, "-m", "tests.services.catalog_writer"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT
    ) as process:
        writer = Writer(process)
        assert writer.hear() == ["up"]
        yield writer
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


@asynccontextmanager
async def reopened(folder: Path) -> AsyncIterator[tuple[Catalog, Database]]:
    database = Database(folder / "state" / "orchestrator.db")
    await database.open()
    try:
        catalog = Catalog(folder / "definitions", database)
        await catalog.open()
        assert database.notice is None
        assert await database.integrity() == "ok"
        yield catalog, database
    finally:
        await database.close()


async def assert_files_equal_the_index(folder: Path, catalog: Catalog, database: Database) -> None:
    files = {file.name: file.read_text() for file in (folder / "definitions").iterdir()}
    assert files == {f"{entry.name}.yaml": entry.text for entry in catalog.entries()}
    assert all(entry.problem is None for entry in catalog.entries())
    assert await database.read("SELECT id FROM intents") == []
    index = await database.read("SELECT name, revision, sha256 FROM definitions WHERE NOT deleted")
    assert {(row["name"], row["revision"], row["sha256"]) for row in index} == {
        (entry.name, entry.revision, entry.sha256) for entry in catalog.entries()
    }


async def test_thirty_kills_at_random_moments_lose_no_acknowledged_write(
    writer: Writer, tmp_path: Path
) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(2**32)))
    print("FAULT_SEED =", seed)  # noqa: T201 — to repeat a failure
    chance = random.Random(seed)
    present: dict[str, int] = {}
    kept: dict[tuple[str, int], int] = {}
    interrupted = writes = 0
    for _ in range(KILLS):
        writer.say("random", tmp_path, chance.randrange(2**32))
        pid = int((await asyncio.to_thread(writer.hear))[1])
        assert await asyncio.to_thread(writer.hear) == ["ready"]
        heard = [await asyncio.to_thread(writer.hear) for _ in range(2)]
        began = time.monotonic()
        heard += [await asyncio.to_thread(writer.hear) for _ in range(chance.randrange(2, 10))]
        # Within the next write, as long as one takes on this machine just now: no wait for a state, the
        # moment itself is what is random.
        lasts = (time.monotonic() - began) * 2 / (len(heard) - 2)
        await asyncio.sleep(chance.uniform(0.0, lasts))
        os.kill(pid, signal.SIGKILL)
        rest, status = await asyncio.to_thread(writer.hear_until_end)
        heard += rest
        assert status == -signal.SIGKILL

        begun: tuple[str, int] | None = None
        for kind, name, mark, *revision in heard:
            if kind == "begin":
                begun = (name, int(mark))
            else:
                assert kind == "acked"
                writes += 1
                begun = None
                present[name] = int(mark)
                if int(mark):
                    kept[name, int(revision[0])] = int(mark)
        interrupted += begun is not None

        async with reopened(tmp_path) as (catalog, database):
            await assert_files_equal_the_index(tmp_path, catalog, database)
            for name in NAMES:
                entry = catalog.find(name)
                allowed = {present.get(name, 0)} | ({begun[1]} if begun and begun[0] == name else set())
                found = [
                    mark
                    for mark in allowed
                    if (text_for(name, mark) if mark else None) == (entry.text if entry else None)
                ]
                assert found, f"{name}: neither what was acknowledged nor what was under way"
                present[name] = found[0]
            for (name, number), acknowledged in kept.items():
                assert await catalog.revision_text(name, number) == text_for(name, acknowledged)
            for name in {name for name, _ in kept}:
                numbers = [one.number for one in await catalog.revisions(name, limit=100_000)]
                assert numbers == list(range(len(numbers), 0, -1))

    print(f"{KILLS} kills, {interrupted} of them amid a write; {writes} acknowledged writes")  # noqa: T201
    assert interrupted >= KILLS // 2
    assert writes >= KILLS


@pytest.mark.parametrize(
    ("operation", "crash_at"),
    [(operation, number) for operation, steps in STEPS.items() for number in range(1, len(steps) + 1)],
)
async def test_a_kill_at_each_step_of_a_write_leaves_the_old_or_the_new(
    writer: Writer, tmp_path: Path, operation: str, crash_at: int
) -> None:
    old, new = text_for("web", 1), text_for("web", 2)
    async with reopened(tmp_path) as (catalog, _):
        if operation != "create":
            await catalog.create("ada", "web", old)

    writer.say("step", tmp_path, operation, crash_at)
    heard, status = await asyncio.to_thread(writer.hear_until_end)
    assert status == -signal.SIGKILL
    assert [words[1] for words in heard[1:]] == STEPS[operation][:crash_at]

    took_effect = "file-renamed" in STEPS[operation][:crash_at]
    before = None if operation == "create" else old
    after = None if operation == "delete" else new
    expected = after if took_effect else before
    for _ in range(2):
        async with reopened(tmp_path) as (catalog, database):
            await assert_files_equal_the_index(tmp_path, catalog, database)
            entry = catalog.find("web")
            assert (entry.text if entry else None) == expected
            rows = await database.read("SELECT author, source FROM revisions ORDER BY number")
            assert [tuple(row) for row in rows] == [("ada", "api")] * (before is not None) + [
                ("writer", "api")
            ] * took_effect


@pytest.mark.parametrize("operation", STEPS)
async def test_the_steps_above_are_all_the_steps_there_are(
    writer: Writer, tmp_path: Path, operation: str
) -> None:
    async with reopened(tmp_path) as (catalog, _):
        if operation != "create":
            await catalog.create("ada", "web", text_for("web", 1))

    writer.say("step", tmp_path, operation, 0)
    heard, status = await asyncio.to_thread(writer.hear_until_end)

    assert status == 0
    assert heard[-1] == ["acked"]
    assert [words[1] for words in heard[1:-1]] == STEPS[operation]


@pytest.mark.parametrize("operation", ["update", "delete"])
async def test_a_hand_edit_after_a_crash_wins_and_the_interrupted_text_is_kept(
    writer: Writer, tmp_path: Path, operation: str
) -> None:
    async with reopened(tmp_path) as (catalog, _):
        await catalog.create("ada", "web", text_for("web", 1))
    writer.say("step", tmp_path, operation, 1)
    _, status = await asyncio.to_thread(writer.hear_until_end)
    assert status == -signal.SIGKILL
    (tmp_path / "definitions" / "web.yaml").write_text(text_for("web", 3))

    async with reopened(tmp_path) as (catalog, database):
        await assert_files_equal_the_index(tmp_path, catalog, database)
        assert catalog.get("web").text == text_for("web", 3)
        newest, *older = await catalog.revisions("web")
        assert newest.source == "disk"
        if operation == "update":
            assert older[0].note is not None
            assert "never took effect" in older[0].note
            assert await catalog.revision_text("web", 2) == text_for("web", 2)
        else:
            assert len(older) == 1


async def test_broken_text_that_an_interrupted_write_replaced_is_kept(writer: Writer, tmp_path: Path) -> None:
    broken = "name: web\nimage: [\n"
    async with reopened(tmp_path) as (catalog, _):
        await catalog.create("ada", "web", text_for("web", 1))
    (tmp_path / "definitions" / "web.yaml").write_text(broken)
    writer.say("step", tmp_path, "update", STEPS["update"].index("file-renamed") + 1)
    _, status = await asyncio.to_thread(writer.hear_until_end)
    assert status == -signal.SIGKILL

    async with reopened(tmp_path) as (catalog, _):
        assert catalog.get("web").revision == 3
        assert await catalog.revision_text("web", 2) == broken
        assert await catalog.revision_text("web", 3) == text_for("web", 2)
