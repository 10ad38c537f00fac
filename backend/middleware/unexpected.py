"""Answers a bug of ours with a problem that tells only an id, and keeps a refused start to one line."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.routers import problems
from backend.startup import StartRefused


class UnexpectedErrors:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] == "websocket":
            # No route speaks WebSocket; a plain close is the one refusal servers take without complaint.
            await send({"type": "websocket.close", "code": 1008})
            return
        started = False

        async def send_and_remember(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_remember)
        except Exception as error:
            if started:
                raise
            await problems.unexpected(error)(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_one_line(message: Message) -> None:
            refusal = getattr(scope["app"].state, "refusal", None)
            if message["type"] == "lifespan.startup.failed" and isinstance(refusal, StartRefused):
                # Starlette puts a traceback here; the reason is enough for whoever starts us.
                message = {"type": "lifespan.startup.failed", "message": refusal.reason}
            await send(message)

        await self._app(scope, receive, send_one_line)
