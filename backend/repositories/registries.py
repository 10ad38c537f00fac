"""The registries that came through the API, their secrets encrypted."""

from datetime import datetime

from backend.database import Database
from backend.models.db_models import time_to_text
from backend.models.registries import StoredRegistry


class RegistryRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[StoredRegistry]:
        rows = await self._database.read("SELECT host, url, username, sealed FROM registries ORDER BY host")
        return [StoredRegistry(row["host"], row["url"], row["username"], row["sealed"]) for row in rows]

    async def put(self, registry: StoredRegistry, *, changed_by: str, now: datetime) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "INSERT INTO registries (host, url, username, sealed, changed_by, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (host) DO UPDATE SET url = excluded.url,"
                " username = excluded.username, sealed = excluded.sealed,"
                " changed_by = excluded.changed_by, changed_at = excluded.changed_at",
                (
                    registry.host,
                    registry.url,
                    registry.username,
                    registry.sealed,
                    changed_by,
                    time_to_text(now),
                ),
            )

    async def delete(self, host: str) -> bool:
        """Return False when there is none."""
        async with self._database.transaction() as transaction:
            return await transaction.execute("DELETE FROM registries WHERE host = ?", (host,)) == 1
