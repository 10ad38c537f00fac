"""The brief's own words: its commands, its variables, its routes and what git must never see."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
import venv
from pathlib import Path

import pytest
from pydantic import AliasChoices

from backend.config import Settings
from backend.main import create_app
from tests import brief_tree

ROOT = Path(__file__).resolve().parent.parent
DEPLOYING = {
    "SWARM_MANAGER_SSH",
    "PROJECTS_HOST_PATH",
    "DOCKER_GID",
    "ORCHESTRATOR_CONSTRAINT",
    "IMAGE_TAG",
    "PLATFORM",
    "DEPLOY_TIMEOUT",
    "SOCKET_FILTER",
    "SOCKET_FILTER_IMAGE",
}
NOT_THE_SERVERS = DEPLOYING | {"ORCHESTRATOR_URL", "SWARM_MCP_MODE"}
"""Variables of deploy.sh, the stack file and the MCP server, which the server does not read."""


def variables_of_settings() -> set[str]:
    names = set()
    for name, info in Settings.model_fields.items():
        alias = info.validation_alias
        names.add(str(alias.choices[0] if isinstance(alias, AliasChoices) else name).upper())
    return names


def variables_of_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variables_of_readme() -> set[str]:
    readme = (ROOT / "README.md").read_text()
    table = readme.split("## Configuration", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([A-Z_]+)` ", table, re.M))


def test_settings_env_example_and_readme_name_the_same_variables() -> None:
    wanted = variables_of_settings() | NOT_THE_SERVERS
    assert set(variables_of_example()) == wanted
    assert variables_of_readme() == wanted
    assert set(brief_tree.VARIABLES) <= wanted


def test_deploy_sh_passes_on_what_the_stack_file_asks_for_and_names_only_variables_there_are() -> None:
    script = (ROOT / "deploy.sh").read_text()

    def listed(name: str) -> set[str]:
        found = re.search(rf"^{name}=\((.*?)\)", script, re.M | re.S)
        assert found, name
        return set(found[1].split())

    stack = (ROOT / "docker-compose.prod.yml").read_text() + (ROOT / "deploy/socket-filter.yml").read_text()
    assert listed("PASSED_ON") | listed("COMPUTED") == set(re.findall(r"\$\{([A-Z_]+)", stack))
    known = variables_of_settings() | DEPLOYING
    assert listed("PASSED_ON") | listed("OWN") | listed("NOT_PASSED_ON") <= known
    assert listed("PASSED_ON") | listed("OWN") >= DEPLOYING


def test_a_copied_env_example_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables_of_settings():
        monkeypatch.delenv(name, raising=False)
    copied = tmp_path / ".env"
    copied.write_text((ROOT / ".env.example").read_text())
    assert Settings(_env_file=copied).model_dump() == Settings(_env_file=None).model_dump()


def test_the_mcp_example_is_json_that_starts_the_briefs_module() -> None:
    example = json.loads((ROOT / ".mcp.json.example").read_text())
    (server,) = example["mcpServers"].values()
    assert server["args"] == ["-m", "backend.mcp_server"]


def test_every_route_of_the_brief_is_served_or_listed_as_not_built() -> None:
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \| (.+) \|$", readme, re.M)
    missing = {(method, path) for method, path, text in rows if text == "Not built yet"}
    described = {(method, path) for method, path, _ in rows} - missing
    document = create_app(Settings(_env_file=None)).openapi()
    served = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, methods in document["paths"].items()
        for method in methods
    }

    def unnamed(routes: set[tuple[str, str]]) -> set[tuple[str, str]]:
        return {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in routes}

    assert unnamed(described) <= served
    assert not unnamed(missing) & served
    assert set(brief_tree.ROUTES) <= described | missing


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        (".env", True),
        (".mcp.json", True),
        ("definitions/mine.yaml", True),
        ("definitions/notes/mine.yaml", True),
        ("definitions/examples/hello-world.yaml", False),
        ("backend/_web/index.html", True),
        (".env.example", False),
        (".mcp.json.example", False),
        ("data/orchestrator.db", True),
    ],
)
def test_git_ignores_what_each_environment_makes_and_nothing_else(path: str, ignored: bool) -> None:
    command = ["git", "-c", "safe.directory=*", "check-ignore", "--no-index", "--quiet", path]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code not in (0, 1):
        pytest.skip("not a git checkout")
    assert (code == 0) is ignored


@pytest.fixture(scope="module")
def plain_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own with nothing but `pip install -e ".[dev]"`, as `conda create` would leave one."""
    folder = tmp_path_factory.mktemp("plain") / "env"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    # Editable, so the environment reads this checkout; pip writes nothing into it.
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[dev]"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=1) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except OSError:
        return False


@pytest.mark.timeout(400)
def test_the_briefs_uvicorn_line_serves_and_stops_quickly(
    plain_environment: Path, free_port: int, tmp_path: Path
) -> None:
    definitions = tmp_path / "definitions"
    environment = {
        "PATH": os.environ["PATH"],
        "DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock",
        "DATABASE_PATH": str(tmp_path / "data" / "orchestrator.db"),
        "DEFINITIONS_DIR": str(definitions),
    }
    log = tmp_path / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [plain_environment / "bin" / "uvicorn", "backend.main:app", "--port", str(free_port)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 30
        while not healthy(free_port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        server.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        server.wait(timeout=10)
        assert time.monotonic() - asked < 5
    finally:
        server.kill()
        server.wait()
