"""The server killed at random moments of writing through the API: nothing torn, nothing lost."""

import random
import sqlite3
import threading
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pytest
import yaml

from e2e.server import Server

KILLS = 30
WRITERS = 3
LONGEST_LIFE = 0.4
"""Seconds of writing before a kill, at most."""


@dataclass
class Writer:
    """Changes one definition again and again, and remembers what was promised to it."""

    server: Server
    name: str
    seed: int
    acknowledged: str | None = None
    """The image that the last answered write set; None: there is no definition."""
    in_flight: list[str | None] = field(default_factory=list)
    """What writes without an answer may have set, or not."""
    writes: int = 0

    def write_until_it_dies(self, enough: threading.Event) -> None:
        choose = random.Random(self.seed)
        path = f"/api/services/{self.name}"
        while not enough.is_set():
            wanted = None if self.acknowledged and choose.random() < 0.2 else f"app:{choose.randrange(10**9)}"
            self.in_flight = [wanted]
            body = {"definition": {"image": wanted}}
            try:
                if wanted is None:
                    answer = self.server.call("DELETE", path)
                elif self.acknowledged is None:
                    answer = self.server.call("POST", "/api/services", {"name": self.name, **body})
                else:
                    answer = self.server.call("PUT", path, body)
            except (OSError, ValueError, EOFError, HTTPException):
                return  # the kill; whether the write counts is open
            assert answer.status in (200, 201, 204), answer
            self.acknowledged, self.in_flight = wanted, []
            self.writes += 1

    def settle(self, present: str | None) -> None:
        assert present in [self.acknowledged, *self.in_flight], (
            f"{self.name}: {present} is on disk, {self.acknowledged} was promised, {self.in_flight} was open"
        )
        self.acknowledged, self.in_flight = present, []


@pytest.fixture
def server(tmp_path: Path) -> Server:
    server = Server(tmp_path, docker_host=f"unix://{tmp_path}/no-engine.sock")
    return server.with_token("crash-test-token-0123456789abcdef")


def image_on_disk(server: Server, name: str) -> str | None:
    path = server.definitions / f"{name}.yaml"
    if not path.exists():
        return None
    definition = yaml.safe_load(path.read_text())
    assert definition["name"] == name
    return str(definition["image"])


def assert_consistent(server: Server, writers: list[Writer]) -> None:
    files = {path.name for path in server.definitions.iterdir() if path.is_file()}
    assert all(name.endswith(".yaml") for name in files), f"a half-written file stayed: {sorted(files)}"
    listed = {item["name"]: item for item in server.get("/api/services?limit=500")["items"]}
    for writer in writers:
        present = image_on_disk(server, writer.name)
        writer.settle(present)
        assert (present is not None) == (writer.name in listed)
        if present is not None:
            entry = server.get(f"/api/services/{writer.name}")
            assert entry["status"] != "broken"
            assert entry["definition"]["image"] == present
            assert entry["yaml"] == (server.definitions / f"{writer.name}.yaml").read_text()
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


@pytest.mark.timeout(180)
def test_thirty_kills_while_writing_leave_a_consistent_catalog_thirty_times(server: Server) -> None:
    seed = random.SystemRandom().randrange(10**6)
    moment = random.Random(seed)
    writers = [Writer(server, f"crash-{number}", seed + number) for number in range(WRITERS)]
    consistent = 0
    try:
        server.start()
        for _ in range(KILLS):
            enough = threading.Event()
            threads = [
                threading.Thread(target=writer.write_until_it_dies, args=[enough]) for writer in writers
            ]
            for thread in threads:
                thread.start()
            enough.wait(moment.uniform(0, LONGEST_LIFE))
            server.kill()
            enough.set()
            for thread in threads:
                thread.join(timeout=35)
            server.start()
            assert_consistent(server, writers)
            consistent += 1
        assert sum(writer.writes for writer in writers) > KILLS
    except AssertionError as problem:
        problem.add_note(f"{consistent} of {KILLS} were consistent; seed {seed}")
        raise
    finally:
        server.kill()
