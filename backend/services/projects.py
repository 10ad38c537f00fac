"""Projects: folders of source below the projects directory, and the services that are built from them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from backend.domain.permissions import Permission
from backend.errors import NotFound
from backend.models.actor import Actor
from backend.models.build_rows import BuildRow
from backend.models.schemas.builds import BuildBrief
from backend.models.schemas.projects import GitOut, ProjectListing, ProjectOut
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.project_folders import Project, ProjectFolders
from backend.services.use_case import use_case
from backend.storage_errors import from_os_error

FRESH_FOR: Final = 3.0
"""Seconds for which a look at all folders answers lists."""
SCAN_WITHIN: Final = 2.0
EACH_WITHIN: Final = 0.25
ONE_WITHIN: Final = 2.0
UPLOAD: Final = (
    "rsync -av --exclude='.git' ./my-project/ ${SWARM_MANAGER_SSH}:${PROJECTS_HOST_PATH}/my-project/"
)

type LatestBuild = Callable[[str], Awaitable[BuildRow | None]]


class Projects:
    """`latest_build` finds the newest build of one build context."""

    def __init__(
        self, *, projects_dir: Path, catalog: Catalog, latest_build: LatestBuild, audit: Audit
    ) -> None:
        self.audit = audit
        self._folders = ProjectFolders(projects_dir)
        self._catalog = catalog
        self._latest_build = latest_build
        self._turn = asyncio.Lock()
        self._seen: list[Project] = []
        self._seen_at = float("-inf")

    @use_case(Permission.READ)
    async def list_all(
        self, actor: Actor, *, match: str | None = None, limit: int, offset: int
    ) -> ProjectListing:
        """Every project by name; an empty list says how to get one."""
        wanted = (match or "").casefold()
        used = self._used()
        found = [
            project
            for project in await self._all()
            if wanted in f"{project.name} {project.git.branch if project.git else ''}".casefold()
            or any(wanted in service for service in _services(used, project.name))
        ]
        page = [await self._view(project, used) for project in found[offset : offset + limit]]
        return ProjectListing(items=page, total=len(found), hint=None if self._seen else self._hint())

    @use_case(Permission.READ)
    async def get(self, actor: Actor, name: str) -> ProjectOut:
        """One project, looked at now and for longer than in the list."""
        project = await asyncio.to_thread(self._folders.look, name, within=ONE_WITHIN)
        if project is None:
            raise NotFound(
                f"The projects directory has no folder {name[:80]!r}. Upload it: {UPLOAD}",
                code="project_not_found",
            )
        return await self._view(project, self._used())

    async def _all(self) -> list[Project]:
        async with self._turn:
            if time.monotonic() - self._seen_at > FRESH_FOR:
                try:
                    self._seen = await asyncio.to_thread(
                        self._folders.scan, within=SCAN_WITHIN, each=EACH_WITHIN
                    )
                except FileNotFoundError:
                    self._seen = []
                except OSError as error:
                    raise from_os_error(
                        error, "The projects directory cannot be read", self._folders.projects_dir
                    ) from error
                self._seen_at = time.monotonic()
            return self._seen

    async def _view(self, project: Project, used: dict[str, list[str]]) -> ProjectOut:
        return ProjectOut(
            name=project.name,
            path=str(self._folders.projects_dir / project.name),
            dockerfiles=list(project.dockerfiles),
            git=GitOut.model_validate(project.git) if project.git else None,
            size=project.size,
            files=project.files,
            truncated=project.truncated,
            last_build=await self._last_build(project.name, _contexts(used, project.name)),
            services=_services(used, project.name),
            problem=project.problem,
        )

    async def _last_build(self, name: str, contexts: Iterable[str]) -> BuildBrief | None:
        rows = [row for context in {name, *contexts} if (row := await self._latest_build(context))]
        newest = max(rows, key=lambda row: row.created_at, default=None)
        return None if newest is None else BuildBrief.model_validate(newest, from_attributes=True)

    def _used(self) -> dict[str, list[str]]:
        """The services by the build context they name."""
        used: dict[str, list[str]] = {}
        for entry in self._catalog.entries():
            if entry.definition is not None and entry.definition.build_context is not None:
                used.setdefault(entry.definition.build_context, []).append(entry.name)
        return used

    def _hint(self) -> str:
        return (
            f"There is no project yet in {self._folders.projects_dir.absolute()}, which is PROJECTS_DIR. "
            f"Upload a folder with a Dockerfile: {UPLOAD}"
        )


def _contexts(used: dict[str, list[str]], name: str) -> list[str]:
    return [context for context in used if context == name or context.startswith(f"{name}/")]


def _services(used: dict[str, list[str]], name: str) -> list[str]:
    return sorted(service for context in _contexts(used, name) for service in used[context])
