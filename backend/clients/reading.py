"""How the engine's JSON becomes `models.cluster`."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, cast

import msgspec

from backend.clients.wire import (
    ServiceCounts,
    SpecParts,
    WireDistribution,
    WireInfo,
    WireNetwork,
    WireNode,
    WireObject,
    WirePort,
    WireResources,
    WireService,
    WireServiceStatus,
    WireSwarm,
    WireTask,
    WireTaskSpec,
    WireTaskStatus,
)
from backend.domain.certificates import fingerprint
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
    Swarm,
    SwarmInfo,
    SwarmObject,
    Task,
    UpdateStatus,
)

_NOTHING_RESERVED = Resources()
_NOT_COMPARED = {"Placement", "PullOptions", "Runtime"}


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
        manager_address=(manager.addr or None) if manager else None,
        trust_root=fingerprint(description.tls_info.trust_root) if description.tls_info else "",
    )


def swarm_of(wire: WireSwarm) -> Swarm:
    return Swarm(
        id=wire.id,
        version=wire.version.index,
        created_at=wire.created_at,
        trust_root=wire.tls_info.trust_root,
        root_rotation_in_progress=wire.root_rotation_in_progress,
        node_cert_expiry_seconds=wire.spec.ca_config.node_cert_expiry / 1e9,
        autolock=wire.spec.encryption_config.auto_lock_managers,
        task_history_limit=wire.spec.orchestration.task_history_retention_limit,
    )


def service_of(wire: WireService) -> Service:
    spec: dict[str, Any] = msgspec.json.decode(wire.spec)
    template: dict[str, Any] = spec.get("TaskTemplate") or {}
    mode, replicas, max_concurrent = _mode(spec.get("Mode") or {})
    parts = msgspec.json.decode(wire.spec, type=SpecParts)
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
    status = wire.service_status or WireServiceStatus()
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
    spec = msgspec.json.decode(raw, type=WireTaskSpec)
    reserved = spec.resources.reservations if spec.resources else None
    return (
        digest,
        spec.container_spec.image if spec.container_spec else "",
        _resources(reserved) if reserved else _NOTHING_RESERVED,
    )


def _resources(wire: WireResources) -> Resources:
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
    return _ports(msgspec.convert(wanted, list[WirePort]))


def _ports(wire: Iterable[WirePort]) -> tuple[Port, ...]:
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


def _exit_code(status: WireTaskStatus) -> int | None:
    # A container that has not ended reports 0 as well.
    if status.container_status is None or status.state not in {"complete", "failed", "shutdown", "remove"}:
        return None
    return status.container_status.exit_code
