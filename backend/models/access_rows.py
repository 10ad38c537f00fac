"""What the tables about access hold, as values."""

import sqlite3
from dataclasses import dataclass, fields
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
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "SessionRow":
        return cls(
            id=row["id"],
            user_id=row["user_id"],
            user_name=row["user_name"],
            role=row["role"],
            address=row["address"],
            created_at=time_from_text(row["created_at"]),
            last_seen_at=time_from_text(row["last_seen_at"]),
            expires_at=time_from_text(row["expires_at"]),
        )


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token that was not revoked. `expires_at` None: never."""

    id: str
    name: str
    scope: str
    confirm: bool
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "TokenRow":
        return cls(
            id=row["id"],
            name=row["name"],
            scope=row["role"],
            confirm=bool(row["confirm"]),
            created_by=row["created_by"],
            created_at=time_from_text(row["created_at"]),
            expires_at=_optional_time(row["expires_at"]),
            last_used_at=_optional_time(row["last_used_at"]),
        )


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: datetime
    closed_at: datetime | None
    actor_kind: str
    actor: str
    address: str | None
    client: str
    action: str
    target: str
    outcome: str
    code: str
    detail: str

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "AuditRow":
        return cls(
            id=row["id"],
            at=time_from_text(row["at"]),
            closed_at=_optional_time(row["closed_at"]),
            actor_kind=row["actor_kind"],
            actor=row["actor_name"],
            address=row["address"],
            client=row["client"],
            action=row["action"],
            target=row["target"],
            outcome=row["outcome"],
            code=row["code"],
            detail=row["detail"],
        )


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One act that waits or waited for a person. `arguments` is JSON, as a person is shown it."""

    id: str
    actor_kind: str
    actor_id: str
    actor_name: str
    client: str
    action: str
    target: str
    arguments: str
    fingerprint: str
    permission: str
    reason: str
    effect: str
    state: str
    created_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    used_at: datetime | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "ApprovalRow":
        values = {field.name: row[field.name] for field in fields(cls)}
        values["created_at"] = time_from_text(row["created_at"])
        values["expires_at"] = time_from_text(row["expires_at"])
        values["decided_at"] = _optional_time(row["decided_at"])
        values["used_at"] = _optional_time(row["used_at"])
        return cls(**values)


def _optional_time(text: str | None) -> datetime | None:
    return time_from_text(text) if text else None
