"""Definitions while they are written."""

from fastapi import APIRouter

from backend.models.schemas.services import Draft, DraftOut
from backend.routers.dependencies import ActorDep, ContextDep

router = APIRouter(prefix="/api/drafts", tags=["services"])


@router.post("")
async def check_draft(body: Draft, actor: ActorDep, context: ContextDep) -> DraftOut:
    """Check a definition without storing it, and turn form into text or text into form."""
    return await context.drafts.check(actor, body)
