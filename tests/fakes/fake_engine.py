"""An in-memory swarm that speaks Docker's HTTP API on a unix socket."""

import argparse
import asyncio
import hashlib
import ssl
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import web

from tests.fakes import engine_http, engine_programs
from tests.fakes.engine_builder import FakeBuilder
from tests.fakes.engine_http import EngineHttp, Fault
from tests.fakes.engine_orchestrator import Orchestrator
from tests.fakes.engine_store import (
    FakeImage,
    FakeNode,
    FakeService,
    FakeTask,
    Spec,
    Store,
    normal_spec,
    now,
    task_spec_of,
)
from tests.fakes.engine_swarm import FakeSwarm

REGISTRY_HOST = "10.0.0.5:5000"


class FakeEngine:
    """A swarm of `nodes` nodes (the first `managers` of them managers), seen from its leader.

        async with FakeEngine(nodes=3) as engine:
            client = SwarmClient(engine.docker_host)

    It runs in the event loop of the test. Nodes are called manager-1, worker-1, worker-2 …. The lab's
    images are known: `engine.image("hello-world")` (tags latest, 1, 2), `batch`, `crasher`, `multi`; add
    others with `add_image`. A container runs what its image's `program` says, or its spec's
    `["sh", "-c", "echo a; echo b >&2; sleep 1; exit 3"]` (see `engine_programs`).

    Services become tasks, tasks advance by themselves; all durations a spec asks for (restart delay,
    monitor, `sleep`) are divided by `speed`. Watch with `eventually`, never sleep.

    State:   `add_image`, `add_network`, `add_secret`, `add_config`, `add_node`, `node(name)`,
             `service(name)`, `tasks(name)`, `set_labels(node, {...})`
    Holding: `hold("preparing")` keeps tasks from leaving that state, `release()` lets go;
             `fail_image(ref, exit_code=3)`, `remove_image(ref)`, `crash_task(task_id, exit_code=1)`
    Nodes:   `power_off(name, noticed=True)`, `power_on(name)`; with `noticed=False` the swarm still
             believes the node, and its logs hang
    Calls:   `fail_next(method, path, status=, message=, times=)` for paths that begin so (no version),
             `hang_next`, `cut_next(…, after=True)` (closes the connection, done or not done)
    Engine:  `freeze()`/`thaw()`, `lose_leader()`, `lock()`, `expire_certificates()`, `demote()`,
             `leave_swarm()`, `recover()`, `stop()`/`start()` (the socket goes and returns),
             `listen_tcp(tls)`, `drop_events(n)`, `disconnect_streams()`, `registry_up = False`,
             `registry_auth = header`, `registry_users[host] = (user, password)`
    Images:  `builder` builds and pushes (see `engine_builder.FakeBuilder` for its knobs); what is pushed is
             in the registry, and `registry_auth` holds for pushes and FROM lines, too
    Looking: `requests` [(method, path)], `headers`, `lookups` (distribution calls)

    `FakeEngine.of_size(nodes=1000, services=10_000, tasks=100_000)` is settled from the start.
    `python -m tests.fakes.fake_engine --nodes 3` serves one in a process of its own.
    """

    def __init__(
        self,
        nodes: int = 3,
        *,
        managers: int = 1,
        api_version: str = "1.45",
        min_api_version: str = "1.24",
        engine_version: str = "26.1.5",
        speed: float = 20.0,
        tick: float = 0.002,
        registry_host: str = REGISTRY_HOST,
        socket: Path | None = None,
    ) -> None:
        self.api_version = api_version
        self.min_api_version = min_api_version
        self.engine_version = engine_version
        self.registry_host = registry_host
        self.registry_up = True
        self.config_bytes = 500 * 1024
        """A config is smaller; from 25.0 on twice as big."""
        self.is_filtered = True
        """Whether calls that deploy/socket-filter.conf does not let through are refused."""
        self.registry_auth: str | None = None
        """The `X-Registry-Auth` header that distribution calls have to carry, if any."""
        self.lookups: list[str] = []
        self.store: Store = Store()
        self.registry_users = self.store.registry_users
        """User and password that a registry demands of who looks up or pulls, by host."""
        self.cluster_id = self.store.new_id()
        self.swarm = FakeSwarm(self.cluster_id)
        self.orchestrator: Orchestrator = Orchestrator(self.store, speed=speed, tick=tick)
        self.store.swarm_host_network = {
            "Name": "host",
            "Id": self.store.new_id(),
            "Scope": "swarm",
            "Driver": "host",
            "Labels": {},
        }
        self.builder: FakeBuilder = FakeBuilder()
        self._http = EngineHttp(self)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._socket = socket
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.Task[None] | None = None
        for number in range(1, nodes + 1):
            if number <= managers:
                self.add_node(f"manager-{number}", role="manager", leader=number == 1)
            else:
                self.add_node(f"worker-{number - managers}")
        self._add_lab_images()
        self.add_network("ingress", driver="overlay")
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            self.add_network(name, driver=driver)

    @classmethod
    def of_size(cls, *, nodes: int, services: int, tasks: int, socket: Path | None = None) -> Self:
        """A big swarm in which everything runs already, spread evenly."""
        engine = cls(nodes, managers=min(3, nodes), socket=socket)
        store, names = engine.store, list(engine.store.nodes.values())
        for number in range(services):
            share = tasks // services + (number < tasks % services)
            image = engine.store.images[engine.image("hello-world")]
            spec = normal_spec(
                {
                    "Name": f"service-{number:05}",
                    "Mode": {"Replicated": {"Replicas": share}},
                    "TaskTemplate": {
                        "ContainerSpec": {
                            "Image": f"{image.reference}@{image.digest}",
                            "Env": [f"NUMBER={number}"],
                        },
                        "Placement": {"Platforms": [{"Architecture": "amd64", "OS": "linux"}]},
                    },
                }
            )
            service = FakeService(id=store.new_id(), spec=spec)
            store.touch(service)
            service.spec_version = service.version
            store.services[service.id] = service
            task_spec = task_spec_of(service)
            task_bytes = msgspec.Raw(msgspec.json.encode(task_spec))
            stamp = now()
            for slot in range(1, share + 1):
                task = FakeTask(
                    id=store.new_id(),
                    service_id=service.id,
                    spec_bytes=task_bytes,
                    spec=task_spec,
                    endpoint={},
                    spec_version=service.spec_version,
                    slot=slot,
                    node_id=names[(number + slot) % len(names)].id,
                    state="running",
                    message="started",
                    container_id=store.new_id() + store.new_id(),
                    created=stamp,
                    updated=stamp,
                    stamp=stamp,
                )
                store.add_task(task)
        return engine

    async def __aenter__(self) -> Self:
        if self._socket is None:
            self._folder = tempfile.TemporaryDirectory(prefix="fake-engine-")
            self._socket = Path(self._folder.name) / "docker.sock"
        self._loop = asyncio.create_task(self.orchestrator.run(), name="fake-swarm")
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        await self.stop()
        if self._loop:
            self._loop.cancel()
            [outcome] = await asyncio.gather(self._loop, return_exceptions=True)
            # A fault of the fake itself must not pass for one of the program.
            if isinstance(outcome, Exception) and error is None:
                raise outcome
        if self._folder:
            self._folder.cleanup()

    @property
    def docker_host(self) -> str:
        return f"unix://{self._socket}"

    # -- state ----------------------------------------------------------------------------------------

    def image(self, name: str, tag: str = "latest") -> str:
        """The full reference of an image in the fake's registry."""
        return f"{self.registry_host}/{name}:{tag}"

    def add_image(
        self,
        reference: str,
        *,
        digest: str | None = None,
        platforms: list[tuple[str, str]] | None = None,
        program: str = "sleep infinity",
    ) -> FakeImage:
        """Push an image: `platforms` as (os, architecture). An existing tag moves."""
        digest = digest or f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}"
        image = FakeImage(reference, digest, platforms or [("linux", "amd64")], program)
        previous = self.store.images.get(reference)
        if previous and previous.digest != digest:
            # What a tag pointed to before is still there under its digest.
            self.store.images[f"{reference}@{previous.digest}"] = previous
        self.store.images[reference] = image
        return image

    def remove_image(self, reference: str) -> None:
        for known in [known for known in self.store.images if known.partition("@")[0] == reference]:
            del self.store.images[known]

    def fail_image(self, reference: str, *, exit_code: int = 1, log: str = "fatal: broken") -> None:
        """From now on containers of `reference` write `log` to stderr and end."""
        self.store.images[reference].program = f"echo '{log}' >&2; exit {exit_code}"

    def add_node(self, hostname: str, **fields: object) -> FakeNode:
        number = len(self.store.nodes) + 1
        address = f"10.{100 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        node = FakeNode(id=self.store.new_id(), hostname=hostname, address=address, **fields)  # type: ignore[arg-type]
        self.store.touch(node)
        self.store.nodes[node.id] = node
        self.store.emit("node", "create", node.id, {"name": hostname})
        self.orchestrator.poke_all()
        return node

    def add_network(
        self,
        name: str,
        *,
        driver: str = "overlay",
        attachable: bool = False,
        labels: dict[str, str] | None = None,
    ) -> str:
        network_id = self.store.new_id()
        self.store.objects["networks"][network_id] = {
            "Name": name,
            "Id": network_id,
            "Created": now(),
            "Scope": "swarm" if driver == "overlay" else "local",
            "Driver": driver,
            "Attachable": attachable,
            "Ingress": name == "ingress",
            "Labels": labels or {},
        }
        self.store.emit("network", "create", network_id, {"name": name})
        return network_id

    def add_secret(self, name: str, data: str = "c2VjcmV0") -> str:
        return self.add_object("secrets", {"Name": name, "Data": data})

    def add_config(self, name: str, data: str = "Y29uZmln") -> str:
        return self.add_object("configs", {"Name": name, "Data": data})

    def add_object(self, kind: str, spec: Spec) -> str:
        object_id = self.store.new_id()
        self.store.objects[kind][object_id] = {
            "ID": object_id,
            "Version": {"Index": self.store.next_index()},
            "CreatedAt": now(),
            "UpdatedAt": now(),
            "Spec": {"Labels": {}, **spec},
        }
        self.store.emit(kind[:-1], "create", object_id, {"name": spec["Name"]})
        return object_id

    def node(self, name: str) -> FakeNode:
        node = self.store.find_node(name)
        assert node is not None, f"the fake has no node {name}"
        return node

    def service(self, name: str) -> FakeService:
        service = self.store.find_service(name)
        assert service is not None, f"the fake has no service {name}"
        return service

    def tasks(self, service_name: str) -> list[FakeTask]:
        return list(self.store.by_service.get(self.service(service_name).id, {}).values())

    def set_labels(self, node_name: str, labels: dict[str, str]) -> None:
        node = self.node(node_name)
        node.labels = labels
        self.store.touch(node)
        self.store.emit("node", "update", node.id, {"name": node.hostname})
        self.orchestrator.poke_all()

    @property
    def requests(self) -> list[tuple[str, str]]:
        return self._http.requests

    @property
    def headers(self) -> list[dict[str, str]]:
        return self._http.headers

    @property
    def faults(self) -> list[Fault]:
        return self._http.faults

    # -- faults ---------------------------------------------------------------------------------------

    def hold(self, state: str) -> None:
        """Keep tasks from leaving `state`."""
        self.orchestrator.held.add(state)

    def release(self) -> None:
        self.orchestrator.held.clear()
        self.orchestrator.poke_all()

    def crash_task(self, task_id: str, exit_code: int = 1) -> None:
        """End the container of a running task."""
        self.orchestrator.exit(self.store.tasks[task_id], exit_code)

    def power_off(self, hostname: str, *, noticed: bool = True) -> None:
        node = self.node(hostname)
        node.powered = False
        if noticed:
            node.state, node.state_message = "down", "heartbeat failure"
            self.store.touch(node)
            attributes = {"name": hostname, "state.old": "ready", "state.new": "down"}
            self.store.emit("node", "update", node.id, attributes)
        self.orchestrator.poke_all()

    def power_on(self, hostname: str) -> None:
        node = self.node(hostname)
        node.powered = True
        if node.state != "ready":
            node.state, node.state_message = "ready", ""
            self.store.touch(node)
            attributes = {"name": hostname, "state.old": "down", "state.new": "ready"}
            self.store.emit("node", "update", node.id, attributes)
        # Containers did not survive; the node's agent reports them as failed.
        for task in self.store.tasks_on(node):
            if task.state in {"running", "starting"} and task.desired == "running":
                self.orchestrator.exit(task, 137)
        self.orchestrator.poke_all()

    def fail_next(self, method: str, path: str, *, status: int, message: str, times: int = 1) -> None:
        self._http.faults.append(Fault(method, path, status, message, times))

    def hang_next(self, method: str, path: str, *, times: int = 1, after: bool = False) -> None:
        self._http.faults.append(Fault(method, path, 0, "", times, hang=True, after=after))

    def cut_next(self, method: str, path: str, *, times: int = 1, after: bool = False) -> None:
        self._http.faults.append(Fault(method, path, 0, "", times, cut=True, after=after))

    def freeze(self) -> None:
        """Accept connections and requests, answer nothing."""
        self._http.thawed.clear()

    def thaw(self) -> None:
        self._http.thawed.set()

    def lose_leader(self) -> None:
        self._http.refusal = (500, engine_http.NO_LEADER)

    def lock(self) -> None:
        self._http.refusal = (503, engine_http.LOCKED)

    def expire_certificates(self) -> None:
        self._http.refusal = (503, engine_http.EXPIRED)

    def demote(self) -> None:
        self._http.refusal = (503, engine_http.WORKER)

    def leave_swarm(self) -> None:
        self._http.refusal = (503, engine_http.NOT_A_MANAGER)

    def recover(self) -> None:
        self._http.refusal = None

    def drop_events(self, count: int = 1_000_000) -> None:
        """Lose the next `count` events without a trace."""
        self.store.events_to_drop = count

    def disconnect_streams(self) -> None:
        """End every open event and log stream."""
        for task in list(self._http.streams):
            task.cancel()

    async def start(self) -> None:
        assert self._socket is not None
        self._runner = web.AppRunner(self._http.app(), shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.UnixSite(self._runner, self._socket).start()

    async def listen_tcp(self, tls: ssl.SSLContext | None = None) -> str:
        """Serve on a loopback port as well; gives the `tcp://` address."""
        assert self._runner is not None
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return f"tcp://127.0.0.1:{self._runner.addresses[-1][1]}"

    async def stop(self) -> None:
        """The engine's process ends; the swarm's state outlives it."""
        if self._runner:
            self.disconnect_streams()
            await self._runner.cleanup()
            self._runner = None
        if self._socket:
            self._socket.unlink(missing_ok=True)

    def _add_lab_images(self) -> None:
        for tag in ("latest", "1", "2"):
            program = engine_programs.HELLO.replace("{version}", tag)
            self.add_image(self.image("hello-world", tag), program=program)
        self.add_image(self.image("batch"), program=engine_programs.BATCH)
        self.add_image(self.image("crasher"), program=engine_programs.CRASHER)
        self.add_image(
            self.image("multi"),
            program=engine_programs.MULTI,
            platforms=[("linux", "amd64"), ("linux", "arm64")],
        )


async def _serve(arguments: argparse.Namespace) -> None:
    engine = FakeEngine.of_size(
        nodes=arguments.nodes, services=arguments.services, tasks=arguments.tasks, socket=arguments.socket
    )
    async with engine:
        print(f"DOCKER_HOST={engine.docker_host}", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--services", type=int, default=0)
    parser.add_argument("--tasks", type=int, default=0)
    parser.add_argument("--socket", type=Path)
    asyncio.run(_serve(parser.parse_args()))
