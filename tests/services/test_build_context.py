"""A build context: what is sent, what is refused before anything is sent, and what it costs."""

import io
import os
import socket
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import InvalidInput, NotFound, OrchestratorError
from backend.services.build_context import BuildContext, ContextLimits, Survey

pytestmark = pytest.mark.anyio

DEFAULTS = ContextLimits()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "web"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return folder


async def survey(
    web: Path, limits: ContextLimits = DEFAULTS, *, name: str = "web", dockerfile: str | None = None
) -> Survey:
    async with BuildContext.open(web.parent, name, dockerfile, limits) as context:
        return await context.survey()


async def packed(web: Path, *, dockerfile: str | None = None) -> tarfile.TarFile:
    async with BuildContext.open(web.parent, web.name, dockerfile) as context:
        content = b"".join([piece async for piece in context.tar()])
        assert context.sent_bytes == len(content)
        assert context.failure is None
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:")


async def refusal(
    web: Path, limits: ContextLimits = DEFAULTS, *, name: str = "web", dockerfile: str | None = None
) -> OrchestratorError:
    with pytest.raises(OrchestratorError) as refused:
        await survey(web, limits, name=name, dockerfile=dockerfile)
    return refused.value


async def test_files_folders_links_modes_and_times_arrive_as_they_are(web: Path) -> None:
    (web / "src" / "empty").mkdir(parents=True)
    (web / "src" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (web / "src" / "run.sh").chmod(0o750)
    os.utime(web / "src" / "run.sh", (1_600_000_000, 1_600_000_000))
    (web / "src" / "again").symlink_to("../src/run.sh")
    (web / "src" / "dangling").symlink_to("not-there-yet")
    (web / ("long-" * 40)).write_bytes(b"x" * 700_001)
    (web / "größe ☃\n").write_bytes(b"")
    archive = await packed(web)
    names = archive.getnames()
    assert set(names) == {
        "Dockerfile",
        "src",
        "src/empty",
        "src/run.sh",
        "src/again",
        "src/dangling",
        "long-" * 40,
        "größe ☃\n",
    }
    assert names == sorted(names)
    script = archive.getmember("src/run.sh")
    assert (script.mode, script.mtime, script.uid, script.gid, script.uname) == (
        0o750,
        1_600_000_000,
        0,
        0,
        "",
    )
    assert archive.getmember("src/again").linkname == "../src/run.sh"
    assert archive.getmember("src/empty").isdir()
    content = archive.extractfile("long-" * 40)
    assert content is not None
    assert content.read() == b"x" * 700_001
    assert await survey(web) == Survey(files=6, bytes=22 + 10 + 700_001, ignored=0)


async def test_ignored_files_stay_behind_but_not_what_docker_always_sends(web: Path) -> None:
    (web / ".dockerignore").write_text("*\n!src\nsrc/*.log\n")
    (web / "src").mkdir()
    (web / "src" / "a.py").touch()
    (web / "src" / "a.log").touch()
    (web / "secret").touch()
    archive = await packed(web)
    assert archive.getnames() == [".dockerignore", "Dockerfile", "src", "src/a.py"]
    assert (await survey(web)).ignored == 2


async def test_a_wanted_file_in_an_ignored_folder_brings_its_folders(web: Path) -> None:
    (web / ".dockerignore").write_text("deep\n!deep/**/keep\n")
    (web / "deep" / "a" / "b").mkdir(parents=True)
    (web / "deep" / "c").mkdir()
    (web / "deep" / "a" / "b" / "keep").touch()
    (web / "deep" / "c" / "other").touch()
    archive = await packed(web)
    assert archive.getnames()[2:] == ["deep", "deep/a", "deep/a/b", "deep/a/b/keep"]


async def test_the_dockerfiles_own_ignore_file_goes_first(web: Path) -> None:
    (web / "docker").mkdir()
    (web / "docker" / "prod.Dockerfile").write_text("FROM scratch\n")
    (web / "docker" / "prod.Dockerfile.dockerignore").write_text("docker\nnotes\n")
    (web / ".dockerignore").write_text("wanted\n")
    (web / "wanted").touch()
    (web / "notes").touch()
    archive = await packed(web, dockerfile="docker/prod.Dockerfile")
    assert archive.getnames() == [
        ".dockerignore",
        "Dockerfile",
        "docker",
        "docker/prod.Dockerfile",
        "wanted",
    ]


async def test_a_dockerfile_may_be_a_link_inside_the_context(web: Path) -> None:
    (web / "real").write_text("FROM scratch\n")
    (web / "link").symlink_to("real")
    async with BuildContext.open(web.parent, "web", "link") as context:
        assert context.dockerfile == "real"
    (web / "out").symlink_to("../../Dockerfile")
    assert (await refusal(web, dockerfile="out")).code == "link_leads_out"


async def test_an_ignored_folder_is_not_looked_into(web: Path) -> None:
    (web / ".dockerignore").write_text("node_modules\n")
    (web / "node_modules").mkdir()
    os.mkfifo(web / "node_modules" / "pipe")
    (web / "node_modules" / "out").symlink_to("/etc")
    assert await survey(web) == Survey(files=2, bytes=22 + 13, ignored=1)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("out", "/etc"),
        ("out", "/etc/passwd"),
        ("out", ".."),
        ("out", "../other"),
        ("out", "src/../../other"),
        ("src/out", "../../other"),
        ("src/out", "../src/../../web/src"),
        ("src/out", "up/.."),  # src/up is the context itself
        ("out", "//etc"),
        ("out", "./.././web"),
        ("out", "missing/../../x"),
        ("src/deep", "../../../../../../../../../../etc/shadow"),
        ("out", "/"),
    ],
)
async def test_a_link_that_leads_out_is_refused_by_name(web: Path, link: str, target: str) -> None:
    (web / "src").mkdir()
    (web / "src" / "up").symlink_to("..")
    (web.parent / "other").mkdir()
    assert (await survey(web)).files == 2
    (web / link).symlink_to(target)
    error = await refusal(web)
    assert error.code == "link_leads_out"
    assert f"'{link}'" in error.detail
    with pytest.raises(InvalidInput, match="leads out"):
        await packed(web)


