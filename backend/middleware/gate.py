"""Lets nobody past without credentials, except to the routes listed as open: default deny, in one place."""

from dataclasses import replace
from functools import partial

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.context import AppContext
from backend.errors import Denied, NotFound, OrchestratorError, Unauthenticated
from backend.middleware.hosts import is_loopback
from backend.middleware.origins import has_bearer
from backend.models.actor import Actor
from backend.routers import problems, session_cookie
from backend.routers.dependencies import HOW_TO_SIGN_IN, OPEN_ROUTES

CLIENT_HEADER = "x-orchestrator-client"
"""How a program that speaks for others names them, such as the MCP server its client; kept in the audit."""
MAX_CLIENT = 64
ASK_HEADER = "x-orchestrator-ask"
"""Has a person agree first to what this request does, as for tokens that always ask. It only takes rights."""


class Gate:
    """Puts the caller into `request.state.actor`, or answers 401 itself.

    In front of the router rather than a dependency of its routes, because it then also covers mounts and
    documents, and because FastAPI reads a body before it asks dependencies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            await self._admit(scope)
        except OrchestratorError as error:
            await problems.from_error(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        app: FastAPI = scope["app"]
        context: AppContext = app.state.context
        if not _came_by_loopback(scope) and not await context.open_beyond_loopback():
            msg = (
                "nobody can sign in yet, so this server answers on the machine itself only: open the link "
                "it printed at its start there, or set ORCHESTRATOR_TOKEN or ORCHESTRATOR_REMOTE_SETUP"
            )
            raise Denied(msg, code="not_configured")
        connection = HTTPConnection(scope)
        actor = await _caller(connection, context)
        if actor is None and not _is_open(scope):
            if scope["type"] == "http" and is_page(scope, app):
                return
            if not _has_route(scope, app):
                msg = "there is nothing at this address"
                raise NotFound(msg)
            wrong = has_bearer(connection.headers)
            raise Unauthenticated(
                f"this token is wrong, expired or revoked; {HOW_TO_SIGN_IN}" if wrong else HOW_TO_SIGN_IN
            )
        connection.state.actor = actor
        # For streams, which outlive the moment they were let in. Asking again is no use of a session.
        connection.state.still_admitted = partial(_still_admitted, connection, context)


async def _still_admitted(connection: HTTPConnection, context: AppContext) -> bool:
    """Also with all the permissions it had when it was let in: what is opened anew is judged anew."""
    before: Actor | None = connection.state.actor
    now = await _caller(connection, context, in_use=False)
    return now is not None and before is not None and before.permissions <= now.permissions


async def _caller(connection: HTTPConnection, context: AppContext, *, in_use: bool = True) -> Actor | None:
    actor = await _who(connection, context, in_use=in_use)
    client = connection.headers.get(CLIENT_HEADER, "")
    if actor is None:
        return None
    return replace(
        actor,
        client="".join(char for char in client if char.isprintable())[:MAX_CLIENT],
        confirm=actor.confirm or ASK_HEADER in connection.headers,
    )


async def _who(connection: HTTPConnection, context: AppContext, *, in_use: bool) -> Actor | None:
    address = connection.client.host if connection.client else None
    if has_bearer(connection.headers):
        token = connection.headers["authorization"][len("bearer ") :].strip()
        return await context.access.tokens.actor(token, address, in_use=in_use)
    secret = session_cookie.read(connection)
    return await context.access.actor_of_session(secret, address, in_use=in_use) if secret else None


def _is_open(scope: Scope) -> bool:
    return scope["type"] == "http" and (scope["method"], scope["path"]) in OPEN_ROUTES


def is_page(scope: Scope, app: FastAPI) -> bool:
    """Whether the page's files answer this: whatever is no API and no route of its own."""
    return not is_api(scope["path"]) and not _has_route(scope, app)


def is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def _has_route(scope: Scope, app: FastAPI) -> bool:
    probe = dict(scope)
    return any(route.matches(probe)[0] is not Match.NONE for route in app.routes)


def _came_by_loopback(scope: Scope) -> bool:
    server = scope.get("server")
    # A unix socket has a path and no port.
    return server is None or server[1] is None or is_loopback(server[0])
