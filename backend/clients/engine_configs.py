"""Swarm configs as a place to keep something: small files that every manager has a copy of."""

from collections.abc import Mapping

import msgspec

from backend.clients import wire
from backend.clients.engine_errors import Call
from backend.clients.list_reading import read_list
from backend.clients.transport import Transport, decoded, ignored
from backend.models.cluster import StoredConfig

MAX_BYTES = 500 * 1024 - 1
"""What every engine takes; newer ones take twice as much."""


class EngineConfigs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def labelled(self, label: str) -> list[StoredConfig]:
        """Those that carry the label, with their content."""
        params = {"filters": msgspec.json.encode({"label": [label]}).decode()}
        return await read_list(self._transport, "configs", wire.WireConfig, _stored, params=params)

    async def create(self, name: str, labels: Mapping[str, str], data: bytes) -> str:
        """Returns the id, once the swarm has it for good. Conflict `name_taken`."""
        call = Call("config", name, writes=True)
        body = {"Name": name, "Labels": labels, "Data": data}
        created = await self._transport.write(
            "POST", "configs/create", call, decoded(wire.Created), body=body
        )
        return created.id

    async def remove(self, config_id: str) -> None:
        call = Call("config", config_id, writes=True)
        await self._transport.write("DELETE", f"configs/{config_id}", call, ignored)


def _stored(found: wire.WireConfig) -> StoredConfig:
    return StoredConfig(found.id, found.spec.name, found.spec.labels or {}, found.spec.data)
