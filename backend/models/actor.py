"""Who asks: a person, a token or the program itself, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Permission(StrEnum):
    """What a use case demands of its caller."""

    READ = "read"
    OPERATE = "operate"
    """Deploy, scale, stop; drain and activate nodes."""
    EDIT = "edit"
    """Change the catalog."""
    ADMIN = "admin"
    """Tokens, and whatever decides about other callers."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`address` is the caller's network address; the program itself has none."""

    kind: Literal["user", "token", "system"]
    name: str
    permissions: frozenset[Permission]
    id: str
    address: str | None = None


SYSTEM = Actor(kind="system", name="system", permissions=frozenset(Permission), id="system")
