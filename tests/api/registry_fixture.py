"""The whole app between a fake swarm and a fake registry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_registry import FakeRegistry

EVENTS = "application/vnd.docker.distribution.events.v1+json"


@dataclass
class Surroundings:
    api: Api
    engine: FakeEngine
    registry: FakeRegistry

    def push(self, repository: str, *tags: str, **options: Any) -> str:
        """Put a new image into the registry, where the engine finds it too; its digest."""
        digest = self.registry.add_image(repository, *tags, **options)
        for tag in tags:
            self.engine.add_image(f"{self.registry.host}/{repository}:{tag}", digest=digest)
        return digest

    async def tell(self, repository: str, tag: str | None, *, action: str = "push", **options: Any) -> Any:
        """Notify as registries do."""
        target = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "repository": repository}
        if tag:
            target["tag"] = tag
        event = {
            "id": "320678d8-ca14-430f-8bb6-4ca139cd83f7",
            "timestamp": "2026-11-09T14:44:26.402973972Z",
            "action": action,
            "target": target,
            "request": {"id": "6df24a34", "addr": "10.0.0.1", "host": self.registry.host, "method": "PUT"},
            "actor": {},
            "source": {"addr": "registry:5000", "instanceID": "a53db899"},
        }
        options.setdefault("json", {"events": [event]})
        headers = {"Content-Type": EVENTS, **options.pop("headers", {})}
        return await self.api("POST", "/api/webhooks/registry", headers=headers, **options)


@asynccontextmanager
async def surroundings(folder: Path, **changes: Any) -> AsyncIterator[Surroundings]:
    """`changes` are fields of Settings."""
    async with FakeRegistry() as registry, FakeEngine(nodes=3) as engine:
        changes.setdefault("registry_url", registry.url)
        async with running_app(folder, docker_host=engine.docker_host, **changes) as app:
            await eventually(lambda: app.context.cluster.as_of is not None)
            yield Surroundings(Api(app), engine, registry)
