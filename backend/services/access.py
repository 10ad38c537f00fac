"""Decides who a caller is: the first admin, passwords, browser sessions."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.permissions import ROLES
from backend.errors import StorageFailed, TooManyAttempts, Unauthenticated
from backend.models.access_rows import SessionRow, UserRow
from backend.models.actor import Actor
from backend.repositories.sessions import Sessions
from backend.repositories.users import Users
from backend.services.audit import Audit, utc_now
from backend.services.credentials import new_session, sha256
from backend.services.passwords import Passwords
from backend.services.setup_code import SetupCode
from backend.services.sign_in_limits import SignInLimits
from backend.services.tokens import Tokens

logger = logging.getLogger(__name__)

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
NOTE_SEEN_EVERY = timedelta(minutes=1)


class Access:
    """`tokens` holds the use cases around API tokens; this class those of people."""

    def __init__(
        self,
        *,
        users: Users,
        sessions: Sessions,
        tokens: Tokens,
        audit: Audit,
        setup_code: SetupCode,
        passwords: Passwords | None = None,
        limits: SignInLimits | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.audit = audit
        self.tokens = tokens
        self.setup_code = setup_code
        self._users = users
        self._sessions = sessions
        self._passwords = passwords or Passwords()
        self._limits = limits or SignInLimits()
        self._now = now
        self._setting_up = asyncio.Lock()
        self._admin_exists = False

    async def open(self) -> None:
        """On the first start, and on every one until there is an admin, issue the setup code."""
        self._admin_exists = await self._users.any()
        if self._admin_exists:
            await self.setup_code.forget()
        else:
            await self.setup_code.issue()

    async def close(self) -> None:
        await self.setup_code.forget()

    @property
    def setup_needed(self) -> bool:
        return not self._admin_exists

    async def configured(self) -> bool:
        """Whether anybody can come in other than by the setup code."""
        return self._admin_exists or await self.tokens.exist()

    async def set_up(self, code: str, username: str, password: str, address: str | None) -> str:
        """Create the admin with the one-time code and return the secret of a new session."""
        visitor = _visitor(username, address)
        async with self._setting_up:
            try:
                await self.setup_code.check(code)
            except Exception as error:
                await self.audit.note(visitor, "set_up", username, "denied", getattr(error, "code", ""))
                raise
            user = UserRow(
                id=secrets.token_hex(8),
                name=username,
                password_hash=await self._passwords.hash(password),
                role="admin",
                created_at=self._now(),
            )
            row = await self.audit.open(visitor, "set_up", username)
            await self._users.add(user)
            await self.audit.close(row, "done")
            self._admin_exists = True
            await self.setup_code.forget()
        return await self._new_session(user, address)

    async def sign_in(self, username: str, password: str, address: str | None, *, former: str | None) -> str:
        """Check the password and return the secret of a new session; `former` is the cookie it replaces.

        Raises Unauthenticated without telling whether the name exists, TooManyAttempts with `retry_after`.
        """
        visitor = _visitor(username, address)
        user = await self._users.find(username)
        familiar = user is not None and await self._sessions.is_familiar(user.id, address, self._now())
        try:
            await self._limits.admit(username, address, familiar=familiar)
        except TooManyAttempts:
            # No audit row: whoever hammers here must not fill the disk with rows.
            logger.warning("too many attempts to sign in from %s", address)
            raise
        if not await self._passwords.verify(password, user.password_hash if user else None) or user is None:
            await self.audit.note(visitor, "sign_in", username, "denied", "wrong_password")
            msg = "this name and password do not match"
            raise Unauthenticated(msg, code="wrong_password")
        await self._limits.succeeded(username, address, familiar=familiar)
        if former is not None:
            await self._sessions.remove(sha256(former))
        secret = await self._new_session(user, address)
        await self.audit.note(replace(visitor, id=user.id), "sign_in", username)
        return secret

    async def sign_out(self, actor: Actor, secret: str) -> None:
        await self._sessions.remove(sha256(secret))
        await self.audit.note(actor, "sign_out", actor.name)

    async def actor_of_session(
        self, secret: str, address: str | None, *, in_use: bool = True
    ) -> Actor | None:
        """Whose session it is; None for one that is unknown, idle for too long or over.

        Without `in_use` the question does not keep the session from becoming idle.
        """
        row = await self._sessions.find(sha256(secret))
        now = self._now()
        if row is None or row.expires_at <= now or now - row.last_seen_at >= IDLE:
            return None
        if in_use and now - row.last_seen_at >= NOTE_SEEN_EVERY:
            await self._note_seen(row, now)
        permissions = ROLES.get(row.role, frozenset())
        return Actor(
            kind="user", name=row.user_name, permissions=permissions, id=row.user_id, address=address
        )

    async def _new_session(self, user: UserRow, address: str | None) -> str:
        secret = new_session()
        now = self._now()
        session = SessionRow(
            id=secrets.token_hex(8),
            user_id=user.id,
            user_name=user.name,
            role=user.role,
            address=address,
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE,
        )
        await self._sessions.add(session, secret_hash=sha256(secret))
        return secret

    async def _note_seen(self, row: SessionRow, now: datetime) -> None:
        # A full disk shall not keep callers from reading.
        try:
            await self._sessions.seen(row.id, now)
        except StorageFailed as error:
            logger.warning("a session's use could not be noted: %s", error.detail)


def _visitor(username: str, address: str | None) -> Actor:
    return Actor(kind="user", name=username, permissions=frozenset(), id="", address=address)
