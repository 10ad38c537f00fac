"""Clients that send half a request, or too many at once, do not keep the server from others."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from backend.http_protocol import BoundedHttp
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def serving(protocol: type[BoundedHttp]) -> AsyncIterator[Callable[[], Any]]:
    """Serve `hello`; gives a function that connects."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(hello, http=protocol, lifespan="off", log_config=None))
        task = asyncio.create_task(server.serve([listening]))
        await eventually(lambda: server.started)
        try:
            yield lambda: asyncio.open_connection("127.0.0.1", port)
        finally:
            server.should_exit = True
            await task


async def test_half_a_head_is_given_up_and_a_whole_one_answered() -> None:
    class Impatient(BoundedHttp):
        HEAD_WITHIN = 0.2

    async with serving(Impatient) as connect:
        halves = [await connect() for _ in range(100)]
        for _, writer in halves[:50]:
            writer.write(b"GET / HTTP/1.1\r\nHost: loc")
        reader, writer = await connect()
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(5):
            assert b" 408 " in await reader.read()
            for half, _ in halves:
                assert b" 408 " in await half.read()
        for _, open_one in (*halves, (reader, writer)):
            open_one.close()


async def test_an_endless_head_is_cut_off() -> None:
    async with serving(BoundedHttp) as connect:
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * BoundedHttp.HEAD_BYTES)
        async with asyncio.timeout(5):
            assert b" 431 " in await reader.read()
        writer.close()


async def test_more_connections_than_the_bound_are_turned_away() -> None:
    class Small(BoundedHttp):
        CONNECTIONS = 3

    async with serving(Small) as connect:
        kept = [await connect() for _ in range(3)]
        for reader, writer in kept:
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        one_more, last = await connect()
        async with asyncio.timeout(5):
            assert b" 503 " in await one_more.read()
        for _, writer in (*kept, (one_more, last)):
            writer.close()


async def test_a_large_body_in_one_piece_with_its_head_is_no_large_head() -> None:
    async with serving(BoundedHttp) as connect:
        reader, writer = await connect()
        size = 200_000
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        async with asyncio.timeout(5):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()
