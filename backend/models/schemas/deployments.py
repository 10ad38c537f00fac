"""Deployments across the API: recorded changes and how they ended."""

from datetime import datetime
from typing import Literal

from backend.models.schemas.common import Schema

DeploymentKind = Literal["deploy", "scale", "stop"]
DeploymentState = Literal[
    "accepted", "rolling_out", "succeeded", "failed", "stuck", "rolled_back", "superseded", "unknown"
]


class DeploymentOut(Schema):
    """One recorded change of one service."""

    id: str
    service: str
    kind: DeploymentKind
    state: DeploymentState
    cause: str | None
    """Why it failed, got stuck or was rolled back, in words."""
    actor: str
    from_revision: int | None
    to_revision: int | None
    from_digest: str | None
    to_digest: str | None
    image: str | None
    replicas: int | None
    changes: list[str]
    """Paths of the spec that changed; empty when the swarm already ran exactly this."""
    restarts_tasks: bool
    warnings: list[str]
    """What does not stop the change but should be known, such as a tag that could not be pinned."""
    created_at: datetime
    sent_at: datetime | None
    """When the engine took the change."""
    finished_at: datetime | None
