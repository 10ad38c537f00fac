"""Who is signed in, and ending that."""

from collections.abc import Callable
from datetime import datetime

from backend.domain.permissions import Permission, require
from backend.errors import NotFound
from backend.models.access_rows import SessionRow
from backend.models.actor import Actor
from backend.repositories.sessions import Sessions
from backend.services.access import IDLE
from backend.services.audit import Audit, utc_now
from backend.services.credentials import sha256
from backend.services.use_case import use_case


class SignIns:
    """The sessions of people; their secrets stay with their browsers."""

    def __init__(self, sessions: Sessions, audit: Audit, *, now: Callable[[], datetime] = utc_now) -> None:
        self._sessions = sessions
        self._now = now
        self.audit = audit

    async def list_all(self, actor: Actor, own: str | None) -> list[tuple[SessionRow, bool]]:
        """Last seen first; True marks the session whose secret is `own`. Looking is not recorded."""
        require(actor, Permission.ADMIN)
        now = self._now()
        mine = await self._sessions.find(sha256(own)) if own else None
        return [
            (row, mine is not None and row.id == mine.id)
            for row in await self._sessions.unexpired(now, now - IDLE)
        ]

    @use_case(Permission.ADMIN, action="sign_in.end", target="session_id")
    async def end(self, actor: Actor, session_id: str) -> None:
        """Sign a browser out; its open streams end within seconds. NotFound `session_not_found`."""
        if not await self._sessions.remove_by_id(session_id):
            raise NotFound("There is no such sign-in; it may have ended.", code="session_not_found")
