"""Projects: what lies in the projects directory, what can be built from it, and who uses it."""

import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually

pytestmark = pytest.mark.anyio

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with running_app(tmp_path) as app:
        yield Api(app)


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    folder = tmp_path / "projects"
    folder.mkdir()
    return folder


def project(projects: Path, name: str, **files: str) -> Path:
    folder = projects / name
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def repository(folder: Path, head: str, **files: str) -> None:
    for path, text in {"HEAD": head, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


async def test_a_missing_or_empty_directory_is_an_empty_list_that_says_how_to_upload(
    api: Api, tmp_path: Path
) -> None:
    missing = await api.get("/api/projects")
    assert (missing["items"], missing["total"]) == ([], 0)
    assert "rsync -av --exclude='.git' ./my-project/" in missing["hint"]
    assert f"{tmp_path}/projects" in missing["hint"]
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "a-file").touch()
    (tmp_path / "projects" / ".hidden").mkdir()

    async def look() -> bool:
        listed = await api.get("/api/projects")
        return listed["total"] == 0 and "rsync" in listed["hint"]

    assert await look()


async def test_a_project_is_listed_with_what_can_be_built_and_who_uses_it(projects: Path, api: Api) -> None:
    web = project(projects, "web", **{"src/app.py": "x" * 100, "api/Dockerfile": "", "prod.Dockerfile": ""})
    (web / "Dockerfile.dev").touch()
    (web / "Dockerfile.dockerignore").touch()
    (web / "Containerfile").touch()
    (web / "docker").mkdir()
    (web / "docker" / "deeper").mkdir()
    (web / "docker" / "deeper" / "Dockerfile").touch()
    project(projects, "web2")
    await api.create("front", build_context="web")
    await api.create("back", build_context="web/api")
    await api.create("other", build_context="web2")
    await api.create("none")
    listed = await api.get("/api/projects")
    assert listed["hint"] is None
    first, second = listed["items"]
    assert first == {
        "name": "web",
        "path": str(web),
        "dockerfiles": [
            "Containerfile",
            "Dockerfile",
            "Dockerfile.dev",
            "prod.Dockerfile",
            "api/Dockerfile",
        ],
        "git": None,
        "size": 113,
        "files": 8,
        "truncated": False,
        "last_build": None,
        "services": ["back", "front"],
        "problem": None,
    }
    assert (second["name"], second["services"]) == ("web2", ["other"])
    assert await api.get("/api/projects/web") == first
    assert [item["name"] for item in (await api.get("/api/projects", match="OTHER".lower()))["items"]] == [
        "web2"
    ]
    page = await api.get("/api/projects", limit=1, offset=1)
    assert ([item["name"] for item in page["items"]], page["total"]) == (["web2"], 2)


@pytest.mark.parametrize(
    ("files", "git"),
    [
        ({".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": f"{COMMIT}\n"}, ("main", COMMIT)),
        ({".git/HEAD": f"{COMMIT}\n"}, (None, COMMIT)),
        ({".git/HEAD": "ref: refs/heads/fix/a-1\n"}, ("fix/a-1", None)),
        (
            {
                ".git/HEAD": "ref: refs/heads/main\n",
                ".git/packed-refs": f"# pack-refs\n{'f' * 40} refs/heads/x\n{COMMIT} refs/heads/main\n",
            },
            ("main", COMMIT),
        ),
        (
            {
                ".git": "gitdir: repo/worktrees/w\n",
                "repo/worktrees/w/HEAD": "ref: refs/heads/w\n",
                "repo/worktrees/w/commondir": "../..\n",
                "repo/refs/heads/w": f"{COMMIT}\n",
            },
            ("w", COMMIT),
        ),
        ({".git/HEAD": "ref: refs/heads/../../../secret\n"}, None),
        ({".git/HEAD": "ref: /etc/passwd\n"}, None),
        ({".git/HEAD": "nonsense"}, None),
        ({".git/HEAD": "x" * 10_000}, None),
        ({".git": "gitdir: /etc\n"}, None),
        ({".git": "gitdir: ../other/.git\n"}, None),
        ({".git/HEAD": "ref: refs/heads/main\n", ".git/commondir": "../../other/.git"}, None),
    ],
)
async def test_what_git_has_checked_out_is_read_without_leaving_the_project(
    projects: Path, api: Api, files: dict[str, str], git: tuple[str | None, str | None] | None
) -> None:
    project(projects, "other", **{".git/HEAD": "ref: refs/heads/secret\n", ".git/refs/heads/main": "e" * 40})
    project(projects, "web", **files)
    found = (await api.get("/api/projects/web"))["git"]
    assert found == (git and {"branch": git[0], "commit": git[1]})


