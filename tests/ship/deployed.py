"""The orchestrator as it runs on a swarm of the lab: its API, its container, its image."""

import json
import subprocess
import urllib.error
import urllib.request
from typing import Any

import pytest

from lab import Lab
from tests.ship.laptop import ROOT, Laptop

PORT = 8085
SERVICE = "orchestrator_app"
MANAGER, OTHER_MANAGER = "manager-1", "manager-2"
OLDER = "a8ce143"
"""A commit whose database has schema 4: before registries, builds and approvals."""


def run_on(lab: Lab, name: str, *command: str) -> str:
    return lab.node(name).machine.run(*command, seconds=60)


def on_manager(lab: Lab, *command: str) -> str:
    return run_on(lab, MANAGER, *command)


class Page:
    """The orchestrator as somebody's browser or script reaches it, on the manager's address."""

    def __init__(self, lab: Lab, name: str = MANAGER, *, port: int = PORT) -> None:
        self.url = f"http://{lab.node(name).address}:{port}"
        self.token = ""

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, str]:
        """Status, body and cookie of the answer; status 0 where nobody answers."""
        request = urllib.request.Request(self.url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return answer.status, _decoded(answer.read()), answer.headers.get("Set-Cookie", "")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, _decoded(refusal.read()), ""
        except OSError:
            return 0, None, ""

    def get(self, path: str) -> Any:
        status, body, _ = self.call("GET", path)
        assert status == 200, (status, body)
        return body


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()


def push_changed_image(laptop: Laptop, lab: Lab, tag: str, line: str) -> None:
    image = f"{lab.registry.host}/swarm-orchestrator"
    dockerfile = f"FROM {image}:latest\\n{line}\\n"
    build = f"printf '{dockerfile}' | docker build -q -t {image}:{tag} - && docker push -q {image}:{tag}"
    laptop.run("sh", "-c", build, within=120)


def names(page: Page) -> list[str]:
    return [item["name"] for item in page.get("/api/services")["items"]]


def container(lab: Lab) -> Any:
    found = on_manager(
        lab, "docker", "ps", "-q", "--filter", f"label=com.docker.swarm.service.name={SERVICE}"
    )
    return lambda *command: on_manager(lab, "docker", "exec", found.strip(), *command)


def container_label(lab: Lab, label: str) -> str:
    ours = f"label=com.docker.swarm.service.name={SERVICE}"
    return on_manager(lab, "docker", "ps", "--filter", ours, "--format", f'{{{{.Label "{label}"}}}}').strip()


def push_older_image(laptop: Laptop, lab: Lab) -> str:
    """Our image with the program of `OLDER` in it; skips where the checkout has no history."""
    archive = subprocess.run(
        ["git", "-c", "safe.directory=*", "archive", OLDER, "backend"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        pytest.skip(f"this checkout does not hold the commit {OLDER}")
    folder = laptop.checkout / "older"
    folder.mkdir()
    (folder / "older.tar").write_bytes(archive.stdout)
    (folder / "Dockerfile").write_text(
        f"FROM {lab.registry.host}/swarm-orchestrator:latest\n"
        "ADD older.tar /older/\n"
        "ENV PYTHONPATH=/older\n"
        'ENTRYPOINT ["python", "-m", "backend"]\n'
        'CMD ["serve"]\n'
    )
    image = f"{lab.registry.host}/swarm-orchestrator:older"
    laptop.run("sh", "-c", f"docker build -q -t {image} older && docker push -q {image}", within=120)
    return image
