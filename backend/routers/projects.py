"""Projects: list, read."""

from typing import Annotated

from fastapi import APIRouter, Path

from backend.models.schemas.projects import ProjectListing, ProjectOut
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Limit, Match, Offset
from backend.routers.problems import documented

router = APIRouter(prefix="/api/projects", tags=["projects"])


@router.get("", responses=documented(503))
async def list_projects(
    actor: ActorDep, context: ContextDep, match: Match = None, limit: Limit = 1000, offset: Offset = 0
) -> ProjectListing:
    """The folders of the projects directory, with what can be built from them and who uses it."""
    return await context.projects.list_all(actor, match=match, limit=limit, offset=offset)


@router.get("/{name}", responses=documented(404))
async def get_project(
    name: Annotated[str, Path(description="The folder's name.", max_length=255)],
    actor: ActorDep,
    context: ContextDep,
) -> ProjectOut:
    """One project, looked at now."""
    return await context.projects.get(actor, name)
