"""What the live stream `GET /api/events` says: the data of each kind of event."""

from datetime import datetime

from backend.models.schemas.approvals import ApprovalEvent
from backend.models.schemas.builds import BuildOut
from backend.models.schemas.common import Schema
from backend.models.schemas.deployments import DeploymentOut
from backend.models.schemas.nodes import NodeOut
from backend.models.schemas.registry import RegistryEvent
from backend.models.schemas.services import ServiceOut
from backend.models.schemas.timeline import TimelineEntry


class EngineEvent(Schema):
    """`engine`: the engine was lost, for this reason, or answers again."""

    connected: bool
    code: str | None
    """Why not, as an error code; the same as in the health report."""
    detail: str | None
    as_of: datetime | None


class HelloEvent(Schema):
    """`hello`: the first event of every stream."""

    boot: str
    """Another one than before means that the server was started anew."""
    version: str
    as_of: datetime | None
    stale_seconds: float | None
    engine: EngineEvent


class ChangedEvent(Schema):
    """`changed`: what differs from what was told before; what did not change is not in it."""

    services: list[ServiceOut]
    """The changed services as lists show them; empty when there are more than 50."""
    names: list[str]
    """Names of all changed services, whether or not they are in `services`."""
    removed: list[str]
    """Names that are neither in the swarm nor in the catalog any more."""
    nodes: list[NodeOut]
    """Changed nodes, also those whose reserved resources changed."""
    removed_nodes: list[str]
    """Ids of nodes that left the swarm."""
    as_of: datetime | None


class SeenEvent(Schema):
    """`seen`: every 5 seconds, how fresh the picture is although nothing may have changed."""

    as_of: datetime | None
    stale_seconds: float | None


class TimelineEvent(Schema):
    """`timeline`: entries just added, oldest first."""

    items: list[TimelineEntry]


class LiveEvents(Schema):
    """Data by kind of event. `resync` has none: read everything again."""

    hello: HelloEvent
    changed: ChangedEvent
    deployment: DeploymentOut
    build: BuildOut
    timeline: TimelineEvent
    registry: RegistryEvent
    approval: ApprovalEvent
    engine: EngineEvent
    seen: SeenEvent
