"""What routes get handed in: the caller and the joined parts; and which routes need no caller."""

from typing import Annotated

from fastapi import Depends, Request

from backend.context import AppContext
from backend.errors import Unauthenticated
from backend.models.actor import Actor

OPEN_ROUTES = frozenset(
    {
        ("GET", "/api/health"),
        ("GET", "/api/schemas/service-definition.json"),
        ("GET", "/api/session"),
        ("POST", "/api/session"),
        ("POST", "/api/setup"),
    }
)
"""All that answers without credentials, besides the page's own files. Everything else is refused by
`middleware/gate.py` before a route sees it, new routes, mounts and documents included."""

HOW_TO_SIGN_IN = (
    "sign in on the page, or send 'Authorization: Bearer <token>'. Create a token in the page under Access, "
    "with `python -m backend token create --name NAME` on the server, or set ORCHESTRATOR_TOKEN"
)


async def current_actor(request: Request) -> Actor:
    actor = optional_actor(request)
    if actor is None:
        raise Unauthenticated(HOW_TO_SIGN_IN)
    return actor


def optional_actor(request: Request) -> Actor | None:
    """The caller on open routes, where there may be none."""
    actor = request.scope.get("state", {}).get("actor")
    return actor if isinstance(actor, Actor) else None


async def app_context(request: Request) -> AppContext:
    context = request.app.state.context
    assert isinstance(context, AppContext)
    return context


ActorDep = Annotated[Actor, Depends(current_actor)]
ContextDep = Annotated[AppContext, Depends(app_context)]
