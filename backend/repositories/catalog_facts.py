"""What must be remembered about the catalog as a whole, by key."""

from backend.database import Database, Transaction
from backend.models.db_models import Column


class CatalogFacts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Column:
        row = await self._database.read_one("SELECT value FROM catalog_facts WHERE key = ?", (key,))
        return row["value"] if row else None

    async def put(self, transaction: Transaction, key: str, value: str) -> None:
        await transaction.execute(
            "INSERT INTO catalog_facts (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
