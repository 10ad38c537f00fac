"""Keeps the audit rows: who did what to what, from where, and how it ended."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from backend.models.actor import Actor
from backend.repositories.audit import AuditRows

MAX_TEXT = 500

Outcome = Literal["done", "denied", "failed"]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Audit:
    def __init__(self, rows: AuditRows, *, now: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._now = now

    async def open(self, actor: Actor, action: str, target: str) -> int:
        """Write the row before the change: what cannot be recorded is not done."""
        return await self._rows.insert(actor, action, _one_line(target), self._now())

    async def close(self, row: int, outcome: Outcome, code: str = "", detail: str = "") -> None:
        await self._rows.close(row, self._now(), outcome, code, _one_line(detail))

    async def note(
        self, actor: Actor, action: str, target: str, outcome: Outcome = "done", code: str = ""
    ) -> None:
        """Record in one go what is over already, such as a failed sign-in."""
        row = await self.open(actor, action, target)
        await self.close(row, outcome, code)


def _one_line(text: str) -> str:
    cut = text[:MAX_TEXT]
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in cut)
