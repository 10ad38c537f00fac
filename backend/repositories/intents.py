"""Writes to definition files that were begun: what a start after a crash has to settle."""

from dataclasses import fields

from backend.database import Database, Transaction
from backend.models.db_models import Intent, to_column

_COLUMNS = tuple(field.name for field in fields(Intent))
_INSERT = (
    f"INSERT INTO intents ({', '.join(_COLUMNS)}) "  # noqa: S608 — names from the dataclass, no input
    f"VALUES ({', '.join(f':{column}' for column in _COLUMNS)})"
)


class Intents:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, intent: Intent) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                _INSERT, {column: to_column(getattr(intent, column)) for column in _COLUMNS}
            )

    async def remove(self, transaction: Transaction, intent_id: str) -> None:
        await transaction.execute("DELETE FROM intents WHERE id = ?", (intent_id,))

    async def all(self) -> list[Intent]:
        """Oldest first."""
        rows = await self._database.read("SELECT * FROM intents ORDER BY rowid")
        return [Intent.from_row(row) for row in rows]
