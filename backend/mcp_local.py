"""The API for an agent on this machine: the server running here, else the application for one call."""

import getpass
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx2

from backend import running_server
from backend.config import Settings
from backend.context import AppContext
from backend.errors import InvalidInput, OrchestratorError
from backend.main import create_app
from backend.mcp.rest import Refused, Remote, Rest
from backend.serving import Serving
from backend.storage_errors import STATE_IN_USE

logger = logging.getLogger(__name__)

STARTS_WITHIN = 10.0
"""Seconds that a server which has the state already may take until it says where it is."""
AT_ONCE = 4
"""Calls that may have the application open at a time."""


class Busy(Exception):
    """A server has the state."""


class Local:
    """Each call finds out anew: a server may have come or gone. Nothing runs between two calls."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._room = anyio.CapacityLimiter(AT_ONCE)

    @asynccontextmanager
    async def call(self, headers: dict[str, str], *, waits: bool) -> AsyncIterator[Rest]:
        async with self._room:
            if (remote := self._running()) is None:
                try:
                    context = await self._opened()
                except Busy:
                    remote = await self._coming()
                else:
                    async with _visiting(context, waits=waits) as rest:
                        yield rest
                    return
            async with remote.call(headers, waits=waits) as rest:
                yield rest

    def _running(self) -> Remote | None:
        server = running_server.find(self._settings.state_dir)
        token = running_server.token_of(self._settings.state_dir)
        return Remote(server.url, token) if server is not None and token else None

    async def _coming(self) -> Remote:
        """The server that has the state locked, as soon as it has said where it is."""
        with anyio.move_on_after(STARTS_WITHIN):
            while True:
                if (remote := self._running()) is not None:
                    return remote
                await anyio.sleep(0.1)
        raise Refused(
            "Another process uses the state of this orchestrator and does not say where it listens. Set "
            "ORCHESTRATOR_URL and ORCHESTRATOR_TOKEN to talk to it.",
            code="state_in_use",
        )

    async def _opened(self) -> AppContext:
        try:
            context = AppContext(self._settings)
        except (ValueError, InvalidInput) as error:
            raise Refused(f"The settings are wrong: {error}", code="invalid_settings") from None
        try:
            await context.open_for_a_visit()
        except OrchestratorError as error:
            await context.close_visit()
            if error.code == STATE_IN_USE:
                raise Busy from None
            raise Refused(error.detail, code=error.code) from None
        except BaseException:
            await context.close_visit()
            raise
        return context


@asynccontextmanager
async def _visiting(context: AppContext, *, waits: bool) -> AsyncIterator[Rest]:
    try:
        app = create_app(context.settings)
        app.state.context = context
        app.state.serving = Serving()
        token = context.access.tokens.lend(f"{_user()} (mcp)")
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        sent = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=sent) as http,
            anyio.create_task_group() as tasks,
        ):
            if waits:
                tasks.start_soon(context.follow_rollouts)
            yield Rest(http, where="The orchestrator", local=True)
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await context.close_visit()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
