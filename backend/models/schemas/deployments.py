"""Deployments across the API: recorded changes and how they ended."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from backend.models.schemas.common import Input, Schema

DeploymentKind = Literal["deploy", "scale", "stop", "rollback", "restart"]
DeploymentState = Literal[
    "accepted", "rolling_out", "succeeded", "failed", "stuck", "rolled_back", "superseded", "unknown"
]
DeploymentPhase = Literal[
    "accepted", "building", "sent", "unknown", "starting", "converged", "lost", "verdict"
]


class PhaseOut(Schema):
    """When a deployment got so far.

    `building`: it waits for a build; `starting`: a node took its first task; `converged`: all is up, and
    has to stay so for the monitor window; `lost`: it did not; `unknown`: the engine's answer never came.
    """

    phase: DeploymentPhase
    at: datetime


class EvidenceOut(Schema):
    """What one task showed when it went wrong, kept before the engine forgets it."""

    task: str
    node: str | None
    state: str
    exit_code: int | None
    meaning: str | None
    """The exit code in words."""
    error: str
    at: datetime
    """When the task got into that state, by its node's clock."""
    log: list[str]
    """Its last lines, cut to size."""


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
    restores_revision: int | None
    """The revision a rollback went back to; `to_revision` is the new one with its text."""
    from_digest: str | None
    to_digest: str | None
    image: str | None
    replicas: int | None
    changes: list[str]
    """Paths of the spec that changed; empty when the swarm already ran exactly this."""
    restarts_tasks: bool
    warnings: list[str]
    """What does not stop the change but should be known, such as a tag that could not be pinned."""
    phases: list[PhaseOut]
    """In order."""
    evidence: list[EvidenceOut]
    """Of the tasks that failed, at most five."""
    build_id: str | None
    """The build it waits or waited for, and whose digest it deploys."""
    created_at: datetime
    sent_at: datetime | None
    """When the engine took the change, by its clock."""
    finished_at: datetime | None


class RollbackRequest(Input):
    to_revision: int | None = Field(default=None, ge=1, le=1_000_000_000, strict=True)
    """Default: what was deployed before what runs now."""


class RollbackPreview(Schema):
    """What a rollback would bring back."""

    to_revision: int
    image: str | None
    digest: str | None
    """What the image was pinned to when it was last deployed."""
    warnings: list[str]


class RevisionOut(Schema):
    """One text the definition had."""

    revision: int
    author: str
    source: str
    """api, disk, seed, scale or rollback."""
    created_at: datetime
    note: str | None
    deleted: bool
    """This revision is the definition's removal and has no text."""
    deployed: bool
    """Whether it was ever brought into the swarm."""
    live: bool
    """Whether the swarm runs it now."""
    digest: str | None
    """What its image was pinned to when it was last deployed."""


class RevisionText(Schema):
    revision: int
    text: str
