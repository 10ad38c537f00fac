"""The live stream: what changes reaches every open page at once."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from backend.models.schemas.events import LiveEvents
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.sse import EventStream

router = APIRouter(prefix="/api/events", tags=["events"])


@router.get(
    "",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events. The model names the data of each kind of event.",
            "model": LiveEvents,
            "content": {"text/event-stream": {}},
        }
    },
)
async def follow_events(
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    last_event_id: Annotated[
        str | None, Header(description="Where an earlier stream ended; browsers send it.", max_length=64)
    ] = None,
) -> EventStream:
    """What changes, as it changes.

    Events: `hello`, `changed`, `deployment`, `build`, `timeline`, `registry`, `approval`, `engine`, `resync`,
    `seen`.

    After `hello` nothing comes until something changes. `resync`: events were missed, read everything again.
    """
    return EventStream(await context.events.subscribe(actor, last_event_id), request, context)
