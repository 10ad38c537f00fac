"""Many services written at once: fresh versions, shared registry look-ups, a result for each."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from backend.clients.registry_auth import RegistryAuth
from backend.errors import Conflict, NotFound, OrchestratorError
from backend.models.cluster import ImageDigest, Service

Spec = dict[str, Any]
EditService = Callable[[Service], Spec | None]
BULK_WIDTH = 8
_Lookups = dict[tuple[str, RegistryAuth | None], asyncio.Task[ImageDigest]]


@dataclass(frozen=True, slots=True)
class ServiceWrite:
    """One service of a bulk write: `build` gets it as it is now (None: absent) and its image's digest."""

    name: str
    build: Callable[[Service | None, ImageDigest | None], Spec | None]
    image: str | None = None
    """Looked up in its registry, once for all writes that name it."""
    auth: RegistryAuth | None = None


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    action: Literal["created", "updated", "unchanged", "failed"]
    service_id: str = ""
    error: OrchestratorError | None = None


class _Writer(Protocol):
    async def service(self, name_or_id: str) -> Service: ...
    async def image_digest(self, reference: str, *, auth: RegistryAuth | None = None) -> ImageDigest: ...
    async def create_service(self, spec: Spec, *, auth: RegistryAuth | None = None) -> str: ...
    async def update_service(
        self, service_id: str, edit: EditService, *, auth: RegistryAuth | None = None
    ) -> Service: ...


class BulkWrites:
    """At most `parallel` writes under way at a time."""

    def __init__(self, client: _Writer, parallel: int) -> None:
        self._client = client
        self._parallel = parallel

    async def carry_out(self, writes: Sequence[ServiceWrite]) -> list[Written]:
        digests: _Lookups = {}
        width = asyncio.Semaphore(self._parallel)

        async def one(write: ServiceWrite) -> Written:
            async with width:
                try:
                    return await self._one(write, digests)
                except OrchestratorError as error:
                    return Written(write.name, "failed", error=error)

        try:
            return list(await asyncio.gather(*(one(write) for write in writes)))
        finally:
            for lookup in digests.values():
                lookup.cancel()
            await asyncio.gather(*digests.values(), return_exceptions=True)

    async def _one(self, write: ServiceWrite, digests: _Lookups) -> Written:
        digest: ImageDigest | None = None
        if write.image is not None:
            key = (write.image, write.auth)
            if key not in digests:
                digests[key] = asyncio.create_task(self._client.image_digest(write.image, auth=write.auth))
            digest = await asyncio.shield(digests[key])
        try:
            existing = await self._client.service(write.name)
        except NotFound:
            spec = write.build(None, digest)
            if spec is None:
                return Written(write.name, "unchanged")
            try:
                return Written(
                    write.name, "created", await self._client.create_service(spec, auth=write.auth)
                )
            except Conflict as error:
                if error.code != "name_taken":
                    raise
                # Someone else created it in between: then it is an update.
                existing = await self._client.service(write.name)
        wrote = False

        def edit(service: Service) -> Spec | None:
            nonlocal wrote
            spec = write.build(service, digest)
            wrote = spec is not None
            return spec

        await self._client.update_service(existing.id, edit, auth=write.auth)
        return Written(write.name, "updated" if wrote else "unchanged", existing.id)
