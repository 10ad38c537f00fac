"""What clients may attach: health, services, definitions, nodes. All of it is to be had by tools, too."""

import json
from typing import Any

import yaml
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import CompleteRequestParams, Completion, ResourceTemplateReference

from backend.domain.masking import masked
from backend.mcp.rest import Refused, Rest, segment
from backend.mcp.sdk import SwarmServer, rest
from backend.mcp.words import harmless_all

MOST = 20


def add_to(server: SwarmServer) -> None:
    async def read(path: str, name: str | None = None) -> Any:
        try:
            return await rest().get(path if name is None else f"{path}/{segment(name)}")
        except Refused as refused:
            raise ResourceNotFoundError(str(refused)) from None

    @server.resource("swarm://health", mime_type="application/json")
    async def health() -> str:
        """How the cluster is."""
        report = await read("/api/health/detailed")
        return _json({key: report[key] for key in ("status", "services", "problems")})

    @server.resource("swarm://services/{name}", mime_type="application/json")
    async def service(name: str) -> str:
        """What runs of a service."""
        found = await read("/api/services", name)
        return _json({key: value for key, value in found.items() if key != "yaml"})

    @server.resource("swarm://catalog/{name}", mime_type="application/yaml")
    async def definition(name: str) -> str:
        """A service's definition without its comments, secrets masked."""
        found = (await read("/api/services", name))["definition"]
        return yaml.safe_dump(harmless_all(masked(found or {})), sort_keys=False, allow_unicode=True)

    @server.resource("swarm://nodes/{name}", mime_type="application/json")
    async def node(name: str) -> str:
        """A node and its tasks."""
        return _json(await read("/api/nodes", name))

    async def complete(params: CompleteRequestParams, api: Rest) -> Completion | None:
        ref, argument = params.ref, params.argument
        nodes = ref.uri.startswith("swarm://nodes/") if isinstance(ref, ResourceTemplateReference) else False
        if not (nodes := nodes or argument.name == "node") and argument.name not in {"name", "service"}:
            return None
        fitting = [name for name in await names(api, nodes=nodes) if name.startswith(argument.value)]
        return Completion(values=fitting[:MOST], total=len(fitting), has_more=len(fitting) > MOST)

    server.complete_by(complete)


async def names(api: Rest, *, nodes: bool) -> list[str]:
    """Names of nodes or of the catalog's services."""
    path, key = ("/api/nodes", "hostname") if nodes else ("/api/services", "name")
    return [str(item[key]) for item in (await api.get(path, limit=1_000))["items"]]


def _json(data: Any) -> str:
    return json.dumps(harmless_all(masked(data)), ensure_ascii=False, separators=(",", ":"))
