"""The real server as a process of its own, started and killed the way a person or a power cut would."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
# A test run that is killed must not leave a server behind.
DIE_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def eventually[T](look: Callable[[], T], *, within: float, every: float = 0.2) -> T:
    """Return the first truthy answer of `look`; raise AssertionError with the last one after `within` s."""
    deadline = time.monotonic() + within
    while not (value := look()):
        if time.monotonic() > deadline:
            msg = f"not so within {within} s; last seen: {value!r}"
            raise AssertionError(msg)
        time.sleep(every)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


class Server:
    """`python -m backend` with a state folder of its own. `token` is its bearer token with full rights."""

    def __init__(
        self, folder: Path, *, docker_host: str, registry_url: str = "http://127.0.0.1:5000"
    ) -> None:
        self.folder = folder
        self.definitions = folder / "definitions"
        self.database = folder / "data" / "orchestrator.db"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._variables = {
            "DOCKER_HOST": docker_host,
            "REGISTRY_URL": registry_url,
            "APP_PORT": str(self.port),
            "DATABASE_PATH": str(self.database),
            "DEFINITIONS_DIR": str(self.definitions),
            "PROJECTS_DIR": str(folder / "projects"),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def with_token(self, token: str) -> Self:
        self.token = token
        self._variables["ORCHESTRATOR_TOKEN"] = token
        return self

    def set(self, variable: str, value: str) -> None:
        """Give the next start one more environment variable."""
        self._variables[variable] = value

    def start(self, *, within: float = 30.0) -> None:
        """Start it and wait until it answers."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.log.open("ab") as log:
            # Not in the checkout: a developer's .env must not reach a test.
            self._process = subprocess.Popen(
                [*DIE_WITH_US, sys.executable, "-m", "backend"],
                cwd=self.folder,
                env={**inherited, **self._variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        eventually(self._answers, within=within, every=0.05)

    def stop(self) -> float:
        """Ask it to stop as Ctrl-C does; return how many seconds it took."""
        asked = time.monotonic()
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=20)
        return time.monotonic() - asked

    def kill(self) -> None:
        """End it as the kernel would: no warning, no clean-up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)

    @property
    def projects(self) -> Path:
        return Path(self._variables["PROJECTS_DIR"])

    def memory(self) -> int:
        """Bytes it holds; from here on its peak is counted anew."""
        (self._proc / "clear_refs").write_text("5")
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most bytes it held since `memory` was asked for."""
        return self._status("VmHWM")

    @property
    def output(self) -> str:
        return self.log.read_text()

    def sign_in_link(self) -> str:
        """Return the one-time link that the first start prints."""
        pattern = re.compile(rf"{re.escape(self.url)}/setup#code=\S+")
        found = eventually(lambda: pattern.search(self.output), within=5)
        assert found
        return found[0]

    def give_role(self, role: str) -> None:
        """To every person, as an administrator of the machine could: the page knows one role so far."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database, database:
            database.execute("UPDATE users SET role = ?", (role,))

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Make one API call with the token; answers of every status are returned."""
        request = urllib.request.Request(self.url + path, method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, _decoded(response.read()), dict(response.headers))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, _decoded(refusal.read()), dict(refusal.headers))

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        return answer.body

    @property
    def _proc(self) -> Path:
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}")

    def _status(self, key: str) -> int:
        text = (self._proc / "status").read_text()
        return int(text.partition(f"{key}:")[2].split()[0]) * 1024

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the server ended at once:\n{self.output}"
        try:
            return self.call("GET", "/api/health").status == 200
        except OSError:
            return False


def _decoded(data: bytes) -> Any:
    return json.loads(data) if data else None
