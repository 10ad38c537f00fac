"""Services: the catalog, what runs of it, and the acts that change the swarm."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response, status

from backend.context import AppContext
from backend.errors import FieldError, InvalidInput
from backend.models.schemas.common import Listing, LiveListing
from backend.models.schemas.deployments import (
    DeploymentOut,
    RevisionOut,
    RevisionText,
    RollbackPreview,
    RollbackRequest,
)
from backend.models.schemas.services import (
    DeployRequest,
    ScaleRequest,
    ServiceCreate,
    ServiceDetail,
    ServiceOut,
    ServiceUpdate,
)
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.live_lists import live_list
from backend.routers.parameters import (
    IfMatch,
    Limit,
    Match,
    Name,
    Offset,
    Status,
    Wait,
    revision_of,
    set_etag,
)

router = APIRouter(prefix="/api/services", tags=["services"])

FINAL: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {"model": DeploymentOut, "description": "Final within `wait` seconds."}
}


@router.get("", response_model=LiveListing[ServiceOut])
async def list_services(
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    match: Match = None,
    status: Status = [],  # noqa: B006 — FastAPI copies defaults
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """The catalog's services, by name, each with its status in the swarm."""
    listed = await context.services.list_catalog(
        actor, match=match, status=status, limit=limit, offset=offset
    )
    return await live_list(request, listed, context.cluster)


