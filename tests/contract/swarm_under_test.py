"""What every contract test gets: a client of some engine, names of its own, and ways to wait."""

import itertools
import os
from collections.abc import Callable
from typing import Any

from backend.clients.docker_client import SwarmClient
from backend.clients.engine_errors import Call
from backend.clients.transport import decoded, ignored
from backend.errors import NotFound, OrchestratorError
from backend.models.cluster import Service, Task
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

Spec = dict[str, Any]
SECOND = 10**9
_NUMBERS = itertools.count(1)


class SwarmUnderTest:
    """One engine, fake or real. `fake` is None for a real one."""

    def __init__(self, client: SwarmClient, registry_host: str, fake: FakeEngine | None) -> None:
        self.client = client
        self.registry_host = registry_host
        self.fake = fake
        self.patience = 5.0 if fake else 40.0
        self.prefix = f"contract-{os.getpid()}-{next(_NUMBERS)}"
        self._count = itertools.count(1)
        self._objects: list[tuple[str, str]] = []

    def image(self, name: str, tag: str = "latest") -> str:
        return f"{self.registry_host}/{name}:{tag}"

    def name(self) -> str:
        return f"{self.prefix}-{next(self._count)}"

    def spec(
        self,
        *,
        image: str = "hello-world",
        tag: str = "latest",
        script: str | None = None,
        replicas: int = 1,
        mode: Spec | None = None,
        ports: list[Spec] | None = None,
        container: Spec | None = None,
        task: Spec | None = None,
        **service: Any,
    ) -> Spec:
        """A service spec. `script` runs under `sh -c`; the other parts are added to their places."""
        contained: Spec = {"Image": self.image(image, tag), "StopGracePeriod": SECOND, **(container or {})}
        if script is not None:
            contained["Command"] = ["sh", "-c", script]
        spec: Spec = {
            "Name": self.name(),
            "TaskTemplate": {"ContainerSpec": contained, **(task or {})},
            "Mode": mode or {"Replicated": {"Replicas": replicas}},
            **service,
        }
        if ports is not None:
            spec["EndpointSpec"] = {"Ports": ports, "Mode": "vip"}
        return spec

    async def create(self, **parts: Any) -> Service:
        return await self.client.service(await self.client.create_service(self.spec(**parts)))

    async def tasks(self, service: Service) -> list[Task]:
        return await self.client.tasks(service_id=service.id)

    async def until(
        self, service: Service, fits: Callable[[list[Task]], object], *, within: float | None = None
    ) -> list[Task]:
        """The service's tasks once `fits` holds for them."""

        seen: list[list[Task]] = []

        async def look() -> bool:
            seen.append(await self.tasks(service))
            return bool(fits(seen[-1]))

        try:
            await eventually(look, within=within or self.patience, every=0.05)
        except AssertionError as error:
            last = (
                [(t.slot, t.state, t.desired_state, t.error, t.exit_code) for t in seen[-1]] if seen else []
            )
            raise AssertionError(f"{error}: {last}") from None
        return seen[-1]

    async def until_running(self, service: Service, count: int = 1) -> list[Task]:
        def fits(tasks: list[Task]) -> bool:
            return len(running(tasks)) == count

        return running(await self.until(service, fits))

    async def until_service(self, service: Service, fits: Callable[[Service], object]) -> Service:
        async def look() -> Service | None:
            now = await self.client.service(service.id)
            return now if fits(now) else None

        found = await eventually(look, within=self.patience, every=0.05)
        assert found is not None, "eventually gives truthy answers only"
        return found

    async def updated(self, service: Service, change: Callable[[Spec], None]) -> Service:
        """Update the service by what `change` does to its spec."""

        def edit(now: Service) -> Spec:
            spec = now.spec
            change(spec)
            return spec

        return await self.client.update_service(service.id, edit)

    async def add(self, kind: str, **body: Any) -> str:
        """Create a network, secret or config (`kind` in plural) and give its id."""
        call = Call(kind, writes=True)
        made = await self.client._transport.write(
            "POST", f"{kind}/create", call, decoded(dict[str, Any]), body=body
        )
        object_id = str(made.get("ID") or made.get("Id"))
        self._objects.append((kind, object_id))
        return object_id

    async def raw_service(self, service: Service) -> Spec:
        return await self.client._transport.read(
            f"services/{service.id}", Call("service", service.name), decoded(dict[str, Any])
        )

    async def raw_tasks(self, service: Service) -> list[Spec]:
        return await self.client._transport.read(
            "tasks",
            Call("tasks"),
            decoded(list[dict[str, Any]]),
            params={"filters": f'{{"service":["{service.id}"]}}'},
        )

    async def clean(self) -> None:
        """Remove what this test made and wait until it is gone."""
        mine = [s for s in await self.client.services() if s.name.startswith(f"{self.prefix}-")]
        for service in mine:
            try:
                await self.client.remove_service(service.id)
            except NotFound:
                continue

        async def gone() -> bool:
            ids = {service.id for service in mine}
            # Engine 20.10 keeps completed tasks of a removed job for ever.
            left = [task for task in await self.client.tasks() if task.state != "complete"]
            return not any(task.service_id in ids for task in left)

        await eventually(gone, within=self.patience, every=0.1)
        for kind, object_id in reversed(self._objects):

            async def removed(kind: str = kind, object_id: str = object_id) -> bool:
                try:
                    call = Call(kind, object_id, writes=True)
                    await self.client._transport.write("DELETE", f"{kind}/{object_id}", call, ignored)
                except NotFound:
                    return True
                except OrchestratorError:
                    return False
                return True

            await eventually(removed, within=self.patience, every=0.2)


def running(tasks: list[Task]) -> list[Task]:
    return [task for task in tasks if task.state == "running" and task.desired_state == "running"]


def current(tasks: list[Task]) -> list[Task]:
    """Those the swarm still wants."""
    return [task for task in tasks if task.desired_state in {"ready", "running", "complete"}]
