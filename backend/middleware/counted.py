"""Counts requests and open streams for the metrics, by their route's pattern and never by their address."""

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNROUTED = "(none)"
"""Refused before it had a route, the page's files, and addresses where nothing is."""


class Counted:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = getattr(scope["app"].state, "context", None) if scope["type"] == "http" else None
        if context is None:
            await self._app(scope, receive, send)
            return
        meters, began, streaming = context.meters, time.perf_counter(), ""

        async def send_and_count(message: Message) -> None:
            nonlocal streaming
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", UNROUTED)
                meters.answered(scope["method"], route, message["status"], time.perf_counter() - began)
                if Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream"):
                    streaming = route
                    meters.stream_opened(route)
            await send(message)

        try:
            await self._app(scope, receive, send_and_count)
        finally:
            if streaming:
                meters.stream_closed(streaming)
