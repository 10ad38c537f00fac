"""Nodes, services and tasks as we see them: what `SwarmClient` returns and `ClusterState` holds."""

from datetime import datetime
from typing import Any, Literal

import msgspec

Role = Literal["manager", "worker"]
Availability = Literal["active", "pause", "drain"]
ServiceMode = Literal["replicated", "global", "replicated-job", "global-job"]
PublishMode = Literal["ingress", "host"]


class Platform(msgspec.Struct, frozen=True, gc=False):
    """An operating system and architecture in the scheduler's words: `linux`, `amd64` / `arm64`."""

    os: str
    architecture: str


class Resources(msgspec.Struct, frozen=True, gc=False):
    """CPU in billionths of a core, memory in bytes, generic resources (GPUs) by kind and count."""

    nano_cpus: int = 0
    memory_bytes: int = 0
    generic: dict[str, int] = {}


class Node(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: int
    hostname: str
    role: Role
    availability: Availability
    state: str
    """`ready`, `down`, `unknown` or `disconnected`."""
    state_message: str
    address: str
    engine_version: str
    platform: Platform
    resources: Resources
    labels: dict[str, str]
    engine_labels: dict[str, str]
    plugins: frozenset[tuple[str, str]]
    """(type, name) pairs such as `("Volume", "local")`."""
    leader: bool
    reachability: str | None
    """Managers only: `reachable`, `unreachable` or `unknown`."""
    created_at: datetime
    updated_at: datetime
    manager_address: str | None = None
    """Managers only: where new nodes reach it, with its port."""
    trust_root: str = ""
    """Fingerprint of the root certificate it trusts; empty when it has not said so."""

    @property
    def is_live(self) -> bool:
        """Whether what its tasks last reported can be believed."""
        return self.state == "ready"


class Swarm(msgspec.Struct, frozen=True, gc=False):
    """The swarm's own settings. Its join tokens are read by themselves."""

    id: str
    version: int
    created_at: datetime
    trust_root: str
    """The root certificate, PEM."""
    root_rotation_in_progress: bool
    node_cert_expiry_seconds: float
    autolock: bool
    task_history_limit: int


class Port(msgspec.Struct, frozen=True, gc=False):
    target: int
    published: int | None
    protocol: str
    mode: PublishMode


class UpdateStatus(msgspec.Struct, frozen=True, gc=False):
    state: str
    """updating, paused, completed, rollback_started, rollback_paused or rollback_completed."""
    message: str
    started_at: datetime | None
    completed_at: datetime | None


class Service(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: int
    name: str
    spec: dict[str, Any]
    """The engine's spec, raw: edit this and nothing else, so that fields we do not know survive."""
    mode: ServiceMode
    replicas: int | None
    """Wanted tasks: `Replicas`, or `TotalCompletions` of a replicated job; None for global modes."""
    max_concurrent: int | None
    image: str
    """The reference as the engine holds it, usually `repository:tag@sha256:…`."""
    labels: dict[str, str]
    ports: tuple[Port, ...]
    update_status: UpdateStatus | None
    job_iteration: int | None
    task_spec_digest: bytes
    """Equals `Task.spec_digest` of every up-to-date task; leaves Placement out, as swarmkit does."""
    created_at: datetime
    updated_at: datetime

    @property
    def is_job(self) -> bool:
        return self.mode in {"replicated-job", "global-job"}


class Task(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: int
    service_id: str
    node_id: str | None
    slot: int | None
    """1-based; None for global services, whose slot is the node."""
    state: str
    """new, allocated, pending, assigned, accepted, preparing, ready, starting, running, complete,
    shutdown, failed, rejected, remove or orphaned."""
    desired_state: str
    message: str
    error: str
    exit_code: int | None
    container_id: str | None
    job_iteration: int | None
    image: str
    reservations: Resources
    host_ports: tuple[Port, ...]
    """Published in host mode: they take part in scheduling."""
    spec_digest: bytes
    created_at: datetime
    state_changed_at: datetime


class SwarmObject(msgspec.Struct, frozen=True, gc=False):
    """A network, secret or config: what a definition may name."""

    id: str
    name: str
    labels: dict[str, str]
    driver: str = ""
    """Networks only."""
    scope: str = ""
    """Networks only: `swarm` or `local`."""
    attachable: bool = False


STATE_LABEL = "swarm-orchestrator.state"
"""On configs that hold a copy of our own state: nothing that anybody else may name."""


class StoredConfig(msgspec.Struct, frozen=True, gc=False):
    """A config with its content."""

    id: str
    name: str
    labels: dict[str, str]
    data: bytes


class SwarmInfo(msgspec.Struct, frozen=True, gc=False):
    """What the engine says of itself and its place in the swarm."""

    cluster_id: str | None
    node_id: str | None
    local_state: str
    """inactive, pending, active, error or locked."""
    is_manager: bool
    error: str
    engine_version: str
    api_version: str


class ImageDigest(msgspec.Struct, frozen=True, gc=False):
    digest: str
    """`sha256:…` of the manifest or manifest list."""
    platforms: tuple[Platform, ...]


class EngineEvent(msgspec.Struct, frozen=True, gc=False):
    """A swarm-scope event. There are none for tasks."""

    kind: str
    """node, service, network, secret or config; `gap` after a reconnect, when events may be missing."""
    action: str
    object_id: str
    attributes: dict[str, str]
    time_ns: int


class LogLine(msgspec.Struct, frozen=True, gc=False):
    time: datetime
    task_id: str
    node_id: str
    stream: Literal["stdout", "stderr"]
    line: str


class LogDrop(msgspec.Struct, frozen=True, gc=False):
    """So many lines came faster than the caller would take them."""

    lines: int


class LogGap(msgspec.Struct, frozen=True, gc=False):
    """The engine said, inside the stream, that it could not fetch something."""

    message: str
    node_id: str | None = None
    task_id: str | None = None
