"""Keeps the audit rows: who did what to what, from where, and how it ended."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple, Protocol

from backend.domain.consent import Act
from backend.models.actor import Actor
from backend.repositories.audit import AuditRows

MAX_TEXT = 500

Outcome = Literal["done", "denied", "failed"]


def utc_now() -> datetime:
    return datetime.now(UTC)


class End(NamedTuple):
    """How the change of a row ended."""

    row: int
    outcome: Outcome
    code: str = ""
    detail: str = ""


class Consenting(Protocol):
    """Asks a person, for callers who are told to ask (`services/consent.py`)."""

    async def require(
        self, actor: Actor, act: Act, effect: Callable[[], Awaitable[str | None]], /
    ) -> str: ...


class Audit:
    """`consent` is what a use case of a caller who is told to ask needs beside its row."""

    def __init__(
        self,
        rows: AuditRows,
        *,
        consent: Consenting | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.consent = consent
        self._rows = rows
        self._now = now

    async def open(self, actor: Actor, action: str, target: str) -> int:
        """Write the row before the change: what cannot be recorded is not done."""
        return (await self.open_each(actor, action, [target]))[0]

    async def open_each(self, actor: Actor, action: str, targets: Sequence[str]) -> list[int]:
        """A row for each target, all at once."""
        return await self._rows.insert(actor, action, [_one_line(target) for target in targets], self._now())

    async def close(self, row: int, outcome: Outcome, code: str = "", detail: str = "") -> None:
        await self.close_each([End(row, outcome, code, detail)])

    async def close_each(self, ends: Sequence[End]) -> None:
        await self._rows.close(
            [(end.row, end.outcome, end.code, _one_line(end.detail)) for end in ends], self._now()
        )

    async def note(
        self,
        actor: Actor,
        action: str,
        target: str,
        outcome: Outcome = "done",
        code: str = "",
        detail: str = "",
    ) -> None:
        """Record in one go what is over already, such as a failed sign-in."""
        row = await self.open(actor, action, target)
        await self.close(row, outcome, code, detail)


def _one_line(text: str) -> str:
    cut = text[:MAX_TEXT]
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in cut)
