"""What the engine's JSON looks like, in the few fields we use, and how it becomes `models.cluster`."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, cast

import msgspec

from backend.models.cluster import (
    Availability,
    ImageDigest,
    Node,
    Platform,
    Port,
    PublishMode,
    Resources,
    Role,
    Service,
    ServiceMode,
    SwarmInfo,
    SwarmObject,
    Task,
    UpdateStatus,
)

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_NOTHING_RESERVED = Resources()
_ACRONYMS = {"id": "ID", "os": "OS", "cpus": "CPUs"}
_PIECE = 256 * 1024
_BETWEEN = b'},{"ID":'


_NOT_COMPARED = {"Placement", "PullOptions", "Runtime"}


class ServiceCounts(msgspec.Struct, frozen=True):
    """The engine's own arithmetic. It counts tasks of dead nodes as running."""

    running: int
    desired: int
    completed: int


def _go_name(name: str) -> str:
    return "".join(_ACRONYMS.get(part, part.capitalize()) for part in name.split("_"))


class _Wire(msgspec.Struct, rename=_go_name, gc=False):
    pass


class _Version(_Wire):
    index: int = 0


class _Platform(_Wire):
    architecture: str = ""
    os: str = ""


class _GenericValue(_Wire):
    kind: str = ""
    value: int | str = 0


class _Generic(_Wire):
    discrete_resource_spec: _GenericValue | None = None
    named_resource_spec: _GenericValue | None = None


class _Resources(_Wire):
    nano_cpus: int = msgspec.field(default=0, name="NanoCPUs")
    memory_bytes: int = 0
    generic_resources: list[_Generic] | None = None


class _Plugin(_Wire):
    type: str = ""
    name: str = ""


class _Engine(_Wire):
    engine_version: str = ""
    labels: dict[str, str] | None = None
    plugins: list[_Plugin] | None = None


class _Description(_Wire):
    hostname: str = ""
    platform: _Platform = msgspec.field(default_factory=_Platform)
    resources: _Resources = msgspec.field(default_factory=_Resources)
    engine: _Engine = msgspec.field(default_factory=_Engine)


class _NodeSpec(_Wire):
    role: str = "worker"
    availability: str = "active"
    labels: dict[str, str] | None = None


class _NodeStatus(_Wire):
    state: str = "unknown"
    message: str = ""
    addr: str = ""


class _ManagerStatus(_Wire):
    leader: bool = False
    reachability: str = "unknown"


class WireNode(_Wire):
    id: str
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = _NEVER
    updated_at: datetime = _NEVER
    spec: _NodeSpec = msgspec.field(default_factory=_NodeSpec)
    description: _Description = msgspec.field(default_factory=_Description)
    status: _NodeStatus = msgspec.field(default_factory=_NodeStatus)
    manager_status: _ManagerStatus | None = None


class _Port(_Wire):
    protocol: str = "tcp"
    target_port: int = 0
    published_port: int = 0
    publish_mode: str = "ingress"


class _Ports(_Wire):
    ports: list[_Port] | None = None


class _UpdateStatus(_Wire):
    state: str = ""
    message: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None


class _JobStatus(_Wire):
    job_iteration: _Version = msgspec.field(default_factory=_Version)


class _ServiceStatus(_Wire):
    running_tasks: int = 0
    desired_tasks: int = 0
    completed_tasks: int = 0


class WireService(_Wire):
    id: str
    spec: msgspec.Raw
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = _NEVER
    updated_at: datetime = _NEVER
    endpoint: _Ports = msgspec.field(default_factory=_Ports)
    update_status: _UpdateStatus | None = None
    job_status: _JobStatus | None = None
    service_status: _ServiceStatus | None = None


class _SpecParts(_Wire):
    task_template: dict[str, msgspec.Raw] = {}


class _ContainerStatus(_Wire):
    container_id: str = ""
    exit_code: int | None = None


