"""Who may reach which route: a table made from the app itself, so that no new route can be forgotten."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from backend.main import create_app
from backend.routers.dependencies import OPEN_ROUTES
from tests.api.app_fixture import RunningApp, running_app, settings_in

pytestmark = pytest.mark.anyio

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def every_route(app: FastAPI) -> set[tuple[str, str]]:
    """(method, path) of every route, documents and what is mounted included, with `x` for parameters."""
    return {
        (method, re.sub(r"\{[^}]+\}", "x", path))
        for path, methods in _paths(app.routes)
        for method in methods
    }


def _paths(routes: list[BaseRoute]) -> list[tuple[str, set[str]]]:
    found: list[tuple[str, set[str]]] = []
    for route in routes:
        included: Any = route
        if hasattr(included, "effective_route_contexts"):
            for context in included.effective_route_contexts():
                effective = context.starlette_route or context
                found.append((effective.path, set(effective.methods or METHODS)))
        elif isinstance(route, Mount):
            found.append((route.path, set(METHODS)))
            found.append((f"{route.path}/x", set(METHODS)))
        elif isinstance(route, Route):
            found.append((route.path, set(route.methods or METHODS)))
        else:
            pytest.fail(f"a kind of route this table does not know: {route!r}")
    return found


def test_the_open_routes_are_exactly_these() -> None:
    assert {
        ("GET", "/api/health"),
        ("GET", "/api/schemas/service-definition.json"),
        ("GET", "/api/session"),
        ("POST", "/api/session"),
        ("POST", "/api/setup"),
    } == OPEN_ROUTES


def test_the_table_holds_the_briefs_routes_and_the_documents(tmp_path: Path) -> None:
    table = every_route(create_app(settings_in(tmp_path)))
    assert table >= OPEN_ROUTES
    assert {
        ("GET", "/api/services"),
        ("POST", "/api/services/x/deploy"),
        ("GET", "/api/nodes"),
        ("POST", "/api/nodes/x/drain"),
        ("DELETE", "/api/tokens/x"),
        ("GET", "/api/openapi.json"),
    } <= table


async def test_every_other_route_answers_401_without_credentials(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running, running.visitor() as visitor:
        passed: dict[tuple[str, str], int] = {}
        for method, path in sorted(every_route(running.app)):
            for headers in ({}, {"Authorization": "Bearer so_wrong"}, {"Cookie": "session=wrong"}):
                headers = {**headers, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
                answer = await visitor.request(method, path, headers=headers)
                if answer.status_code != 401:
                    passed[method, path] = answer.status_code
        assert passed.keys() == OPEN_ROUTES


async def test_a_mount_and_a_route_added_later_are_closed_too(tmp_path: Path) -> None:
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        pytest.fail("the gate let a stranger through")

    async def routed(request: Request) -> Response:
        pytest.fail("the gate let a stranger through")

    async with running_app(tmp_path) as running, running.visitor() as visitor:
        running.app.mount("/mcp", mounted)
        running.app.add_route("/metrics", routed)
        for path in ("/mcp/", "/mcp/tools", "/metrics"):
            answer = await visitor.get(path, headers={"Accept": "text/html"})
            assert answer.status_code == 401, path


async def test_a_401_says_where_a_token_comes_from(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running, running.visitor() as visitor:
        answer = await visitor.get("/api/services")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (401, "unauthenticated")
    assert "token create" in problem["detail"]
    assert "ORCHESTRATOR_TOKEN" in problem["detail"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,application/xhtml+xml,*/*;q=0.8"])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/api/services/", "/api/assets/app.js"])
async def test_an_unknown_api_address_is_a_404_problem_never_the_page(
    page: RunningApp, path: str, accept: str
) -> None:
    async with page.visitor() as visitor:
        for client in (page.client, visitor):
            answer = await client.get(path, headers={"Accept": accept})
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "not_found"


async def test_the_wrong_method_is_a_405_that_names_the_right_ones(page: RunningApp) -> None:
    answer = await page.client.patch("/api/services", json={})
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer.headers["allow"]
    page_answer = await page.client.delete("/services")
    assert page_answer.status_code == 405
    assert page_answer.headers["allow"] == "GET, HEAD"


# The page -------------------------------------------------------------------------------------------------


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The app with a built page of one index and one asset."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>page</title>")
    (web / "assets" / "app-1a2b.js").write_text("let x = 1")
    (web / "assets" / "app-1a2b.js.br").write_bytes(b"as brotli")
    (web / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(b"let x = 1", mtime=0))
    (web / "assets" / "only-3c4d.css.gz").write_bytes(gzip.compress(b"p {}", mtime=0))
    (web / "assets" / "only-3c4d.css").write_text("p {}")
    (web / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("not for you")
    monkeypatch.setattr("backend.main.WEB", web)
    async with running_app(tmp_path) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/services", "/services/web.v2", "/nodes/worker-1", "/setup"])
async def test_an_address_within_the_page_reloads_without_signing_in(page: RunningApp, path: str) -> None:
    async with page.visitor() as visitor:
        answer = await visitor.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 200
    assert "<title>page</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


async def test_assets_are_kept_for_ever_and_missing_ones_are_no_page(page: RunningApp) -> None:
    async with page.visitor() as visitor:
        asset = await visitor.get("/assets/app-1a2b.js")
        missing = await visitor.get("/assets/app-old.js", headers={"Accept": "text/html"})
        icon = await visitor.get("/favicon.svg")
        no_icon = await visitor.get("/favicon.ico", headers={"Accept": "image/*,*/*;q=0.8"})
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert missing.status_code == 404
    assert icon.headers["cache-control"] == "no-cache"
    assert no_icon.status_code == 404


async def test_an_unchanged_file_is_304_with_all_headers(page: RunningApp) -> None:
    async with page.visitor() as visitor:
        first = await visitor.get("/assets/app-1a2b.js")
        again = await visitor.get("/assets/app-1a2b.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert "content-security-policy" in again.headers


@pytest.mark.parametrize(
    ("path", "accepted", "coding"),
    [
        ("/assets/app-1a2b.js", "gzip, deflate, br, zstd", "br"),
        ("/assets/app-1a2b.js", "gzip, deflate", "gzip"),
        ("/assets/app-1a2b.js", "br;q=0, *", "gzip"),
        ("/assets/app-1a2b.js", "identity", None),
        ("/assets/only-3c4d.css", "gzip, br", "gzip"),
        ("/favicon.svg", "gzip, br", None),
    ],
)
async def test_a_file_comes_in_the_best_form_that_lies_there_and_is_understood(
    page: RunningApp, path: str, accepted: str, coding: str | None
) -> None:
    async with (
        page.visitor() as visitor,
        visitor.stream("GET", path, headers={"Accept-Encoding": accepted}) as answer,
    ):
        body = b"".join([chunk async for chunk in answer.aiter_raw()])
    files = {"br": b"as brotli", "gzip": gzip.compress(b"let x = 1", mtime=0), None: b"let x = 1"}
    if path == "/assets/app-1a2b.js":
        assert body == files[coding]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-length"] == str(len(body))
    # What a cache keeps for one reader must not go to another who does not understand it.
    assert answer.headers["vary"] == "accept-encoding"
    again = {"Accept-Encoding": accepted, "If-None-Match": answer.headers["etag"]}
    async with page.visitor() as visitor:
        unchanged = await visitor.get(path, headers=again)
        hidden = await visitor.get("/assets/app-1a2b.js.br")
    assert unchanged.status_code == 304
    assert unchanged.headers["vary"] == "accept-encoding"
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "//secret.txt",
        "/..%5csecret.txt",
        "/assets/%00",
        "/%ff%fe",
    ],
)
async def test_no_path_leads_out_of_the_pages_folder(page: RunningApp, path: str) -> None:
    async with page.visitor() as visitor:
        answer = await visitor.get(path, headers={"Accept": "*/*"})
    assert answer.status_code < 500
    assert "not for you" not in answer.text


async def test_without_a_built_page_the_root_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.main.WEB", tmp_path / "nothing")
    async with running_app(tmp_path) as running, running.visitor() as visitor:
        root = await visitor.get("/")
        deep = await visitor.get("/services", headers={"Accept": "text/html"})
    assert root.status_code == 200
    assert "npm run build" in root.text
    assert deep.status_code == 404
    assert "npm run build" in deep.text


async def test_the_openapi_document_says_that_errors_are_problems(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running:
        document = (await running.client.get("/api/openapi.json")).json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    scale = document["paths"]["/api/services/{name}/scale"]["post"]
    assert scale["responses"]["default"]["content"].keys() == {"application/problem+json"}
    assert document["paths"]["/api/health"]["get"]["security"] == []
