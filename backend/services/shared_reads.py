"""Reads of engine and registry that the services of one order have in common: each is made once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable
from typing import Any, cast

import anyio

from backend.clients.docker_client import SwarmClient
from backend.errors import EngineRefused, NotFound
from backend.models.cluster import ImageDigest, Service, SwarmObject

LOOKUPS = 32
"""Digests asked for at a time; each is a request of the engine's own to a registry."""
LOOKUPS_WITHIN = 30.0
"""Seconds after which no further look-up begins: a registry that hangs takes many for each."""


class SharedReads:
    """Use it with `shared_reads`, for one order: what was read once is not read again."""

    def __init__(self, client: SwarmClient) -> None:
        self._client = client
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}
        self._lookups = anyio.Semaphore(LOOKUPS)
        self._ends = asyncio.get_running_loop().time() + LOOKUPS_WITHIN
        self._listed: dict[str, Service | None] = {}

    async def expect(self, names: Collection[str]) -> None:
        """Read these services in one list, when that is cheaper than one by one."""
        if len(names) > 1:
            found = {service.name: service for service in await self._client.services(names=names)}
            self._listed = {name: found.get(name) for name in names}

    async def service(self, name: str) -> Service | None:
        """The service as the swarm has it; None when it has none."""
        if name in self._listed:
            return self._listed[name]
        try:
            return await self._client.service(name)
        except NotFound:
            return None

    async def networks(self) -> list[SwarmObject]:
        return await self._once("networks", self._client.references.networks)

    async def secrets(self) -> list[SwarmObject]:
        return await self._once("secrets", self._client.references.secrets)

    async def configs(self) -> list[SwarmObject]:
        return await self._once("configs", self._client.references.configs)

    async def image_digest(self, image: str) -> ImageDigest:
        return await self._once(("image", image), lambda: self._look_up(image))

    async def close(self) -> None:
        """Give up what nobody waits for any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look_up(self, image: str) -> ImageDigest:
        async with self._lookups:
            if asyncio.get_running_loop().time() > self._ends:
                raise EngineRefused(f"the look-ups before it took over {LOOKUPS_WITHIN:g} s")
            return await self._client.image_digest(image)

    async def _once[T](self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        if key not in self._tasks:
            self._tasks[key] = asyncio.ensure_future(_run(read))
        # Who gives up must not take the answer from the others.
        return cast("T", await asyncio.shield(self._tasks[key]))


async def _run[T](read: Callable[[], Awaitable[T]]) -> T:
    return await read()


@contextlib.asynccontextmanager
async def shared_reads(client: SwarmClient) -> AsyncIterator[SharedReads]:
    reads = SharedReads(client)
    try:
        yield reads
    finally:
        await reads.close()