class _TaskStatus(_Wire):
    timestamp: datetime = _NEVER
    state: str = ""
    message: str = ""
    err: str = ""
    container_status: _ContainerStatus | None = None
    port_status: _Ports | None = None


class WireTask(_Wire):
    id: str
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = _NEVER
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    service_id: str = ""
    slot: int = 0
    node_id: str = ""
    status: _TaskStatus = msgspec.field(default_factory=_TaskStatus)
    desired_state: str = ""
    job_iteration: _Version | None = None


class _ContainerSpec(_Wire):
    image: str = ""


class _Requirements(_Wire):
    reservations: _Resources | None = None


class _TaskSpec(_Wire):
    container_spec: _ContainerSpec | None = None
    resources: _Requirements | None = None


class _ObjectSpec(_Wire):
    name: str = ""
    labels: dict[str, str] | None = None


class WireObject(_Wire):
    """A secret or config."""

    id: str
    spec: _ObjectSpec


class WireNetwork(msgspec.Struct, rename="pascal", gc=False):
    """Networks alone spell their id `Id` and have no spec."""

    id: str
    name: str
    driver: str = ""
    scope: str = ""
    attachable: bool = False
    labels: dict[str, str] | None = None


class _Cluster(_Wire):
    id: str = ""


class _Swarm(_Wire):
    node_id: str = ""
    local_node_state: str = "inactive"
    control_available: bool = False
    error: str = ""
    cluster: _Cluster | None = None


class WireInfo(_Wire):
    server_version: str = ""
    swarm: _Swarm = msgspec.field(default_factory=_Swarm)


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str = ""


class _ImagePlatform(msgspec.Struct):
    architecture: str = ""
    os: str = ""


class WireDistribution(_Wire):
    descriptor: _Descriptor
    platforms: list[_ImagePlatform] | None = None


class Created(_Wire):
    id: str


class ListDecoder[W: msgspec.Struct, T]:
    """Decodes a JSON array while it arrives, so that no single step holds up the event loop.

    A hundred thousand tasks are 75 MB: neither the text as a whole nor its typed form ever exists.
    """

    def __init__(self, kind: type[W], convert: Callable[[W], T]) -> None:
        self._decoder = msgspec.json.Decoder(list[kind] | None)  # type: ignore[valid-type]
        self._convert = convert
        self._text = bytearray()
        self._enough = _PIECE
        self._items: list[T] = []

    def feed(self, chunk: bytes) -> None:
        self._text += chunk
        if len(self._text) < self._enough:
            return
        # Quotes inside JSON strings are escaped, so this can only stand between two objects: ours, or
        # nested ones. Then the piece does not parse, and is tried again when there is more of it.
        cut = self._text.rfind(_BETWEEN)
        start = 0 if self._items else 1
        if cut > 0 and self._take(b"[" + self._text[start : cut + 1] + b"]"):
            del self._text[: cut + 2]
            self._enough = _PIECE
        else:
            self._enough = 2 * len(self._text)

    def finish(self) -> list[T]:
        self._items += map(self._convert, self._decode((b"[" if self._items else b"") + self._text))
        return self._items

    def _take(self, piece: bytes) -> bool:
        try:
            wire = self._decode(piece)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return False
        self._items += map(self._convert, wire)
        return True

    def _decode(self, text: bytes) -> list[W]:
        # Go writes an empty list as null.
        return self._decoder.decode(text) or []


def node_of(wire: WireNode) -> Node:
    description, manager = wire.description, wire.manager_status
    return Node(
        id=wire.id,
        version=wire.version.index,
        hostname=description.hostname,
        role=cast("Role", wire.spec.role),
        availability=cast("Availability", wire.spec.availability),
        state=wire.status.state,
        state_message=wire.status.message,
        address=wire.status.addr,
        engine_version=description.engine.engine_version,
        platform=platform_of(description.platform.os, description.platform.architecture),
        resources=_resources(description.resources),
        labels=wire.spec.labels or {},
        engine_labels=description.engine.labels or {},
        plugins=frozenset((plugin.type, plugin.name) for plugin in description.engine.plugins or ()),
        leader=manager is not None and manager.leader,
        reachability=manager.reachability if manager else None,
        created_at=wire.created_at,
        updated_at=wire.updated_at,
    )


