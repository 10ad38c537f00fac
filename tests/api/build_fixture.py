"""The app beside a fake engine that builds, with projects to build from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.api_calls import Answer, Api
from tests.api.app_fixture import running_app
from tests.api.server_process import free_port
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

DOCKERFILE = """\
ARG REGISTRY_HOST
FROM ${REGISTRY_HOST}/hello-world:1
ARG TOKEN
COPY note.txt /note.txt
RUN echo built
"""
SLOW = DOCKERFILE + "RUN echo begun\nRUN echo slow\n"
"""Its last step is held by `engine.builder.hold("slow")`."""


@dataclass
class Building:
    api: Api
    engine: FakeEngine
    folder: Path

    def project(self, name: str, dockerfile: str = DOCKERFILE, note: str = "one") -> Path:
        project = self.folder / "projects" / name
        project.mkdir(parents=True, exist_ok=True)
        (project / "Dockerfile").write_text(dockerfile)
        (project / "note.txt").write_text(note)
        return project

    async def service(self, name: str, dockerfile: str = DOCKERFILE, **definition: Any) -> None:
        """A service and the project of the same name that it is built from."""
        self.project(name, dockerfile)
        definition.setdefault("image", f"${{REGISTRY_HOST}}/built/{name}:1")
        await self.api.create(name, build_context=name, update_config={"monitor": "100ms"}, **definition)

    async def start(self, name: str, **body: Any) -> Any:
        answer = await self.api("POST", f"/api/services/{name}/build", json=body)
        assert answer.status == 202, answer
        assert answer.headers["location"] == f"/api/builds/{answer.body['id']}"
        return answer.body

    async def refused(self, name: str, **body: Any) -> Answer:
        answer = await self.api("POST", f"/api/services/{name}/build", json=body)
        assert 400 <= answer.status < 500, answer
        return answer

    async def ended(self, build: Any) -> Any:
        row = await self.api.get(f"/api/builds/{build['id']}", wait=20)
        assert row["finished_at"], row
        return row

    async def becomes(self, build: Any, state: str) -> Any:
        async def look() -> Any:
            row = await self.api.get(f"/api/builds/{build['id']}")
            return row if row["state"] == state else None

        return await eventually(look)

    async def held(self, build: Any) -> None:
        """The build runs a step that does not end."""
        await self.becomes(build, "building")
        await eventually(lambda: any("slow" in step for step in self.engine.builder.containers))

    async def output(self, build: Any) -> list[str]:
        log = await self.api.get(f"/api/builds/{build['id']}/log")
        return [item["text"] for item in log["items"]]


@asynccontextmanager
async def building(folder: Path, engine: FakeEngine, **settings: Any) -> AsyncIterator[Building]:
    async with running_app(
        folder,
        docker_host=engine.docker_host,
        registry_url=f"http://{engine.registry_host}",
        **settings,
    ) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        yield Building(Api(app), engine, folder)


@asynccontextmanager
async def engine_that_builds() -> AsyncIterator[FakeEngine]:
    # Nothing listens there: what the registry has, the engine tells, as where we cannot reach it.
    async with FakeEngine(nodes=3, registry_host=f"127.0.0.1:{free_port()}") as engine:
        engine.add_image(engine.image("hello-world", "1"), platforms=[("linux", "amd64")])
        yield engine
