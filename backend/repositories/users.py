"""People who may sign in."""

from backend.database import Database
from backend.models.access_rows import UserRow
from backend.models.db_models import time_to_text


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def any(self) -> bool:
        return await self._database.read_one("SELECT 1 FROM users LIMIT 1") is not None

    async def find(self, name: str) -> UserRow | None:
        row = await self._database.read_one("SELECT * FROM users WHERE name = ?", (name,))
        return UserRow.from_row(row) if row else None

    async def add(self, user: UserRow) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "INSERT INTO users (id, name, password_hash, role, created_at) VALUES (?, ?, ?, ?, ?)",
                (user.id, user.name, user.password_hash, user.role, time_to_text(user.created_at)),
            )
