"""What waits for a person: listed for whoever asks about it, decided by people who are signed in."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import anyio

from backend.domain.permissions import Permission, require
from backend.errors import Conflict, Denied, NotFound
from backend.models.access_rows import ApprovalRow
from backend.models.actor import Actor
from backend.repositories.approvals import ApprovalRows
from backend.services.audit import Audit, utc_now
from backend.services.consent import HOLDS_FOR
from backend.services.use_case import use_case

LOOK_EVERY = 1.0
"""Seconds between two looks while somebody waits: a decision may come from another process."""


class Approvals:
    """A token sees what it asked for itself; people see everything, and only people decide."""

    def __init__(self, rows: ApprovalRows, audit: Audit, *, now: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._now = now
        self._decided = anyio.Event()
        self._ending = False
        self.audit = audit
        self.on_change: list[Callable[[str], None]] = []
        """Called with the id of what was decided."""

    @use_case(Permission.READ)
    async def list_all(
        self, actor: Actor, *, waiting: bool, limit: int, offset: int
    ) -> tuple[list[ApprovalRow], int]:
        """Newest first, with the total."""
        return await self._rows.page(
            actor_id=None if actor.kind == "user" else actor.id,
            waiting_at=self._now() if waiting else None,
            limit=limit,
            offset=offset,
        )

    @use_case(Permission.READ)
    async def get(self, actor: Actor, approval_id: str, *, wait: float = 0) -> ApprovalRow:
        """The approval once it is decided or over, or as it is after `wait` seconds."""
        clock = asyncio.get_running_loop().time
        ends = clock() + wait
        while True:
            decided = self._decided
            row = await self._find(actor, approval_id)
            left = ends - clock()
            if self.state_of(row) != "pending" or left <= 0 or self._ending:
                return row
            with anyio.move_on_after(min(left, LOOK_EVERY)):
                await decided.wait()

    @use_case(Permission.OPERATE, action="approval.approve", target="approval_id")
    async def approve(self, actor: Actor, approval_id: str) -> ApprovalRow:
        """Agree: whoever asked may do exactly this, once, within minutes."""
        return await self._decide(actor, approval_id, "approved")

    @use_case(Permission.OPERATE, action="approval.refuse", target="approval_id")
    async def refuse(self, actor: Actor, approval_id: str) -> ApprovalRow:
        """Say no; asking for the same again is refused for a while."""
        return await self._decide(actor, approval_id, "refused")

    def state_of(self, row: ApprovalRow) -> str:
        """As stored, or `expired`."""
        over = row.state in {"pending", "approved"} and row.expires_at <= self._now()
        return "expired" if over else row.state

    def seconds_left(self, row: ApprovalRow) -> float:
        return max(0.0, (row.expires_at - self._now()).total_seconds())

    def end_waits(self) -> None:
        """Let everybody go who waits: the server stops."""
        self._ending = True
        self._decided.set()

    async def _find(self, actor: Actor, approval_id: str) -> ApprovalRow:
        row = await self._rows.find(approval_id)
        if row is None or (actor.kind != "user" and row.actor_id != actor.id):
            raise NotFound(f"There is no approval {approval_id[:80]!r}.", code="approval_not_found")
        return row

    async def _decide(self, actor: Actor, approval_id: str, state: str) -> ApprovalRow:
        if actor.kind != "user":
            # A model holds tokens; it must never agree to what it asked for itself.
            msg = "only a person who is signed in on the page approves or refuses; no token can"
            raise Denied(msg, code="person_needed")
        row = await self._find(actor, approval_id)
        require(actor, Permission(row.permission))
        now = self._now()
        if not await self._rows.decide(row.id, state, by=actor.name, at=now, expires_at=now + HOLDS_FOR):
            present = self.state_of(await self._find(actor, approval_id))
            raise Conflict(f"{row.id} is {present} already.", code="approval_decided")
        self._decided.set()
        self._decided = anyio.Event()
        for tell in self.on_change:
            tell(row.id)
        return await self._find(actor, approval_id)
