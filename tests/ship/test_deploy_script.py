"""`deploy.sh` without a swarm: what it would do, where its settings come from, and what it refuses."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ENV = """\
# A comment
SWARM_MANAGER_SSH=ops@10.0.0.1
REGISTRY_HOST="10.0.0.1:5000"
export PROJECTS_HOST_PATH='/srv/it'"'"'s $(touch pwned) here'
APP_PORT=9000   # the page
IMAGE_TAG=
UNKNOWN=$(touch pwned)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("deploy.sh", "docker-compose.prod.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / ".env").write_text(ENV)
    return tmp_path


def deploy(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "./deploy.sh", *words],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
    )


def test_a_dry_run_shows_the_briefs_steps_and_does_none(checkout: Path) -> None:
    done = deploy(checkout, "--dry-run", "deploy")
    assert done.returncode == 0, done.stderr
    assert "+ scp -q docker-compose.prod.yml ops@10.0.0.1:swarm-orchestrator-stack.yml" in done.stdout
    deploy_line = (
        "docker stack deploy --with-registry-auth --resolve-image never --prune -c ~/swarm-orchestrator-st"
    )
    assert deploy_line in done.stdout
    assert "export REGISTRY_HOST='10.0.0.1:5000'" in done.stdout
    assert "export APP_PORT='9000'\n" in done.stdout
    assert not (checkout / "pwned").exists(), "what .env says is no command"


def test_with_the_socket_filter_its_two_files_go_along(checkout: Path) -> None:
    said = deploy(checkout, "--dry-run", "deploy", SOCKET_FILTER="true").stdout
    assert "+ scp -q deploy/socket-filter.yml ops@10.0.0.1:swarm-orchestrator-socket-filter.yml" in said
    assert "+ scp -q deploy/socket-filter.conf ops@10.0.0.1:swarm-orchestrator-socket-filter.conf" in said
    assert "-stack.yml -c ~/swarm-orchestrator-socket-filter.yml -c ~/swarm-orchestrator-secrets.yml" in said
    assert "export SOCKET_FILTER_CONF='./swarm-orchestrator-socket-filter.conf'" in said
    before = said.partition("SOCKET_FILTER_VERSION=")[2].split()[0]
    with (checkout / "deploy" / "socket-filter.conf").open("a") as conf:
        conf.write("# changed\n")
    after = deploy(checkout, "--dry-run", "deploy", SOCKET_FILTER="true").stdout
    assert before not in after, "a config of the swarm cannot be changed"


def test_the_environment_wins_and_what_is_empty_is_not_set(checkout: Path) -> None:
    done = deploy(checkout, "--dry-run", "deploy", APP_PORT="9001", REGISTRY_HOST="")
    assert "export APP_PORT='9001'\n" in done.stdout
    assert "export REGISTRY_HOST='10.0.0.1:5000'" in done.stdout
    assert "IMAGE_TAG" not in done.stdout


def test_values_arrive_at_the_manager_as_they_are(checkout: Path) -> None:
    path = '/srv/it\'s $(touch pwned) `here` "and" \\there'
    told = deploy(checkout, "--dry-run", "deploy", PROJECTS_HOST_PATH=path).stdout
    exports = [line.strip() for line in told.splitlines() if line.strip().startswith("export ")]
    script = "\n".join([*exports, 'printf %s "$PROJECTS_HOST_PATH"'])
    arrived = subprocess.run(
        ["sh", "-s"], cwd=checkout, input=script, capture_output=True, text=True, check=True
    )
    assert arrived.stdout == path
    assert not (checkout / "pwned").exists()


def test_a_build_is_for_the_managers_architecture_whatever_ours_is(checkout: Path) -> None:
    for variables, platform in (({}, "linux/amd64"), ({"PLATFORM": "linux/arm64"}, "linux/arm64")):
        said = deploy(checkout, "--dry-run", "build", "--no-cache", **variables).stdout
        assert f"10.0.0.1:5000/swarm-orchestrator:latest for {platform}" in said
        assert "--no-cache" in said
        assert "VERSION=0.1.0" in said


def test_a_secret_is_not_passed_on_and_that_is_said(checkout: Path) -> None:
    with (checkout / ".env").open("a") as env:
        env.write("REGISTRY_PASSWORD=hunter2-hunter2\n")
    done = deploy(checkout, "--dry-run", "deploy")
    assert "REGISTRY_PASSWORD stays here" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "says"),
    [
        (("deploi",), {}, "there is no command deploi"),
        (("deploy", "now"), {}, "deploy takes no arguments"),
        (("--env-file", "nothing", "status"), {}, "there is no file nothing"),
        (("deploy",), {"SOCKET_FILTER": "yes"}, "SOCKET_FILTER is true or false, and not yes"),
        (("--env-file", "/dev/null", "deploy"), {}, "SWARM_MANAGER_SSH is not set: run ./setup.sh"),
        (
            ("status",),
            {"SWARM_MANAGER_SSH": "ops@127.0.0.1.invalid"},
            "cannot reach ops@127.0.0.1.invalid by SSH",
        ),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    checkout: Path, words: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("there is no ssh on this machine")
    done = deploy(checkout, *words, **variables)
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 or "usage" in done.stderr


NEVER_RAN = "error from daemon in stream: incomplete log stream: task 0v08 has not been scheduled\n"


@pytest.mark.parametrize(("complaint", "code"), [(NEVER_RAN, 0), ("Error: no such option", 1)])
def test_lines_of_a_task_that_never_ran_are_not_missing(checkout: Path, complaint: str, code: int) -> None:
    ssh = checkout / "bin" / "ssh"
    ssh.parent.mkdir()
    # What the scripts ask by `sh -s` is answered by a manager; the rest is `docker service logs`.
    ssh.write_text(
        '#!/bin/sh\ncase "$*" in *"sh -s") cat >/dev/null; echo manager; exit ;; *"-O exit"*) exit ;; esac\n'
        f"echo 'a line'; echo '{complaint}' >&2; exit 1\n"
    )
    ssh.chmod(0o755)
    done = deploy(checkout, "logs", PATH=f"{ssh.parent}:/usr/bin:/bin")
    assert (done.returncode, done.stdout) == (code, "a line\n")
    assert complaint in done.stderr
