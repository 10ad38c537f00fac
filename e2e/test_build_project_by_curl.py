"""From a folder of source to a running version and the next one, by the brief's `curl` lines with a token.

The registry wants a password and no node ever logged in. The tests tell one story in order.
"""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e import projects
from e2e.curl import Curl, fetch
from e2e.server import ROOT, Server, eventually
from lab import Lab, Shape
from lab.host import unsuitable
from tests.fakes.lab_fixture import clear_dead_runs

pytestmark = pytest.mark.lab

PORT = 8089
NAME = "my-project"
EXAMPLE = ROOT / "definitions" / "examples" / "projects" / "hello"
REFUSED_WITHIN = 10.0
GROWTH = 48 * 1024 * 1024
"""Bytes that a refusal may cost, on the way; what is refused is far larger or far more."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if reason := unsuitable():
        pytest.skip(reason)
    clear_dead_runs()
    shape = Shape(managers=1, workers=2, registry_password=secrets.token_urlsafe(12))
    with Lab(f"test-{os.getpid()}-e2e-password", shape=shape) as lab:
        yield lab


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    ).with_token("end-to-end-token-0123456789abcdef")
    server.set("ORCHESTRATOR_SEED_EXAMPLES", "true")
    server.set("REGISTRY_USERNAME", "lab")
    server.set("REGISTRY_PASSWORD_FILE", str(lab.registry.password_file))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def curl(server: Server) -> Curl:
    return Curl(server)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it lies on somebody's own machine."""
    folder = tmp_path_factory.mktemp("home") / NAME
    projects.write(folder, page="version one")
    return folder


def test_build_and_deploy_in_a_row_bring_up_what_was_uploaded(
    curl: Curl, lab: Lab, server: Server, source: Path
) -> None:
    projects.upload(source, server.projects)
    definition = {
        "image": f"${{REGISTRY_HOST}}/{NAME}:latest",
        "build_context": NAME,
        "build_args": {"BASE": f"{lab.registry.host}/hello-world:1"},
        "replicas": 3,
        "ports": [{"target": 80, "published": PORT, "mode": "host"}],
    }
    status, created = curl("POST", "/api/services", {"name": NAME, "definition": definition})
    assert status == 201, created

    status, build = curl("POST", f"/api/services/{NAME}/build")
    assert status == 202, build
    status, deployment = curl("POST", f"/api/services/{NAME}/deploy")

    assert status == 202, deployment
    assert deployment["build_id"] == build["id"], "the deploy waits for the build"
    ended = curl.verdict((status, deployment))
    assert ended["state"] == "succeeded", (ended, curl("GET", f"/api/builds/{build['id']}/log"))
    build = curl.get(f"/api/builds/{build['id']}")
    assert build["state"] == "succeeded"
    assert curl.get(f"/api/services/{NAME}")["digest"] == build["digest"]
    assert answers(lab) == ["version one"] * 3


def test_the_workers_pulled_from_a_registry_with_a_password_though_they_never_logged_in(lab: Lab) -> None:
    assert lab.registry.password
    for node in lab.nodes:
        assert not list(node.machine.directory.glob("upper/root/.docker/config.json"))


def test_a_changed_file_is_built_and_deployed_and_the_new_version_answers(
    curl: Curl, lab: Lab, server: Server, source: Path
) -> None:
    before = curl.get(f"/api/services/{NAME}")["digest"]
    projects.write(source, page="version two")
    projects.upload(source, server.projects)

    status, build = curl("POST", f"/api/services/{NAME}/build", {"deploy": True})

    assert status == 202, build
    ended = eventually(lambda: over(curl, build["id"]), within=120)
    assert ended
    assert ended["state"] == "succeeded", ended["cause"]
    assert ended["context_files"] == 3, "what .dockerignore names stays here"
    eventually(lambda: answers(lab) == ["version two"] * 3, within=60)
    assert curl.get(f"/api/services/{NAME}")["digest"] == ended["digest"] != before
    lines = [line["text"] for line in curl.get(f"/api/builds/{build['id']}/log")["items"]]
    assert any("built as version two" in line for line in lines)


def test_the_registry_shows_both_versions_and_keeps_the_one_in_use(curl: Curl) -> None:
    repositories = {item["name"]: item for item in curl.get("/api/registry/repositories")["items"]}
    assert repositories[NAME]["used_by"] == [NAME]
    digest = curl.get(f"/api/services/{NAME}")["digest"]
    tags = curl.get(f"/api/registry/repositories/{NAME}/tags")["items"]
    latest = next(tag for tag in tags if tag["name"] == "latest")
    assert latest["digest"] == digest
    assert [user["service"] for user in latest["used_by"]] == [NAME]
    assert len({tag["digest"] for tag in tags}) == 2, "each build has a tag of its own"

    status, problem = curl("DELETE", f"/api/registry/repositories/{NAME}/tags/latest")

    assert (status, problem["code"]) == (409, "image_in_use")
    assert NAME in problem["detail"]
    assert curl.get(f"/api/registry/repositories/{NAME}/tags")["items"] == tags


def test_the_example_project_is_built_and_runs_with_nothing_changed(curl: Curl, lab: Lab) -> None:
    page = (EXAMPLE / "index.html").read_text()

    status, build = curl("POST", "/api/services/hello-project/build", {"deploy": True})

    assert status == 202, build
    ended = eventually(lambda: over(curl, build["id"]), within=120)
    assert ended
    assert ended["state"] == "succeeded", ended["cause"]
    eventually(lambda: page in [fetch(f"http://{node.address}:8082/") for node in lab.nodes], within=60)


def a_sparse_terabyte(folder: Path) -> None:
    with (folder / "disk.img").open("wb") as file:
        file.truncate(1 << 40)


def a_link_to_etc(folder: Path) -> None:
    (folder / "settings").symlink_to("/etc")


def two_hundred_thousand_files(folder: Path) -> None:
    for number in range(200):
        part = folder / f"part-{number}"
        part.mkdir()
        (part / "0").touch()
        # Names for the same file are quicker made than files.
        for name in range(1, 1_000):
            os.link(part / "0", part / str(name))


@pytest.mark.parametrize(
    ("spoil", "mentions"),
    [
        (a_sparse_terabyte, "GiB"),
        (a_link_to_etc, "settings"),
        (two_hundred_thousand_files, "100,000"),
    ],
)
def test_what_cannot_be_built_is_refused_in_seconds_and_costs_no_memory(
    curl: Curl, server: Server, spoil: Callable[[Path], None], mentions: str
) -> None:
    name = spoil.__name__.replace("_", "-")
    folder = server.projects / name
    projects.write(folder, page="never")
    spoil(folder)
    definition = {"image": f"${{REGISTRY_HOST}}/{name}:latest", "build_context": name}
    assert curl("POST", "/api/services", {"name": name, "definition": definition})[0] == 201
    before, began = server.memory(), time.monotonic()

    status, problem = curl("POST", f"/api/services/{name}/build")

    assert time.monotonic() - began < REFUSED_WITHIN
    assert 400 <= status < 500, problem
    assert mentions in problem["detail"]
    assert server.peak() - before < GROWTH
    assert curl.get(f"/api/builds?service={name}")["total"] == 0
    shutil.rmtree(folder)


def over(curl: Curl, build_id: str) -> dict[str, Any] | None:
    build = dict(curl.get(f"/api/builds/{build_id}"))
    return build if build["finished_at"] else None


def answers(lab: Lab) -> list[str]:
    return [fetch(f"http://{node.address}:{PORT}/page.html").strip() for node in lab.nodes]
