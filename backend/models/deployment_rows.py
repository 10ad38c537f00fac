"""What the deployments table holds: recorded changes with their phases and evidence."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from backend.models.db_models import time_from_text, time_to_text
from backend.models.schemas.deployments import DeploymentKind, DeploymentPhase, DeploymentState


@dataclass(frozen=True, slots=True)
class Phase:
    """How far a change got, and when by our clock."""

    phase: DeploymentPhase
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {"phase": self.phase, "at": time_to_text(self.at)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Phase":
        return cls(data["phase"], time_from_text(data["at"]))


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """What one task showed when it went wrong."""

    task: str
    node: str | None
    state: str
    exit_code: int | None
    meaning: str | None
    error: str
    at: datetime
    log: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "node": self.node,
            "state": self.state,
            "exit_code": self.exit_code,
            "meaning": self.meaning,
            "error": self.error,
            "at": time_to_text(self.at),
            "log": list(self.log),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "EvidenceItem":
        return cls(**{**data, "at": time_from_text(data["at"]), "log": tuple(data["log"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRow:
    """One recorded change of one service, with what is needed to find it again in the swarm after a crash.

    `operation` is the value of the label that the service carries since the change (that of an earlier one
    when there was nothing to write); `spec_hash` is `rollout_hash` of the spec as the engine took it.
    """

    id: str
    service: str
    kind: DeploymentKind
    state: DeploymentState
    actor: str
    created_at: datetime
    cause: str | None = None
    from_revision: int | None = None
    to_revision: int | None = None
    restores_revision: int | None = None
    from_digest: str | None = None
    to_digest: str | None = None
    image: str | None = None
    replicas: int | None = None
    changes: tuple[str, ...] = ()
    restarts_tasks: bool = False
    warnings: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    operation: str | None = None
    service_id: str | None = None
    spec_hash: str | None = None
    sent_at: datetime | None = None
    finished_at: datetime | None = None
    build_id: str | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "DeploymentRow":
        return cls(
            id=row["id"],
            service=row["service"],
            kind=row["kind"],
            state=row["state"],
            actor=row["actor"],
            created_at=time_from_text(row["created_at"]),
            cause=row["cause"],
            from_revision=row["from_revision"],
            to_revision=row["to_revision"],
            restores_revision=row["restores_revision"],
            from_digest=row["from_digest"],
            to_digest=row["to_digest"],
            image=row["image"],
            replicas=row["replicas"],
            changes=tuple(json.loads(row["changes"])),
            restarts_tasks=bool(row["restarts_tasks"]),
            warnings=tuple(json.loads(row["warnings"])),
            phases=tuple(Phase.from_json(item) for item in json.loads(row["phases"])),
            evidence=tuple(EvidenceItem.from_json(item) for item in json.loads(row["evidence"])),
            operation=row["operation"],
            service_id=row["service_id"],
            spec_hash=row["spec_hash"],
            sent_at=time_from_text(row["sent_at"]) if row["sent_at"] else None,
            finished_at=time_from_text(row["finished_at"]) if row["finished_at"] else None,
            build_id=row["build_id"],
        )


class DeploymentChanges(TypedDict, total=False):
    """What may change about a deployment after it was recorded."""

    state: DeploymentState
    cause: str | None
    from_revision: int | None
    to_revision: int | None
    from_digest: str | None
    to_digest: str | None
    image: str | None
    replicas: int | None
    changes: tuple[str, ...]
    restarts_tasks: bool
    warnings: tuple[str, ...]
    phases: tuple[Phase, ...]
    evidence: tuple[EvidenceItem, ...]
    operation: str | None
    service_id: str | None
    spec_hash: str | None
    sent_at: datetime | None
    finished_at: datetime | None
