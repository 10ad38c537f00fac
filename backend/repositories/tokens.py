"""API tokens, by the hash of what the caller holds; revoked ones stay for the audit's sake."""

from datetime import datetime

from backend.database import Database
from backend.models.access_rows import TokenRow
from backend.models.db_models import time_to_text


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: TokenRow, *, secret_hash: str) -> bool:
        """Return False when a token of this name is in use. An expired one gives its name up."""
        created_at = time_to_text(token.created_at)
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL AND expires_at <= ?",
                (created_at, token.name, created_at),
            )
            added = await transaction.execute(
                "INSERT INTO tokens (id, name, hash, role, confirm, created_by, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    token.id,
                    token.name,
                    secret_hash,
                    token.scope,
                    token.confirm,
                    token.created_by,
                    created_at,
                    time_to_text(token.expires_at) if token.expires_at else None,
                ),
            )
        return added == 1

    async def find(self, secret_hash: str) -> TokenRow | None:
        row = await self._database.read_one(
            "SELECT * FROM tokens WHERE hash = ? AND revoked_at IS NULL", (secret_hash,)
        )
        return TokenRow.from_row(row) if row else None

    async def all(self) -> list[TokenRow]:
        """Newest first."""
        rows = await self._database.read(
            "SELECT * FROM tokens WHERE revoked_at IS NULL ORDER BY created_at DESC, id"
        )
        return [TokenRow.from_row(row) for row in rows]

    async def any_valid(self, now: datetime) -> bool:
        row = await self._database.read_one(
            "SELECT 1 FROM tokens"
            " WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) LIMIT 1",
            (time_to_text(now),),
        )
        return row is not None

    async def used(self, token_id: str, now: datetime) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE tokens SET last_used_at = ? WHERE id = ?", (time_to_text(now), token_id)
            )

    async def revoke(self, token_id: str, now: datetime) -> bool:
        """Return False when there is no such token."""
        async with self._database.transaction() as transaction:
            changed = await transaction.execute(
                "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (time_to_text(now), token_id),
            )
        return changed == 1
