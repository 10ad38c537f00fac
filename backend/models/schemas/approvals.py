"""Approvals across the API: what an agent wants to do and a person decides about."""

from datetime import datetime
from typing import Any, Literal

from backend.models.schemas.common import Schema

ApprovalState = Literal["pending", "approved", "refused", "used", "expired"]


class ApprovalOut(Schema):
    """One act that waits or waited for a person. It is bound to exactly these arguments and good for once."""

    id: str
    state: ApprovalState
    """`approved`: whoever asked may do it now, once, until `expires_at`; `used`: it did."""
    actor_kind: Literal["user", "token", "system"]
    actor: str
    """Who asks: the token's name."""
    client: str
    """The program it speaks through, in its own words."""
    action: str
    """As in the audit, such as `service.stop`."""
    target: str
    arguments: dict[str, Any]
    """Without secrets."""
    reason: str
    """Why a person is asked."""
    effect: str
    """What it would do, as things stood when it was asked; may be empty."""
    created_at: datetime
    expires_at: datetime
    seconds_left: float
    """Until `expires_at`, by the server's clock; 0 when it is over."""
    decided_by: str | None
    decided_at: datetime | None
    used_at: datetime | None


class ApprovalEvent(Schema):
    """`approval`: one began to wait, was decided or was used. What it is about is told to who may read it."""

    id: str
