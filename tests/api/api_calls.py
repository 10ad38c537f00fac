"""Calls of the REST API as tests say them."""

from dataclasses import dataclass
from typing import Any

from tests.api.app_fixture import RunningApp
from tests.eventually import PATIENCE, eventually

FINAL = {"succeeded", "failed", "stuck", "rolled_back", "superseded"}


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])


@dataclass
class Api:
    app: RunningApp

    async def __call__(self, method: str, path: str, **options: Any) -> Answer:
        answer = await self.app.client.request(method, path, **options)
        body = answer.json() if answer.content else None
        return Answer(answer.status_code, body, {k.lower(): v for k, v in answer.headers.items()})

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self("GET", path, params=params)
        assert answer.status == 200, answer
        return answer.body

    async def create(self, name: str, **definition: Any) -> Any:
        definition.setdefault("image", "${REGISTRY_HOST}/hello-world:1")
        answer = await self("POST", "/api/services", json={"name": name, "definition": definition})
        assert answer.status == 201, answer
        return answer.body

    async def act(self, name: str, act: str, **body: Any) -> Any:
        """deploy, stop or scale; the accepted deployment."""
        answer = await self("POST", f"/api/services/{name}/{act}", json=body or None)
        assert answer.status == 202, answer
        assert answer.headers["location"] == f"/api/deployments/{answer.body['id']}"
        return answer.body

    async def run(self, name: str, **definition: Any) -> Any:
        """Register, deploy and wait until it runs."""
        await self.create(name, **definition)
        await self.act(name, "deploy")
        return await self.becomes(name, "running")

    async def becomes(self, name: str, *statuses: str) -> Any:
        async def look() -> Any:
            service = await self.get(f"/api/services/{name}")
            self.last = service
            return service if service["status"] in statuses else None

        try:
            return await eventually(look)
        except AssertionError as error:
            raise AssertionError(f"{name} is not {statuses} but {self.last}") from error

    async def verdict(self, deployment: Any, *, within: float = PATIENCE) -> Any:
        async def look() -> Any:
            row = await self.get(f"/api/deployments/{deployment['id']}")
            return row if row["state"] in FINAL else None

        return await eventually(look, within=within)
