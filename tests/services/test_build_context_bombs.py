"""Contexts made to exhaust the server: refused in seconds, in a process whose memory is watched."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MIB = 1024 * 1024
GROWTH = 32 * MIB
SECONDS = 5.0
# Peak memory of the process, before and after. What is imported late must not count as growth.
MEASURED = """
import asyncio, json, re, sys, time
from pathlib import Path
from backend.errors import OrchestratorError
from backend.services.build_context import BuildContext

def peak():
    # Not ru_maxrss: that begins with the peak of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

async def look(name, pack):
    async with BuildContext.open(Path(sys.argv[1]), name) as context:
        found = await context.survey()
        async for piece in context.tar() if pack else ():
            pass
        return found

async def main():
    await look("small", True)
    before, begun = peak(), time.monotonic()
    try:
        found = await look("bomb", sys.argv[2] == "pack")
        code, detail = "sent", f"{found.files} files, {found.bytes} bytes"
    except OrchestratorError as error:
        code, detail = error.code, error.detail
    print(json.dumps({"code": code, "detail": detail, "seconds": time.monotonic() - begun,
                      "grown": peak() - before}))

asyncio.run(main())
"""


class Outcome:
    def __init__(self, said: dict[str, object]) -> None:
        self.code = said["code"]
        self.detail = str(said["detail"])
        self.seconds = float(str(said["seconds"]))
        self.grown = int(str(said["grown"]))


@pytest.fixture
def projects() -> Iterator[Path]:
    # In memory where possible: making this many files on a disk takes most of a minute.
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    for name in ("small", "bomb"):
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text("FROM scratch\n")
    yield folder
    # Python's own removal fails on trees this deep and is slow on trees this wide.
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def look(projects: Path, *, pack: bool = False) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(projects), "pack" if pack else "look"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    outcome = Outcome(json.loads(done.stdout))
    assert outcome.grown <= GROWTH, outcome.detail
    return outcome


def test_a_sparse_tebibyte_is_refused(projects: Path) -> None:
    with (projects / "bomb" / "disk.img").open("wb") as file:
        file.truncate(1024**4)
    outcome = look(projects)
    assert outcome.code == "context_too_large"
    assert "disk.img" in outcome.detail
    assert "1 TiB" in outcome.detail
    assert outcome.seconds < SECONDS


def test_two_hundred_thousand_files_are_refused(projects: Path) -> None:
    for number in range(200):
        folder = projects / "bomb" / str(number)
        folder.mkdir()
        for file in range(1_000):
            os.close(os.open(folder / str(file), os.O_CREAT | os.O_WRONLY))
    outcome = look(projects)
    assert outcome.code == "too_many_files"
    assert outcome.seconds < SECONDS


def test_two_hundred_thousand_files_in_one_folder_are_refused_and_may_be_ignored(projects: Path) -> None:
    many = projects / "bomb" / "many"
    many.mkdir()
    for number in range(200_000):
        os.mknod(many / f"file-with-a-name-of-some-length-{number}")
    outcome = look(projects)
    assert outcome.code == "too_many_files"
    assert outcome.seconds < SECONDS
    (projects / "bomb" / ".dockerignore").write_text("many\n")
    assert look(projects, pack=True).code == "sent"


def test_a_tree_ten_thousand_folders_deep_is_refused(projects: Path) -> None:
    descriptor = os.open(projects / "bomb", os.O_RDONLY)
    for _ in range(10_000):
        os.mkdir("deeper", dir_fd=descriptor)
        below = os.open("deeper", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    outcome = look(projects)
    assert outcome.code == "context_too_deep"
    assert outcome.seconds < SECONDS


def test_a_fifo_and_a_link_to_etc_are_refused(projects: Path) -> None:
    (projects / "bomb" / "conf").symlink_to("/etc")
    outcome = look(projects)
    assert (outcome.code, "'conf' -> '/etc'" in outcome.detail) == ("link_leads_out", True)
    assert outcome.seconds < SECONDS
    (projects / "bomb" / "conf").unlink()
    os.mkfifo(projects / "bomb" / "pipe")
    assert look(projects).code == "unsupported_file"


def test_a_large_context_is_packed_in_flat_memory(projects: Path) -> None:
    with (projects / "bomb" / "big").open("wb") as file:
        file.truncate(512 * MIB)
    for number in range(30_000):
        os.mknod(projects / "bomb" / f"file-with-a-name-of-some-length-{number}")
    assert look(projects, pack=True).code == "sent"
