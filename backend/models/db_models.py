"""What our tables hold, as values: one frozen dataclass a table, with the mapping from and to its row."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypedDict, cast

from backend.models.schemas.deployments import DeploymentKind, DeploymentState

RevisionSource = Literal["api", "disk", "seed", "scale"]
type Column = str | int | float | bytes | None


def time_to_text(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds: sorts as text the way it sorts in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def time_from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Revision:
    """One text a definition had, without the text. `number` counts from 1 for each service, for ever.

    `deleted` marks the revision that is the definition's removal; `note` says what is special about it.
    """

    service: str
    number: int
    sha256: str
    author: str
    source: RevisionSource
    created_at: datetime
    deleted: bool = False
    note: str | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "Revision":
        return cls(
            service=row["service"],
            number=row["number"],
            sha256=row["sha256"],
            author=row["author"],
            source=row["source"],
            created_at=time_from_text(row["created_at"]),
            deleted=bool(row["deleted"]),
            note=row["note"],
        )


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """The newest revision of one definition: the index of the catalog's files."""

    name: str
    revision: int
    sha256: str
    deleted: bool
    updated_at: datetime

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "DefinitionRow":
        return cls(
            name=row["name"],
            revision=row["revision"],
            sha256=row["sha256"],
            deleted=bool(row["deleted"]),
            updated_at=time_from_text(row["updated_at"]),
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A write to a definition's file that was begun. A missing hash stands for a missing file."""

    id: str
    service: str
    file: str
    old_sha256: str | None
    new_sha256: str | None
    new_text: str | None
    author: str
    source: RevisionSource
    created_at: datetime

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "Intent":
        return cls(
            id=row["id"],
            service=row["service"],
            file=row["file"],
            old_sha256=row["old_sha256"],
            new_sha256=row["new_sha256"],
            new_text=row["new_text"],
            author=row["author"],
            source=row["source"],
            created_at=time_from_text(row["created_at"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRow:
    """One recorded change of one service, with what is needed to find it again in the swarm after a crash.

    `operation` is the value of the label the change wrote on the service; `boot_id` names the run of the
    server that began it; `spec_hash` is the hash of the spec that was wanted.
    """

    id: str
    service: str
    kind: DeploymentKind
    state: DeploymentState
    actor: str
    boot_id: str
    created_at: datetime
    cause: str | None = None
    from_revision: int | None = None
    to_revision: int | None = None
    from_digest: str | None = None
    to_digest: str | None = None
    image: str | None = None
    replicas: int | None = None
    changes: tuple[str, ...] = ()
    restarts_tasks: bool = False
    warnings: tuple[str, ...] = ()
    operation: str | None = None
    service_id: str | None = None
    spec_hash: str | None = None
    sent_at: datetime | None = None
    finished_at: datetime | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "DeploymentRow":
        return cls(
            id=row["id"],
            service=row["service"],
            kind=row["kind"],
            state=row["state"],
            actor=row["actor"],
            boot_id=row["boot_id"],
            created_at=time_from_text(row["created_at"]),
            cause=row["cause"],
            from_revision=row["from_revision"],
            to_revision=row["to_revision"],
            from_digest=row["from_digest"],
            to_digest=row["to_digest"],
            image=row["image"],
            replicas=row["replicas"],
            changes=tuple(json.loads(row["changes"])),
            restarts_tasks=bool(row["restarts_tasks"]),
            warnings=tuple(json.loads(row["warnings"])),
            operation=row["operation"],
            service_id=row["service_id"],
            spec_hash=row["spec_hash"],
            sent_at=time_from_text(row["sent_at"]) if row["sent_at"] else None,
            finished_at=time_from_text(row["finished_at"]) if row["finished_at"] else None,
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
    operation: str | None
    service_id: str | None
    spec_hash: str | None
    sent_at: datetime | None
    finished_at: datetime | None


def to_column(value: object) -> Column:
    """A field's value as SQLite stores it: times as text, lists as JSON, booleans as 0 and 1."""
    match value:
        case datetime():
            return time_to_text(value)
        case tuple() | list():
            return json.dumps(list(value), ensure_ascii=False)
        case bool():
            return int(value)
        case _:
            return cast("Column", value)
