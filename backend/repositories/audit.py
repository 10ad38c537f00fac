"""Audit rows: added, closed once, never changed or removed."""

from datetime import datetime

from backend.database import Database
from backend.models.actor import Actor
from backend.models.db_models import time_to_text


class AuditRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, actor: Actor, action: str, target: str, at: datetime) -> int:
        """Return the new row's number."""
        async with self._database.transaction() as transaction:
            row = await transaction.read_one(
                "INSERT INTO audit (at, actor_kind, actor_id, actor_name, address, action, target)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (time_to_text(at), actor.kind, actor.id, actor.name, actor.address, action, target),
            )
        assert row is not None
        return int(row["id"])

    async def close(self, row: int, at: datetime, outcome: str, code: str, detail: str) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE audit SET outcome = ?, code = ?, detail = ?, closed_at = ?"
                " WHERE id = ? AND outcome = 'open'",
                (outcome, code, detail, time_to_text(at), row),
            )
