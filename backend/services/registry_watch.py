"""Notices when a registry that services need stops answering, without anybody having to look there."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import anyio

from backend.clients.registry_client import RegistryClient
from backend.errors import OrchestratorError
from backend.models.registries import RegistryAddress
from backend.services.image_users import ImageUsers
from backend.services.registries import Registries

log = logging.getLogger(__name__)

EVERY: Final = 30.0
EVERY_WHILE_AWAY: Final = 5.0
WITHIN: Final = 8.0
AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class RegistryAway:
    host: str
    since: datetime
    """When it was first asked in vain."""
    detail: str
    code: str
    services: tuple[str, ...]
    """Whose images are there, by name."""


class RegistryWatch:
    """Asks each registry that an image in use comes from whether it is there; one call every half minute."""

    def __init__(self, *, client: RegistryClient, registries: Registries, users: ImageUsers) -> None:
        self._client = client
        self._registries = registries
        self._users = users
        self.away: dict[str, RegistryAway] = {}

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.look()
            await anyio.sleep(EVERY_WHILE_AWAY if self.away else EVERY)

    async def look(self) -> None:
        """Ask each once."""
        limit = anyio.CapacityLimiter(AT_ONCE)
        known = {address.host: address for address in self._registries.all()}
        for gone in self.away.keys() - known.keys():
            del self.away[gone]

        async def ask(address: RegistryAddress) -> None:
            async with limit:
                await self._ask(address)

        async with anyio.create_task_group() as tasks:
            for address in known.values():
                tasks.start_soon(ask, address)

    async def _ask(self, address: RegistryAddress) -> None:
        host = address.host
        services = {name for names in self._users.by_repository(host).values() for name in names}
        if not services:
            self.away.pop(host, None)
            return
        detail, code = f"The registry {host} did not answer within {WITHIN:g} s.", "registry_timeout"
        with anyio.move_on_after(WITHIN):
            try:
                await self._client.ping(address, await self._registries.credentials(host))
            except OrchestratorError as error:
                detail, code = error.detail, error.code
            except Exception:
                # One odd answer must not end the looking at all others.
                log.exception("the registry %s could not be asked", host)
                return
            else:
                if self.away.pop(host, None) is not None:
                    log.info("the registry %s answers again", host)
                return
        before = self.away.get(host)
        if before is None:
            log.warning("the registry %s is away: %s", host, detail)
        since = before.since if before else datetime.now(UTC)
        self.away[host] = RegistryAway(host, since, detail, code, tuple(sorted(services)))
