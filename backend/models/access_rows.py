"""What the tables about access hold, as values."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from backend.models.db_models import time_from_text


@dataclass(frozen=True, slots=True)
class UserRow:
    id: str
    name: str
    password_hash: str
    role: str
    created_at: datetime

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "UserRow":
        return cls(
            id=row["id"],
            name=row["name"],
            password_hash=row["password_hash"],
            role=row["role"],
            created_at=time_from_text(row["created_at"]),
        )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with the name and role its user has now."""

    id: str
    user_id: str
    user_name: str
    role: str
    last_seen_at: datetime
    expires_at: datetime

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "SessionRow":
        return cls(
            id=row["id"],
            user_id=row["user_id"],
            user_name=row["user_name"],
            role=row["role"],
            last_seen_at=time_from_text(row["last_seen_at"]),
            expires_at=time_from_text(row["expires_at"]),
        )


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token that was not revoked. `expires_at` None: never."""

    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "TokenRow":
        return cls(
            id=row["id"],
            name=row["name"],
            role=row["role"],
            created_at=time_from_text(row["created_at"]),
            expires_at=_optional_time(row["expires_at"]),
            last_used_at=_optional_time(row["last_used_at"]),
        )


def _optional_time(text: str | None) -> datetime | None:
    return time_from_text(text) if text else None