def service_of(wire: WireService) -> Service:
    spec: dict[str, Any] = msgspec.json.decode(wire.spec)
    template: dict[str, Any] = spec.get("TaskTemplate") or {}
    mode, replicas, max_concurrent = _mode(spec.get("Mode") or {})
    parts = msgspec.json.decode(wire.spec, type=_SpecParts)
    update = wire.update_status
    return Service(
        id=wire.id,
        version=wire.version.index,
        name=spec.get("Name", ""),
        spec=spec,
        mode=mode,
        replicas=replicas,
        max_concurrent=max_concurrent,
        image=(template.get("ContainerSpec") or {}).get("Image", ""),
        labels=spec.get("Labels") or {},
        ports=_service_ports(wire, spec),
        # Before 1.41-era engines settle, UpdateStatus may be an object without a state.
        update_status=(
            UpdateStatus(update.state, update.message, update.started_at, update.completed_at)
            if update and update.state
            else None
        ),
        job_iteration=wire.job_status.job_iteration.index if wire.job_status else None,
        task_spec_digest=_digest(parts.task_template),
        created_at=wire.created_at,
        updated_at=wire.updated_at,
    )


def counts_of(wire: WireService) -> tuple[str, ServiceCounts]:
    status = wire.service_status or _ServiceStatus()
    return wire.id, ServiceCounts(status.running_tasks, status.desired_tasks, status.completed_tasks)


class TaskConverter:
    """Turns tasks of one answer into ours, keeping once what thousands of them share."""

    def __init__(self) -> None:
        self._specs: dict[bytes, tuple[bytes, str, Resources]] = {}
        self._texts: dict[str, str] = {}

    def __call__(self, wire: WireTask) -> Task:
        raw = bytes(wire.spec)
        known = self._specs.get(raw)
        if known is None:
            known = self._specs[raw] = _read_task_spec(raw)
        digest, image, reservations = known
        share, status, container = self._share, wire.status, wire.status.container_status
        return Task(
            id=wire.id,
            version=wire.version.index,
            service_id=share(wire.service_id),
            node_id=share(wire.node_id) or None,
            slot=wire.slot or None,
            state=share(status.state),
            desired_state=share(wire.desired_state),
            message=share(status.message),
            error=share(status.err),
            exit_code=_exit_code(status),
            container_id=(container.container_id or None) if container else None,
            job_iteration=wire.job_iteration.index if wire.job_iteration else None,
            image=image,
            reservations=reservations,
            host_ports=_ports(status.port_status.ports or ()) if status.port_status else (),
            spec_digest=digest,
            created_at=wire.created_at,
            state_changed_at=status.timestamp,
        )

    def _share(self, text: str) -> str:
        return self._texts.setdefault(text, text)


def object_of(wire: WireObject) -> SwarmObject:
    return SwarmObject(id=wire.id, name=wire.spec.name, labels=wire.spec.labels or {})


def network_of(wire: WireNetwork) -> SwarmObject:
    return SwarmObject(
        id=wire.id,
        name=wire.name,
        labels=wire.labels or {},
        driver=wire.driver,
        scope=wire.scope,
        attachable=wire.attachable,
    )


def info_of(wire: WireInfo, api_version: str) -> SwarmInfo:
    swarm = wire.swarm
    return SwarmInfo(
        cluster_id=swarm.cluster.id or None if swarm.cluster else None,
        node_id=swarm.node_id or None,
        local_state=swarm.local_node_state or "inactive",
        is_manager=swarm.control_available,
        error=swarm.error,
        engine_version=wire.server_version,
        api_version=api_version,
    )


