"""What is sent is what the docker command sends for the same folder, ignore file and all."""

import io
import os
import random
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import InvalidInput
from backend.services.build_context import BuildContext
from tests.services.docker_cli_context import ContextCatcher

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command"),
]
TREE = (
    "a",
    "b.txt",
    "Ab.md",
    "dir/a",
    "dir/b.txt",
    "dir/sub/a",
    "dir/sub/b.txt",
    "dir/sub/deep/c.md",
    "dir2/a",
    "dir2/x-y",
    "dir2/sub/[b]",
    "foo/bar/a",
    "foo/bar/b*",
    "foo/a.b.c",
    "☃/ä.txt",
    "$dollar/(x)",
    ".hidden/a",
    "back\\slash",
)
WORDS = (
    *("a", "b.txt", "dir", "sub", "deep", "foo", "bar", "*", "*", "**", "**", "?", "??", "*.txt", "*.md"),
    *(
        "[a-c]*",
        "[^a]*",
        "d?r",
        "dir*",
        ".*",
        "*b*",
        "**a",
        "a**",
        "[Ad]*",
        "\\a",
        "b\\*",
        "[\\[]b]",
        "☃",
        "ä*",
    ),
    *("..", ".", "$dollar", "(x)", "back\\\\slash", "dir2", "x-y", "]", "b]", "**]", "***", "c.md", "[b]"),
)


@pytest.fixture(scope="module")
def catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContextCatcher]:
    with ContextCatcher(tmp_path_factory.mktemp("s") / "docker.sock") as server:
        yield server
        server.shutdown()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    for path in ("Dockerfile", *TREE):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("FROM scratch\n")
    return folder


async def members(web: Path) -> list[tarfile.TarInfo] | None:
    try:
        async with BuildContext.open(web.parent, web.name) as context:
            content = b"".join([piece async for piece in context.tar()])
    except InvalidInput:
        return None
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:").getmembers()


def names(found: list[tarfile.TarInfo] | None) -> list[str] | None:
    """Without folders: a file brings its folders when it is unpacked."""
    return None if found is None else sorted(member.name for member in found if not member.isdir())


async def test_modes_owners_links_and_times_are_those_of_docker(web: Path, catcher: ContextCatcher) -> None:
    (web / "run").write_text("x")
    (web / "run").chmod(0o4755)
    os.chown(web / "run", 12, 34)
    os.utime(web / "run", ns=(0, 1_600_000_000_700_000_000))
    (web / "dir").chmod(0o700)
    (web / "link").symlink_to("dir/sub")
    (web / ("n" * 150)).symlink_to("dir/" + "../dir/" * 30)

    def facts(found: list[tarfile.TarInfo] | None) -> dict[str, object]:
        assert found is not None
        return {
            member.name: (member.type, member.mode, member.uid, member.gid, member.linkname, member.size)
            for member in found
        }

    theirs, ours = catcher.members(web), await members(web)
    assert facts(ours) == facts(theirs)


@pytest.mark.parametrize("seed", range(6))
async def test_random_ignore_files_mean_what_they_mean_to_docker(
    web: Path, catcher: ContextCatcher, seed: int
) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(25):
        lines = []
        for _ in range(chance.randint(1, 5)):
            line = "/".join(chance.choices(WORDS, k=chance.randint(1, 3)))
            line = chance.choice(["", "", "", "/", " ", "./"]) + line + chance.choice(["", "", "", "/", "  "])
            if chance.random() < 0.35:
                line = chance.choice(["!", "! ", " !", "!/"]) + line
            lines.append(line)
        text = chance.choice(["", "\ufeff", "# comment\n"]) + chance.choice(["\n", "\r\n"]).join(lines)
        (web / ".dockerignore").write_text(text, newline="")
        theirs, ours = names(catcher.members(web)), names(await members(web))
        refused += theirs is None
        if theirs is not None and ours is not None and any("!" in line for line in lines):
            # The docker command's own walk leaves out folders in which only a pattern with a wildcard
            # wants something; BuildKit looks into them, and so do we.
            assert set(theirs) <= set(ours), text
            if not any("!" in line and any(char in line for char in "*?[\\") for line in lines):
                assert theirs == ours, text
        else:
            assert theirs == ours, text
    assert refused < 25
