"""Health across the API."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from backend.models.schemas.common import Schema
from backend.models.schemas.nodes import NodeOut
from backend.models.schemas.services import ServiceStatus, StatusReason


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


AttentionKind = Literal["engine", "picture", "quorum", "node", "registry", "backup", "copy", "service"]


class AttentionOut(Schema):
    """One thing that needs attention, with what is known of it."""

    kind: AttentionKind
    """`engine`: it does not answer; `picture`: what is shown is old; `quorum`: losing one manager more stops
    the swarm from taking changes; `node`, `registry`, `service`: that one; `backup`, `copy`: our own state is
    not backed up, or not copied into the swarm."""
    severity: Literal["bad", "warn"]
    service: str | None = None
    node: str | None = None
    """Host name."""
    node_id: str | None = None
    registry: str | None = None
    status: ServiceStatus | None = None
    """Services only, as are `reason`, `running`, `desired` and `deployment`. `running` with the reason
    `rolled_back`: it runs well, but without its newest change."""
    reason: StatusReason | None = None
    running: int | None = None
    desired: int | None = None
    sentence: str
    since: datetime | None
    """When it began, as far back as anybody knows; null when nobody does."""
    cause: str | None = None
    """Why, in words."""
    evidence: list[str] = Field(default_factory=list)
    """What tasks showed, or who is affected; a few sentences."""
    deployment: str | None = None
    """Id of the change that brought in what runs now; it keeps the last lines of its failed tasks."""


class ReplicationHealth(Schema):
    """The encrypted copy of our own state in the swarm."""

    enabled: bool
    """Off without ORCHESTRATOR_STATE_KEY_FILE."""
    sequence: int | None = None
    """Number of the last whole copy."""
    copied_at: datetime | None = None
    bytes: int = 0
    parts: int = 0
    unreplicated_revisions: int = 0
    """Revisions that a lost machine would take along."""
    unreplicated_since: datetime | None = None
    problem: str | None = None
    """Why the last try failed."""
    note: str | None = None
    """What is left out of the copy."""


class StateHealth(Schema):
    """What keeps our own state."""

    last_backup_at: datetime | None
    backup_problem: str | None
    replication: ReplicationHealth


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
    attention: list[AttentionOut]
    """The same, each with what is known of it."""
    state: StateHealth