def digest_of(wire: WireDistribution) -> ImageDigest:
    """Digest and platforms, read as Docker's own client does: attestations skipped, ARM without its size."""
    platforms: dict[Platform, None] = {}
    for item in wire.platforms or ():
        if item.os in {"", "unknown"} and item.architecture in {"", "unknown"}:
            continue
        architecture = "" if item.architecture.lower() == "arm" else item.architecture
        platforms[platform_of(item.os, architecture)] = None
    return ImageDigest(digest=wire.descriptor.digest, platforms=tuple(platforms))


def platform_of(os: str, architecture: str) -> Platform:
    aliases = {"x86_64": "amd64", "aarch64": "arm64"}
    return Platform(os=os, architecture=aliases.get(architecture, architecture))


def _mode(mode: dict[str, Any]) -> tuple[ServiceMode, int | None, int | None]:
    if "ReplicatedJob" in mode:
        job = mode["ReplicatedJob"] or {}
        at_once = job.get("MaxConcurrent")
        at_once = 1 if at_once is None else at_once
        total = job.get("TotalCompletions")
        return "replicated-job", at_once if total is None else total, at_once
    if "GlobalJob" in mode:
        return "global-job", None, None
    if "Global" in mode:
        return "global", None, None
    replicas = (mode.get("Replicated") or {}).get("Replicas")
    return "replicated", 1 if replicas is None else replicas, None


def _digest(parts: dict[str, msgspec.Raw]) -> bytes:
    # The engine writes a service's TaskTemplate and a task's Spec with the same code, so equal bytes mean
    # equal specs. Placement alone restarts nothing; PullOptions never come back; Runtime is on services only.
    fields = {key: bytes(raw) for key, raw in parts.items() if key not in _NOT_COMPARED}
    digest = blake2b(digest_size=16)
    for key in sorted(fields):
        digest.update(key.encode() + b"=" + fields[key] + b"\n")
    return digest.digest()


def _read_task_spec(raw: bytes) -> tuple[bytes, str, Resources]:
    digest = _digest(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))
    spec = msgspec.json.decode(raw, type=_TaskSpec)
    reserved = spec.resources.reservations if spec.resources else None
    return (
        digest,
        spec.container_spec.image if spec.container_spec else "",
        _resources(reserved) if reserved else _NOTHING_RESERVED,
    )


def _resources(wire: _Resources) -> Resources:
    generic: dict[str, int] = {}
    for item in wire.generic_resources or ():
        if item.discrete_resource_spec:
            one = item.discrete_resource_spec
            generic[one.kind] = generic.get(one.kind, 0) + int(one.value)
        elif item.named_resource_spec:
            generic[item.named_resource_spec.kind] = generic.get(item.named_resource_spec.kind, 0) + 1
    return Resources(nano_cpus=wire.nano_cpus, memory_bytes=wire.memory_bytes, generic=generic)


def _service_ports(wire: WireService, spec: dict[str, Any]) -> tuple[Port, ...]:
    if wire.endpoint.ports:
        return _ports(wire.endpoint.ports)
    wanted = (spec.get("EndpointSpec") or {}).get("Ports") or []
    return _ports(msgspec.convert(wanted, list[_Port]))


def _ports(wire: Iterable[_Port]) -> tuple[Port, ...]:
    # Engines report a host port once for IPv4 and once for IPv6.
    ports = (
        Port(
            port.target_port,
            port.published_port or None,
            port.protocol,
            cast("PublishMode", port.publish_mode),
        )
        for port in wire
    )
    return tuple(dict.fromkeys(ports))


def _exit_code(status: _TaskStatus) -> int | None:
    # A container that has not ended reports 0 as well.
    if status.container_status is None or status.state not in {"complete", "failed", "shutdown", "remove"}:
        return None
    return status.container_status.exit_code
