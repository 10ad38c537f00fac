"""`python -m bench.listeners`: many open pages, in a process of their own so that they do not slow who asks.

Says `ready` when all are connected. Takes one line of JSON, `{service: moment}`, and answers with how long
after that each page heard of the service.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.figures import percentile

NAMES = re.compile(rb'"names":\[([^\]]*)\]')
TOKEN = "BENCH_TOKEN"


class Page(asyncio.Protocol):
    def __init__(self, request: bytes, heard: dict[bytes, list[float]]) -> None:
        self._request = request
        self._heard = heard
        self._known: set[bytes] = set()
        self._rest = b""
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        self.told_to_resync = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *whole, self._rest = (self._rest + data).split(b"\n\n")
        for event in whole:
            if b"event: hello" in event and not self.connected.done():
                self.connected.set_result(None)
            elif b"event: resync" in event:
                self.told_to_resync += 1
            elif found := NAMES.search(event):
                for name in found[1].split(b","):
                    if name not in self._known:
                        self._known.add(name)
                        self._heard.setdefault(name, []).append(now)

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True


async def _listen(port: int, count: int) -> None:
    request = (
        f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {os.environ[TOKEN]}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    heard: dict[bytes, list[float]] = {}
    pages: list[Page] = []
    for _ in range(count):
        _, page = await loop.create_connection(lambda: Page(request, heard), "127.0.0.1", port)
        pages.append(page)
        await asyncio.wait_for(page.connected, 20)
    print("ready", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    lags, expected = [], 0
    for name, moment in json.loads(line).items():
        expected += count
        lags += [(at - moment) * 1000 for at in heard.get(json.dumps(name).encode(), [])]
    answer = {
        "p50": percentile(lags, 0.5),
        "p99": percentile(lags, 0.99),
        "missed": expected - len(lags),
        "lost": sum(page.lost for page in pages),
        "resyncs": sum(page.told_to_resync for page in pages),
    }
    print(json.dumps(answer), flush=True)


@dataclass
class Listeners:
    process: asyncio.subprocess.Process

    async def lags(self, moments: dict[str, float]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(moments).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(self.process.stdout.readline(), 60))
        assert isinstance(answer, dict)
        return answer


@asynccontextmanager
async def listeners(port: int, token: str, count: int) -> AsyncIterator[Listeners]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.listeners",
        str(port),
        str(count),
        env={**os.environ, TOKEN: token},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), 120)
        assert said == b"ready\n", said
        yield Listeners(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_listen(int(sys.argv[1]), int(sys.argv[2])))
