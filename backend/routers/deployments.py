"""Deployments: the recorded changes and how they ended."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.models.schemas.common import Listing
from backend.models.schemas.deployments import DeploymentOut
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Limit, Offset, Wait

router = APIRouter(prefix="/api/deployments", tags=["deployments"])


@router.get("")
async def list_deployments(
    actor: ActorDep,
    context: ContextDep,
    service: Annotated[str | None, Query(description="Only those of this service.", max_length=255)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Listing[DeploymentOut]:
    """Newest first. The log lines of the evidence are only in each deployment's own answer."""
    items, total = await context.deployments.list_recent(actor, service=service, limit=limit, offset=offset)
    return Listing[DeploymentOut](items=items, total=total)


@router.get("/{deployment_id}")
async def get_deployment(
    deployment_id: Annotated[str, Path(max_length=64)],
    actor: ActorDep,
    context: ContextDep,
    wait: Wait = 0,
) -> DeploymentOut:
    """One deployment with its state and, when it went wrong, the cause in words and the evidence.

    With `wait` the answer comes when it is final; `finished_at` stays null when the time was up before.
    """
    return await context.deployments.get(actor, deployment_id, wait=wait)
