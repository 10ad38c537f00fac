"""What the engine's JSON looks like, in the few fields we use."""

from datetime import UTC, datetime

import msgspec

NEVER = datetime(1, 1, 1, tzinfo=UTC)
_ACRONYMS = {"id": "ID", "os": "OS", "cpus": "CPUs"}


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


class WireResources(_Wire):
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


class _TlsInfo(_Wire):
    trust_root: str = ""


class _Description(_Wire):
    hostname: str = ""
    tls_info: _TlsInfo | None = msgspec.field(default=None, name="TLSInfo")
    platform: _Platform = msgspec.field(default_factory=_Platform)
    resources: WireResources = msgspec.field(default_factory=WireResources)
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
    addr: str = ""


class WireNode(_Wire):
    id: str
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = NEVER
    updated_at: datetime = NEVER
    spec: _NodeSpec = msgspec.field(default_factory=_NodeSpec)
    description: _Description = msgspec.field(default_factory=_Description)
    status: _NodeStatus = msgspec.field(default_factory=_NodeStatus)
    manager_status: _ManagerStatus | None = None


class WirePort(_Wire):
    protocol: str = "tcp"
    target_port: int = 0
    published_port: int = 0
    publish_mode: str = "ingress"


class WirePorts(_Wire):
    ports: list[WirePort] | None = None


class _UpdateStatus(_Wire):
    state: str = ""
    message: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None


class _JobStatus(_Wire):
    job_iteration: _Version = msgspec.field(default_factory=_Version)


class WireServiceStatus(_Wire):
    running_tasks: int = 0
    desired_tasks: int = 0
    completed_tasks: int = 0


class WireService(_Wire):
    id: str
    spec: msgspec.Raw
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = NEVER
    updated_at: datetime = NEVER
    endpoint: WirePorts = msgspec.field(default_factory=WirePorts)
    update_status: _UpdateStatus | None = None
    job_status: _JobStatus | None = None
    service_status: WireServiceStatus | None = None


class SpecParts(_Wire):
    task_template: dict[str, msgspec.Raw] = {}


class _ContainerStatus(_Wire):
    container_id: str = ""
    exit_code: int | None = None


class WireTaskStatus(_Wire):
    timestamp: datetime = NEVER
    state: str = ""
    message: str = ""
    err: str = ""
    container_status: _ContainerStatus | None = None
    port_status: WirePorts | None = None


class WireTask(_Wire):
    id: str
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = NEVER
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    service_id: str = ""
    slot: int = 0
    node_id: str = ""
    status: WireTaskStatus = msgspec.field(default_factory=WireTaskStatus)
    desired_state: str = ""
    job_iteration: _Version | None = None


class _ContainerSpec(_Wire):
    image: str = ""


class _Requirements(_Wire):
    reservations: WireResources | None = None


class WireTaskSpec(_Wire):
    container_spec: _ContainerSpec | None = None
    resources: _Requirements | None = None


class _ObjectSpec(_Wire):
    name: str = ""
    labels: dict[str, str] | None = None


class WireObject(_Wire):
    """A secret or config."""

    id: str
    spec: _ObjectSpec


class _ConfigSpec(_ObjectSpec):
    data: bytes = b""


class WireConfig(_Wire):
    """With its content."""

    id: str
    spec: _ConfigSpec


class WireNetwork(msgspec.Struct, rename="pascal", gc=False):
    """Networks alone spell their id `Id` and have no spec."""

    id: str
    name: str
    driver: str = ""
    scope: str = ""
    attachable: bool = False
    labels: dict[str, str] | None = None


class _Encryption(_Wire):
    auto_lock_managers: bool = False


class _Orchestration(_Wire):
    task_history_retention_limit: int = 5


class _CaConfig(_Wire):
    node_cert_expiry: int = 0


class _SwarmSpec(_Wire):
    encryption_config: _Encryption = msgspec.field(default_factory=_Encryption)
    orchestration: _Orchestration = msgspec.field(default_factory=_Orchestration)
    ca_config: _CaConfig = msgspec.field(default_factory=_CaConfig, name="CAConfig")


class WireSwarm(_Wire):
    id: str
    version: _Version = msgspec.field(default_factory=_Version)
    created_at: datetime = NEVER
    spec: _SwarmSpec = msgspec.field(default_factory=_SwarmSpec)
    tls_info: _TlsInfo = msgspec.field(default_factory=_TlsInfo, name="TLSInfo")
    root_rotation_in_progress: bool = False


class _JoinTokens(_Wire):
    worker: str = ""
    manager: str = ""


class WireJoinTokens(_Wire):
    join_tokens: _JoinTokens


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