async def test_links_that_lead_round_are_refused_as_that(web: Path) -> None:
    (web / "one").symlink_to("two")
    (web / "two").symlink_to("one")
    error = await refusal(web)
    assert error.code == "link_leads_round"
    assert "'one' -> 'two' leads from link to link" in error.detail


async def test_neither_the_folder_nor_a_folder_on_the_way_may_be_a_link(web: Path, tmp_path: Path) -> None:
    (web.parent / "etc").symlink_to("/etc")
    (web.parent / "alias").symlink_to("web")
    (web / "sub").symlink_to("/etc")
    for name in ("etc", "alias", "web/sub", "etc/ssl", "web/sub/ssl"):
        assert (await refusal(web, name=name)).code == "link_leads_out", name


async def test_what_is_not_there_is_said_with_what_would_be_right(web: Path) -> None:
    missing = await refusal(web, name="shop/api")
    assert isinstance(missing, NotFound)
    assert missing.code == "project_not_found"
    assert "shop/api" in missing.detail
    assert f"{web.parent}/shop/" in missing.detail
    assert (await refusal(web, name="web/Dockerfile")).code == "project_not_found"
    no_file = await refusal(web, dockerfile="docker/Dockerfile")
    assert no_file.code == "dockerfile_missing"
    assert "docker/Dockerfile" in no_file.detail
    (web / "folder").mkdir()
    assert (await refusal(web, dockerfile="folder")).code == "dockerfile_missing"
    with pytest.raises(NotFound, match="PROJECTS_DIR"):
        await survey(web.parent / "elsewhere" / "web")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "/etc", "web/..", "web//x", "web/", "../projects/web", "a\0b"]
)
async def test_a_path_that_could_leave_the_projects_is_none(web: Path, name: str) -> None:
    assert (await refusal(web, name=name)).code == "invalid_path"
    if name:
        assert (await refusal(web, dockerfile=name)).code == "invalid_path"


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def _no_utf8(path: Path) -> None:
    Path(os.fsdecode(os.fsencode(path) + b"-\xff")).touch()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_fifo, "a FIFO"),
        (_socket, "a socket"),
        pytest.param(
            _device, "a character device", marks=pytest.mark.skipif(os.getuid() != 0, reason="root")
        ),
        (_no_utf8, "odd-\\xff"),
    ],
)
async def test_what_cannot_be_sent_is_named_unless_it_is_ignored(
    web: Path, make: Callable[[Path], None], said: str
) -> None:
    (web / "in").mkdir()
    make(web / "in" / "odd")
    error = await refusal(web)
    assert error.code == "unsupported_file"
    assert "in/odd" in error.detail
    assert said in error.detail
    (web / ".dockerignore").write_text("in/odd*\n")
    assert (await survey(web)).files == 2


