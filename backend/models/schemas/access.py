"""Signing in and tokens across the API."""

from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr

from backend.models.actor import Permission, Scope
from backend.models.schemas.common import Input, Schema


class SetupRequest(Input):
    """The one-time code of the first start creates the admin."""

    code: SecretStr
    username: str = Field(default="admin", pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")
    password: SecretStr = Field(min_length=8, max_length=1024)


class SignInRequest(Input):
    username: str = Field(min_length=1, max_length=32)
    password: SecretStr = Field(min_length=1, max_length=1024)


class SessionOut(Schema):
    """Who is signed in here, and what the page should know before it draws anything."""

    state: Literal["setup_needed", "signed_out", "signed_in"]
    username: str | None
    secure: bool
    """False on plain HTTP: anyone on the path can read the session."""
    version: str
    permissions: list[Permission]
    """What may be done here, so that the page need not offer what will be refused."""
    confirm: bool
    """Whether a person has to approve what would hurt."""


class TokenCreate(Input):
    name: str = Field(min_length=1, max_length=64)
    expires_in_days: int | None = Field(default=90, ge=1, le=3650)
    """Null: never expires."""
    scope: Scope = "admin"
    """`read`: look at everything; `operate`: also change services, nodes, images and builds; `admin`: also
    decide about other callers, registries and the swarm's machines."""
    confirm: bool = Field(default=False, strict=True)
    """For agents: what would hurt is not done but waits until a person approves it (`GET /api/approvals`)."""


class TokenOut(Schema):
    id: str
    name: str
    scope: str
    confirm: bool
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenCreated(TokenOut):
    token: str
    """Shown this once; we keep only its hash."""


class SignInOut(Schema):
    """A browser that is signed in."""

    id: str
    username: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    """Noted about once a minute."""
    expires_at: datetime
    current: bool
    """The one that asks."""


AuditOutcome = Literal["open", "done", "denied", "failed"]


class AuditEntry(Schema):
    """One thing that somebody did or tried."""

    id: int
    at: datetime
    closed_at: datetime | None
    actor_kind: Literal["user", "token", "system"]
    actor: str
    address: str | None
    client: str
    """The program it spoke through, in its own words; empty for most."""
    action: str
    target: str
    outcome: AuditOutcome
    """`open`: under way, or the server died before it could say."""
    code: str
    """Of the problem, when it did not go well."""
    detail: str
