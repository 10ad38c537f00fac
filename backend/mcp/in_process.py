"""The tools inside the server's process: they call its own API through ASGI, with the caller's token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from backend.mcp.rest import Rest
from backend.mcp.sdk import Mode
from backend.mcp.tools import build_server
from backend.models.actor import Actor, Permission

MAX_SESSIONS = 500
IDLE = 900.0
"""Seconds after which a session of an older client is forgotten."""


class InProcess:
    """The API of this very process."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @asynccontextmanager
    async def call(self, headers: dict[str, str], *, waits: bool) -> AsyncIterator[Rest]:
        transport = httpx2.ASGITransport(app=self._app, raise_app_exceptions=False)
        sent = {"Authorization": headers.get("authorization", "")}
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=sent) as http:
            yield Rest(http, where="The orchestrator", local=False)


def manager_for(app: ASGIApp) -> StreamableHTTPSessionManager:
    """What serves `/mcp` for the tools of `app`."""
    server = build_server(InProcess(app), mode_of=_mode_of)
    server.streamable_http_app(
        session_idle_timeout=IDLE,
        max_sessions=MAX_SESSIONS,
        # Hosts and origins are judged before us, by the application's own middleware and by `Mounted`.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return server.session_manager


def as_user(actor: Actor) -> AuthenticatedUser:
    return AuthenticatedUser(AccessToken(token="", client_id=actor.id, scopes=[], subject=actor.id))


def _mode_of(request: Any) -> Mode:
    """Tools that change something are not shown to who may not change anything."""
    actor = getattr(getattr(request, "state", None), "actor", None)
    if isinstance(actor, Actor) and Permission.OPERATE not in actor.permissions:
        return "read-only"
    return "full"
