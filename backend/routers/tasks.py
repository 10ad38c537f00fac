"""Tasks of all services at once: what takes up the nodes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from backend.models.schemas.common import LiveListing
from backend.models.schemas.tasks import MapTask
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.live_lists import live_list
from backend.routers.parameters import Limit, Offset

router = APIRouter(prefix="/api/tasks", tags=["nodes"])

type Services = Annotated[
    list[str],
    Query(alias="service", description="Only of these services; may be given several times.", max_length=200),
]


@router.get("", response_model=LiveListing[MapTask])
async def list_tasks(
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    service: Services = [],  # noqa: B006 — FastAPI copies defaults
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """Every task that takes up a place now, with what went wrong in it; not the ended ones."""
    listed = await context.tasks.list_all(actor, services=service, limit=limit, offset=offset)
    return await live_list(request, listed, context.cluster)
