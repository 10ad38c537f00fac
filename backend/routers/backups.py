"""Backups of the orchestrator's own state: list, make, download, delete."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from fastapi.responses import FileResponse

from backend.models.schemas.backups import BackupOut
from backend.models.schemas.common import Listing
from backend.routers.dependencies import ActorDep, ContextDep

router = APIRouter(prefix="/api/backups", tags=["backups"])

# Nothing else may enter: what is refused further in is written into the audit.
type BackupName = Annotated[
    str, Path(description="As the list names it.", max_length=100, pattern=r"^[A-Za-z0-9.-]+$")
]


@router.get("")
async def list_backups(actor: ActorDep, context: ContextDep) -> Listing[BackupOut]:
    """Newest first: those made by hand and those that were made by themselves."""
    found = await context.backups.list_all(actor)
    return Listing(items=found, total=len(found))


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_backup(response: Response, actor: ActorDep, context: ContextDep) -> BackupOut:
    """Make a backup of database and definitions now; nothing has to stop for it.

    The key of stored registry passwords is not in it: without that key beside it, the passwords have to be
    entered again after a restore.
    """
    made = await context.backups.create(actor)
    response.headers["Location"] = f"/api/backups/{made.name}"
    return made


@router.get(
    "/{name}",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "The backup's file."}},
)
async def download_backup(name: BackupName, actor: ActorDep, context: ContextDep) -> FileResponse:
    """The file itself. It holds every definition and the hashes of passwords and tokens: keep it as such."""
    path = await context.backups.file(actor, name)
    return FileResponse(path, media_type="application/zip", filename=path.name)


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_backup(name: BackupName, actor: ActorDep, context: ContextDep) -> None:
    await context.backups.delete(actor, name)
