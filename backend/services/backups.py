"""Backups of our own state: made by hand and by themselves, listed, handed out, and cleared away."""

import asyncio
import contextlib
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from backend import __version__
from backend.database import Database
from backend.domain.permissions import Permission
from backend.errors import Conflict, NotFound, OrchestratorError
from backend.models.actor import SYSTEM, Actor
from backend.models.schemas.backups import BackupOut
from backend.repositories.catalog_facts import CatalogFacts
from backend.services.audit import Audit
from backend.services.use_case import use_case
from backend.state_archive import Reason, State, keep
from backend.state_unpack import read_manifest
from backend.storage_errors import from_os_error

log = logging.getLogger(__name__)

_NAME = re.compile(r"orchestrator-(\d{8}T\d{6}Z)-([a-z-]+?)(?:-(\d{1,2}))?\.zip")
_BY_THEMSELVES: Final = ("scheduled", "before-upgrade", "before-restore")
_LOOK_EVERY: Final = 600.0
"""Seconds: a clock that is set meanwhile delays the next backup by no more."""
_FIRST_AFTER: Final = 60.0
"""Seconds: a start has enough to do."""


class Backups:
    """`interval` is in hours, 0 for none by themselves; of each kind that is, the newest `kept` stay."""

    def __init__(self, state: State, database: Database, *, interval: float, kept: int, audit: Audit) -> None:
        self.audit = audit
        self.problem: str | None = None
        """Why the last backup that was due was not made."""
        self.last: datetime | None = None
        """When the newest of all was made."""
        self._state = state
        self._database = database
        self._interval = timedelta(hours=interval)
        self._kept = kept
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Remember which version writes this state, for an older one that meets it."""
        facts = CatalogFacts(self._database)
        if await facts.get("written_by") != __version__:
            async with self._database.transaction() as transaction:
                await facts.put(transaction, "written_by", __version__)
        try:
            await anyio.to_thread.run_sync(self._clear)
        except OrchestratorError as error:
            log.warning("%s", error.detail)

    async def run(self) -> None:
        """Make the backups that are due, for ever."""
        if not self._interval:
            return
        await anyio.sleep(min(_FIRST_AFTER, self._interval.total_seconds()))
        while True:
            wait = _LOOK_EVERY
            try:
                if (due_in := await anyio.to_thread.run_sync(self._due_in)) <= 0:
                    await self._scheduled()
                    due_in = self._interval.total_seconds()
                wait = min(due_in, _LOOK_EVERY)
                self.problem = None
            except OrchestratorError as error:
                self.problem = error.detail
                log.warning("the backup that is due could not be made: %s", error.detail)
            await anyio.sleep(wait)

    @use_case(Permission.READ)
    async def list_all(self, actor: Actor) -> list[BackupOut]:
        """Newest first."""
        return await anyio.to_thread.run_sync(self._list)

    @use_case(Permission.ADMIN, action="backup.create")
    async def create(self, actor: Actor) -> BackupOut:
        """Make one now, while everything goes on."""
        if self._turn.locked():
            raise Conflict("A backup is being made at this moment; wait for it.", code="backup_under_way")
        return _shown(await self._make("manual"))

    @use_case(Permission.ADMIN, action="backup.download")
    async def file(self, actor: Actor, name: str) -> Path:
        """Where that backup lies; it holds everything that we know, so its way out is recorded."""
        return await anyio.to_thread.run_sync(self._find, name)

    @use_case(Permission.ADMIN, action="backup.delete")
    async def delete(self, actor: Actor, name: str) -> None:
        path = await anyio.to_thread.run_sync(self._find, name)
        await anyio.to_thread.run_sync(self._remove, path)
        await anyio.to_thread.run_sync(self._clear)

    async def _scheduled(self) -> None:
        row = await self.audit.open(SYSTEM, "backup.create", "")
        try:
            path = await self._make("scheduled")
        except OrchestratorError as error:
            await self.audit.close(row, "failed", error.code, error.detail)
            raise
        await self.audit.close(row, "done", detail=path.name)

    async def _make(self, reason: Reason) -> Path:
        async with self._turn:
            path = await anyio.to_thread.run_sync(keep, self._state, reason)
            await anyio.to_thread.run_sync(self._clear)
            return path

    def _due_in(self) -> float:
        last = max((_moment(path) for path in self._files() if _reason(path) == "scheduled"), default=None)
        if last is None:
            return 0.0
        # A clock that was set back must not put the next one off for years.
        since = max(datetime.now(UTC) - last, timedelta())
        return (self._interval - since).total_seconds()

    def _clear(self) -> None:
        files = self._files()
        for reason in _BY_THEMSELVES:
            for path in [path for path in files if _reason(path) == reason][self._kept :]:
                self._remove(path)
        self.last = _moment(files[0]) if files else None

    def _list(self) -> list[BackupOut]:
        found = []
        for path in self._files():
            # Another call, or a person, may have removed it meanwhile.
            with contextlib.suppress(FileNotFoundError):
                found.append(_shown(path))
        return found

    def _files(self) -> list[Path]:
        """Newest first."""
        try:
            found = [path for path in self._state.backups.iterdir() if _NAME.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise from_os_error(error, "The backups cannot be listed", self._state.backups) from error
        return sorted(found, key=_order, reverse=True)

    def _find(self, name: str) -> Path:
        for path in self._files():
            if path.name == name:
                return path
        raise NotFound(f"There is no backup {name}; GET /api/backups lists them.", code="backup_not_found")

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise from_os_error(error, f"The backup {path.name} cannot be deleted", path.parent) from error


def _order(path: Path) -> tuple[str, int]:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return match[1], int(match[3] or 1)


def _moment(path: Path) -> datetime:
    return datetime.strptime(_order(path)[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _reason(path: Path) -> str:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return match[2]


def _shown(path: Path) -> BackupOut:
    out = BackupOut(
        name=path.name,
        bytes=path.stat().st_size,
        created_at=_moment(path),
        reason=_reason(path),
        version="",
        definitions=0,
        has_key=False,
    )
    try:
        manifest = read_manifest(path)
    except OrchestratorError as error:
        return out.model_copy(update={"problem": error.detail})
    return out.model_copy(
        update={
            "version": manifest.version,
            "definitions": manifest.definitions,
            "has_key": manifest.has_key,
        }
    )
