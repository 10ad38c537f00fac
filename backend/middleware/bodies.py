"""Reads request bodies: JSON only, bounded in size, time and depth, and free of what no field may hold."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import InvalidInput, OrchestratorError, PayloadTooLarge
from backend.mcp.http import PATH as MCP_PATH
from backend.middleware.gate import is_api
from backend.middleware.strict_json import check_json, check_text_of_url
from backend.routers import problems

MAX_BODY = 1024 * 1024
DEADLINE = 30.0
# Registries send their notifications, which are JSON, under a name of their own.
_JSON = frozenset({"application/json", "application/vnd.docker.distribution.events.v1+json"})
# A client that is still sending when we close may never see the answer: swallow a little first.
_SWALLOW = 8 * MAX_BODY
_SWALLOW_FOR = 1.0


class JsonBodies:
    """Holds the whole body (1 MiB at most) before the route runs, so that a route never sees half of one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            check_text_of_url(scope["path"], scope["query_string"])
            if scope["method"] in ("GET", "HEAD") or not (is_api(scope["path"]) or scope["path"] == MCP_PATH):
                body = None
            else:
                body = await _read(Headers(scope=scope), receive)
        except PayloadTooLarge as error:
            await _swallow(receive)
            response = problems.from_error(error)
            response.headers["connection"] = "close"
            await response(scope, receive, send)
        except OrchestratorError as error:
            await problems.from_error(error)(scope, receive, send)
        else:
            await self._app(scope, receive if body is None else _replay(body, receive), send)


async def _read(headers: Headers, receive: Receive) -> bytes:
    if _has_body(headers) and not _is_json(headers.get("content-type", "")):
        msg = "the body must be JSON: send it with 'Content-Type: application/json'"
        raise InvalidInput(msg, code="unsupported_media_type")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    break
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > MAX_BODY:
                    raise _too_large()
                chunks.append(chunk)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        msg = f"the body did not arrive within {DEADLINE:.0f} seconds"
        raise InvalidInput(msg, code="request_timeout") from None
    body = b"".join(chunks)
    if body:
        check_json(body)
    return body


def _too_large() -> PayloadTooLarge:
    msg = f"the body is larger than {MAX_BODY // 1024} KiB"
    return PayloadTooLarge(msg)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in _JSON


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        # Afterwards the real channel, which tells when the caller goes away.
        return pending.pop() if pending else await receive()

    return replay


async def _swallow(receive: Receive) -> None:
    swallowed = 0
    try:
        async with asyncio.timeout(_SWALLOW_FOR):
            while swallowed < _SWALLOW:
                message = await receive()
                swallowed += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
