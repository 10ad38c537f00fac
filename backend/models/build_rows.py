"""What the builds table holds: one build with its phases and steps, and never its arguments."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from backend.models.db_models import time_from_text, time_to_text
from backend.models.schemas.builds import BuildPhase, BuildState


@dataclass(frozen=True, slots=True)
class BuildPhaseRow:
    """How far a build got, and when by our clock."""

    phase: BuildPhase
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {"phase": self.phase, "at": time_to_text(self.at)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "BuildPhaseRow":
        return cls(data["phase"], time_from_text(data["at"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStepRow:
    """One step as the builder told of it."""

    id: str
    name: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cached: bool = False
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "started_at": time_to_text(self.started_at) if self.started_at else None,
            "finished_at": time_to_text(self.finished_at) if self.finished_at else None,
            "cached": self.cached,
            "error": self.error,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "BuildStepRow":
        times = {
            key: time_from_text(data[key]) if data[key] else None for key in ("started_at", "finished_at")
        }
        return cls(**{**data, **times})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRow:
    """One build. `image_id` is the engine's id of what was built, as long as a push of it can be retried.

    `unverified`: it was interrupted, and the registry has not said yet what arrived.
    """

    id: str
    service: str
    project: str
    image: str
    tag: str
    state: BuildState
    actor: str
    created_at: datetime
    dockerfile: str = "Dockerfile"
    target: str | None = None
    platforms: tuple[str, ...] = ()
    cause: str | None = None
    digest: str | None = None
    image_id: str | None = None
    context_bytes: int | None = None
    context_files: int | None = None
    warnings: tuple[str, ...] = ()
    phases: tuple[BuildPhaseRow, ...] = ()
    steps: tuple[BuildStepRow, ...] = ()
    deploy: bool = False
    deployment_id: str | None = None
    unverified: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def can_push(self) -> bool:
        return self.image_id is not None and self.finished_at is not None and self.state != "succeeded"

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "BuildRow":
        values = {key: row[key] for key in row.keys() if key != "seq"}  # noqa: SIM118 — a Row is no mapping
        return cls(
            **{
                **values,
                **{
                    key: time_from_text(row[key]) if row[key] else None
                    for key in ("created_at", "started_at", "finished_at")
                },
                "platforms": tuple(json.loads(row["platforms"])),
                "warnings": tuple(json.loads(row["warnings"])),
                "phases": tuple(BuildPhaseRow.from_json(item) for item in json.loads(row["phases"])),
                "steps": tuple(BuildStepRow.from_json(item) for item in json.loads(row["steps"])),
                "deploy": bool(row["deploy"]),
                "unverified": bool(row["unverified"]),
            }
        )


class BuildChanges(TypedDict, total=False):
    """What may change about a build after it was recorded."""

    state: BuildState
    cause: str | None
    digest: str | None
    image_id: str | None
    context_bytes: int | None
    context_files: int | None
    warnings: tuple[str, ...]
    phases: tuple[BuildPhaseRow, ...]
    steps: tuple[BuildStepRow, ...]
    deploy: bool
    deployment_id: str | None
    unverified: bool
    started_at: datetime | None
    finished_at: datetime | None
