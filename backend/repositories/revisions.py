"""The revisions of definitions, and the index of which revision is the newest."""

from datetime import datetime

from backend.database import Database, Transaction
from backend.models.db_models import DefinitionRow, Revision, RevisionSource, time_to_text

_WITHOUT_TEXT = "service, number, sha256, author, source, created_at, deleted, note"


class Revisions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(
        self,
        transaction: Transaction,
        service: str,
        *,
        text: str,
        sha256: str,
        author: str,
        source: RevisionSource,
        at: datetime,
        deleted: bool = False,
        note: str | None = None,
    ) -> int:
        """Add the next revision of `service`, make it the newest, and return its number."""
        row = await transaction.read_one(
            "SELECT COALESCE(MAX(number), 0) + 1 FROM revisions WHERE service = ?", (service,)
        )
        number = int(row[0]) if row else 1
        moment = time_to_text(at)
        await transaction.execute(
            "INSERT INTO revisions "
            "(service, number, text, sha256, author, source, deleted, note, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (service, number, text, sha256, author, source, int(deleted), note, moment),
        )
        await transaction.execute(
            "INSERT INTO definitions (name, revision, sha256, deleted, updated_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, sha256 = excluded.sha256, "
            "deleted = excluded.deleted, updated_at = excluded.updated_at",
            (service, number, sha256, int(deleted), moment),
        )
        return number

    async def index(self) -> dict[str, DefinitionRow]:
        """The newest revision of every definition there ever was, deleted ones too."""
        rows = await self._database.read("SELECT * FROM definitions")
        return {row["name"]: DefinitionRow.from_row(row) for row in rows}

    async def page(self, service: str, *, limit: int, offset: int) -> list[Revision]:
        """Newest first."""
        rows = await self._database.read(
            f"SELECT {_WITHOUT_TEXT} FROM revisions WHERE service = ? "  # noqa: S608 — a constant
            "ORDER BY number DESC LIMIT ? OFFSET ?",
            (service, limit, offset),
        )
        return [Revision.from_row(row) for row in rows]

    async def find(self, service: str, number: int) -> tuple[Revision, str] | None:
        """One revision and its text."""
        row = await self._database.read_one(
            "SELECT * FROM revisions WHERE service = ? AND number = ?", (service, number)
        )
        return (Revision.from_row(row), str(row["text"])) if row else None
