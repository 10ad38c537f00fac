"""Docker's HTTP API over the fake swarm: routes, versions, faults."""

import asyncio
import base64
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from tests.fakes import engine_logs, engine_rules
from tests.fakes.engine_builds import EngineBuilds
from tests.fakes.engine_logs import LogQuery
from tests.fakes.engine_orchestrator import find_image
from tests.fakes.engine_rendering import encode, render_node, render_object, render_service, render_task
from tests.fakes.engine_rules import Refused, invalid, rpc
from tests.fakes.engine_store import FakeNode, FakeService, FakeTask, Spec, natural, normal_spec, now, tidy
from tests.fakes.socket_filter import lets_through

if TYPE_CHECKING:
    from tests.fakes.fake_engine import FakeEngine

NOT_A_MANAGER = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node '
    "to swarm and try again."
)
WORKER = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please "
    "run this command on a manager node or promote the current node to a manager."
)
LOCKED = (
    'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to '
    "unlock it."
)
EXPIRED = "Swarm certificates have expired. To replace them, leave the swarm and join again."
NO_LEADER = (
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers "
    "are online. Make sure more than half of the managers are online."
)

_SWARM = re.compile(r"^/(nodes|services|tasks|secrets|configs|swarm)\b")
_VERSIONED = re.compile(r"^/v(\d+\.\d+)(/.*)$")


@dataclass(slots=True)
class Fault:
    method: str
    path: str
    status: int
    message: str
    left: int
    hang: bool = False
    """Take the request and never answer."""
    cut: bool = False
    """Close the connection instead of answering."""
    after: bool = False
    """Carry the request out first."""


