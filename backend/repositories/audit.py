"""Audit rows: added, closed once, never changed or removed."""

from collections.abc import Sequence
from datetime import datetime

from backend.database import Database, Value
from backend.models.access_rows import AuditRow
from backend.models.actor import Actor
from backend.models.db_models import time_to_text


class AuditRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, actor: Actor, action: str, targets: Sequence[str], at: datetime) -> list[int]:
        """Return the numbers of the new rows, one for each target."""
        row = (time_to_text(at), actor.kind, actor.id, actor.name, actor.address, actor.client, action)
        async with self._database.transaction() as transaction:
            before = await transaction.read_one("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")
            await transaction.execute_each(
                "INSERT INTO audit (at, actor_kind, actor_id, actor_name, address, client, action, target)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(*row, target) for target in targets],
            )
        # AUTOINCREMENT counts on by one, and nobody else writes in between.
        first = int(before["seq"]) + 1 if before else 1
        return list(range(first, first + len(targets)))

    async def close(self, ends: Sequence[tuple[int, str, str, str]], at: datetime) -> None:
        """Each with the row's number, its outcome, code and detail."""
        async with self._database.transaction() as transaction:
            await transaction.execute_each(
                "UPDATE audit SET outcome = ?, code = ?, detail = ?, closed_at = ?"
                " WHERE id = ? AND outcome = 'open'",
                [(outcome, code, detail, time_to_text(at), row) for row, outcome, code, detail in ends],
            )

    async def page(
        self,
        *,
        actor: str | None,
        action: str | None,
        target: str | None,
        outcome: str | None,
        before: int | None,
        limit: int,
    ) -> tuple[list[AuditRow], int]:
        """Newest first, with how many there are in all. `action` may be its beginning, as in `service.`."""
        wanted = (
            " WHERE (:actor IS NULL OR actor_name = :actor)"
            " AND (:action IS NULL OR substr(action, 1, length(:action)) = :action)"
            " AND (:target IS NULL OR target = :target)"
            " AND (:outcome IS NULL OR outcome = :outcome)"
        )
        values: dict[str, Value] = {"actor": actor, "action": action, "target": target, "outcome": outcome}
        rows = await self._database.read(
            f"SELECT * FROM audit{wanted} AND (:before IS NULL OR id < :before)"  # noqa: S608
            " ORDER BY id DESC LIMIT :limit",
            {**values, "before": before, "limit": limit},
        )
        total = await self._database.read_one(f"SELECT count(*) FROM audit{wanted}", values)  # noqa: S608
        return [AuditRow.from_row(row) for row in rows], int(total[0]) if total else 0
