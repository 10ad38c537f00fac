"""Our server as a process of its own, on a free port, with a state of its own."""

import asyncio
import os
import secrets
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import aiohttp

from bench.watched import FILE

START_WITHIN = 90.0


class Server:
    """`async with Server(docker_host, …)`: started on that engine, stopped and forgotten afterwards."""

    def __init__(self, docker_host: str, registry_url: str = "", *, watched: bool = False) -> None:
        self._docker_host = docker_host
        self._registry_url = registry_url
        self._module = "bench.watched" if watched else "backend"
        self._folder = tempfile.TemporaryDirectory(prefix="orchestrator-bench-")
        self._turns = Path(self._folder.name) / "turns"
        self._process: asyncio.subprocess.Process | None = None
        self.token = secrets.token_urlsafe(32)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def projects(self) -> Path:
        return Path(self._folder.name) / "projects"

    def setup_code(self) -> str:
        """What the first visitor has to show; there once the server answers."""
        return (Path(self._folder.name) / "state" / "setup-code").read_text().strip()

    def session(self) -> aiohttp.ClientSession:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}
        # What is compressed stays so: the clients it is compared with do not decode either.
        return aiohttp.ClientSession(
            headers=headers, connector=aiohttp.TCPConnector(limit=0), auto_decompress=False
        )

    async def __aenter__(self) -> Self:
        state = Path(self._folder.name)
        environment = {
            "PATH": os.environ["PATH"],
            "DOCKER_HOST": self._docker_host,
            "REGISTRY_URL": self._registry_url,
            "APP_PORT": str(self.port),
            "DATABASE_PATH": str(state / "state" / "orchestrator.db"),
            "DEFINITIONS_DIR": str(state / "definitions"),
            "PROJECTS_DIR": str(self.projects),
            "ORCHESTRATOR_TOKEN": self.token,
            FILE: str(self._turns),
        }
        log = (state / "server.log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, env=environment, stdout=log, stderr=log
        )
        log.close()
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        self._folder.cleanup()

    async def sees(self, session: aiohttp.ClientSession, services: int) -> dict[str, Any]:
        """The list, once it holds at least so many services."""
        deadline = time.monotonic() + START_WITHIN
        seen: object = "no answer"
        while time.monotonic() < deadline:
            try:
                async with session.get(f"{self.url}/api/services/live?limit=1000") as answer:
                    seen = await answer.json(content_type=None)
                    if isinstance(seen, dict) and seen.get("total", 0) >= services:
                        return seen
            except aiohttp.ClientError as error:
                seen = error
            await asyncio.sleep(0.02)
        msg = f"the server does not show {services} services after {START_WITHIN:.0f} s: {str(seen)[:300]}"
        raise TimeoutError(msg)

    async def turns(self) -> tuple[float, float]:
        """Milliseconds of the longest turn of the loop since `forget_turns`: processor time, wall time."""
        await asyncio.sleep(0.6)
        cpu, wall = self._turns.read_text().split()
        return float(cpu), float(wall)

    async def forget_turns(self) -> None:
        self._turns.unlink(missing_ok=True)
        await asyncio.sleep(0.6)
