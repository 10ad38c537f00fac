"""The timeline: what happened in the cluster, or to one service."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.models.schemas.common import Listing
from backend.models.schemas.timeline import TimelineEntry, TimelineKind
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Name

router = APIRouter(prefix="/api", tags=["timeline"])

type Kind = Annotated[TimelineKind | None, Query(description="Only entries of this kind.")]
type Node = Annotated[str | None, Query(description="Only those of this node, by host name.", max_length=255)]
type Before = Annotated[
    int | None, Query(description="Only entries with a lower id: the next page.", ge=1, le=2**53)
]
type Entries = Annotated[int, Query(description="So many entries at most.", ge=1, le=1_000)]


@router.get("/timeline")
async def list_timeline(
    actor: ActorDep,
    context: ContextDep,
    service: Annotated[str | None, Query(description="Only those of this service.", max_length=255)] = None,
    node: Node = None,
    kind: Kind = None,
    limit: Entries = 100,
    before: Before = None,
) -> Listing[TimelineEntry]:
    """What happened in the cluster, newest first; the last 50,000 entries of 30 days are kept."""
    items, total = await context.timeline.page(
        actor, service=service, node=node, kind=kind, before=before, limit=limit
    )
    return Listing[TimelineEntry](items=items, total=total)


@router.get("/services/{name}/timeline")
async def list_service_timeline(
    name: Name,
    actor: ActorDep,
    context: ContextDep,
    kind: Kind = None,
    limit: Entries = 100,
    before: Before = None,
) -> Listing[TimelineEntry]:
    """What happened to one service and its tasks, newest first, also after it is gone."""
    items, total = await context.timeline.page(actor, service=name, kind=kind, before=before, limit=limit)
    return Listing[TimelineEntry](items=items, total=total)
