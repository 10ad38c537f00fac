"""`/mcp` in the server: streamable HTTP for callers whom the gate let in with a token, not a cookie."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.errors import Denied, Unauthenticated
from backend.models.actor import Actor

PATH = "/mcp"


class Mounted:
    """The route's end. The SDK is loaded by the first call: half a second and 20 MB that many never need."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._tasks: TaskGroup | None = None
        self._handle: ASGIApp | None = None
        self._starting = anyio.Lock()

    @asynccontextmanager
    async def running(self, app: ASGIApp) -> AsyncIterator[None]:
        """Serve tools that call `app`, until the block ends."""
        async with anyio.create_task_group() as tasks:
            self._app, self._tasks = app, tasks
            try:
                yield
            finally:
                self._app = self._tasks = self._handle = None
                tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actor = _token_holder(scope)
        _check_origin(scope)
        handle = await self._started()
        # A session belongs to the credential that began it: the SDK refuses it to any other.
        await handle({**scope, "user": _as_the_sdk_has_it(actor)}, receive, send)

    async def _started(self) -> ASGIApp:
        async with self._starting:
            if self._handle is None:
                if self._app is None or self._tasks is None:
                    msg = "the server is starting or stopping; try again when it is there"
                    raise Denied(msg, code="stopping")
                self._handle = await self._tasks.start(_serve, self._app)
            return self._handle


async def _serve(app: ASGIApp, *, task_status: TaskStatus[ASGIApp] = anyio.TASK_STATUS_IGNORED) -> None:
    manager = await anyio.to_thread.run_sync(_manager_for, app)
    async with manager.run():
        task_status.started(manager.handle_request)
        await anyio.sleep_forever()


def _manager_for(app: ASGIApp) -> Any:
    from backend.mcp.in_process import manager_for

    return manager_for(app)


def _as_the_sdk_has_it(actor: Actor) -> Any:
    from backend.mcp.in_process import as_user

    return as_user(actor)


def _token_holder(scope: Scope) -> Actor:
    actor = scope.get("state", {}).get("actor")
    if not isinstance(actor, Actor):
        msg = "send 'Authorization: Bearer <token>'"
        raise Unauthenticated(msg)
    if actor.kind != "token":
        # What a page in a browser may do with its cookie, no page shall do with an agent's tools.
        msg = "/mcp takes a token, not a browser's session: send 'Authorization: Bearer <token>'"
        raise Denied(msg, code="token_needed")
    return actor


def _check_origin(scope: Scope) -> None:
    headers = Headers(scope=scope)
    for origin in headers.getlist("origin"):
        if not _is_ours(origin, headers.get("host", "")):
            msg = "this request comes from a page of another origin"
            raise Denied(msg, code="cross_site")


def _is_ours(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False
