"""The engine that is measured against: raw calls, the CLI, filling it, and its own events."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from backend.clients.docker_client import SwarmClient
from backend.models.cluster import Service

API = "http://docker/v1.41"
NEVER = "node.labels.never == yes"
"""Tasks that wait for such a node cost nothing and are as dear in the engine's lists as running ones."""


@dataclass
class Engine:
    docker_host: str
    client: SwarmClient
    raw: aiohttp.ClientSession
    filled: int = 0
    arrivals: dict[str, float] = field(default_factory=dict)
    """When the first event of a service came, by name, since `follow`."""

    async def get(self, *paths: str) -> list[bytes]:
        bodies = []
        for path in paths:
            async with self.raw.get(f"{API}{path}") as answer:
                answer.raise_for_status()
                bodies.append(await answer.read())
        return bodies

    async def command(self, *argv: str) -> None:
        environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": self.docker_host}
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
        )
        _, said = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {said.decode()[-500:]}")

    async def fill(self, image: str, services: int, *, replicas: int) -> None:
        """Up to so many services with pending tasks, called bench-0, bench-1 …"""

        def spec(number: int) -> dict[str, Any]:
            return {
                "Name": f"bench-{number}",
                "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {"Constraints": [NEVER]}},
                "Mode": {"Replicated": {"Replicas": replicas}},
            }

        for start in range(self.filled, services, 20):
            numbers = range(start, min(start + 20, services))
            await asyncio.gather(*(self.client.create_service(spec(number)) for number in numbers))
        self.filled = max(self.filled, services)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if len(await self.client.tasks()) >= self.filled * replicas:
                return
            await asyncio.sleep(1)

    async def touch(self, service_id: str, mark: str) -> None:
        """Change a label: the least a service can change, and no task of it."""

        def edit(service: Service) -> dict[str, Any]:
            return {**service.spec, "Labels": {**service.spec.get("Labels", {}), "mark": mark}}

        await self.client.update_service(service_id, edit)

    async def scale(self, service_id: str, replicas: int) -> None:
        def edit(service: Service) -> dict[str, Any]:
            return {**service.spec, "Mode": {"Replicated": {"Replicas": replicas}}}

        await self.client.update_service(service_id, edit)

    async def remove(self, prefix: str) -> None:
        await asyncio.gather(
            *(
                self.client.remove_service(service.id)
                for service in await self.client.services()
                if service.name.startswith(prefix)
            )
        )

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[None]:
        """Note when the engine's own events of services arrive."""
        self.arrivals.clear()
        ready = asyncio.Event()

        async def read() -> None:
            filters = {"type": ["service"]}
            async with self.raw.get(
                f"{API}/events", params={"filters": json.dumps(filters)}, timeout=aiohttp.ClientTimeout()
            ) as answer:
                ready.set()
                async for line in answer.content:
                    name = json.loads(line)["Actor"]["Attributes"].get("name")
                    self.arrivals.setdefault(name, time.monotonic())

        reading = asyncio.create_task(read())
        await ready.wait()
        try:
            yield
        finally:
            reading.cancel()


@asynccontextmanager
async def engine(docker_host: str) -> AsyncIterator[Engine]:
    client = SwarmClient(docker_host)
    socket = docker_host.removeprefix("unix://")
    try:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket)) as raw:
            yield Engine(docker_host, client, raw)
    finally:
        await client.close()
