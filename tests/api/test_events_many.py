"""A thousand pages at once, on the server as its users start it."""

import asyncio
import json
import re
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

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

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
    code: str
    readers: list[Reader] = field(default_factory=list)

    async def request(
        self, path: str, *, method: str = "GET", read: bool = True, body: str = "", credentials: str = ""
    ) -> Reader:
        credentials = credentials or f"Authorization: Bearer {self.token}"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=65536)
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\nOrigin: http://127.0.0.1:{self.port}\r\n"
            f"{credentials}\r\n\r\n{body}".encode()
        )
        one = Reader(reader, writer)
        if read:
            one.task = asyncio.create_task(one.read())
        self.readers.append(one)
        return one

    async def answer(self, path: str, *, method: str = "GET", body: str = "", credentials: str = "") -> str:
        one = await self.request(path, method=method, body=body, credentials=credentials)
        await eventually(lambda: b"\r\n\r\n" in one.received)
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
        link = await asyncio.to_thread(server.link)
        running = Live(server, port, token, code=link.rpartition("=")[2])
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
        await eventually(lambda: all(b"event: hello" in one.received for one in streams))

        refused = await running.answer("/api/events")
        assert " 503 " in refused.partition("\r\n")[0]
        assert json.loads(refused.partition("\r\n\r\n")[2])["code"] == "too_many_streams"
        assert " 200 " in (await running.answer("/api/health/detailed")).partition("\r\n")[0]

        engine.set_labels("worker-1", {"zone": "a"})
        began = time.monotonic()
        await eventually(lambda: all(b'"zone":"a"' in one.received for one in streams))
        assert time.monotonic() - began < 5

        stopping = time.monotonic()
        code = await asyncio.to_thread(running.server.stop)
        assert time.monotonic() - stopping < 6
        assert not [line for line in running.server.err if "ERROR" in line]
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


async def test_a_stream_ends_with_the_session_or_token_it_was_opened_with(
    engine: FakeEngine, tmp_path: Path
) -> None:
    async with live(tmp_path, engine, "backend") as running:
        made = await running.answer("/api/tokens", method="POST", body='{"name": "phone"}')
        token = json.loads(made.partition("\r\n\r\n")[2])
        bearer = f"Authorization: Bearer {token['token']}"
        owner = json.dumps({"code": running.code, "password": "correct horse battery"})
        signed_in = await running.answer("/api/setup", method="POST", body=owner, credentials="X-None: 1")
        cookie = "Cookie: " + re.findall(r"(?i)set-cookie: (session=[^;]+)", signed_in)[0]

        by_token = await running.request("/api/events", credentials=bearer)
        by_session = await running.request("/api/events", credentials=cookie)
        other = await running.request("/api/events")
        for one in (by_token, by_session, other):
            await eventually(partial(one.has, b"event: hello"))

        revoked = await running.answer(f"/api/tokens/{token['id']}", method="DELETE")
        assert " 204 " in revoked.partition("\r\n")[0], revoked
        await eventually(lambda: by_token.ended or by_token.has(b"0\r\n\r\n"), within=5)
        assert not by_session.has(b"0\r\n\r\n")
        signed_out = await running.answer("/api/session", method="DELETE", credentials=cookie)
        assert " 204 " in signed_out.partition("\r\n")[0], signed_out
        await eventually(lambda: by_session.has(b"0\r\n\r\n"), within=5)
        assert not other.has(b"0\r\n\r\n")
