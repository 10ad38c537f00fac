"""Lets callers who are told to ask do what would hurt only after a person agreed to exactly that."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from backend.domain.consent import Act, reason_to_ask
from backend.errors import ApprovalRequired, Denied, TooManyAttempts
from backend.models.access_rows import ApprovalRow
from backend.models.actor import Actor
from backend.repositories.approvals import ApprovalRows
from backend.services.audit import utc_now

WAITS_FOR = timedelta(hours=1)
"""How long an act waits for a person."""
HOLDS_FOR = timedelta(minutes=15)
"""How long an approval may be used, and a refusal stands."""
AT_MOST = 20
"""Acts of one caller that may wait at a time."""
MOST_SHOWN = 20_000
"""Characters of the arguments."""

type Effect = Callable[[], Awaitable[str | None]]
"""What the act would do, in a sentence; None when nothing. Raises when it cannot be done at all."""


class Consent:
    def __init__(self, rows: ApprovalRows, *, now: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._now = now
        self.on_change: list[Callable[[str], None]] = []
        """Called with the id of what waits now, or was used."""

    async def require(self, actor: Actor, act: Act, effect: Effect) -> str:
        """Return how a person agreed, or "" when nobody has to.

        Raises ApprovalRequired with the approval that now waits, Denied `approval_refused`, and whatever
        `effect` raises, so that a misspelt name never waits for a person.
        """
        if not actor.confirm or (reason := reason_to_ask(act)) is None:
            return ""
        now = self._now()
        known = await self._rows.newest(actor.id, act.fingerprint)
        if known is not None and known.expires_at > now:
            if known.state == "approved" and await self._rows.use(known.id, now):
                self._changed(known.id)
                return f"approved by {known.decided_by} ({known.id})"
            if known.state == "pending":
                raise _required(known)
            if known.state == "refused":
                raise Denied(f"{known.decided_by} refused this ({known.id})", code="approval_refused")
        said = await effect()
        if said is None:
            return ""
        row = ApprovalRow(
            id=f"apr_{secrets.token_hex(5)}",
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            client=actor.client,
            action=act.action,
            target=act.target[:500],
            arguments=_within_reason(act.shown),
            fingerprint=act.fingerprint,
            permission=act.permission,
            reason=reason,
            effect=said,
            state="pending",
            created_at=now,
            expires_at=now + WAITS_FOR,
        )
        if not await self._rows.add(row, at_most=AT_MOST):
            msg = f"{AT_MOST} acts of {actor.name} wait for approval already; let a person decide those first"
            raise TooManyAttempts(msg, code="too_many_approvals", retry_after=60)
        self._changed(row.id)
        raise _required(row)

    def _changed(self, approval_id: str) -> None:
        for tell in self.on_change:
            tell(approval_id)


def _within_reason(arguments: dict[str, object]) -> str:
    text = json.dumps(arguments, ensure_ascii=False)
    if len(text) <= MOST_SHOWN:
        return text
    return json.dumps({key: str(value)[: MOST_SHOWN // len(arguments)] for key, value in arguments.items()})


def _required(row: ApprovalRow) -> ApprovalRequired:
    said = f": {row.effect}" if row.effect else ""
    return ApprovalRequired(
        f"not done, a person has to approve it first ({row.reason}{said}). It waits as {row.id} on the page "
        "under Approvals; once approved, ask for exactly the same again",
        approval=row.id,
    )
