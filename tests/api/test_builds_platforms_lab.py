"""Several platforms in one image, by a real buildx, a real engine and a registry with a password.

Nothing is run in the image, so no platform is emulated.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from lab import Lab, Shape
from lab.host import unsuitable
from lab.registry import USER
from lab.rootfs import RootfsCache
from tests.api.api_calls import Answer, Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.lab_fixture import labs

__all__ = ["labs"]

pytestmark = [pytest.mark.anyio, pytest.mark.lab]

PLATFORMS = ["linux/amd64", "linux/arm64"]
DOCKERFILE = "FROM scratch\nARG TARGETARCH\nCOPY note-$TARGETARCH /note\n"


@pytest.fixture
def guarded(labs: object) -> Iterator[Lab]:
    if reason := unsuitable():
        pytest.skip(reason)
    shape = Shape(managers=1, workers=0, registry_password=secrets.token_urlsafe(12))
    with Lab(f"test-{os.getpid()}-platforms", shape=shape) as lab:
        yield lab


@pytest.fixture
def client(guarded: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The docker client of the lab's own file system, with its buildx, as the one of this machine."""
    rootfs = RootfsCache().path("trixie")
    plugins = tmp_path / "docker-config" / "cli-plugins"
    programs = tmp_path / "programs"
    for folder in (plugins, programs):
        folder.mkdir(parents=True)
    (programs / "docker").symlink_to(rootfs / "usr" / "bin" / "docker")
    (plugins / "docker-buildx").symlink_to(
        rootfs / "usr" / "libexec" / "docker" / "cli-plugins" / "docker-buildx"
    )
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(plugins.parent))


@pytest.mark.timeout(170)
async def test_one_build_makes_and_pushes_an_image_for_two_platforms(
    guarded: Lab, client: None, tmp_path: Path
) -> None:
    project = tmp_path / "projects" / "both"
    project.mkdir(parents=True)
    (project / "Dockerfile").write_text(DOCKERFILE)
    (project / "Plain").write_text("FROM scratch\nCOPY note-arm64 /note\n")
    for platform in PLATFORMS:
        architecture = platform.partition("/")[2]
        (project / f"note-{architecture}").write_text(architecture)
    settings: dict[str, Any] = {
        "registry_url": guarded.registry_url,
        "registry_username": USER,
        "registry_password_file": guarded.registry.password_file,
    }
    async with running_app(tmp_path, docker_host=guarded.docker_host, **settings) as app:
        api = Api(app)
        await eventually(lambda: app.context.cluster.as_of is not None)
        await api.create(
            "both", image="${REGISTRY_HOST}/team/both:1", build_context="both", platforms=PLATFORMS
        )

        async def built() -> Answer:
            return await api("POST", "/api/services/both/build", params={"wait": 60})

        refused = (await built()).body
        assert refused["state"] == "failed"
        assert "containerd-snapshotter" in refused["cause"]

        await anyio.to_thread.run_sync(guarded.power_off, "manager-1")
        guarded.node("manager-1").configure(features={"containerd-snapshotter": True})
        await anyio.to_thread.run_sync(guarded.power_on, "manager-1")
        done = (await built()).body
        assert (done["state"], done["cause"]) == ("succeeded", None)
        tags = (await api.get("/api/registry/repositories/team/both/tags"))["items"]
        assert {tag["name"] for tag in tags} == {"1", done["tag"]}
        for tag in tags:
            assert tag["digest"] == done["digest"]
            found = [f"{one['os']}/{one['architecture']}" for one in tag["platforms"]]
            assert sorted(found) == PLATFORMS
        assert any("COPY note-" in step["name"] for step in done["steps"])
        plain = {"platforms": ["arm64"], "dockerfile": "Plain"}
        one = await api("POST", "/api/services/both/build", json=plain, params={"wait": 60})
        assert (one.body["state"], one.body["cause"]) == ("succeeded", None)
