"""Serves the built page: its files, and its index for every address the page itself knows.

The build leaves each text file compressed beside itself (frontend/scripts/precompressed.ts): nothing is
compressed for a reader.
"""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from backend.routers.compression import accepts
from backend.routers.problems import problem

WEB = Path(__file__).parent.parent / "_web"

NOT_BUILT = (
    "The page is not built yet. Run `npm install && npm run build` in frontend/ (or `make run`), then "
    "reload. The API answers under /api meanwhile.\n"
)
# Vite puts a hash of the content into the names there.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_CODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The best first, with the ending of their files."""


class Page:
    """The router's last resort: what matched no route."""

    def __init__(self, folder: Path) -> None:
        self._index = folder / "index.html"
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(scope)
        await response(scope, receive, send)

    async def _respond(self, scope: Scope) -> Response:
        path: str = scope["path"]
        nothing_here = problem(404, "not_found", "there is nothing at this address")
        if path == "/api" or path.startswith("/api/"):
            return nothing_here
        if scope["method"] not in ("GET", "HEAD"):
            detail = f"{scope['method']} is not possible here; possible: GET, HEAD"
            return problem(405, "method_not_allowed", detail, headers={"Allow": "GET, HEAD"})
        file = await self._file(path.lstrip("/"), scope)
        if file is not None:
            file.headers["cache-control"] = _FOR_EVER if path.startswith("/assets/") else _ASK_AGAIN
            return file
        if not _wants_the_page(path, Request(scope).headers.get("accept", "*/*")):
            return nothing_here
        index = await self._file("index.html", scope)
        if index is None:
            return PlainTextResponse(NOT_BUILT, status_code=200 if path == "/" else 404)
        index.headers["cache-control"] = _ASK_AGAIN
        return index

    async def _file(self, path: str, scope: Scope) -> Response | None:
        if not path or path.endswith(tuple(ending for _, ending in _CODINGS)):
            return None
        headers = Headers(scope=scope)
        for coding, ending in _CODINGS:
            if not accepts(headers, coding):
                continue
            compressed = await self._as_it_lies(path + ending, scope)
            if compressed is not None:
                if compressed.status_code != 304:
                    compressed.headers["content-encoding"] = coding
                compressed.headers.add_vary_header("accept-encoding")
                return compressed
        plain = await self._as_it_lies(path, scope)
        if plain is not None:
            plain.headers.add_vary_header("accept-encoding")
        return plain

    async def _as_it_lies(self, path: str, scope: Scope) -> Response | None:
        try:
            return await self._files.get_response(path, scope)
        except HTTPException:
            return None


def _wants_the_page(path: str, accept: str) -> bool:
    """Addresses within the page have no file of theirs; a missing asset must not become a page."""
    if path.startswith("/assets/"):
        return False
    return "text/html" in accept or ("*/*" in accept and "." not in path.rpartition("/")[2])
