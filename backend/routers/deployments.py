"""Deployments: the recorded changes and how they ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response, status

from backend.models.schemas.bulk import BulkItem, BulkOut, BulkRequest
from backend.models.schemas.common import Listing
from backend.models.schemas.deployments import DeploymentKind, DeploymentOut, DeploymentState
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Limit, Offset, Wait
from backend.routers.problems import part_of_answer

router = APIRouter(prefix="/api/deployments", tags=["deployments"])

FINAL: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {"model": BulkOut, "description": "All final within `wait` seconds."}
}


@router.get("")
async def list_deployments(
    actor: ActorDep,
    context: ContextDep,
    service: Annotated[str | None, Query(description="Only those of this service.", max_length=255)] = None,
    state: Annotated[
        list[DeploymentState], Query(description="Only these states; may be given several times.")
    ] = [],  # noqa: B006 — FastAPI copies defaults
    kind: Annotated[DeploymentKind | None, Query(description="Only this kind of change.")] = None,
    by: Annotated[str | None, Query(description="Only what this actor did.", max_length=64)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Listing[DeploymentOut]:
    """Newest first. The log lines of the evidence are only in each deployment's own answer."""
    items, total = await context.deployments.list_recent(
        actor, service=service, states=state, kind=kind, by=by, limit=limit, offset=offset
    )
    return Listing[DeploymentOut](items=items, total=total)


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def change_many(
    body: BulkRequest, response: Response, actor: ActorDep, context: ContextDep, wait: Wait = 0
) -> BulkOut:
    """Deploy, stop, restart or scale up to 500 services with one call; each has a result of its own.

    The answer is 202 whatever became of the single ones; what was refused says why in `problem`. With
    `wait` it comes when all are final: 200, or 202 when the time was up before.
    """
    bulk = context.bulk_deployments
    results = await bulk.change(
        actor, body.action, body.services, replicas=body.replicas or 0, adopt=body.adopt
    )
    if wait > 0:
        results = await bulk.settled(results, wait)
        if all(result.row is None or result.row.finished_at is not None for result in results):
            response.status_code = status.HTTP_200_OK
    return BulkOut(
        items=[
            BulkItem(
                service=result.service,
                deployment=result.deployment,
                problem=part_of_answer(result.error) if result.error else None,
            )
            for result in results
        ]
    )


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
