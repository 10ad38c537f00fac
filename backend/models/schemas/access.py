"""Signing in and tokens across the API."""

from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr

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


class TokenCreate(Input):
    name: str = Field(min_length=1, max_length=64)
    expires_in_days: int | None = Field(default=90, ge=1, le=3650)
    """Null: never expires."""


class TokenOut(Schema):
    id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenCreated(TokenOut):
    token: str
    """Shown this once; we keep only its hash."""
