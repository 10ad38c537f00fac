"""What services refer to by name or id: networks, secrets and configs."""

from backend.clients import reading, wire
from backend.clients.engine_errors import Call
from backend.clients.list_reading import read_list
from backend.clients.transport import Transport, decoded
from backend.errors import NotFound
from backend.models.cluster import STATE_LABEL, SwarmObject


class EngineReferences:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def networks(self) -> list[SwarmObject]:
        """All networks, with the swarm's own `host` in place of this engine's.

        Lists leave that one out, yet its id is what a service on the host's network refers to.
        """
        found = await read_list(self._transport, "networks", wire.WireNetwork, reading.network_of)
        try:
            answer = await self._transport.read(
                "networks/host",
                Call("network", "host"),
                decoded(wire.WireNetwork),
                params={"scope": "swarm"},
            )
        except NotFound:
            return found
        host = reading.network_of(answer)
        if host.scope != "swarm":
            return found
        return [*(one for one in found if one.name != host.name), host]

    async def secrets(self) -> list[SwarmObject]:
        return await read_list(self._transport, "secrets", wire.WireObject, reading.object_of)

    async def configs(self) -> list[SwarmObject]:
        """All but those that hold the copy of our own state."""
        found = await read_list(self._transport, "configs", wire.WireObject, reading.object_of)
        return [config for config in found if STATE_LABEL not in config.labels]
