"""`docker buildx` driven as a program: a script stands in for the docker client."""

import json
import os
import stat
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.clients.build_events import BuildEvent, BuildFailed, BuildLine, BuildOptions, BuildStep, Pushed
from backend.clients.buildx import Builder, Buildx, builder_of
from backend.clients.registry_auth import RegistryAuth
from backend.errors import Conflict
from tests.eventually import eventually

pytestmark = pytest.mark.anyio

INSPECT = (
    "Name: many\nDriver: docker-container\n\nNodes:\nName: many0\nPlatforms: linux/amd64*, linux/arm64\n"
)
DOCKER = """\
#!/usr/bin/env python3
import json, os, stat, sys, time
from pathlib import Path
here, arguments = Path(__file__).parent, sys.argv[1:]
if arguments[:2] == ["buildx", "version"]:
    sys.exit(0 if (here / "plugin").exists() else 1)
if arguments[:2] == ["buildx", "inspect"]:
    print((here / "inspect").read_text())
    sys.exit(0)
if arguments[0] == "info":
    print("null")
    sys.exit(0)
config = Path(os.environ["DOCKER_CONFIG"])
(here / "seen").write_text(json.dumps({
    "arguments": arguments,
    "environment": dict(os.environ),
    "config": json.loads((config / "config.json").read_text()),
    "mode": stat.S_IMODE((config / "config.json").stat().st_mode),
    "bytes": len(sys.stdin.buffer.read()),
    "pid": os.getpid(),
}))
BODY
"""
SUCCESS = """
say = lambda **status: print(json.dumps(status), file=sys.stderr, flush=True)
say(vertexes=[{"digest": "sha256:a", "name": "[1/1] RUN x", "started": "2026-11-23T10:00:00.123456789Z"}])
indented = lambda **status: print(json.dumps(status, indent=2), file=sys.stderr, flush=True)
indented(logs=[{"vertex": "sha256:a", "stream": 2, "data": "aGkK", "timestamp": "2026-11-23T10:00:00Z"}])
out = next(a.partition("=")[2] for a in arguments if a.startswith("--metadata-file="))
said = {"containerimage.digest": "sha256:d", "containerimage.descriptor": {"size": 855}}
Path(out).write_text(json.dumps(said))
"""
PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a docker client with that last act on the PATH; gives the folder it lies in."""

    def install(body: str) -> Path:
        program = tmp_path / "docker"
        program.write_text(DOCKER.replace("BODY", textwrap.dedent(body)))
        program.chmod(0o755)
        (tmp_path / "plugin").touch()
        (tmp_path / "inspect").write_text(INSPECT)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        return tmp_path

    return install


async def tar() -> AsyncIterator[bytes]:
    for _ in range(10):
        yield bytes(100_000)


async def run(options: BuildOptions, within: float = 20.0) -> list[BuildEvent | Pushed]:
    buildx = Buildx("unix:///nowhere.sock")
    return [event async for event in buildx.build_and_push(tar(), options, PLATFORMS, within=within)]


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob("swarm-orchestrator-buildx-*"))


async def test_it_tells_steps_lines_and_the_digest_and_leaves_no_credentials(
    docker: Callable[[str], Path],
) -> None:
    folder = docker(SUCCESS)
    options = BuildOptions(
        dockerfile="deploy/Dockerfile",
        tags=("10.0.0.5:5000/web:1",),
        build_args={"TOKEN": "hidden value", "LD_PRELOAD": "/x.so"},
        target="app",
        auths={"10.0.0.5:5000": RegistryAuth("10.0.0.5:5000", "ci", "sesame")},
    )
    events = await run(options)
    assert isinstance(events[0], BuildStep)
    assert events[1:] == [BuildLine("hi", "sha256:a", is_error=True), Pushed("sha256:d", 855)]
    seen = json.loads((folder / "seen").read_text())
    assert seen["mode"] == stat.S_IRUSR | stat.S_IWUSR
    assert seen["config"] == {"auths": {"10.0.0.5:5000": {"auth": "Y2k6c2VzYW1l"}}}
    assert seen["bytes"] == 1_000_000
    assert "--platform=linux/amd64,linux/arm64" in seen["arguments"]
    assert "--build-arg=TOKEN" in seen["arguments"]
    assert seen["environment"]["TOKEN"] == "hidden value"
    assert "LD_PRELOAD" not in seen["environment"]
    assert seen["environment"]["DOCKER_HOST"] == "unix:///nowhere.sock"
    assert not [one for one in seen["arguments"] if "sesame" in one or "hidden" in one]
    assert leftovers(folder) == []


async def test_a_failure_is_told_with_step_and_exit_code(docker: Callable[[str], Path]) -> None:
    folder = docker(
        """
        error = 'process "/bin/sh -c exit 9" did not complete successfully: exit code: 9'
        vertex = {"digest": "sha256:a", "name": "[1/1] RUN exit 9", "error": error}
        print(json.dumps({"vertexes": [vertex]}), file=sys.stderr)
        print("ERROR: failed to solve: " + error, file=sys.stderr)
        sys.exit(1)
        """
    )
    with pytest.raises(BuildFailed) as failure:
        await run(BuildOptions())
    assert (failure.value.exit_code, failure.value.step) == (9, "[1/1] RUN exit 9")
    assert leftovers(folder) == []


async def test_closing_it_ends_the_program(docker: Callable[[str], Path]) -> None:
    folder = docker(
        'print("{}", file=sys.stderr, flush=True)\n' + SUCCESS.split("out =")[0] + "time.sleep(9999)\n"
    )
    build = Buildx("unix:///nowhere.sock").build_and_push(tar(), BuildOptions(), PLATFORMS, within=60)
    await anext(build)
    pid = json.loads((folder / "seen").read_text())["pid"]
    await build.aclose()
    await eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert leftovers(folder) == []


async def test_it_ends_at_its_limit(docker: Callable[[str], Path]) -> None:
    docker("time.sleep(9999)\n")
    with pytest.raises(BuildFailed) as failure:
        await run(BuildOptions(), within=1.0)
    assert failure.value.code == "build_timeout"


async def test_an_error_in_the_context_comes_out_as_itself(docker: Callable[[str], Path]) -> None:
    docker(SUCCESS)

    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise Conflict("the file changed", code="changed")

    build = Buildx("unix:///nowhere.sock").build_and_push(broken(), BuildOptions(), PLATFORMS, within=20)
    with pytest.raises(Conflict, match="the file changed"):
        [event async for event in build]


async def test_what_is_lacking_is_said(
    docker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = docker(SUCCESS)

    async def refused() -> Conflict:
        with pytest.raises(Conflict) as failure:
            await run(BuildOptions())
        return failure.value

    (folder / "inspect").write_text(INSPECT.replace("docker-container", "docker"))
    error = await refused()
    assert error.code == "multi_platform_needs_builder"
    assert "containerd" in error.detail
    (folder / "plugin").unlink()
    assert (await refused()).code == "multi_platform_needs_buildx"
    monkeypatch.setenv("PATH", str(folder / "empty"))
    error = await refused()
    assert error.code == "multi_platform_needs_buildx"
    assert "no docker client" in error.detail


def test_a_builders_name_is_not_one_of_its_nodes() -> None:
    assert builder_of(INSPECT) == Builder("many", "docker-container")
