"""What our tables hold, as values: one frozen dataclass a table, with the mapping from and to its row."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypedDict, cast

from backend.models.schemas.deployments import DeploymentKind, DeploymentState

RevisionSource = Literal["api", "disk", "seed", "scale", "rollback"]


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
