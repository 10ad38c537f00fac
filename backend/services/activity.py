"""Reads the audit: who did what, from where, and how it ended."""

from backend.domain.permissions import Permission, require
from backend.models.access_rows import AuditRow
from backend.models.actor import Actor
from backend.models.schemas.agent_calls import AgentCall
from backend.repositories.audit import AuditRows
from backend.services.audit import Audit, Outcome

_DENIALS = frozenset({"denied", "approval_required", "approval_refused", "declined", "read_only"})


class Activity:
    def __init__(self, rows: AuditRows, audit: Audit) -> None:
        self._rows = rows
        self._audit = audit

    async def note_call(self, actor: Actor, call: AgentCall) -> None:
        """Keep that an agent called a tool, reading ones too; what it changed has rows of its own."""
        require(actor, Permission.READ)
        outcome: Outcome = "done" if not call.code else "denied" if call.code in _DENIALS else "failed"
        detail = f"{call.arguments}; {call.milliseconds} ms" if call.arguments else f"{call.milliseconds} ms"
        await self._audit.note(actor, f"mcp.{call.tool}", call.target, outcome, call.code, detail)

    async def page(
        self,
        actor: Actor,
        *,
        by: str | None,
        action: str | None,
        target: str | None,
        outcome: str | None,
        before: int | None,
        limit: int,
    ) -> tuple[list[AuditRow], int]:
        """Newest first. Only for admins; looking is not recorded itself."""
        require(actor, Permission.ADMIN)
        return await self._rows.page(
            actor=by, action=action, target=target, outcome=outcome, before=before, limit=limit
        )
