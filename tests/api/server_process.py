"""A server as its users start it: a process of its own, on state of its own, spoken to over a socket."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"http://\S+")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """Nothing of the developer's own settings, and no engine unless `changes` name one."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        "DATABASE_PATH": str(folder / "state" / "orchestrator.db"),
        "DEFINITIONS_DIR": str(folder / "definitions"),
        "PROJECTS_DIR": str(folder / "projects"),
        **changes,
    }


class ServerProcess:
    """Lines of both outputs are read all the time, so that a full pipe never stops the server."""

    def __init__(self, arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._said = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Iterator[str], lines: list[str]) -> None:
        for line in stream:
            with self._said:
                lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def link(self, within: float = 30.0) -> str:
        """The address it printed, with the setup code when there is one."""
        with self._said:
            self._said.wait_for(lambda: self.out or self.process.poll() is not None, timeout=within)
        assert self.out, f"no address within {within} s; it said {self.err}"
        found = LINK.search(self.out[0])
        assert found is not None, self.out
        return found[0]

    def stop(self, number: int = signal.SIGTERM, within: float = 6.0) -> int:
        """Send the signal and return the exit code; raise TimeoutExpired when it takes longer."""
        self.process.send_signal(number)
        return self.wait(within)

    def wait(self, within: float = 30.0) -> int:
        code = self.process.wait(within)
        for reader in self._readers:
            reader.join(5)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(10)
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
