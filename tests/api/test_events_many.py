"""A thousand pages at once, on the server as its users start it."""

import asyncio
import json
import secrets
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from backend.startup import allow_open_files
from tests.api.server_process import ServerProcess, environment, free_port
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

STREAMS = 1_000
allow_open_files(8192)


@dataclass
class Reader:
    """A raw connection, read in the background unless it is told to take nothing."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: bytearray = field(default_factory=bytearray)
    ended: bool = False
    task: asyncio.Task[None] | None = None

    def has(self, mark: bytes) -> bool:
        return mark in self.received

    async def read(self) -> None:
        try:
            while chunk := await self.reader.read(65536):
                self.received += chunk
        except ConnectionError:
            pass
        self.ended = True


@dataclass
class Live:
    """A server, its token and the connections made to it."""

    server: ServerProcess
    port: int
    token: str
    readers: list[Reader] = field(default_factory=list)

    async def request(self, path: str, *, method: str = "GET", read: bool = True, body: str = "") -> Reader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=65536)
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {self.token}\r\n\r\n{body}".encode()
        )
        one = Reader(reader, writer)
        if read:
            one.task = asyncio.create_task(one.read())
        self.readers.append(one)
        return one

    async def answer(self, path: str) -> str:
        one = await self.request(path)
        await eventually(lambda: b"\r\n\r\n" in one.received, within=10)
        return one.received.decode()


@asynccontextmanager
async def live(folder: Path, engine: FakeEngine, way: str) -> AsyncIterator[Live]:
    port, token = free_port(), secrets.token_urlsafe(32)
    arguments = (
        ["-m", "backend"] if way == "backend" else ["-m", "uvicorn", "backend.main:app", "--port", str(port)]
    )
    values = environment(
        folder,
        APP_PORT=str(port),
        ORCHESTRATOR_TOKEN=token,
        DOCKER_HOST=engine.docker_host,
        REGISTRY_URL=f"http://{engine.registry_host}",
    )
    with ServerProcess(arguments, folder, values) as server:
        await asyncio.to_thread(server.link)
        running = Live(server, port, token)
        try:
            yield running
        finally:
            for one in running.readers:
                if one.task is not None:
                    one.task.cancel()
                one.writer.transport.abort()
            await asyncio.gather(*(one.task for one in running.readers if one.task), return_exceptions=True)


@pytest.mark.parametrize("way", ["backend", "uvicorn"])
async def test_a_thousand_streams_follow_one_more_is_refused_and_the_server_still_stops_in_time(
    engine: FakeEngine, tmp_path: Path, way: str
) -> None:
    async with live(tmp_path, engine, way) as running:
        streams = [await running.request("/api/events") for _ in range(STREAMS)]
        await eventually(lambda: all(b"event: hello" in one.received for one in streams), within=30)

        refused = await running.answer("/api/events")
        assert " 503 " in refused.partition("\r\n")[0]
        assert json.loads(refused.partition("\r\n\r\n")[2])["code"] == "too_many_streams"
        assert " 200 " in (await running.answer("/api/health/detailed")).partition("\r\n")[0]

        engine.set_labels("worker-1", {"zone": "a"})
        began = time.monotonic()
        await eventually(lambda: all(b'"zone":"a"' in one.received for one in streams), within=10)
        assert time.monotonic() - began < 5

        stopping = time.monotonic()
        code = await asyncio.to_thread(running.server.stop)
        assert time.monotonic() - stopping < 6
        # uvicorn ends with the signal it was sent.
        assert code in ((0,) if way == "backend" else (0, -signal.SIGTERM))
        await eventually(lambda: all(one.ended for one in streams))


@pytest.mark.parametrize("way", ["backend", "uvicorn"])
async def test_clients_that_take_nothing_do_not_keep_the_server_from_stopping(
    engine: FakeEngine, tmp_path: Path, way: str
) -> None:
    async with live(tmp_path, engine, way) as running:
        stuck = [await running.request("/api/events", read=False) for _ in range(20)]
        for one in stuck:
            one.reader._transport.pause_reading()  # type: ignore[attr-defined]
        watching = await running.request("/api/events")
        await eventually(lambda: b"event: hello" in watching.received)
        large = "x" * 50_000
        for number in range(120):
            engine.set_labels("worker-1", {"zone": f"{number}-{large}"})
            mark = b'"zone":"%d-' % number
            await eventually(partial(watching.has, mark))
        stopping = time.monotonic()
        await asyncio.to_thread(running.server.stop)
        assert time.monotonic() - stopping < 6
