"""The wheel's command: its names, its completion, and the page and examples that it brings along."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from backend.__main__ import main
from scripts.python_env import build_wheel
from scripts.shell import ROOT

COMMANDS = ("serve", "mcp", "token", "backup", "restore", "completion")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script_that_knows_commands_and_options(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "token" in script
    assert "--never-expires" in script


def test_bash_completes_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    script = capsys.readouterr().out
    function = next(line.split()[-2] for line in script.splitlines() if line.startswith("complete "))
    name = next(line.split()[-1] for line in script.splitlines() if line.startswith("complete "))
    asked = (
        f"{script}\nCOMP_WORDS=({name!r} to)\nCOMP_CWORD=1\n{function}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout.split() == ["token"]


def test_mcp_is_the_mcp_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backend", "mcp", "--url", "nowhere"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 78
    assert "swarm-orchestrator mcp: ORCHESTRATOR_URL" in done.stderr


def test_the_wheel_carries_the_page_and_the_examples(tmp_path: Path) -> None:
    if not (ROOT / "backend" / "_web" / "index.html").exists():
        pytest.skip("the page is not built here")
    (wheel,) = build_wheel(tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"backend/_web/index.html", "backend/_examples/hello-world.yaml", "backend/__main__.py"} <= names
    assert any(name.startswith("backend/_web/assets/") and name.endswith(".br") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "frontend/", "e2e/"))]
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert "swarm-orchestrator = backend.__main__:main" in zipfile.ZipFile(wheel).read(entry).decode()
