"""`setup.sh` writes what it was told, keeps what is there, and overwrites nothing unasked."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / 'a "checkout" here'
    folder.mkdir()
    for name in ("setup.sh", ".env.example", ".mcp.json.example"):
        shutil.copy(ROOT / name, folder)
    return folder


def setup(checkout: Path, *options: str, told: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "./setup.sh", "--skip-checks", *options],
        cwd=checkout,
        input=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={"PATH": "/usr/bin:/bin", "APP_PORT": "1"},
    )


def values(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def comments(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith("#")]


def test_options_become_values_and_nothing_else_changes(checkout: Path) -> None:
    done = setup(
        checkout,
        "--non-interactive",
        "--manager-ssh",
        "ops@manager-1",
        "--registry-host",
        "192.168.1.100:5000",
        "--projects-host-path",
        "/srv/my projects & more\\n",
    )
    assert done.returncode == 0, done.stderr
    env, example = checkout / ".env", checkout / ".env.example"
    assert values(env) == values(example) | {
        "SWARM_MANAGER_SSH": "ops@manager-1",
        "REGISTRY_HOST": "192.168.1.100:5000",
        "REGISTRY_URL": "http://192.168.1.100:5000",
        "APP_PORT": "8080",
        "PROJECTS_HOST_PATH": "/srv/my projects & more\\n",
    }
    assert comments(env) == comments(example)
    (server,) = json.loads((checkout / ".mcp.json").read_text())["mcpServers"].values()
    assert server["cwd"] == str(checkout)
    assert server["command"] == f"{checkout}/.venv/bin/python"
    for name in (".env", ".mcp.json"):
        assert (checkout / name).stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_not_overwritten_unasked(checkout: Path) -> None:
    mine = "# mine\nAPP_PORT=9000\nBUILD_QUEUE=7\n"
    (checkout / ".env").write_text(mine)
    done = setup(checkout, "--non-interactive", "--registry-host", "10.0.0.1:5000")
    assert done.returncode == 1
    assert "there is a .env already; --force" in done.stderr
    assert (checkout / ".env").read_text() == mine
    assert not (checkout / ".mcp.json").exists()

    done = setup(checkout, "--non-interactive", "--force", "--registry-host", "10.0.0.1:5000")
    assert done.returncode == 0, done.stderr
    assert (checkout / ".env").read_text().startswith(mine)
    assert values(checkout / ".env")["REGISTRY_HOST"] == "10.0.0.1:5000"


def test_a_wrong_answer_is_told_why_and_asked_again(checkout: Path) -> None:
    answers = ["ops@manager:22", "ops@manager", "http://10.0.0.1:5000", "10.0.0.1:5000", "", "eighty", "8090"]
    done = setup(checkout, told="\n".join([*answers, "", "swarm.example.org", ""]))
    assert done.returncode == 0, done.stderr
    assert "~/.ssh/config" in done.stdout
    assert "without http://" in done.stdout
    assert "a port from 1 to 65535" in done.stdout
    written = values(checkout / ".env")
    assert written["SWARM_MANAGER_SSH"] == "ops@manager"
    assert written["REGISTRY_URL"] == "http://10.0.0.1:5000"
    assert written["APP_PORT"] == "8090"
    assert written["ORCHESTRATOR_ALLOWED_HOSTS"] == "swarm.example.org"


def test_answers_that_break_off_write_nothing(checkout: Path) -> None:
    done = setup(checkout, told="ops@manager\n")
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert not (checkout / ".env").exists()


def test_saying_no_leaves_a_file_as_it_is(checkout: Path) -> None:
    (checkout / ".env").write_text("APP_PORT=9000\n")
    done = setup(checkout, told="\n" * 6 + "n\n")
    assert done.returncode == 0, done.stderr
    assert ".env stays as it is" in done.stdout
    assert (checkout / ".env").read_text() == "APP_PORT=9000\n"
    assert (checkout / ".mcp.json").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--app-port", "0"), "APP_PORT: a port from 1 to 65535"),
        (("--registry-url", "10.0.0.1:5000"), "REGISTRY_URL: a URL"),
        (("--projects-host-path", "projects"), "begins with /"),
        (("--manager-ssh", "-oProxyCommand=x"), "an SSH target"),
        (("--manager-ssh",), "--manager-ssh needs a value"),
        (("--managers", "x"), "there is no option --managers"),
    ],
)
def test_a_wrong_option_is_one_clear_line(checkout: Path, options: tuple[str, ...], says: str) -> None:
    done = setup(checkout, "--non-interactive", *options)
    assert done.returncode == 1
    assert says in done.stderr
    assert not (checkout / ".env").exists()
