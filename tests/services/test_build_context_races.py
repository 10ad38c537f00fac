"""A build context that is changed while it is read: an error, and never bytes from elsewhere."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from backend.errors import Conflict, OrchestratorError
from backend.services.build_context import BuildContext

pytestmark = pytest.mark.anyio

FOREIGN = b"bytes of somebody else, "
SWAPS = 20_000
# A process of its own: a thread would only swap while the one under test does not run.
SWAPPER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
RENAME_EXCHANGE = 2
for number in range(int(sys.argv[3])):
    for name in ("folder", "file"):
        here, there = (os.fsencode(os.path.join(place, name)) for place in sys.argv[1:3])
        if libc.renameat2(-100, here, -100, there, RENAME_EXCHANGE):
            sys.exit(os.strerror(ctypes.get_errno()))
    for _ in range(number % 200):
        pass
"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "web"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def changed_while_packed(web: Path, change: Callable[[], None]) -> OrchestratorError:
    """Pack two pieces, then change something, then go on."""
    async with BuildContext.open(web.parent, "web") as context:
        await context.survey()
        pieces = context.tar()
        await anext(pieces)
        change()
        with pytest.raises(OrchestratorError) as refused:
            async for _ in pieces:
                pass
        assert context.failure is refused.value
    return refused.value


@pytest.fixture
def big(web: Path) -> Path:
    (web / "a-first").write_bytes(b"a" * 3_000_000)
    (web / "z-last").write_bytes(b"z" * 1_000)
    return web


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize(
    "change",
    [
        _grow,
        lambda path: os.truncate(path, 10),
        lambda path: path.write_bytes(b"b" * path.stat().st_size),
    ],
    ids=["grows", "shrinks", "is rewritten"],
)
async def test_a_file_that_changes_while_it_is_read_is_named(
    big: Path, change: Callable[[Path], None]
) -> None:
    error = await changed_while_packed(big, lambda: change(big / "a-first"))
    assert isinstance(error, Conflict)
    assert error.code == "context_changed"
    assert "'a-first'" in error.detail


async def test_a_file_that_vanishes_is_named(big: Path) -> None:
    error = await changed_while_packed(big, (big / "z-last").unlink)
    assert (error.code, "'z-last'" in error.detail) == ("context_changed", True)


async def test_a_file_that_becomes_a_link_out_a_fifo_or_a_foreign_hard_link_is_refused(
    big: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(FOREIGN)
    last = big / "z-last"

    def becomes(make: Callable[[], object]) -> Callable[[], None]:
        def change() -> None:
            last.unlink()
            make()

        return change

    assert (
        await changed_while_packed(big, becomes(lambda: last.symlink_to(foreign)))
    ).code == "link_leads_out"
    last.unlink()
    last.write_bytes(b"z")
    assert (await changed_while_packed(big, becomes(lambda: os.mkfifo(last)))).code == "unsupported_file"
    last.unlink()
    last.write_bytes(b"z")
    assert (
        await changed_while_packed(big, becomes(lambda: last.hardlink_to(foreign)))
    ).code == "context_changed"


async def test_a_context_that_outgrows_its_limit_after_the_look_is_stopped(big: Path) -> None:
    def grow() -> None:
        os.truncate(big / "z-last", 1024**4)

    assert (await changed_while_packed(big, grow)).code == "context_too_large"


async def test_no_foreign_byte_is_sent_while_folders_and_files_are_swapped_for_links(
    web: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for name in ("one", "two", "three"):
        (foreign / name).write_bytes(FOREIGN * 100)
    (web / "folder").mkdir()
    for name in ("one", "two", "three"):
        (web / "folder" / name).write_bytes(b"our own bytes, ...... . " * 100)
    (web / "file").write_bytes(b"our own bytes, ...... . " * 100)
    (web.parent / "aside").mkdir()
    (web.parent / "aside" / "folder").symlink_to(foreign)
    (web.parent / "aside" / "file").symlink_to(foreign / "one")
    aside = web.parent / "aside"
    swapper = await asyncio.create_subprocess_exec(sys.executable, "-c", SWAPPER, web, aside, str(SWAPS))
    outcomes: Counter[str] = Counter()
    try:
        while swapper.returncode is None:
            try:
                async with BuildContext.open(web.parent, "web") as context:
                    content = b"".join([piece async for piece in context.tar()])
                assert FOREIGN not in content
                outcomes["sent"] += 1
            except OrchestratorError as error:
                outcomes[error.code] += 1
    finally:
        with suppress(ProcessLookupError):
            swapper.kill()
        await swapper.wait()
    assert swapper.returncode == 0
    assert set() < outcomes.keys() <= {"sent", "link_leads_out", "context_changed"}


async def test_a_reader_that_gives_up_leaves_no_file_open(big: Path) -> None:
    before = open_files()
    for _ in range(5):
        async with BuildContext.open(big.parent, "web") as context:
            pieces = context.tar()
            await anext(pieces)
            await pieces.aclose()
    assert open_files() == before


@pytest.mark.parametrize("turns", range(12))
async def test_a_cancelled_reader_leaves_no_file_open_and_no_thread_at_work(big: Path, turns: int) -> None:
    async def read() -> None:
        async with BuildContext.open(big.parent, "web") as context:
            async for _ in context.tar():
                pass

    async with BuildContext.open(big.parent, "web") as context:
        await context.survey()
    before = open_files()
    reading = asyncio.create_task(read())
    for _ in range(turns):
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    # The same threads serve again, which they could not if one were stuck.
    async with BuildContext.open(big.parent, "web") as context:
        await context.survey()
    assert open_files() == before
