"""Decides what an actor may do."""

from collections.abc import Mapping
from typing import Literal

from backend.errors import Denied
from backend.models.actor import Actor, Permission

__all__ = ["ROLES", "Permission", "Role", "require"]

type Role = Literal["admin"]

ROLES: Mapping[str, frozenset[Permission]] = {"admin": frozenset(Permission)}
"""Permissions by role. A role we do not know, from a newer database, may do nothing."""


def require(actor: Actor, permission: Permission) -> None:
    """Raise Denied unless `actor` holds `permission`."""
    if permission not in actor.permissions:
        msg = f"{actor.name} may not do this: it needs the permission {permission.value!r}"
        raise Denied(msg)
