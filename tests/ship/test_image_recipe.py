"""The Dockerfile's promises that can be read off it; that it builds and runs is in test_ship_it.py."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# This one refuses a key that is there twice.
STACK = YAML(typ="safe", pure=True).load((ROOT / "docker-compose.prod.yml").read_text())


def test_every_base_image_is_an_argument() -> None:
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)) == {"${NODE_IMAGE}", "${PYTHON_IMAGE}"}


@pytest.mark.parametrize("feature", ["--mount", "--link", "--chmod", "<<", "# syntax", "BUILDPLATFORM"])
def test_nothing_in_it_needs_buildkit(feature: str) -> None:
    assert feature not in DOCKERFILE


def test_the_context_holds_what_is_copied_and_nothing_that_is_secret() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines, "everything is left out that is not let in"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    sources = {
        source.rstrip("/")
        for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for source in words.split()[:-1]
    }
    assert all(any(source == path or source.startswith(f"{path}/") for path in let_in) for source in sources)
    assert not {path for path in let_in if path.startswith((".env", ".mcp", "data"))}


def packages_that_run() -> list[dict[str, Any]]:
    """Those of uv.lock that the program needs on Linux, without the tools of its development."""
    locked = {
        package["name"]: package for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    }
    found: dict[str, dict[str, Any]] = {}
    wanted = [("swarm-orchestrator", "")]
    done = set()
    while wanted:
        name, extra = one = wanted.pop()
        if one in done:
            continue
        done.add(one)
        package = found[name] = locked[name]
        needs = (
            package.get("optional-dependencies", {}).get(extra, [])
            if extra
            else package.get("dependencies", [])
        )
        for need in needs:
            if "== 'win32'" not in need.get("marker", ""):
                wanted += [(need["name"], each) for each in ("", *need.get("extra", []))]
    del found["swarm-orchestrator"]
    return list(found.values())


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_every_package_is_there_ready_made_for_the_nodes_architecture(architecture: str) -> None:
    """A slim base image has no compiler, and under emulation one would take an hour."""
    packages = packages_that_run()
    assert len(packages) > 40
    for_it = re.compile(rf"-(none-any|(cp312-cp312|cp3\d+-abi3)-manylinux\S*_{architecture}\S*)\.whl$")
    missing = [
        package["name"]
        for package in packages
        if not any(for_it.search(wheel["url"]) for wheel in package.get("wheels", []))
    ]
    assert missing == []


def test_the_stack_is_the_briefs() -> None:
    assert set(STACK["services"]) == {"app"}
    app = STACK["services"]["app"]
    assert "build" not in app
    assert app["deploy"]["placement"]["constraints"][0] == "node.role == manager"
    assert app["deploy"]["update_config"]["order"] == "stop-first"
    assert app["deploy"]["update_config"]["failure_action"] == "rollback"
    assert {mount["target"] for mount in app["volumes"]} == {
        "/var/run/docker.sock",
        "/projects",
        "/data",
        "/tmp",
    }
    assert app["read_only"] is True
    (port,) = app["ports"]
    assert port["mode"] == "host"


def test_docker_takes_no_error_message_for_a_default() -> None:
    messages = re.findall(r"\$\{\w+:\?([^}]*)\}", (ROOT / "docker-compose.prod.yml").read_text())
    assert len(messages) == 3
    assert not [text for text in messages if "-" in text]
