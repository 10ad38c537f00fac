"""Nodes across the API."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from backend.models.cluster import Availability, Role
from backend.models.schemas.common import Input, Schema
from backend.models.schemas.services import TaskOut


class ResourceShare(Schema):
    """What one node has, what its tasks reserved and what is left, as the scheduler counts it.

    CPU in cores, memory in bytes, generic resources (GPUs) by kind and count.
    """

    cpus: float
    cpus_reserved: float
    cpus_free: float
    memory_bytes: int
    memory_reserved: int
    memory_free: int
    generic: dict[str, int]
    generic_reserved: dict[str, int]


class NodeOut(Schema):
    id: str
    hostname: str
    role: Role
    leader: bool
    reachability: str | None
    state: str
    state_message: str
    availability: Availability
    address: str
    engine_version: str
    os: str
    architecture: str
    labels: dict[str, str]
    resources: ResourceShare
    tasks_running: int
    """Tasks last reported as running here; believe it only while `state` is ready."""
    created_at: datetime
    updated_at: datetime
    manager_address: str | None
    """Managers only: where new nodes reach it."""
    trust_root: str
    """Fingerprint of the root certificates it trusts; nodes of one swarm share it. Empty when unknown."""


class NodeDetail(NodeOut):
    tasks: list[TaskOut]


class MovingService(Schema):
    """What a change of a node does to one service."""

    service: str
    tasks: int
    """Tasks of it that run on this node now."""
    moves: bool
    """False for tasks that end here and come back nowhere: global services, or a restart policy of none."""
    note: str | None


class DrainPreview(Schema):
    node: str
    services: list[MovingService]


class NodeChange(Schema):
    """What a change of a node did."""

    node: NodeOut
    moving: list[MovingService]


# What engines take without complaint and constraints can name.
type LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]


class NodeLabels(Input):
    """All labels of a node."""

    labels: dict[LabelKey, Annotated[str, Field(max_length=1024)]] = Field(max_length=200)


class JoinRequest(Input):
    role: Role
    rotate: bool = Field(default=False, strict=True)
    """Make the tokens given out before worthless."""


class JoinCommand(Schema):
    """What to type on a new machine. It holds a token: whoever has it can join."""

    role: Role
    command: str


class RootCertificateOut(Schema):
    subject: str
    fingerprint: str
    """SHA-256 of the certificate."""
    expires_at: datetime


class SwarmOut(Schema):
    """The swarm's own settings."""

    id: str
    created_at: datetime
    root_certificate: RootCertificateOut | None
    trust_root: str
    """What each node's `trust_root` is once it trusts the swarm's root certificates."""
    root_rotation_in_progress: bool
    node_cert_expiry_seconds: float
    """How long a node's certificate is good; nodes renew theirs by themselves before."""
    autolock: bool
    """Whether managers need the unlock key after a restart."""
    task_history_limit: int
    """Ended tasks that the engine keeps for each slot."""
