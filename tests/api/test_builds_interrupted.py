"""Servers that end in the middle of a build: what they leave, and what the next one says of it."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.build_fixture import SLOW, engine_that_builds
from tests.api.building_server import Server, server, told
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    project = tmp_path / "projects" / "web"
    project.mkdir(parents=True)
    (project / "Dockerfile").write_text(SLOW)
    (project / "note.txt").write_text("one")
    async with engine_that_builds() as engine:
        yield engine


async def begin(running: Server) -> Any:
    definition = {"image": "${REGISTRY_HOST}/built/web:1", "build_context": "web"}
    await running.call("POST", "/api/services", json={"name": "web", "definition": definition})
    return await running.call("POST", "/api/services/web/build", json={"deploy": True})


async def becomes(running: Server, build: Any, state: str) -> None:
    async def look() -> bool:
        row = await running.call("GET", f"/api/builds/{build['id']}")
        return bool(row["state"] == state)

    await eventually(look)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_build_whose_server_ends_is_interrupted_and_leaves_nothing_behind(
    tmp_path: Path, engine: FakeEngine, number: int
) -> None:
    engine.builder.hold("slow")
    async with server(tmp_path, engine.docker_host, f"http://{engine.registry_host}") as first:
        build = await begin(first)
        await becomes(first, build, "building")
        await eventually(lambda: any("slow" in step for step in engine.builder.containers))
        waiting = await first.call("POST", "/api/services/web/build")
        code = await first.end(number)
        assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    await eventually(lambda: engine.builder.containers == [])
    async with server(tmp_path, engine.docker_host, f"http://{engine.registry_host}") as second:
        row = await told(second, build)
        assert row["state"] == "interrupted"
        assert "while the image was being built. Nothing was pushed; build again." in row["cause"]
        queued = await told(second, waiting)
        assert queued["state"] == "interrupted"
        deployment = await second.call("GET", f"/api/deployments/{build['deployment_id']}")
        assert deployment["state"] == "failed"
        assert build["id"] in deployment["cause"]
        assert "interrupted" in deployment["cause"]
        engine.builder.release()
        again = await second.call("POST", "/api/services/web/build", params={"wait": 20})
        assert again["state"] == "succeeded"
    names = {name for _, _, files in os.walk(tmp_path / "state") for name in files}
    kept = {"orchestrator.db", "orchestrator.db.lock", "catalog.lock", "setup-code", "run.json", "run.token"}
    assert {name for name in names if not name.endswith((".jsonl", "-wal", "-shm"))} <= kept


@pytest.mark.parametrize("arrived", ["nothing", "its own tag", "everything"])
async def test_what_arrived_of_a_push_that_was_cut_off_is_asked_of_the_registry(
    tmp_path: Path, engine: FakeEngine, arrived: str
) -> None:
    engine.builder.hold_pushes()
    async with server(tmp_path, engine.docker_host, f"http://{engine.registry_host}") as first:
        build = await begin(first)
        await becomes(first, build, "pushing")
        await first.end(signal.SIGKILL)
    tags = {"nothing": [], "its own tag": [build["tag"]], "everything": [build["tag"], "1"]}[arrived]
    for tag in tags:
        engine.add_image(engine.image("built/web", tag), digest=DIGEST)
    engine.builder.release_pushes()
    async with server(tmp_path, engine.docker_host, f"http://{engine.registry_host}") as second:
        row = await told(second, build)
        assert row["state"] == "interrupted"
        said = {
            "nothing": "Nothing was pushed. The engine has the image: push again, or build again.",
            "its own tag": f"It had been pushed as {build['tag']}, but 1 does not point to it: push again.",
            "everything": f"The image had been pushed: {DIGEST}; deploy it.",
        }[arrived]
        assert row["cause"] == f"The server ended while the image was being pushed. {said}"
        assert row["digest"] == (DIGEST if arrived == "everything" else None)
        pushed = await second.call("POST", f"/api/builds/{build['id']}/push", params={"wait": 20})
        assert pushed["state"] == "succeeded"


async def test_a_registry_that_does_not_answer_is_asked_again_until_it_does(
    tmp_path: Path, engine: FakeEngine
) -> None:
    where = (engine.docker_host, f"http://{engine.registry_host}")
    engine.builder.hold_pushes()
    async with server(tmp_path, *where) as first:
        build = await begin(first)
        await becomes(first, build, "pushing")
        await first.end(signal.SIGKILL)
    engine.builder.release_pushes()
    engine.registry_up = False
    async with server(tmp_path, *where) as second:
        row = await told(second, build)
        assert row["state"] == "interrupted"
        assert "Whether its image was pushed is not known yet" in row["cause"]
        engine.registry_up = True

        async def known() -> bool:
            row = await second.call("GET", f"/api/builds/{build['id']}")
            return "Nothing was pushed" in row["cause"]

        await eventually(known)
