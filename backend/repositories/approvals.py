"""Approvals: acts that wait or waited for a person, each decided once and used once."""

from dataclasses import astuple, fields
from datetime import datetime

from backend.database import Database, Value
from backend.models.access_rows import ApprovalRow
from backend.models.db_models import time_to_text

_COLUMNS = tuple(field.name for field in fields(ApprovalRow))


class ApprovalRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: ApprovalRow, *, at_most: int) -> bool:
        """Return False when as many of this caller's wait already."""
        values = [time_to_text(value) if isinstance(value, datetime) else value for value in astuple(row)]
        async with self._database.transaction() as transaction:
            waiting = await transaction.read_one(
                "SELECT count(*) FROM approvals WHERE actor_id = ? AND state = 'pending' AND expires_at > ?",
                (row.actor_id, time_to_text(row.created_at)),
            )
            if waiting is not None and int(waiting[0]) >= at_most:
                return False
            await transaction.execute(
                f"INSERT INTO approvals ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",  # noqa: S608
                values,
            )
        return True

    async def newest(self, actor_id: str, fingerprint: str) -> ApprovalRow | None:
        row = await self._database.read_one(
            "SELECT * FROM approvals WHERE actor_id = ? AND fingerprint = ?"
            " ORDER BY created_at DESC, id LIMIT 1",
            (actor_id, fingerprint),
        )
        return ApprovalRow.from_row(row) if row else None

    async def find(self, approval_id: str) -> ApprovalRow | None:
        row = await self._database.read_one("SELECT * FROM approvals WHERE id = ?", (approval_id,))
        return ApprovalRow.from_row(row) if row else None

    async def page(
        self, *, actor_id: str | None, waiting_at: datetime | None, limit: int, offset: int
    ) -> tuple[list[ApprovalRow], int]:
        """Newest first, with the total; `waiting_at`: only those that wait at that time."""
        wanted = (
            " WHERE (:actor IS NULL OR actor_id = :actor)"
            " AND (:now IS NULL OR (state = 'pending' AND expires_at > :now))"
        )
        values: dict[str, Value] = {
            "actor": actor_id,
            "now": time_to_text(waiting_at) if waiting_at else None,
        }
        rows = await self._database.read(
            f"SELECT * FROM approvals{wanted} ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset",  # noqa: S608
            {**values, "limit": limit, "offset": offset},
        )
        total = await self._database.read_one(f"SELECT count(*) FROM approvals{wanted}", values)  # noqa: S608
        return [ApprovalRow.from_row(row) for row in rows], int(total[0]) if total else 0

    async def decide(
        self, approval_id: str, state: str, *, by: str, at: datetime, expires_at: datetime
    ) -> bool:
        """Return False when it waits no more."""
        async with self._database.transaction() as transaction:
            changed = await transaction.execute(
                "UPDATE approvals SET state = ?, decided_by = ?, decided_at = ?, expires_at = ?"
                " WHERE id = ? AND state = 'pending' AND expires_at > ?",
                (state, by, time_to_text(at), time_to_text(expires_at), approval_id, time_to_text(at)),
            )
        return changed == 1

    async def use(self, approval_id: str, at: datetime) -> bool:
        """Return False when it was not approved, is over or was used."""
        async with self._database.transaction() as transaction:
            changed = await transaction.execute(
                "UPDATE approvals SET state = 'used', used_at = ?"
                " WHERE id = ? AND state = 'approved' AND expires_at > ?",
                (time_to_text(at), approval_id, time_to_text(at)),
            )
        return changed == 1