@router.get("/live", response_model=LiveListing[ServiceOut])
async def list_live_services(
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    match: Match = None,
    status: Status = [],  # noqa: B006 — FastAPI copies defaults
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """Every service the swarm has now, also those the catalog does not know."""
    listed = await context.services.list_live(actor, match=match, status=status, limit=limit, offset=offset)
    return await live_list(request, listed, context.cluster)


@router.get("/live/{name}")
async def get_live_service(name: Name, actor: ActorDep, context: ContextDep) -> ServiceDetail:
    """One service the swarm has now, with its tasks, whether or not the catalog knows it."""
    return await context.services.get_live(actor, name)


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_service(
    body: ServiceCreate, response: Response, actor: ActorDep, context: ContextDep
) -> ServiceDetail:
    """Register a service in the catalog. Nothing is deployed; `deploy` does that."""
    service = await context.services.create(actor, body.name, body.definition, body.yaml)
    response.headers["Location"] = f"/api/services/{service.name}"
    set_etag(response, service.revision)
    return service


@router.get("/{name}")
async def get_service(name: Name, response: Response, actor: ActorDep, context: ContextDep) -> ServiceDetail:
    """One service of the catalog with definition, text and tasks. The ETag is the revision."""
    service = await context.services.get(actor, name)
    set_etag(response, service.revision)
    return service


@router.put("/{name}")
async def update_service(
    name: Name,
    body: ServiceUpdate,
    response: Response,
    actor: ActorDep,
    context: ContextDep,
    if_match: IfMatch = None,
) -> ServiceDetail:
    """Replace the whole definition. What runs stays as it is until the next deploy."""
    service = await context.services.update(
        actor, name, body.definition, body.yaml, if_match=revision_of(if_match)
    )
    set_etag(response, service.revision)
    return service


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_service(
    name: Name,
    actor: ActorDep,
    context: ContextDep,
    if_match: IfMatch = None,
    force: Annotated[
        bool, Query(description="Also when it runs; it then goes on running without a catalog entry.")
    ] = False,
    stop: Annotated[bool, Query(description="Take it out of the swarm first, if it is there.")] = False,
) -> None:
    """Remove the service from the catalog. 409 while it is in the swarm, unless stopped or forced."""
    if stop and force:
        reason = "`stop` ends the service and `force` leaves it running; give one of them"
        raise InvalidInput(f"{reason}.", errors=(FieldError("stop", reason),))
    if stop:
        await context.deployments.remove(actor, name, if_match=revision_of(if_match))
    else:
        await context.services.delete(actor, name, if_match=revision_of(if_match), force=force)


@router.post("/{name}/deploy", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def deploy_service(
    name: Name,
    response: Response,
    actor: ActorDep,
    context: ContextDep,
    body: Annotated[DeployRequest | None, Body()] = None,
    wait: Wait = 0,
) -> DeploymentOut:
    """Bring the definition into the swarm, its tag pinned to the digest the registry has now.

    An unchanged definition restarts nothing. Follow the deployment at `Location` to its verdict.
    """
    adopt = body.adopt if body else False
    return await _answer(response, context, await context.deployments.deploy(actor, name, adopt=adopt), wait)


@router.post("/{name}/stop", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def stop_service(
    name: Name, response: Response, actor: ActorDep, context: ContextDep, wait: Wait = 0
) -> DeploymentOut:
    """Remove the service from the swarm. The catalog keeps it; `deploy` brings it back."""
    return await _answer(response, context, await context.deployments.stop(actor, name), wait)


@router.post("/{name}/scale", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def scale_service(
    name: Name,
    body: ScaleRequest,
    response: Response,
    actor: ActorDep,
    context: ContextDep,
    wait: Wait = 0,
) -> DeploymentOut:
    """Set the number of replicas, in the swarm and as a new revision of the definition."""
    deployment = await context.deployments.scale(actor, name, body.replicas)
    return await _answer(response, context, deployment, wait)


@router.post("/{name}/restart", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def restart_service(
    name: Name, response: Response, actor: ActorDep, context: ContextDep, wait: Wait = 0
) -> DeploymentOut:
    """Replace all tasks by new ones of the same definition, a few at a time as `update_config` says."""
    return await _answer(response, context, await context.deployments.restart(actor, name), wait)


@router.post("/{name}/rollback", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def roll_service_back(
    name: Name,
    response: Response,
    actor: ActorDep,
    context: ContextDep,
    body: Annotated[RollbackRequest | None, Body()] = None,
    wait: Wait = 0,
) -> DeploymentOut:
    """Deploy an earlier revision again, with the image digest it ran with.

    It becomes the newest revision of the definition, so the next deploy keeps it. Without `to_revision` it
    is what was deployed before what runs now, whatever scales there were since; 409 when there is none.
    """
    deployment = await context.deployments.rollback(actor, name, body.to_revision if body else None)
    return await _answer(response, context, deployment, wait)


@router.get("/{name}/rollback-preview")
async def preview_rollback(
    name: Name,
    actor: ActorDep,
    context: ContextDep,
    to_revision: Annotated[
        int | None,
        Query(description="Default: what was deployed before what runs now.", ge=1, le=1_000_000_000),
    ] = None,
) -> RollbackPreview:
    """What `rollback` would bring back, or the problem it would answer with. Changes nothing."""
    return await context.deployments.rollback_preview(actor, name, to_revision)


@router.get("/{name}/revisions")
async def list_revisions(
    name: Name, actor: ActorDep, context: ContextDep, limit: Limit = 100, offset: Offset = 0
) -> Listing[RevisionOut]:
    """Every text the definition had, newest first, and which of them were deployed."""
    items, total = await context.revisions.page(actor, name, limit=limit, offset=offset)
    return Listing[RevisionOut](items=items, total=total)


@router.get("/{name}/revisions/{revision}")
async def get_revision(
    name: Name,
    revision: Annotated[int, Path(ge=1, le=1_000_000_000)],
    actor: ActorDep,
    context: ContextDep,
) -> RevisionText:
    """The text of one revision."""
    return await context.revisions.text(actor, name, revision)


async def _answer(
    response: Response, context: AppContext, deployment: DeploymentOut, wait: float
) -> DeploymentOut:
    """202 with the deployment, or 200 when it became final within `wait` seconds."""
    response.headers["Location"] = f"/api/deployments/{deployment.id}"
    if wait > 0:
        deployment = await context.deployments.settled(deployment.id, wait)
    if deployment.finished_at is not None:
        response.status_code = status.HTTP_200_OK
    return deployment