class EngineHttp:
    def __init__(self, engine: "FakeEngine") -> None:
        self._engine = engine
        self._store = engine.store
        self._orchestrator = engine.orchestrator
        self._builds = EngineBuilds(engine)
        self.faults: list[Fault] = []
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.refusal: tuple[int, str] | None = None
        """What every swarm call answers: no leader, locked, not a manager …"""
        self.streams: set[asyncio.Task[Any]] = set()
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.rel_url.raw_path)
        version = self._engine.api_version
        if match := _VERSIONED.match(path):
            version, path = match[1], match[2]
        self.requests.append((request.method, path))
        self.headers.append(dict(request.headers))
        if self._engine.is_filtered and not lets_through(request.method, request.raw_path):
            return _error(403, f"the socket filter does not let {request.method} {path} through")
        await self.thawed.wait()
        fault = self._fault(request.method, path)
        try:
            if fault and not fault.after:
                return await self._fail(request, fault)
            self._check_version(version)
            if self.refusal and _SWARM.match(path):
                raise Refused(*self.refusal)
            answer = await self._route(request, path)
        except Refused as refused:
            return _error(refused.status, refused.message)
        if fault:
            return await self._fail(request, fault)
        return answer

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.left and fault.method in {method, "*"} and path.startswith(fault.path):
                fault.left -= 1
                return fault
        return None

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            await asyncio.Event().wait()
        if fault.cut:
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
        return _error(fault.status, fault.message)

    def _check_version(self, version: str) -> None:
        asked, newest, oldest = (
            natural(text) for text in (version, self._engine.api_version, self._engine.min_api_version)
        )
        if asked > newest:
            raise Refused(
                400,
                f"client version {version} is too new. Maximum supported API version is "
                f"{self._engine.api_version}",
            )
        if asked < oldest:
            raise Refused(
                400,
                f"client version {version} is too old. Minimum supported API version is "
                f"{self._engine.min_api_version}, please upgrade your client to a newer version",
            )

    async def _route(self, request: web.Request, path: str) -> web.StreamResponse:
        for method, pattern, handler in _ROUTES:
            if method == request.method and (match := re.fullmatch(pattern, path)):
                call: Callable[..., Awaitable[web.StreamResponse]] = getattr(self, handler)
                return await call(request, **match.groupdict())
        if answer := await self._builds.route(request, path):
            return answer
        return _error(404, "page not found")

    # -- the engine -----------------------------------------------------------------------------------

    async def ping(self, _: web.Request) -> web.StreamResponse:
        builder = "2" if self._engine.builder.buildkit else "1"
        headers = {"Api-Version": self._engine.api_version, "Builder-Version": builder}
        return web.Response(text="OK", headers=headers)

    async def version(self, _: web.Request) -> web.StreamResponse:
        engine = self._engine
        return _json(
            {
                "Version": engine.engine_version,
                "ApiVersion": engine.api_version,
                "MinAPIVersion": engine.min_api_version,
                "Os": "linux",
                "Arch": "amd64",
            }
        )

    async def info(self, _: web.Request) -> web.StreamResponse:
        swarm: Spec = {"NodeID": "", "LocalNodeState": "inactive", "ControlAvailable": False, "Error": ""}
        me = next((n for n in self._store.nodes.values() if n.role == "manager"), None)
        if self.refusal and self.refusal[1] == LOCKED:
            swarm |= {"LocalNodeState": "locked"}
        elif self.refusal and self.refusal[1] == EXPIRED:
            swarm |= {"LocalNodeState": "error", "Error": EXPIRED}
        elif me and not (self.refusal and self.refusal[1] == NOT_A_MANAGER):
            swarm |= {"NodeID": me.id, "LocalNodeState": "active"}
            if not (self.refusal and self.refusal[1] == WORKER):
                swarm |= {"ControlAvailable": True, "Cluster": {"ID": self._engine.cluster_id}}
        if self.refusal and self.refusal[1] == NO_LEADER:
            # The engine hides the trouble in a 200.
            swarm |= {"Error": NO_LEADER, "Cluster": None}
        info: Spec = {"ServerVersion": self._engine.engine_version, "Swarm": swarm}
        if self._engine.builder.containerd_store:
            info["DriverStatus"] = [["driver-type", "io.containerd.snapshotter.v1"]]
        return _json(info)

    async def events(self, request: web.Request) -> web.StreamResponse:
        filters: dict[str, Any] = json.loads(request.query.get("filters") or "{}")
        kinds = set(filters.get("type") or [])
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        queue: asyncio.Queue[Spec] = asyncio.Queue()
        since = request.query.get("since")
        if since:
            second, _, part = since.partition(".")
            first = int(second) * 10**9 + int((part or "0").ljust(9, "0"))
            for event in self._store.events:
                if event["timeNano"] >= first:
                    queue.put_nowait(event)
        self._store.listeners.append(queue.put_nowait)
        with self._streaming():
            try:
                while True:
                    event = await queue.get()
                    await self.thawed.wait()
                    if not kinds or event["Type"] in kinds:
                        await response.write(encode(event) + b"\n")
            finally:
                self._store.listeners.remove(queue.put_nowait)

    def _streaming(self) -> "_Streaming":
        return _Streaming(self.streams)

    async def distribution(self, request: web.Request, name: str) -> web.StreamResponse:
        self._engine.lookups.append(name)
        if not self._engine.registry_up:
            raise Refused(
                500, f'Get "http://{self._engine.registry_host}/v2/": dial tcp: connect: connection refused'
            )
        required = self._engine.registry_auth
        if required is not None and request.headers.get("X-Registry-Auth") != required:
            raise Refused(401, "unauthorized: authentication required")
        if not engine_rules.may_pull(self._store, name, auth := request.headers.get("X-Registry-Auth", "")):
            if auth:
                raise Refused(401, "unauthorized: authentication required")
            raise Refused(500, f'Head "http://{name}": no basic auth credentials')
        if re.search(r"[A-Z]", name.partition("/")[2].partition(":")[0].partition("@")[0]):
            raise Refused(400, "invalid reference format: repository name must be lowercase")
        image = find_image(self._store, name)
        if image is None:
            raise Refused(404, "manifest unknown: manifest unknown")
        return _json(
            {
                "Descriptor": {
                    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                    "digest": image.digest,
                    "size": 1234,
                },
                "Platforms": [{"architecture": arch, "os": os} for os, arch in image.platforms],
            }
        )

    async def swarm(self, _: web.Request) -> web.StreamResponse:
        return _json(self._engine.swarm.render())

    async def update_swarm(self, request: web.Request) -> web.StreamResponse:
        swarm = self._engine.swarm
        _check_sequence(request, swarm.version)
        for role in swarm.tokens:
            if request.query.get(f"rotate{role}Token") in {"1", "true"}:
                swarm.rotate(role)
        swarm.version += 1
        return web.Response()

    # -- nodes ----------------------------------------------------------------------------------------

    async def nodes(self, _: web.Request) -> web.StreamResponse:
        return _json([render_node(n, self._engine.engine_version) for n in self._store.nodes.values()])

    async def node(self, _: web.Request, ref: str) -> web.StreamResponse:
        return _json(render_node(self._node(ref), self._engine.engine_version))

    def _node(self, ref: str) -> FakeNode:
        node = self._store.find_node(ref)
        if node is None:
            raise Refused(404, f"node {ref} not found")
        return node

    async def update_node(self, request: web.Request, ref: str) -> web.StreamResponse:
        node = self._node(ref)
        _check_sequence(request, node.version)
        spec: Spec = await request.json()
        if spec.get("Availability") not in {"active", "pause", "drain"}:
            raise Refused(400, f'invalid Availability: "{spec.get("Availability", "")}"')
        if spec.get("Role") not in {"manager", "worker"}:
            raise Refused(400, f'invalid Role: "{spec.get("Role", "")}"')
        managers = [n for n in self._store.nodes.values() if n.role == "manager"]
        if node.role == "manager" and spec["Role"] == "worker" and len(managers) == 1:
            raise rpc(400, "FailedPrecondition", "attempting to demote the last manager of the swarm")
        changed = {}
        if node.availability != spec["Availability"]:
            changed = {"availability.old": node.availability, "availability.new": spec["Availability"]}
        node.availability, node.role = spec["Availability"], spec["Role"]
        node.labels = dict(spec.get("Labels") or {})
        self._store.touch(node)
        self._store.emit("node", "update", node.id, {"name": node.hostname, **changed})
        self._orchestrator.poke_all()
        return web.Response()

    async def remove_node(self, request: web.Request, ref: str) -> web.StreamResponse:
        node = self._node(ref)
        if node.role == "manager":
            raise rpc(
                400,
                "FailedPrecondition",
                f"node {node.id} is a cluster manager and is a member of the raft cluster. It must be "
                "demoted to worker before removal",
            )
        if node.state != "down" and request.query.get("force") not in {"1", "true"}:
            raise rpc(400, "FailedPrecondition", f"node {node.id} is not down and can't be removed")
        del self._store.nodes[node.id]
        self._store.emit("node", "remove", node.id, {"name": node.hostname})
        self._orchestrator.poke_all()
        return web.Response()

    # -- services -------------------------------------------------------------------------------------

    async def services(self, request: web.Request) -> web.StreamResponse:
        filters = _filters(request)
        status = request.query.get("status") in {"1", "true"}
        chosen = [
            service
            for service in self._store.services.values()
            if _matches(filters, "name", service.name, prefix=True) and _matches(filters, "id", service.id)
        ]
        return _json([render_service(service, self._store, status=status) for service in chosen])

    async def service(self, _: web.Request, ref: str) -> web.StreamResponse:
        return _json(render_service(self._service(ref), self._store))

    def _service(self, ref: str) -> FakeService:
        service = self._store.find_service(ref)
        if service is None:
            raise Refused(404, f"service {ref} not found")
        return service

    async def create_service(self, request: web.Request) -> web.StreamResponse:
        spec = normal_spec(await _body(request))
        engine_rules.resolve_networks(self._store, spec)
        engine_rules.check_spec(self._store, spec, service=None)
        auth = request.headers.get("X-Registry-Auth", "")
        service = FakeService(id=self._store.new_id(), spec=spec, registry_auth=auth)
        service.ports = self._publish(spec, [])
        if service.is_job:
            service.last_execution = now()
        self._store.touch(service)
        service.spec_version = service.version
        self._store.services[service.id] = service
        self._store.emit("service", "create", service.id, {"name": service.name})
        self._orchestrator.poke(service.id)
        return _json({"ID": service.id, "Warnings": None}, status=201)

    async def update_service(self, request: web.Request, ref: str) -> web.StreamResponse:
        service = self._service(ref)
        spec = normal_spec(await _body(request))
        engine_rules.resolve_networks(self._store, spec)
        engine_rules.check_spec(self._store, spec, service=service)
        _check_sequence(request, service.version)
        rollback = request.query.get("rollback") == "previous"
        if rollback:
            if service.previous is None:
                raise rpc(400, "FailedPrecondition", f"service {service.id} does not have a previous spec")
            service.spec, service.previous = service.previous, service.spec
        else:
            service.previous, service.spec = service.spec, spec
        # Without the header it keeps what it was given.
        service.registry_auth = request.headers.get("X-Registry-Auth", "") or service.registry_auth
        service.ports = self._publish(service.spec, service.ports)
        self._store.touch(service)
        service.spec_version = service.version
        if service.is_job:
            service.iteration = service.version
            service.last_execution = now()
        self._orchestrator.begin_update(service, rollback=rollback)
        self._store.emit("service", "update", service.id, {"name": service.name})
        return _json({"Warnings": None})

    def _publish(self, spec: Spec, before: list[Spec]) -> list[Spec]:
        """Give ingress ports that name no published port one from 30000 on, and keep those given earlier."""
        published = []
        taken = {port.get("PublishedPort") for s in self._store.services.values() for port in s.ports}
        for port in (spec.get("EndpointSpec") or {}).get("Ports") or []:
            given = dict(port)
            if not port.get("PublishedPort") and port["PublishMode"] == "ingress":
                old = next((b for b in before if b["TargetPort"] == port["TargetPort"]), None)
                free = next(number for number in range(30000, 32768) if number not in taken)
                given["PublishedPort"] = old["PublishedPort"] if old else free
                taken.add(given["PublishedPort"])
            published.append(given)
        return published

    async def remove_service(self, _: web.Request, ref: str) -> web.StreamResponse:
        service = self._service(ref)
        del self._store.services[service.id]
        self._store.emit("service", "remove", service.id, {"name": service.name})
        self._orchestrator.poke(service.id)
        return web.Response()

    # -- tasks and logs -------------------------------------------------------------------------------

    async def tasks(self, request: web.Request) -> web.StreamResponse:
        filters = _filters(request)
        chosen = [task for task in self._candidates(filters) if self._task_matches(task, filters)]
        return web.Response(
            body=b"[" + b",".join(render_task(task) for task in chosen) + b"]\n",
            content_type="application/json",
        )

    def _candidates(self, filters: dict[str, list[str]]) -> list[FakeTask]:
        if references := filters.get("service"):
            ids = [self._service(ref).id for ref in references]
            return [task for id_ in ids for task in self._store.by_service.get(id_, {}).values()]
        return list(self._store.tasks.values())

    def _task_matches(self, task: FakeTask, filters: dict[str, list[str]]) -> bool:
        if nodes := filters.get("node"):
            found = [self._store.find_node(ref) for ref in nodes]
            if task.node_id not in {node.id for node in found if node}:
                return False
        if wanted := filters.get("desired-state"):
            shown = "running" if task.desired in {"ready", "running"} else "shutdown"
            if shown not in wanted:
                return False
        if up_to_date := filters.get("_up-to-date"):
            service = self._store.services.get(task.service_id)
            fresh = service is not None and not self._orchestrator.dirty(service, task)
            if ("true" if fresh else "false") not in up_to_date:
                return False
        return _matches(filters, "id", task.id)

    async def task(self, _: web.Request, ref: str) -> web.StreamResponse:
        return web.Response(body=render_task(self._task(ref)), content_type="application/json")

    def _task(self, ref: str) -> FakeTask:
        task = self._store.tasks.get(ref)
        if task is None:
            raise Refused(404, f"task {ref} not found")
        return task

    async def service_logs(self, request: web.Request, ref: str) -> web.StreamResponse:
        service = self._service(ref)
        return await self._logs(
            request, lambda: list(self._store.by_service.get(service.id, {}).values()),
            tty=engine_logs.wants_tty(service.spec),
        )  # fmt: skip

    async def task_logs(self, request: web.Request, ref: str) -> web.StreamResponse:
        task = self._task(ref)
        return await self._logs(request, lambda: [task], tty=engine_logs.is_tty(task))

    async def _logs(
        self, request: web.Request, tasks: Callable[[], list[FakeTask]], *, tty: bool
    ) -> web.StreamResponse:
        query = LogQuery(dict(request.query))
        if not query.streams:
            raise Refused(400, "Bad parameters: you must choose at least one stream")
        headers = {}
        if natural(self._engine.api_version) >= natural("1.42"):
            kind = "raw" if tty else "multiplexed"
            headers["Content-Type"] = f"application/vnd.docker.{kind}-stream"
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        sent: dict[str, int] = {}
        with self._streaming():
            missing = []
            hang = False
            for task in tasks():
                node = self._store.nodes.get(task.node_id)
                if node is None:
                    # Asked about a service, engines pass over tasks that have no node yet.
                    if request.path.rpartition("/tasks/")[1]:
                        missing.append(f"task {task.id} has not been scheduled")
                    continue
                if not node.powered:
                    hang = hang or node.state == "ready"
                    missing.append(f"node {node.id} is not available")
                else:
                    entries = self._store.logs.get(task.id, [])
                    for entry in engine_logs.selected(entries, query):
                        await response.write(engine_logs.written(entry, task, query))
                    sent[task.id] = len(entries)
            if hang:
                # The swarm has not noticed yet that the node is gone, and waits for it.
                await asyncio.Event().wait()
            if missing:
                await response.write(engine_logs.grabbing_failed(missing, tty=tty))
            while query.follow:
                await asyncio.sleep(0.01)
                for task in tasks():
                    entries = self._store.logs.get(task.id, [])
                    for entry in entries[sent.get(task.id, 0) :]:
                        if entry.stream in query.streams:
                            await response.write(engine_logs.written(entry, task, query))
                    sent[task.id] = len(entries)
        await response.write_eof()
        return response

    # -- networks, secrets, configs -------------------------------------------------------------------

    async def objects(self, request: web.Request, kind: str) -> web.StreamResponse:
        labels = _filters(request).get("label", [])
        found = self._store.objects[kind].values()
        return _json([render_object(kind, item) for item in found if _labelled(item, labels)])

    async def object(self, request: web.Request, kind: str, ref: str) -> web.StreamResponse:
        host = self._store.swarm_host_network
        if kind == "networks" and request.query.get("scope") == "swarm" and ref in {host["Id"], "host"}:
            return _json(host)
        return _json(render_object(kind, self._object(kind, ref)))

    def _object(self, kind: str, ref: str) -> Spec:
        for id_, item in self._store.objects[kind].items():
            if ref in {id_, item.get("Name") or item["Spec"]["Name"]}:
                return item
        raise Refused(404, f"{kind[:-1]} {ref} not found")

    async def create_object(self, request: web.Request, kind: str) -> web.StreamResponse:
        body: Spec = await request.json()
        if kind == "networks":
            return _json({"Id": self._engine.add_network(**_network(body)), "Warning": ""}, status=201)
        most = self._engine.config_bytes if kind == "configs" else 500 * 1024
        if not 0 < len(base64.b64decode(body.get("Data", ""))) < most:
            what = "config data must be larger than 0 and less than" if kind == "configs" else "secret data"
            raise rpc(400, "InvalidArgument", f"{what} {most} bytes")
        try:
            self._object(kind, body["Name"])
        except Refused:
            return _json({"ID": self._engine.add_object(kind, body)}, status=201)
        raise rpc(409, "AlreadyExists", f"{kind[:-1]} {body['Name']} already exists")

    async def remove_object(self, _: web.Request, kind: str, ref: str) -> web.StreamResponse:
        item = self._object(kind, ref)
        id_ = str(item.get("Id") or item["ID"])
        for service in self._store.services.values():
            if id_ in json.dumps(service.spec):
                name = item.get("Name") or item["Spec"]["Name"]
                raise invalid(f"{kind[:-1]} '{name}' is in use by the following service: {service.name}")
        del self._store.objects[kind][id_]
        self._store.emit(kind[:-1], "remove", id_, {})
        return web.Response(status=204)


