"""Compresses big JSON answers for clients that take it; streams and files pass as they are."""

import gzip

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.routers.compression import WORTH_IT, accepts

LEVEL = 6
AT_ONCE = 64 * 1024
"""Bytes that are compressed where we stand; more takes a thread."""


class Compressed:
    """Only whole answers to GET: what changes something answers with little, and may answer with a secret."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not accepts(Headers(scope=scope), "gzip"):
            await self._app(scope, receive, send)
            return
        held: Message | None = None

        async def send_compressed(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _is_plain_json(message):
                held = message
                return
            if held is not None:
                start, held = held, None
                headers = MutableHeaders(raw=start["headers"])
                headers.add_vary_header("accept-encoding")
                body = message.get("body", b"")
                if not message.get("more_body") and len(body) > WORTH_IT:
                    message = {**message, "body": await _compress(body)}
                    headers["content-encoding"] = "gzip"
                    headers["content-length"] = str(len(message["body"]))
                await send({**start, "headers": headers.raw})
            await send(message)

        await self._app(scope, receive, send_compressed)


def _is_plain_json(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        headers.get("content-type", "").startswith("application/json") and "content-encoding" not in headers
    )


async def _compress(body: bytes) -> bytes:
    if len(body) <= AT_ONCE:
        return gzip.compress(body, LEVEL, mtime=0)
    return await anyio.to_thread.run_sync(lambda: gzip.compress(body, LEVEL, mtime=0))
