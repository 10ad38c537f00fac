"""Disks that are full, read-only or failing, and locks at the wrong moment: nothing is lost or half done."""

# ruff: noqa: ASYNC221 — between two awaits, tests mount file systems

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from backend.database import Database
from backend.errors import StorageFailed
from backend.services.catalog import Catalog
from tests.eventually import eventually
from tests.services.catalog_writer import text_for

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ("create", "update", "delete")
type Opened = Callable[[Path, Path], Awaitable[tuple[Catalog, Database]]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens a catalog in given folders; whatever a test leaves open is closed after it."""
    databases: list[Database] = []

    async def open_one(folder: Path, state: Path) -> tuple[Catalog, Database]:
        database = Database(state / "orchestrator.db", busy_timeout=0.2)
        databases.append(database)
        await database.open()
        catalog = Catalog(folder, database)
        await catalog.open()
        return catalog, database

    yield open_one
    for database in databases:
        await database.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "state" / "orchestrator.db", busy_timeout=0.2)
    await database.open()
    yield database
    await database.close()


async def attempt(catalog: Catalog, operation: str, mark: int = 2) -> None:
    if operation == "create":
        await catalog.create("ada", "web", text_for("web", mark))
    elif operation == "update":
        await catalog.update("ada", "web", text_for("web", mark))
    else:
        await catalog.delete("ada", "web")


def texts_in(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def texts_of(catalog: Catalog) -> dict[str, str]:
    return {f"{entry.name}.yaml": entry.text for entry in catalog.entries()}


def room_taken(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    with pytest.raises(OSError, match="No space left"):
        fill()
    return filler


@pytest.mark.parametrize("full", ["both", "state", "definitions"])
async def test_a_full_disk_refuses_writes_with_a_sentence_and_keeps_everything(
    small_disk: Path, tmp_path: Path, opened: Opened, full: str
) -> None:
    state = (small_disk if full != "definitions" else tmp_path) / "state"
    folder = (small_disk if full != "state" else tmp_path) / "definitions"
    catalog, database = await opened(folder, state)
    await catalog.create("ada", "web", text_for("web", 1))
    await catalog.create("ada", "db", text_for("db", 1))
    filler = room_taken(small_disk)
    before = texts_in(folder)

    refused = 0
    for mark in (4001, 4002, 4003):
        for write in (
            catalog.update("ada", "web", text_for("web", mark)),
            catalog.create("ada", f"new-{mark}", text_for(f"new-{mark}", mark)),
        ):
            with pytest.raises(StorageFailed) as refusal:
                await write
            assert refusal.value.code == "storage_full"
            assert str(tmp_path) in refusal.value.detail
            refused += 1
    assert refused == 6
    assert texts_in(folder) == before == texts_of(catalog)
    assert (await catalog.revision_text("web", 1)) == text_for("web", 1)
    assert await database.integrity() == "ok"

    filler.unlink()
    entry = await catalog.update("ada", "web", text_for("web", 5))
    assert entry.revision == 2
    assert await database.read("SELECT id FROM intents") == []
    await database.close()

    again, database = await opened(folder, state)
    assert texts_of(again) == texts_in(folder)
    await database.close()


async def test_a_disk_that_fills_up_during_writes_keeps_every_acknowledged_one(
    small_disk: Path, opened: Opened
) -> None:
    catalog, database = await opened(small_disk / "definitions", small_disk / "state")
    acknowledged: dict[str, str] = {}
    refusals: list[str] = []
    for number in range(400):
        name, text = f"s{number % 40}", text_for(f"s{number % 40}", 1000 + number)
        try:
            if catalog.find(name) is None:
                await catalog.create("ada", name, text)
            else:
                await catalog.update("ada", name, text)
            acknowledged[f"{name}.yaml"] = text
        except StorageFailed as error:
            refusals.append(error.code)
            if len(refusals) == 20:
                break
    assert refusals == ["storage_full"] * 20, "the disk never was full"
    assert texts_in(small_disk / "definitions") == acknowledged == texts_of(catalog)
    assert await database.integrity() == "ok"
    await database.close()


async def test_a_read_only_folder_can_be_read_and_says_why_it_is_not_written(
    small_disk: Path, tmp_path: Path, opened: Opened
) -> None:
    (small_disk / "web.yaml").write_text(text_for("web", 1))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    catalog, database = await opened(small_disk, tmp_path / "state")

    assert catalog.get("web").revision == 1
    for operation in ("update", "delete"):
        with pytest.raises(StorageFailed, match="Read-only file system") as refusal:
            await attempt(catalog, operation)
        assert refusal.value.code == "storage_failed"
    assert texts_of(catalog) == texts_in(small_disk)
    await database.close()


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_write_that_cannot_be_recorded_is_taken_back(
    tmp_path: Path, database: Database, operation: str
) -> None:
    folder = tmp_path / "definitions"
    other = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    bites = 0

    def lock(step: str) -> None:
        nonlocal bites
        if step == "folder synced":
            other.execute("BEGIN IMMEDIATE")
            bites += 1

    first = Catalog(folder, database)
    await first.open()
    if operation != "create":
        await attempt(first, "create", mark=1)
    catalog = Catalog(folder, database, at_step=lock)
    await catalog.open()
    before = texts_in(folder)

    with pytest.raises(StorageFailed) as refusal:
        await attempt(catalog, operation)
    assert (refusal.value.code, bites) == ("storage_busy", 1)
    assert texts_in(folder) == before == texts_of(catalog)

    other.execute("ROLLBACK")
    other.close()
    calm = Catalog(folder, database)
    await calm.open()
    assert texts_of(calm) == before
    await attempt(calm, operation)
    assert texts_in(folder) == texts_of(calm) != before
    assert await database.read("SELECT id FROM intents") == []


async def test_the_intent_of_a_write_that_was_taken_back_goes_with_the_next_one(
    tmp_path: Path, database: Database
) -> None:
    other = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    wanted = True

    def lock(step: str) -> None:
        if step == "folder synced" and wanted:
            other.execute("BEGIN IMMEDIATE")

    catalog = Catalog(tmp_path / "definitions", database, at_step=lock)
    await catalog.open()
    with pytest.raises(StorageFailed):
        await attempt(catalog, "create")
    wanted = False
    other.execute("ROLLBACK")
    other.close()
    assert len(await database.read("SELECT id FROM intents")) == 1

    await catalog.create("ada", "db", text_for("db", 1))
    assert await database.read("SELECT id FROM intents") == []


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        (operation, step)
        for operation in ("create", "update")
        for step in ("temporary file half written", "temporary file written")
    ]
    + [("update", "old file kept")]
    + [(operation, step) for operation in OPERATIONS for step in ("file renamed", "folder synced")],
)
async def test_an_error_at_any_step_of_the_file_leaves_it_as_it_was(
    tmp_path: Path, database: Database, operation: str, step: str
) -> None:
    folder = tmp_path / "definitions"
    bites = 0

    def fail(now: str) -> None:
        nonlocal bites
        if now == step:
            bites += 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    first = Catalog(folder, database)
    await first.open()
    if operation != "create":
        await attempt(first, "create", mark=1)
    catalog = Catalog(folder, database, at_step=fail)
    await catalog.open()
    before = texts_in(folder)

    with pytest.raises(StorageFailed, match="Input/output error"):
        await attempt(catalog, operation)

    assert bites == 1
    assert texts_in(folder) == before == texts_of(catalog)
    again = Catalog(folder, database)
    await again.open()
    assert texts_of(again) == before


async def test_a_caller_that_gives_up_does_not_stop_its_write_halfway(
    tmp_path: Path, database: Database
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold(step: str) -> None:
        if step == "temporary file written":
            reached.set()
            assert go_on.wait(10)

    catalog = Catalog(tmp_path / "definitions", database, at_step=hold)
    await catalog.open()
    writing = asyncio.create_task(attempt(catalog, "create"))
    await eventually(reached.is_set)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go_on.set()

    await catalog.close()
    assert catalog.get("web").revision == 1
    assert texts_in(tmp_path / "definitions") == texts_of(catalog)


def strace_works() -> str | None:
    """Why not, or None."""
    if shutil.which("strace") is None:
        return "strace, which injects errors into system calls, is not installed"
    tried = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace processes here"


@pytest.mark.parametrize(
    ("fault", "numbers"),
    [("fsync,fdatasync:error=EIO", (1, 2, 3, 5)), ("pwrite64:error=ENOSPC", (1, 5, 11, 18))],
)
async def test_a_system_call_that_fails_at_the_nth_time_leaves_the_old_or_the_new(
    tmp_path: Path, opened: Opened, fault: str, numbers: tuple[int, ...]
) -> None:
    reason = strace_works()
    if reason is not None:
        pytest.skip(reason)
    calls = fault.split(":", maxsplit=1)[0]
    failed = acked = 0
    for number in numbers:
        command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}"]
        command += ["-e", f"inject={fault}:when={number}"]
        command += [sys.executable, "-m", "tests.services.catalog_writer"]
        requests = ""
        for operation in OPERATIONS:
            folder = tmp_path / f"{operation}-{number}"
            catalog, database = await opened(folder / "definitions", folder / "state")
            if operation != "create":
                await attempt(catalog, "create", mark=1)
            await database.close()
            requests += f"step {folder} {operation} 0\n"
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        output, _ = await asyncio.wait_for(process.communicate(requests.encode()), timeout=60)
        runs = output.decode().split("\npid ")[1:]
        assert len(runs) == len(OPERATIONS)
        for operation, said in zip(OPERATIONS, runs, strict=True):
            folder = tmp_path / f"{operation}-{number}"
            old = {} if operation == "create" else {"web.yaml": text_for("web", 1)}
            new = {} if operation == "delete" else {"web.yaml": text_for("web", 2)}
            assert ("\nacked" in said) != ("\nfailed" in said), said
            catalog, database = await opened(folder / "definitions", folder / "state")
            assert await database.integrity() == "ok"
            assert texts_in(folder / "definitions") == texts_of(catalog)
            if "\nacked" in said:
                acked += 1
                assert texts_of(catalog) == new
            else:
                failed += 1
                assert texts_of(catalog) in (old, new)
            await database.close()
    print(f"{fault}: {failed} writes refused, {acked} acknowledged")  # noqa: T201
    assert failed >= 4, "the fault did not bite"
