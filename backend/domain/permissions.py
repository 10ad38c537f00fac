"""Decides what an actor may do."""

from collections.abc import Mapping

from backend.errors import Denied
from backend.models.actor import Actor, Permission, Scope

__all__ = ["ROLES", "Permission", "Scope", "require"]

ROLES: Mapping[str, frozenset[Permission]] = {
    "read": frozenset({Permission.READ}),
    "operate": frozenset(Permission) - {Permission.ADMIN},
    "admin": frozenset(Permission),
}
"""Permissions by a person's role or a token's scope. One we do not know, from a newer database, may do
nothing."""


def require(actor: Actor, permission: Permission) -> None:
    """Raise Denied unless `actor` holds `permission`."""
    if permission not in actor.permissions:
        msg = f"{actor.name} may not do this: it needs the permission {permission.value!r}"
        raise Denied(msg)
