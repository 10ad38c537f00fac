"""Nodes across the API."""

from datetime import datetime

from backend.models.cluster import Availability, Role
from backend.models.schemas.common import Schema
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


class NodeDetail(NodeOut):
    tasks: list[TaskOut]


class MovingService(Schema):
    """What draining a node does to one service."""

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
    """What a drain or activate did."""

    node: NodeOut
    moving: list[MovingService]
