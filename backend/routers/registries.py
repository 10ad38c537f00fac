"""Registries: list, add, change, forget. Credentials go in and never come out."""

from typing import Annotated

from fastapi import APIRouter, Path

from backend.models.schemas.common import Listing
from backend.models.schemas.registries import RegistryInfo, RegistryPut, RegistrySaved
from backend.routers.dependencies import ActorDep, ContextDep

router = APIRouter(prefix="/api/registries", tags=["registries"])

# Nothing else may enter: what is refused further in is written into the audit.
type Host = Annotated[
    str,
    Path(
        description="As in image references: `10.0.0.5:5000`, `ghcr.io`, `docker.io`.",
        max_length=255,
        pattern=r"^[A-Za-z0-9._:\[\]-]+$",
    ),
]


@router.get("")
async def list_registries(actor: ActorDep, context: ContextDep) -> Listing[RegistryInfo]:
    """Every registry we know: the one of REGISTRY_URL first."""
    found = await context.registries.list_all(actor)
    return Listing(items=found, total=len(found))


@router.get("/{host}")
async def get_registry(host: Host, actor: ActorDep, context: ContextDep) -> RegistryInfo:
    return await context.registries.get(actor, host)


@router.put("/{host}")
async def put_registry(host: Host, body: RegistryPut, actor: ActorDep, context: ContextDep) -> RegistrySaved:
    """Add a registry or change its address or credentials, which are encrypted and never shown again.

    They are tried at once, and stored whatever comes of it: `trial` says whether the registry accepts them,
    refuses them, or could not be asked. Services get new credentials with their next deploy, which restarts
    none of their tasks.
    """
    return await context.registry_trials.save(actor, host, body)


@router.delete("/{host}", status_code=204)
async def delete_registry(host: Host, actor: ActorDep, context: ContextDep) -> None:
    """Forget a stored registry, or the credentials stored for a configured one."""
    await context.registries.delete(actor, host)
