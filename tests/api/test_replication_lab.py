"""The manager that runs us loses its power, and we come up on another one from what the swarm kept."""

import base64
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab
from lab.host import unsuitable
from lab.waiting import wait_until
from tests.api.server_process import ServerProcess, environment
from tests.api.test_access_process import ask
from tests.fakes.lab_fixture import clear_dead_runs

pytestmark = pytest.mark.lab

TOKEN = "a-token-for-tests-of-lost-managers"
PASSWORD = "correct horse battery"
SERVICES = 20
LOST_AT_MOST = 15.0
"""Seconds: ten without a pause between changes, and what it takes to write a copy on a busy machine."""


@pytest.fixture
def managers() -> Iterator[Lab]:
    if reason := unsuitable():
        pytest.skip(reason)
    clear_dead_runs()
    lab = Lab(f"test-{os.getpid()}-manager-lost")
    try:
        lab.up(managers=3, workers=0)
        yield lab
    finally:
        lab.down()


def start(folder: Path, docker_host: str, key: Path) -> ServerProcess:
    folder.mkdir()
    settings = environment(
        folder,
        DOCKER_HOST=docker_host,
        APP_PORT="0",
        ORCHESTRATOR_TOKEN=TOKEN,
        ORCHESTRATOR_STATE_KEY_FILE=str(key),
    )
    return ServerProcess(["-m", "backend"], folder, settings)


class Orchestrator:
    def __init__(self, process: ServerProcess, within: float) -> None:
        address, _, self.code = process.link(within).partition("/setup#code=")
        self.port = int(address.split(":")[2])

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        found, answer = ask(self.port, method, path, body, Authorization=f"Bearer {TOKEN}")
        assert found == status, answer
        return answer

    def copied(self) -> Any:
        state = self.call("GET", "/api/health/detailed")["state"]["replication"]
        return state if state["sequence"] and not state["unreplicated_revisions"] else None

    def revisions(self) -> dict[str, list[int]]:
        names = [item["name"] for item in self.call("GET", "/api/services")["items"]]
        return {name: sorted(self._revisions_of(name)) for name in names}

    def _revisions_of(self, name: str) -> list[int]:
        found: list[int] = []
        while True:
            path = f"/api/services/{name}/revisions?limit=1000&offset={len(found)}"
            page = self.call("GET", path)
            found += [row["revision"] for row in page["items"]]
            if len(found) >= page["total"]:
                return found


def definition(replicas: int) -> dict[str, Any]:
    return {"definition": {"image": "nginx", "replicas": replicas}}


def test_a_lost_manager_costs_the_changes_of_the_last_seconds_and_nothing_else(
    managers: Lab, tmp_path: Path
) -> None:
    key = tmp_path / "state.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    home, other = managers.nodes[0], managers.nodes[1]
    with start(tmp_path / "first", home.docker_host, key) as process:
        first = Orchestrator(process, 30)
        assert ask(first.port, "POST", "/api/setup", {"code": first.code, "password": PASSWORD})[0] == 201
        for number in range(SERVICES):
            first.call("POST", "/api/services", {"name": f"service-{number}", **definition(1)}, status=201)
            first.call("PUT", f"/api/services/service-{number}", definition(2))
        wait_until(lambda: first.copied() is not None, seconds=60, what="a copy of everything")
        before = first.revisions()
        size = first.call("GET", "/api/health/detailed")["state"]["replication"]["bytes"]

        # Changes go on until the power goes; each is noted when it was acknowledged.
        first.call("POST", "/api/services", {"name": "last", **definition(1)}, status=201)
        acknowledged = {1: time.monotonic()}
        ends = time.monotonic() + 25
        while time.monotonic() < ends:
            revision = len(acknowledged) + 1
            first.call("PUT", "/api/services/last", definition(revision))
            acknowledged[revision] = time.monotonic()
        process.process.kill()
        managers.power_off(home.name)
        cut = time.monotonic()

    with start(tmp_path / "second", other.docker_host, key) as process:
        second = Orchestrator(process, 120)
        back = time.monotonic() - cut
        after = second.revisions()
        kept = set(after.pop("last"))
        assert after == before
        body = {"username": "admin", "password": PASSWORD}
        assert ask(second.port, "POST", "/api/session", body)[0] in (200, 201)

        lost = {number: moment for number, moment in acknowledged.items() if number not in kept}
        # What is there is everything up to some moment.
        assert kept == set(range(1, max(kept) + 1))
        window = cut - min(lost.values()) if lost else 0.0
        assert window < LOST_AT_MOST
        # And it is copied again, by the managers that are left.
        second.call("POST", "/api/services", {"name": "afterwards", **definition(1)}, status=201)
        wait_until(lambda: second.copied() is not None, seconds=60, what="a copy after the loss")
        print(  # noqa: T201 (the figures of docs/guide/backup.md)
            f"\nback {back:.1f} s after the power went; {len(lost)} of {len(acknowledged)} changes in 25 s "
            f"lost, the oldest {window:.1f} s old; {size} bytes for {SERVICES} services"
        )
