"""The timeline tables: what happened in the cluster, and what was last seen of it."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from backend.database import Database, Value
from backend.models.db_models import time_from_text, time_to_text
from backend.models.schemas.timeline import Severity, TimelineKind

SeenKind = Literal["service", "node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    id: int
    at: datetime
    kind: TimelineKind
    severity: Severity
    text: str
    service: str | None = None
    node: str | None = None
    task: str | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "TimelineRow":
        return cls(**{**dict(row), "at": time_from_text(row["at"])})


@dataclass(frozen=True, slots=True)
class Seen:
    """An object in brief: enough to tell after a restart whether it changed."""

    name: str
    state: str


class TimelineRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_id(self) -> int:
        row = await self._database.read_one("SELECT MAX(id) FROM timeline")
        return int(row[0] or 0) if row else 0

    async def add(self, rows: Sequence[TimelineRow]) -> None:
        async with self._database.transaction() as transaction:
            for row in rows:
                await transaction.execute(
                    "INSERT OR IGNORE INTO timeline (id, at, kind, service, node, task, severity, text)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        row.id,
                        time_to_text(row.at),
                        row.kind,
                        row.service,
                        row.node,
                        row.task,
                        row.severity,
                        row.text,
                    ),
                )

    async def prune(self, *, keep: int, newer_than: datetime) -> int:
        """Delete what is too much or too old; return how many rows went."""
        async with self._database.transaction() as transaction:
            too_many = await transaction.execute(
                "DELETE FROM timeline"
                " WHERE id <= (SELECT id FROM timeline ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (keep,),
            )
            return too_many + await transaction.execute(
                "DELETE FROM timeline WHERE at < ?", (time_to_text(newer_than),)
            )

    async def page(
        self,
        *,
        service: str | None,
        node: str | None,
        kind: TimelineKind | None,
        before: int | None,
        limit: int,
    ) -> tuple[list[TimelineRow], int]:
        """Newest first, and how many there are in all without `before` and `limit`."""
        wanted: dict[str, Value] = {"service": service, "node": node, "kind": kind}
        where = " AND ".join(f"{name} = :{name}" for name, value in wanted.items() if value is not None)
        values: dict[str, Value] = {**wanted, "before": before, "limit": limit}
        rows = await self._database.read(
            f"SELECT * FROM timeline WHERE {where or '1'}"  # noqa: S608 — names from above, no input
            " AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
            values,
        )
        counted = await self._database.read_one(
            f"SELECT COUNT(*) FROM timeline WHERE {where or '1'}",  # noqa: S608 — names from above, no input
            wanted,
        )
        return [TimelineRow.from_row(row) for row in rows], int(counted[0]) if counted else 0

    async def seen(self, kind: SeenKind) -> dict[str, Seen]:
        """What was last seen, by id."""
        rows = await self._database.read("SELECT id, name, state FROM last_seen WHERE kind = ?", (kind,))
        return {row["id"]: Seen(row["name"], row["state"]) for row in rows}

    async def note_seen(self, kind: SeenKind, present: Mapping[str, Seen], gone: Iterable[str]) -> None:
        async with self._database.transaction() as transaction:
            for key in gone:
                await transaction.execute("DELETE FROM last_seen WHERE kind = ? AND id = ?", (kind, key))
            for key, seen in present.items():
                await transaction.execute(
                    "INSERT OR REPLACE INTO last_seen (kind, id, name, state) VALUES (?, ?, ?, ?)",
                    (kind, key, seen.name, seen.state),
                )
