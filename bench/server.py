"""Our server as a process of its own, on a free port, with a state of its own."""

import asyncio
import os
import secrets
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import aiohttp

from lab import Lab

START_WITHIN = 30.0


class Server:
    """`async with Server(lab)`: started against the lab's manager, stopped and forgotten afterwards."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._folder = tempfile.TemporaryDirectory(prefix="orchestrator-bench-")
        self._process: asyncio.subprocess.Process | None = None
        self.token = secrets.token_urlsafe(32)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        state = Path(self._folder.name)
        environment = {
            "PATH": os.environ["PATH"],
            "DOCKER_HOST": self._lab.docker_host,
            "REGISTRY_URL": self._lab.registry_url,
            "APP_PORT": str(self._port),
            "DATABASE_PATH": str(state / "state" / "orchestrator.db"),
            "DEFINITIONS_DIR": str(state / "definitions"),
            "ORCHESTRATOR_TOKEN": self.token,
        }
        log = (state / "server.log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "backend", env=environment, stdout=log, stderr=log
        )
        log.close()
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
        self._folder.cleanup()

    async def sees(self, session: aiohttp.ClientSession, services: int) -> None:
        """Wait until it answers with at least so many services."""
        deadline = time.monotonic() + START_WITHIN
        seen: object = "no answer"
        while time.monotonic() < deadline:
            try:
                async with session.get(f"{self.url}/api/services/live?limit=1") as answer:
                    seen = await answer.json(content_type=None)
                    if isinstance(seen, dict) and seen.get("total", 0) >= services:
                        return
            except aiohttp.ClientError as error:
                seen = error
            await asyncio.sleep(0.1)
        msg = f"the server does not show {services} services after {START_WITHIN:.0f} s: {seen!r}"
        raise TimeoutError(msg)
