"""Knows the requests under way, so that stopping does not wait for slow ones for ever."""

import asyncio
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.routers.problems import problem

GRACE = 2.5
"""Seconds that requests may still take once we are stopping."""


class RequestsUnderWay:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self.ending = False

    async def end_after(self, stopping: Awaitable[object]) -> None:
        """Wait for `stopping`, give what is under way its time, then cancel it."""
        await stopping
        await asyncio.sleep(GRACE)
        self.end()

    def end(self) -> None:
        self.ending = True
        for task in self._tasks:
            task.cancel()

    def add(self, task: asyncio.Task[object]) -> None:
        self._tasks.add(task)

    def remove(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)


class Stoppable:
    def __init__(self, app: ASGIApp, *, requests: RequestsUnderWay) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_remember(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        self._requests.add(task)
        try:
            await self._app(scope, receive, send_and_remember)
        except asyncio.CancelledError:
            if not self._requests.ending:
                raise
            task.uncancel()
            if not started:
                detail = "the server is stopping; try again when it is back"
                headers = {"Retry-After": "5", "Connection": "close"}
                await problem(503, "stopping", detail, headers=headers)(scope, receive, send)
        finally:
            self._requests.remove(task)
