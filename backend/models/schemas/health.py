"""Health across the API."""

from datetime import datetime
from typing import Literal

from backend.models.schemas.common import Schema
from backend.models.schemas.nodes import NodeOut


class Liveness(Schema):
    status: Literal["ok"] = "ok"
    version: str


class EngineHealth(Schema):
    connected: bool
    code: str | None
    """Why not, as an error code: docker_unreachable, docker_frozen, swarm_no_leader, not_a_manager, …"""
    detail: str | None
    host: str
    """Where the engine is, without credentials."""
    engine_version: str | None
    api_version: str | None
    cluster_id: str | None


class HealthReport(Schema):
    """`ok`: everything as wanted; `degraded`: something needs attention; `unavailable`: no engine."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    engine: EngineHealth
    as_of: datetime | None
    stale_seconds: float | None
    managers: int
    managers_reachable: int
    quorum_margin: int
    """How many more managers may be lost before the swarm stops taking changes."""
    nodes: list[NodeOut]
    services: dict[str, int]
    """Number of services by status."""
    problems: list[str]
    """What needs attention, worst first, a sentence each."""
