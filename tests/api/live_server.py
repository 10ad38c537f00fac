"""The server as a process of its own beside a fake swarm, and its streams read over a real socket."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import anyio

from tests.api.server_process import ServerProcess, environment
from tests.eventually import eventually

TOKEN = "a-token-for-tests-of-streams"


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    data: Any
    id: str | None
    at: float


@dataclass
class Stream:
    """Reads events in the background from the moment it is opened."""

    opened_at: float
    events: list[Event] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    ended_at: float | None = None

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [item for event in self.events if event.kind == "line" for item in event.data["items"]]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.kind == "state"]

    @property
    def dropped(self) -> int:
        return sum(event.data["count"] for event in self.events if event.kind == "dropped")

    def first_line_after(self) -> float:
        """Seconds from opening to the first line."""
        return next(event.at for event in self.events if event.kind == "line") - self.opened_at

    async def read(self, content: aiohttp.StreamReader) -> None:
        fields: dict[str, str] = {}
        try:
            async for chunk, _ in _lines(content):
                if chunk.startswith(":"):
                    self.comments.append(chunk)
                elif chunk:
                    name, _, value = chunk.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    data = json.loads(fields["data"])
                    self.events.append(Event(fields["event"], data, fields.get("id"), time.monotonic()))
                    fields = {}
        except aiohttp.ClientError:
            pass
        finally:
            self.ended_at = time.monotonic()


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[tuple[str, None]]:
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode(), None


@dataclass
class LiveServer:
    url: str
    process: ServerProcess
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text and "json" in answer.content_type else text

    async def get(self, path: str, **params: Any) -> Any:
        status, body = await self.call("GET", path, params=params)
        assert status == 200, body
        return body

    async def run(self, name: str, **definition: Any) -> None:
        """Register, deploy and wait until it runs."""
        definition.setdefault("image", "${REGISTRY_HOST}/hello-world:1")
        body = {"name": name, "definition": definition}
        status, answer = await self.call("POST", "/api/services", json=body)
        assert status == 201, answer
        status, answer = await self.call("POST", f"/api/services/{name}/deploy")
        assert status in (200, 202), answer

        async def runs() -> bool:
            return bool((await self.get(f"/api/services/{name}"))["status"] == "running")

        await eventually(runs)

    @asynccontextmanager
    async def stream(
        self, path: str, *, headers: dict[str, str] | None = None, **params: Any
    ) -> AsyncIterator[Stream]:
        stream = Stream(time.monotonic())
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with self.session.get(
            self.url + path, params=params, headers=headers, timeout=timeout
        ) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "text/event-stream"
            reading = asyncio.create_task(stream.read(answer.content))
            try:
                yield stream
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


@asynccontextmanager
async def live_server(folder: Path, docker_host: str, registry_host: str) -> AsyncIterator[LiveServer]:
    """A server that has seen the cluster."""
    settings = environment(
        folder,
        DOCKER_HOST=docker_host,
        REGISTRY_URL=f"http://{registry_host}",
        ORCHESTRATOR_TOKEN=TOKEN,
        APP_PORT="0",
    )
    with ServerProcess(["-m", "backend"], folder, settings) as process:
        url = (await anyio.to_thread.run_sync(process.link)).partition("/setup")[0]
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
            server = LiveServer(url, process, session)

            async def sees() -> bool:
                return (await server.call("GET", "/api/nodes"))[0] == 200

            await eventually(sees)
            yield server
