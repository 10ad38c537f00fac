"""What we cost the manager when nothing happens: its processor time, and how often we ask."""

import asyncio
import tempfile
import time
from pathlib import Path

from bench.engine import Engine
from bench.figures import Figure
from bench.listeners import listeners
from bench.processes import cpu_seconds, say
from bench.server import Server

LS_EVERY = 5.0


async def load(engine: Engine, daemon: int, *, seconds: float) -> Figure:
    """dockerd's share of a core with our server beside it, less its share alone."""
    say(f"what dockerd pays for us at {engine.filled} services")
    alone = await _share(daemon, min(seconds, 15))
    with_ls = await _share(daemon, max(15.0, seconds / 3), list_by=engine)
    async with Server(engine.docker_host) as server, server.session() as session:
        await server.sees(session, engine.filled)
        # The looks of the start tell the pace of the later ones.
        await asyncio.sleep(3)
        ours = await _share(daemon, seconds)
    mine = max(0.0, ours - alone)
    return Figure(
        f"dockerd's processor time for us, idle, {engine.filled:,} services", mine, "% of a core",
        f"`docker service ls` each {LS_EVERY:.0f} s", max(0.0, with_ls - alone), "≤ 1 % of a core", mine <= 1,
    )  # fmt: skip


async def calls(engine: Engine, *, browsers: int, seconds: float) -> Figure:
    """Calls to the engine in a minute, with and without open pages."""
    say(f"counting calls with 0 and {browsers} browsers")
    with tempfile.TemporaryDirectory(prefix="orchestrator-bench-") as folder:
        relay = Relay(Path(folder) / "docker.sock", Path(engine.docker_host.removeprefix("unix://")))
        serving = await asyncio.start_unix_server(relay.serve, relay.socket)
        async with Server(f"unix://{relay.socket}") as server, server.session() as session:
            await server.sees(session, engine.filled)
            await asyncio.sleep(3)
            none = await relay.per_minute(seconds)
            async with listeners(server.port, server.token, browsers):
                for _ in range(browsers):
                    for path in ("/api/session", "/api/services", "/api/health/detailed"):
                        async with session.get(server.url + path) as answer:
                            answer.raise_for_status()
                many = await relay.per_minute(seconds)
        serving.close()
        relay.end()
    return Figure(
        f"engine calls a minute, idle, {browsers} browsers", many, "calls", "without a browser", none,
        # A look more or less in the window is seven calls and says nothing of browsers.
        "the same", abs(many - none) <= 7 * 60 / seconds + 0.1 * none,
    )  # fmt: skip


class Relay:
    """Stands before the engine's socket and counts the requests that pass."""

    def __init__(self, socket: Path, engine: Path) -> None:
        self.socket = socket
        self._engine = engine
        self._requests = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def per_minute(self, seconds: float) -> float:
        before, began = self._requests, time.monotonic()
        await asyncio.sleep(seconds)
        return (self._requests - before) * 60 / (time.monotonic() - began)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_engine, to_engine = await asyncio.open_unix_connection(self._engine)
        for source, sink, counts in ((reader, to_engine, True), (from_engine, writer, False)):
            task = asyncio.create_task(self._pass(source, sink, counts=counts))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counts: bool) -> None:
        try:
            while chunk := await source.read(1 << 18):
                if counts:
                    self._requests += chunk.count(b" HTTP/1.1\r\n")
                sink.write(chunk)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()


async def _share(daemon: int, seconds: float, *, list_by: Engine | None = None) -> float:
    """Per cent of a core; with `list_by`, while someone lists the services every five seconds."""
    began, before = time.monotonic(), cpu_seconds(daemon)
    while (left := began + seconds - time.monotonic()) > 0:
        if list_by is not None:
            await list_by.command("docker", "service", "ls")
        await asyncio.sleep(min(left, LS_EVERY))
    return (cpu_seconds(daemon) - before) * 100 / (time.monotonic() - began)
