"""Images: from a changed file to the new version running, by us and by the `docker` commands one types."""

import asyncio
import json
import os
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.engine import API, Engine
from bench.figures import Figure
from bench.processes import say
from bench.server import Server

FILES, FILE_BYTES = 200, 20_000
DOCKERFILE = """\
FROM {host}/hello-world:1
COPY files /www/files
COPY page.html /www/page.html
RUN cat /www/page.html
"""
WITHIN = 60.0


async def builds(engine: Engine, server: Server, registry_url: str, *, rounds: int) -> list[Figure]:
    host = registry_url.partition("://")[2].rstrip("/")
    say(f"building, pushing and deploying {rounds} times, and by docker build, push and service update")
    async with server.session() as session:
        ours = _Ours(engine, server, session, host)
        theirs = _Theirs(engine, server, host)
        await ours.begin()
        await theirs.begin()
        times: dict[str, list[_Times]] = {ours.name: [], theirs.name: []}
        for number in range(rounds):
            # Who comes second may find the disk busy or the cache warm.
            for side in (ours, theirs) if number % 2 else (theirs, ours):
                side.change(f"version {number}")
                times[side.name].append(await _timed(engine, side))
        await ours.end()
        await theirs.end()
    builder = await _builder(engine)
    figures = []
    for what, pick in (("the swarm has it", "accepted"), ("it runs", "running")):
        own, other = (statistics.median(getattr(one, pick) for one in found) for found in times.values())
        figures.append(
            Figure(
                f"change a file, build, push, deploy: until {what}, p50", own, "s",
                f"`docker build` ({builder}), `push`, `service update -d`", other,
                "≤ 1.1 ×", own <= 1.1 * other,
            )
        )  # fmt: skip
    return figures


async def _builder(engine: Engine) -> str:
    """Without its buildx plugin the docker client falls back to the classic builder."""
    try:
        await engine.command("docker", "buildx", "version")
    except RuntimeError:
        return "classic"
    return "buildx"


@dataclass(frozen=True)
class _Times:
    """Seconds from the first command to the service with another image, and to a task of it that runs."""

    accepted: float
    running: float


class _Side(ABC):
    """One way to ship the same project, under names of its own."""

    name: str

    def __init__(self, engine: Engine, server: Server, host: str) -> None:
        self.engine = engine
        self.folder = server.projects / self.name
        self.image = f"{host}/{self.name}:latest"
        files = self.folder / "files"
        files.mkdir(parents=True)
        for number in range(FILES):
            (files / str(number)).write_bytes(os.urandom(FILE_BYTES))
        (self.folder / "Dockerfile").write_text(DOCKERFILE.format(host=host))
        self.change("the first")

    def change(self, text: str) -> None:
        (self.folder / "page.html").write_text(f"{text} of {self.name}\n")

    @abstractmethod
    async def begin(self) -> None:
        """Everything that happens once: the service is there and the cache warm."""

    @abstractmethod
    async def ship(self) -> None:
        """Build, push and deploy."""

    @abstractmethod
    async def end(self) -> None: ...


class _Ours(_Side):
    name = "built-by-us"

    def __init__(self, engine: Engine, server: Server, session: aiohttp.ClientSession, host: str) -> None:
        super().__init__(engine, server, host)
        self.session = session
        self.url = f"{server.url}/api/services"

    async def begin(self) -> None:
        definition = {"image": self.image, "build_context": self.name}
        async with self.session.post(self.url, json={"name": self.name, "definition": definition}) as answer:
            assert answer.status == 201, await answer.text()
        await _timed(self.engine, self)

    async def ship(self) -> None:
        build = self.session.post(f"{self.url}/{self.name}/build", json={"deploy": True})
        async with build as answer:
            assert answer.status == 202, await answer.text()

    async def end(self) -> None:
        async with self.session.post(f"{self.url}/{self.name}/stop", params={"wait": 30}) as answer:
            assert answer.status in (200, 202), await answer.text()
        async with self.session.delete(f"{self.url}/{self.name}?force=true") as answer:
            assert answer.status == 204, await answer.text()


class _Theirs(_Side):
    name = "built-by-hand"

    async def begin(self) -> None:
        await self._build_and_push()
        await self.engine.command("docker", "service", "create", "-d", "--name", self.name, self.image)
        await _until(lambda: _runs_anew(self.engine, self.name, set()))

    async def ship(self) -> None:
        await self._build_and_push()
        await self.engine.command("docker", "service", "update", "-d", "--image", self.image, self.name)

    async def end(self) -> None:
        await self.engine.remove(self.name)

    async def _build_and_push(self) -> None:
        await self.engine.command("docker", "build", "-t", self.image, str(self.folder))
        await self.engine.command("docker", "push", self.image)


async def _timed(engine: Engine, side: _Side) -> _Times:
    """Both are seen the same way, by asking the engine again and again."""
    image, tasks = await _image(engine, side.name), await _running(engine, side.name)

    async def deployed() -> bool:
        if shipping.done():
            await shipping
        return await _image(engine, side.name) != image

    began = time.perf_counter()
    shipping = asyncio.create_task(side.ship())
    await _until(deployed)
    accepted = time.perf_counter() - began
    await _until(lambda: _runs_anew(engine, side.name, tasks))
    running = time.perf_counter() - began
    await shipping
    return _Times(accepted, running)


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + WITHIN
    while not await look():
        if time.monotonic() > deadline:
            msg = f"nothing came of it in {WITHIN:.0f} s"
            raise TimeoutError(msg)
        await asyncio.sleep(0.01)


async def _runs_anew(engine: Engine, service: str, before: set[str]) -> bool:
    return bool(await _running(engine, service) - before)


async def _image(engine: Engine, service: str) -> str | None:
    """With its digest; None of a service that is not there yet."""
    async with engine.raw.get(f"{API}/services/{service}") as answer:
        if answer.status != 200:
            return None
        found = await answer.json()
        return str(found["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])


async def _running(engine: Engine, service: str) -> set[str]:
    filters = json.dumps({"service": [service], "desired-state": ["running"]})
    async with engine.raw.get(f"{API}/tasks", params={"filters": filters}) as answer:
        # The engine does not filter by a service that is not there yet: it says 404.
        tasks: list[dict[str, Any]] = await answer.json() if answer.status == 200 else []
    return {task["ID"] for task in tasks if task["Status"]["State"] == "running"}