class _Streaming:
    """Marks the current request as a stream that `disconnect_streams` may end."""

    def __init__(self, streams: set[asyncio.Task[Any]]) -> None:
        self._streams = streams

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        if self._task:
            self._streams.add(self._task)

    def __exit__(self, *_: object) -> None:
        if self._task:
            self._streams.discard(self._task)


def _network(body: Spec) -> Spec:
    return {
        "name": body["Name"],
        "driver": body.get("Driver") or "bridge",
        "attachable": bool(body.get("Attachable")),
        "labels": body.get("Labels") or {},
    }


def _filters(request: web.Request) -> dict[str, list[str]]:
    raw: dict[str, Any] = json.loads(request.query.get("filters") or "{}")
    # Docker takes both {"k": ["v"]} and its older {"k": {"v": true}}.
    return {key: list(values) for key, values in raw.items()}


def _matches(filters: dict[str, list[str]], key: str, value: str, *, prefix: bool = False) -> bool:
    wanted = filters.get(key)
    return not wanted or any(value.startswith(w) if prefix else value == w for w in wanted)


def _labelled(item: Spec, wanted: list[str]) -> bool:
    labels = (item.get("Spec") or item).get("Labels") or {}
    pairs = (label.partition("=") for label in wanted)
    return all(key in labels and (not sign or labels[key] == value) for key, sign, value in pairs)


