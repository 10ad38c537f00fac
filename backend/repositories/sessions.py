"""Browser sessions, by the hash of what the cookie holds."""

from datetime import datetime

from backend.database import Database
from backend.models.access_rows import SessionRow
from backend.models.db_models import time_to_text

_SELECT = (
    "SELECT sessions.*, users.name AS user_name, users.role AS role"
    " FROM sessions JOIN users ON users.id = sessions.user_id"
)


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: SessionRow, *, secret_hash: str) -> None:
        """Also sweeps out the sessions that are over."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM sessions WHERE expires_at <= ?", (time_to_text(session.created_at),)
            )
            await transaction.execute(
                "INSERT INTO sessions (id, hash, user_id, address, created_at, last_seen_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    session.id,
                    secret_hash,
                    session.user_id,
                    session.address,
                    time_to_text(session.created_at),
                    time_to_text(session.last_seen_at),
                    time_to_text(session.expires_at),
                ),
            )

    async def find(self, secret_hash: str) -> SessionRow | None:
        row = await self._database.read_one(f"{_SELECT} WHERE hash = ?", (secret_hash,))
        return SessionRow.from_row(row) if row else None

    async def unexpired(self, now: datetime, seen_after: datetime) -> list[SessionRow]:
        """Those that still let somebody in, last seen first."""
        rows = await self._database.read(
            f"{_SELECT} WHERE expires_at > ? AND last_seen_at > ? ORDER BY last_seen_at DESC",
            (time_to_text(now), time_to_text(seen_after)),
        )
        return [SessionRow.from_row(row) for row in rows]

    async def is_familiar(self, user_id: str, address: str | None, now: datetime) -> bool:
        """Whether this user is signed in from that address."""
        row = await self._database.read_one(
            "SELECT 1 FROM sessions WHERE user_id = ? AND address IS ? AND expires_at > ? LIMIT 1",
            (user_id, address, time_to_text(now)),
        )
        return row is not None

    async def seen(self, session_id: str, now: datetime) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE sessions SET last_seen_at = ? WHERE id = ?", (time_to_text(now), session_id)
            )

    async def remove(self, secret_hash: str) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute("DELETE FROM sessions WHERE hash = ?", (secret_hash,))

    async def remove_by_id(self, session_id: str) -> bool:
        """Whether there was such a session."""
        async with self._database.transaction() as transaction:
            return await transaction.execute("DELETE FROM sessions WHERE id = ?", (session_id,)) > 0
