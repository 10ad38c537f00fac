"""Approvals: what agents want to do and people decide about."""

import json
from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.context import AppContext
from backend.models.access_rows import ApprovalRow
from backend.models.schemas.approvals import ApprovalOut
from backend.models.schemas.common import Listing
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Offset, Wait

router = APIRouter(prefix="/api/approvals", tags=["approvals"])

type Id = Annotated[str, Path(description="As `approval_required` named it.", max_length=80)]


@router.get("")
async def list_approvals(
    actor: ActorDep,
    context: ContextDep,
    waiting: Annotated[bool, Query(description="Only those that still wait.")] = False,
    limit: Annotated[int, Query(description="So many items at most.", ge=1, le=1_000)] = 100,
    offset: Offset = 0,
) -> Listing[ApprovalOut]:
    """What waits or waited for a person, newest first; a token sees what it asked for itself."""
    rows, total = await context.approvals.list_all(actor, waiting=waiting, limit=limit, offset=offset)
    return Listing(items=[_out(context, row) for row in rows], total=total)


@router.get("/{approval_id}")
async def get_approval(approval_id: Id, actor: ActorDep, context: ContextDep, wait: Wait = 0) -> ApprovalOut:
    """One of them; with `wait` once it is decided."""
    return _out(context, await context.approvals.get(actor, approval_id, wait=wait))


@router.post("/{approval_id}/approve")
async def approve(approval_id: Id, actor: ActorDep, context: ContextDep) -> ApprovalOut:
    """Agree. Whoever asked then does it by asking for exactly the same again, once, within 15 minutes.

    For people who are signed in: 403 `person_needed` for every token. 409 when it waits no more.
    """
    return _out(context, await context.approvals.approve(actor, approval_id))


@router.post("/{approval_id}/refuse")
async def refuse(approval_id: Id, actor: ActorDep, context: ContextDep) -> ApprovalOut:
    """Say no; asking for the same again is refused for 15 minutes. For people who are signed in."""
    return _out(context, await context.approvals.refuse(actor, approval_id))


def _out(context: AppContext, row: ApprovalRow) -> ApprovalOut:
    return ApprovalOut.model_validate(
        {
            "id": row.id,
            "state": context.approvals.state_of(row),
            "actor_kind": row.actor_kind,
            "actor": row.actor_name,
            "client": row.client,
            "action": row.action,
            "target": row.target,
            "arguments": json.loads(row.arguments),
            "reason": row.reason,
            "effect": row.effect,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "seconds_left": context.approvals.seconds_left(row),
            "decided_by": row.decided_by,
            "decided_at": row.decided_at,
            "used_at": row.used_at,
        }
    )