def _check_sequence(request: web.Request, version: int) -> None:
    try:
        asked = int(request.query.get("version", ""))
    except ValueError:
        raise Refused(400, "invalid service version ''") from None
    if asked != version:
        raise rpc(500, "Unknown", "update out of sequence")


async def _body(request: web.Request) -> Spec:
    try:
        body = tidy(msgspec.json.decode(await request.read()))
    except msgspec.DecodeError as error:
        raise Refused(400, str(error)) from error
    return body  # type: ignore[no-any-return]


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=encode(value) + b"\n", status=status, content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    return _json({"message": message}, status)


_REF = r"(?P<ref>[^/]+)"
_KIND = r"(?P<kind>networks|secrets|configs)"
_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/_ping", "ping"),
    ("GET", "/version", "version"),
    ("GET", "/info", "info"),
    ("GET", "/events", "events"),
    ("GET", "/distribution/(?P<name>.+)/json", "distribution"),
    ("GET", "/swarm", "swarm"),
    ("POST", "/swarm/update", "update_swarm"),
    ("GET", "/nodes", "nodes"),
    ("GET", f"/nodes/{_REF}", "node"),
    ("POST", f"/nodes/{_REF}/update", "update_node"),
    ("DELETE", f"/nodes/{_REF}", "remove_node"),
    ("GET", "/services", "services"),
    ("POST", "/services/create", "create_service"),
    ("GET", f"/services/{_REF}", "service"),
    ("POST", f"/services/{_REF}/update", "update_service"),
    ("DELETE", f"/services/{_REF}", "remove_service"),
    ("GET", f"/services/{_REF}/logs", "service_logs"),
    ("GET", "/tasks", "tasks"),
    ("GET", f"/tasks/{_REF}", "task"),
    ("GET", f"/tasks/{_REF}/logs", "task_logs"),
    ("GET", f"/{_KIND}", "objects"),
    ("POST", f"/{_KIND}/create", "create_object"),
    ("GET", f"/{_KIND}/{_REF}", "object"),
    ("DELETE", f"/{_KIND}/{_REF}", "remove_object"),
)
