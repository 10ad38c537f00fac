"""Serves the built page: its files, and its index for every address the page itself knows."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from backend.routers.problems import problem

WEB = Path(__file__).parent.parent / "_web"

NOT_BUILT = (
    "The page is not built yet. Run `npm install && npm run build` in frontend/ (or `make run`), then "
    "reload. The API answers under /api meanwhile.\n"
)
# Vite puts a hash of the content into the names there.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


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
        try:
            return await self._files.get_response(path, scope) if path else None
        except HTTPException:
            return None


def _wants_the_page(path: str, accept: str) -> bool:
    """Addresses within the page have no file of theirs; a missing asset must not become a page."""
    if path.startswith("/assets/"):
        return False
    return "text/html" in accept or ("*/*" in accept and "." not in path.rpartition("/")[2])