async def test_a_hard_link_is_sent_when_all_its_names_are(web: Path, tmp_path: Path) -> None:
    (web / "a").write_bytes(b"same")
    (web / "b").hardlink_to(web / "a")
    assert (await packed(web)).getmember("b").size == 4
    (tmp_path / "elsewhere").hardlink_to(web / "a")
    error = await refusal(web)
    assert error.code == "link_leads_out"
    assert "hard link" in error.detail
    (web / ".dockerignore").write_text("a\nb\n")
    assert (await survey(web)).ignored == 2


async def test_limits_are_counted_to_the_last_one(web: Path) -> None:
    for number in range(9):
        (web / f"f{number}").write_bytes(b"x" * 10)
    size = 90 + len((web / "Dockerfile").read_bytes())
    assert (await survey(web, ContextLimits(files=10, bytes=size))).files == 10
    assert (await refusal(web, ContextLimits(files=9))).code == "too_many_files"
    assert (await refusal(web, ContextLimits(bytes=size - 1))).code == "context_too_large"
    (web / "a" / "b").mkdir(parents=True)
    assert (await survey(web, ContextLimits(depth=2))).files == 10
    (web / "a" / "b" / "c").touch()
    assert (await refusal(web, ContextLimits(depth=2))).code == "context_too_deep"


async def test_a_sea_of_ignored_files_ends_the_look(web: Path) -> None:
    (web / ".dockerignore").write_text("*\n!**/wanted\n")
    (web / "many").mkdir()
    for number in range(40):
        (web / "many" / str(number)).touch()
    assert (await survey(web, ContextLimits(files=5))).ignored == 40
    error = await refusal(web, ContextLimits(files=4))
    assert error.code == "too_many_files"
    assert "ignored ones counted" in error.detail


async def test_a_look_that_takes_too_long_ends(web: Path) -> None:
    for number in range(300):
        (web / str(number)).touch()
    assert (await refusal(web, ContextLimits(seconds=0.0))).code == "context_too_slow"


async def test_an_ignore_file_that_docker_would_refuse_is_refused(web: Path) -> None:
    (web / ".dockerignore").write_text("ok\n[a-\n")
    error = await refusal(web)
    assert (error.code, error.errors[0].line) == ("ignore_file_invalid", 2)
    (web / ".dockerignore").write_bytes(b"x" * 300_000)
    assert "256 KiB" in (await refusal(web)).detail
    (web / ".dockerignore").unlink()
    os.mkfifo(web / ".dockerignore")
    assert (await refusal(web)).code == "ignore_file_invalid"
    (web / ".dockerignore").unlink()
    (web / ".dockerignore").symlink_to("/etc/passwd")
    assert (await refusal(web)).code == "link_leads_out"
