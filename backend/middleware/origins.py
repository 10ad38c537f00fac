"""Refuses changes that a page of another site makes a browser send (CSRF)."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.routers import session_cookie
from backend.routers.dependencies import OPEN_ROUTES
from backend.routers.problems import problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """The browser's own word counts: `Sec-Fetch-Site`, else `Origin` against `Host`.

    Callers with a bearer token are no browsers riding on a cookie. Without any of the three a request is
    no browser's either; it may sign in, but not use a cookie.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _may_pass(scope):
            await self._app(scope, receive, send)
            return
        detail = (
            "this change does not come from our own page; scripts use 'Authorization: Bearer <token>', "
            "or send an Origin header that equals the address"
        )
        await problem(403, "cross_site", detail)(scope, receive, send)


def _may_pass(scope: Scope) -> bool:
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return True
    headers = Headers(scope=scope)
    if has_bearer(headers):
        return True
    site = headers.getlist("sec-fetch-site")
    if site:
        return site in (["same-origin"], ["none"])
    origin = headers.getlist("origin")
    if origin:
        return len(origin) == 1 and _same_host(origin[0], headers.get("host", ""))
    signing_in = (scope.get("method"), scope["path"]) in OPEN_ROUTES
    return signing_in or session_cookie.read(HTTPConnection(scope)) is None


def has_bearer(headers: Headers) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")


def _same_host(origin: str, host: str) -> bool:
    # Without the scheme: behind a proxy that ends TLS the browser's is https and ours http.
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False
