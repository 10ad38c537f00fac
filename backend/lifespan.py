"""The life of the running app: open the parts, say where it is, keep them working, end quickly."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from backend import log_lines, running_server
from backend.context import AppContext
from backend.errors import Conflict, DockerUnavailable, InvalidInput, OrchestratorError
from backend.middleware.hosts import is_loopback
from backend.middleware.requests_under_way import RequestsUnderWay
from backend.serving import Serving, on_stop_signal
from backend.startup import EX_CANTCREAT, EX_CONFIG, EX_TEMPFAIL, StartRefused, allow_open_files
from backend.storage_errors import STATE_IN_USE

logger = logging.getLogger(__name__)

CLOSE_WITHIN = 3.0
WANTED_FILES = 8192
"""A thousand open pages need more than the usual 1,024."""
LAST_WORDS_WITHIN = 0.5
"""Seconds in which a request that was ended may still say so."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    log_lines.install()
    serving = Serving()
    allow_open_files(WANTED_FILES)
    try:
        context = await _open(app, serving)
    except StartRefused as refusal:
        app.state.refusal = refusal
        raise
    app.state.context = context
    app.state.serving = serving
    requests: RequestsUnderWay = app.state.requests
    tasks = [
        asyncio.create_task(_never_end(context.run(), serving), name="background work"),
        asyncio.create_task(_end_requests(requests, context, serving), name="end of requests"),
        asyncio.create_task(_announce(context, serving), name="announcement"),
    ]
    try:
        with on_stop_signal(context.stopping.set, requests.end):
            async with app.state.mcp.running(app):
                yield
    finally:
        context.stopping.set()
        if context.announced is not None:
            await asyncio.to_thread(running_server.withdraw, context.settings.state_dir, context.announced)
        await _end(context, tasks)


async def _open(app: FastAPI, serving: Serving) -> AppContext:
    try:
        context = AppContext(app.state.settings)
    except (ValueError, InvalidInput) as error:
        raise StartRefused(str(error)) from error
    try:
        await context.open()
    except OrchestratorError as error:
        await context.close()
        raise StartRefused(error.detail, _exit_code(error)) from error
    host = serving.host
    if host is not None and not is_loopback(host) and not await context.open_beyond_loopback():
        await context.close()
        raise StartRefused(
            f"will not listen on {host}: nobody can sign in yet, so anybody could. Start once on 127.0.0.1 "
            "and create the admin, or set ORCHESTRATOR_TOKEN_FILE, ORCHESTRATOR_TOKEN or "
            "ORCHESTRATOR_REMOTE_SETUP"
        )
    return context


def _exit_code(error: OrchestratorError) -> int:
    if error.code == STATE_IN_USE or isinstance(error, DockerUnavailable):
        return EX_TEMPFAIL
    return EX_CONFIG if isinstance(error, Conflict) else EX_CANTCREAT


async def _never_end(work: Coroutine[Any, Any, None], serving: Serving) -> None:
    try:
        await work
    except Exception:
        # Without it every answer would be stale for ever: better a restart by whoever started us.
        logger.critical("the background work failed; stopping", exc_info=True)
        serving.stop()


async def _end_requests(requests: RequestsUnderWay, context: AppContext, serving: Serving) -> None:
    await requests.end_after(context.stopping.wait())
    await asyncio.sleep(LAST_WORDS_WITHIN)
    serving.cut_off_all()


async def _announce(context: AppContext, serving: Serving) -> None:
    address = await serving.address()
    if address is None:
        return
    state_dir = context.settings.state_dir
    try:
        token = context.access.tokens.lend("agent on this machine")
        context.announced = await asyncio.to_thread(running_server.announce, state_dir, address.url, token)
    except OSError as error:
        logger.warning("agents on this machine will not find the server by themselves: %s", error)
    code = context.access.setup_code.code
    line = f"Swarm Orchestrator is at {address.url}"
    if code is not None:
        line = (
            f"Swarm Orchestrator: sign in (link works once, for 30 minutes) {address.url}/setup#code={code}"
        )
    # Not through the log: the code is a secret, and this line is for the person at the terminal.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _end(context: AppContext, tasks: list[asyncio.Task[None]]) -> None:
    try:
        async with asyncio.timeout(CLOSE_WITHIN):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(OrchestratorError):
                await context.close()
    except TimeoutError:
        logger.warning("not everything could be closed within %.0f s", CLOSE_WITHIN)
