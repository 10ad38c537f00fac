"""Reads one list of the engine's, decoded while it arrives."""

import asyncio
from collections.abc import Callable

import aiohttp
import msgspec

from backend.clients.engine_errors import Call
from backend.clients.list_decoder import ListDecoder
from backend.clients.transport import Transport


async def read_list[W: msgspec.Struct | msgspec.Raw, T](
    transport: Transport,
    path: str,
    kind: type[W],
    convert: Callable[[W], T],
    params: dict[str, str] | None = None,
) -> list[T]:
    async def consume(response: aiohttp.ClientResponse) -> list[T]:
        decoder = ListDecoder(kind, convert)
        async for chunk in response.content.iter_any():
            decoder.feed(chunk)
            # Chunks that are already here would be read without ever giving way.
            await asyncio.sleep(0)
        return decoder.finish()

    return await transport.read(path, Call(path), consume, params=params)
