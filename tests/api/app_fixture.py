"""The whole app on state of its own, for tests that speak HTTP to it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from backend.config import Settings
from backend.context import AppContext
from backend.main import create_app
from backend.models.actor import SYSTEM

BASE_URL = "http://127.0.0.1:8080"


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings that touch nothing outside `folder` and reach no engine unless told to."""
    values: dict[str, Any] = {
        "docker_host": f"unix://{folder}/no-engine.sock",
        "registry_url": "http://127.0.0.1:5000",
        "database_path": folder / "state" / "orchestrator.db",
        "definitions_dir": folder / "definitions",
        "projects_dir": folder / "projects",
        **changes,
    }
    return Settings(_env_file=None, **values)


@dataclass
class RunningApp:
    app: FastAPI
    context: AppContext
    token: str
    """A token with all permissions."""
    client: httpx2.AsyncClient
    """Sends that token."""

    def visitor(
        self, *, base_url: str = BASE_URL, address: str = "127.0.0.1", **options: Any
    ) -> httpx2.AsyncClient:
        """A client without credentials that seems to come from `address`; use it in `async with`."""
        transport = httpx2.ASGITransport(app=self.app, client=(address, 40000))
        return httpx2.AsyncClient(transport=transport, base_url=base_url, **options)


@asynccontextmanager
async def running_app(folder: Path, **changes: Any) -> AsyncIterator[RunningApp]:
    """Run the app with its lifespan. `changes` are fields of Settings, such as `docker_host`."""
    app = create_app(settings_in(folder, **changes))
    async with app.router.lifespan_context(app):
        context: AppContext = app.state.context
        # A name of its own for each start on the same state.
        name = f"tests {secrets.token_hex(4)}"
        _, token = await context.access.tokens.create(SYSTEM, name, expires_in=None)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app),
            base_url=BASE_URL,
            headers={"Authorization": f"Bearer {token}"},
        ) as client:
            yield RunningApp(app, context, token, client)
