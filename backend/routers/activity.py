"""The audit, and who is signed in."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from backend.models.schemas.access import AuditEntry, AuditOutcome, SignInOut
from backend.models.schemas.agent_calls import AgentCall
from backend.models.schemas.common import Listing
from backend.routers import session_cookie
from backend.routers.dependencies import ActorDep, ContextDep

router = APIRouter(prefix="/api", tags=["activity"])


@router.get("/audit")
async def list_audit(
    actor: ActorDep,
    context: ContextDep,
    by: Annotated[str | None, Query(description="Only what this actor did.", max_length=64)] = None,
    action: Annotated[
        str | None,
        Query(description="Only this action, or all that begin so, as in `service.`.", max_length=64),
    ] = None,
    target: Annotated[str | None, Query(description="Only what was done to this.", max_length=255)] = None,
    outcome: Annotated[AuditOutcome | None, Query(description="Only what ended like this.")] = None,
    limit: Annotated[int, Query(description="So many entries at most.", ge=1, le=1_000)] = 100,
    before: Annotated[
        int | None, Query(description="Only entries with a lower id: the next page.", ge=1, le=2**53)
    ] = None,
) -> Listing[AuditEntry]:
    """Who did or tried what, newest first. Nothing is ever removed from it."""
    rows, total = await context.activity.page(
        actor, by=by, action=action, target=target, outcome=outcome, before=before, limit=limit
    )
    return Listing(items=[AuditEntry.model_validate(row, from_attributes=True) for row in rows], total=total)


@router.post("/agent-calls", status_code=204)
async def note_agent_call(body: AgentCall, actor: ActorDep, context: ContextDep) -> None:
    """The MCP server keeps here which tool an agent called, and how it ended."""
    await context.activity.note_call(actor, body)


@router.get("/sessions")
async def list_sign_ins(request: Request, actor: ActorDep, context: ContextDep) -> Listing[SignInOut]:
    """The browsers that are signed in, last seen first."""
    found = await context.sign_ins.list_all(actor, session_cookie.read(request))
    items = [
        SignInOut(
            id=row.id,
            username=row.user_name,
            address=row.address,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            current=current,
        )
        for row, current in found
    ]
    return Listing(items=items, total=len(items))


@router.delete("/sessions/{session_id}", status_code=204)
async def end_sign_in(session_id: str, actor: ActorDep, context: ContextDep) -> None:
    """Sign a browser out, wherever it is."""
    await context.sign_ins.end(actor, session_id)
