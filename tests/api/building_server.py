"""A server of its own process that builds, for tests that end it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2

from tests.api.server_process import ServerProcess, environment, free_port
from tests.eventually import eventually

TOKEN = "so_" + "k" * 43


@dataclass
class Server:
    process: ServerProcess
    client: httpx2.AsyncClient

    async def call(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.client.request(method, path, **options)
        assert answer.status_code < 400, answer.text
        return answer.json()

    async def end(self, number: int) -> int:
        return await anyio.to_thread.run_sync(self.process.stop, number)


@asynccontextmanager
async def server(folder: Path, docker_host: str, registry_url: str) -> AsyncIterator[Server]:
    values = environment(
        folder,
        DOCKER_HOST=docker_host,
        REGISTRY_URL=registry_url,
        APP_PORT=str(free_port()),
        ORCHESTRATOR_TOKEN=TOKEN,
    )
    with ServerProcess(["-m", "backend"], folder, values) as process:
        link = await anyio.to_thread.run_sync(process.link)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = link.partition("/setup")[0]
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            yield Server(process, client)


async def told(running: Server, build: Any) -> Any:
    """The build as the next server tells of it, once it has asked what arrived."""

    async def look() -> Any:
        row = await running.call("GET", f"/api/builds/{build['id']}")
        return None if "looked up" in (row["cause"] or "") else row

    return await eventually(look)
