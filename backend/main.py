"""Builds the web application: routers, the page, and what every request passes first."""

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route

from backend import __version__
from backend.config import Settings
from backend.lifespan import lifespan
from backend.mcp.http import PATH, Mounted
from backend.middleware.bodies import JsonBodies
from backend.middleware.compressed import Compressed
from backend.middleware.counted import Counted
from backend.middleware.gate import Gate
from backend.middleware.headers import SecurityHeaders
from backend.middleware.hosts import HostAllowList
from backend.middleware.origins import SameOrigin
from backend.middleware.requests_under_way import RequestsUnderWay, Stoppable
from backend.middleware.unexpected import UnexpectedErrors
from backend.routers import (
    access,
    activity,
    approvals,
    backups,
    builds,
    deployments,
    drafts,
    events,
    health,
    logs,
    metrics,
    nodes,
    openapi,
    problems,
    projects,
    registries,
    registry,
    schemas,
    services,
    tasks,
    timeline,
    webhooks,
)
from backend.routers.page import WEB, Page


def create_app(settings: Settings | None = None) -> FastAPI:
    """Wire the app; it opens files, the database and the engine only when its lifespan starts."""
    settings = settings or Settings()
    requests = RequestsUnderWay()
    app = FastAPI(
        title="Swarm Orchestrator",
        version=__version__,
        description="A control plane for Docker Swarm.",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        # Swagger UI and ReDoc come from a CDN, which the content security policy rightly forbids.
        docs_url=None,
        redoc_url=None,
        # A redirect would be built from the Host header.
        redirect_slashes=False,
        middleware=[
            Middleware(Counted),
            Middleware(SecurityHeaders),
            Middleware(UnexpectedErrors),
            Middleware(Stoppable, requests=requests),
            Middleware(HostAllowList, names=(*settings.allowed_hosts, settings.app_host)),
            Middleware(SameOrigin),
            Middleware(Gate),
            Middleware(JsonBodies),
            Middleware(Compressed),
        ],
    )
    app.state.settings = settings
    app.state.requests = requests
    for part in (
        health,
        access,
        activity,
        approvals,
        services,
        drafts,
        schemas,
        deployments,
        nodes,
        tasks,
        events,
        logs,
        timeline,
        registries,
        projects,
        builds,
        registry,
        webhooks,
        backups,
        metrics,
    ):
        app.include_router(part.router)
    app.state.mcp = Mounted()
    app.router.routes.append(Route(PATH, endpoint=app.state.mcp))
    app.router.default = Page(WEB)
    problems.install(app)
    openapi.install(app)
    return app


app = create_app()
