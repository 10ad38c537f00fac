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
    BUILD = "build"
    """Build images: a Dockerfile is code that the engine runs."""
    ADMIN = "admin"
    """Tokens, and whatever decides about other callers."""


Scope = Literal["read", "operate", "admin"]
"""What a token may do. People are admins."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`address` is the caller's network address; the program itself has none."""

    kind: Literal["user", "token", "system"]
    name: str
    permissions: frozenset[Permission]
    id: str
    address: str | None = None
    confirm: bool = False
    """What would hurt waits for a person's approval (`domain/consent.py`): a token made for an agent."""
    client: str = ""
    """The program it speaks through, in its own words, such as `claude-code 2.1`."""


SYSTEM = Actor(kind="system", name="system", permissions=frozenset(Permission), id="system")
