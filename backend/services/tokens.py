"""API tokens: made, listed, revoked, and recognised when a caller presents one."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from backend.domain.permissions import ROLES
from backend.errors import Conflict, FieldError, InvalidInput, NotFound, StorageFailed
from backend.models.access_rows import TokenRow
from backend.models.actor import Actor, Permission, Scope
from backend.repositories.tokens import Tokens as TokenRows
from backend.services.audit import Audit, utc_now
from backend.services.credentials import ConfiguredTokens, could_be_token, new_token, sha256
from backend.services.use_case import use_case

logger = logging.getLogger(__name__)

NOTE_USE_EVERY = timedelta(minutes=1)


class Tokens:
    def __init__(
        self,
        rows: TokenRows,
        audit: Audit,
        *,
        configured: ConfiguredTokens,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.audit = audit
        self._rows = rows
        self._configured = configured
        self._lent: dict[str, str] = {}
        self._now = now

    @use_case(Permission.ADMIN, action="create_token")
    async def create(
        self,
        actor: Actor,
        name: str,
        *,
        expires_in: timedelta | None,
        scope: Scope = "admin",
        confirm: bool = False,
    ) -> tuple[TokenRow, str]:
        """Return the new token's row and the token itself, which is nowhere kept."""
        if not name.strip() or not name.isprintable():
            reason = "a token's name is one line of visible characters"
            raise InvalidInput(f"name: {reason}", errors=(FieldError("name", reason),))
        token = new_token()
        now = self._now()
        row = TokenRow(
            id=secrets.token_hex(8),
            name=name,
            scope=scope,
            confirm=confirm,
            created_by=actor.name,
            created_at=now,
            expires_at=now + expires_in if expires_in else None,
            last_used_at=None,
        )
        if not await self._rows.add(row, secret_hash=sha256(token)):
            msg = f"there is a token named {name!r} already; revoke it first or take another name"
            raise Conflict(msg, code="name_taken")
        return row, token

    @use_case(Permission.ADMIN, action="list_tokens")
    async def list_all(self, actor: Actor) -> list[TokenRow]:
        return await self._rows.all()

    @use_case(Permission.ADMIN, action="revoke_token", target="token_id")
    async def revoke(self, actor: Actor, token_id: str) -> None:
        if not await self._rows.revoke(token_id, self._now()):
            msg = f"there is no token with the id {token_id!r}"
            raise NotFound(msg)

    def lend(self, name: str) -> str:
        """A token with full rights while this process lives, for who may read our own files anyway."""
        token = new_token()
        self._lent[sha256(token)] = name
        return token

    async def exist(self) -> bool:
        """Whether any token, configured or made here, lets somebody in."""
        return bool(self._configured) or await self._rows.any_valid(self._now())

    async def actor(self, token: str, address: str | None, *, in_use: bool = True) -> Actor | None:
        """Who holds `token`; None for a token that is wrong, over or revoked."""
        if self._configured.match(token):
            return Actor(
                kind="token",
                name="configured token",
                permissions=ROLES["admin"],
                id="configured",
                address=address,
            )
        if not could_be_token(token):
            return None
        if (name := self._lent.get(sha256(token))) is not None:
            return Actor(
                kind="token", name=name, permissions=ROLES["admin"], id=f"local {name}", address=address
            )
        row = await self._rows.find(sha256(token))
        now = self._now()
        if row is None or (row.expires_at is not None and row.expires_at <= now):
            return None
        if in_use and (row.last_used_at is None or now - row.last_used_at >= NOTE_USE_EVERY):
            await self._note_use(row, now)
        return Actor(
            kind="token",
            name=row.name,
            permissions=ROLES.get(row.scope, frozenset()),
            id=row.id,
            address=address,
            confirm=row.confirm,
        )

    async def _note_use(self, row: TokenRow, now: datetime) -> None:
        # A full disk shall not keep callers from reading.
        try:
            await self._rows.used(row.id, now)
        except StorageFailed as error:
            logger.warning("the use of token %s could not be noted: %s", row.id, error.detail)