async def test_git_links_are_not_followed(projects: Path, api: Api) -> None:
    other = project(projects, "other", **{".git/HEAD": "ref: refs/heads/secret\n"})
    one, two = project(projects, "one"), project(projects, "two")
    (one / ".git").symlink_to(other / ".git")
    (two / ".git").mkdir()
    (two / ".git" / "HEAD").symlink_to(other / ".git" / "HEAD")
    assert (await api.get("/api/projects/one"))["git"] is None
    assert (await api.get("/api/projects/two"))["git"] is None


async def test_git_itself_is_read_right(projects: Path, api: Api) -> None:
    web = project(projects, "web")

    def git(*words: str) -> str:
        command = ["git", "-C", str(web), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    for words in (["init", "-qb", "trunk"], ["add", "."], ["commit", "-qm", "x"], ["pack-refs", "--all"]):
        git(*words)
    assert (await api.get("/api/projects/web"))["git"] == {
        "branch": "trunk",
        "commit": git("rev-parse", "HEAD"),
    }


async def test_what_cannot_be_built_says_why(projects: Path, api: Api, tmp_path: Path) -> None:
    (projects / "etc").symlink_to("/etc")
    (projects / "with (brackets)").mkdir()
    (projects / os.fsdecode(b"caf\xe9")).mkdir()
    listed = {item["name"]: item for item in (await api.get("/api/projects"))["items"]}
    assert "a link" in listed["etc"]["problem"]
    assert (listed["etc"]["files"], listed["etc"]["dockerfiles"]) == (0, [])
    assert "build_context" in listed["with (brackets)"]["problem"]
    assert "build_context" in listed["caf\\xe9"]["problem"]


async def test_a_tree_too_deep_or_large_to_count_is_marked(projects: Path, api: Api) -> None:
    web = project(projects, "web")
    web.joinpath(*["d"] * 100).mkdir(parents=True)
    (web / "d" / "file").write_text("12345")
    found = await api.get("/api/projects/web")
    assert (found["files"], found["size"], found["truncated"]) == (2, 18, True)


async def test_what_is_uploaded_later_is_listed_soon(projects: Path, api: Api) -> None:
    assert (await api.get("/api/projects"))["total"] == 0
    project(projects, "web")

    async def look() -> bool:
        return bool((await api.get("/api/projects"))["total"])

    assert await eventually(look, within=6)


async def test_two_hundred_projects_are_listed_quickly(projects: Path, api: Api) -> None:
    for number in range(200):
        project(projects, f"p{number:03}", **{"src/a.py": "", ".git/HEAD": "ref: refs/heads/main\n"})
    assert (await api.get("/api/projects"))["total"] == 200
    begun = time.monotonic()
    assert len((await api.get("/api/projects"))["items"]) == 200
    assert time.monotonic() - begun < 0.5


async def test_a_project_that_is_not_there_is_not_found(projects: Path, api: Api) -> None:
    (projects / "a-file").touch()
    for name in ("nothing", "a-file", "..", "%2e%2e", ".hidden", "x" * 255):
        answer = await api("GET", f"/api/projects/{name}")
        assert answer.status == 404, name
    assert (await api("GET", "/api/projects/nothing")).code == "project_not_found"
    assert "rsync" in (await api("GET", "/api/projects/nothing")).body["detail"]


async def test_the_examples_bring_a_project_once(tmp_path: Path) -> None:
    async with running_app(tmp_path, seed_examples=True) as app:
        found = await Api(app).get("/api/projects/hello")
        assert found["dockerfiles"] == ["Dockerfile"]
        assert found["services"] == ["hello-project"]
        (tmp_path / "projects" / "hello" / "index.html").write_text("mine")
    async with running_app(tmp_path, seed_examples=True):
        assert (tmp_path / "projects" / "hello" / "index.html").read_text() == "mine"


async def test_a_project_of_that_name_is_left_alone_by_the_examples(projects: Path, tmp_path: Path) -> None:
    project(projects, "hello")
    async with running_app(tmp_path, seed_examples=True):
        assert not (projects / "hello" / "index.html").exists()
