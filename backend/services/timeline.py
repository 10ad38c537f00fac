"""What happened in the cluster, told live and kept in the database, off the way of whoever noticed it."""

import itertools
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

import anyio

from backend.domain.happenings import Happening, happenings
from backend.domain.observations import Changes
from backend.domain.permissions import Permission
from backend.errors import OrchestratorError, StorageFailed
from backend.models.actor import Actor
from backend.models.cluster import Node, Service
from backend.models.schemas.builds import BuildOut
from backend.models.schemas.deployments import DeploymentOut
from backend.models.schemas.events import TimelineEvent
from backend.models.schemas.timeline import Severity, TimelineEntry, TimelineKind
from backend.repositories.timeline import Seen, SeenKind, TimelineRecords, TimelineRow
from backend.services.audit import Audit, utc_now
from backend.services.cluster_state import ClusterState
from backend.services.event_bus import EventBus
from backend.services.use_case import use_case

log = logging.getLogger(__name__)

KEEP = 50_000
KEEP_FOR = timedelta(days=30)
PRUNE_EVERY = 500
"""Rows written between two prunings."""
WAITING = 5_000
"""Entries that may wait for the database; beyond, the oldest of them are given up."""
BATCH = 1_000
WRITE_AFTER = 0.5
RETRY_AFTER = 5.0
LAST_WRITE_WITHIN = 1.0
_STATES: dict[str, tuple[Severity, str]] = {
    "succeeded": ("good", "succeeded"),
    "failed": ("bad", "failed"),
    "stuck": ("bad", "is stuck"),
    "rolled_back": ("bad", "was rolled back"),
    "superseded": ("info", "was superseded"),
    "unknown": ("warn", "has an unknown outcome"),
}

_BUILD_ENDS: dict[str, tuple[Severity, str]] = {
    "succeeded": ("good", "succeeded"),
    "failed": ("bad", "failed"),
    "cancelled": ("info", "was cancelled"),
    "interrupted": ("warn", "was interrupted"),
}


class Timeline:
    """Noting is instant and never fails; a full disk costs the record, not what is told live."""

    def __init__(
        self,
        *,
        records: TimelineRecords,
        cluster: ClusterState,
        bus: EventBus,
        audit: Audit,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.audit = audit
        self._records = records
        self._cluster = cluster
        self._bus = bus
        self._now = now
        self._ids = itertools.count(1)
        self._waiting: deque[TimelineRow] = deque()
        self._given_up = 0
        self._until_pruning = 0
        self._anything = anyio.Event()
        self._deployments: dict[str, str] = {}
        self._engine_lost = False
        self._seen: dict[SeenKind, dict[str, Seen]] = {}
        self._unwritten_seen: dict[SeenKind, dict[str, Seen | None]] = {"service": {}, "node": {}}
        cluster.on_change.append(self._cluster_changed)
        cluster.on_engine.append(self._engine_changed)

    async def open(self) -> None:
        self._ids = itertools.count(await self._records.last_id() + 1)
        self._seen = {
            "service": await self._records.seen("service"),
            "node": await self._records.seen("node"),
        }

    @use_case(Permission.READ)
    async def page(
        self,
        actor: Actor,
        *,
        service: str | None = None,
        node: str | None = None,
        kind: TimelineKind | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[list[TimelineEntry], int]:
        """Newest first, with the total; also what is not written yet."""
        waiting = [
            row
            for row in reversed(self._waiting)
            if (service is None or row.service == service)
            and (node is None or row.node == node)
            and (kind is None or row.kind == kind)
        ]
        rows, total = await self._records.page(
            service=service, node=node, kind=kind, before=before, limit=limit
        )
        written = {row.id for row in rows}
        newest = max(written, default=0)
        # What was written while the database was read is in both.
        waiting = [row for row in waiting if row.id not in written and (before or row.id > newest)]
        ahead = [row for row in waiting if before is None or row.id < before]
        merged = sorted([*ahead, *rows], key=lambda row: -row.id)[:limit]
        return [_entry(row) for row in merged], total + len(waiting)

    async def run(self) -> None:
        """Write what was noted until cancelled, and once more then."""
        try:
            while True:
                await self._anything.wait()
                self._anything = anyio.Event()
                await anyio.sleep(WRITE_AFTER)
                if not await self._write():
                    await anyio.sleep(RETRY_AFTER)
                    self._anything.set()
        finally:
            with anyio.move_on_after(LAST_WRITE_WITHIN, shield=True):
                await self._write()

    def deployment_changed(self, row: object) -> None:
        """Tell of a deployment that got into another state."""
        told = DeploymentOut.model_validate(row, from_attributes=True)
        if told.state == "accepted" or self._deployments.get(told.id) == told.state:
            return
        self._deployments[told.id] = told.state
        if told.finished_at is not None:
            self._deployments.pop(told.id)
        what = f"{told.kind} of {told.service} by {told.actor}"
        severity, said = _STATES.get(told.state, ("info", "began"))
        because = f": {told.cause}" if told.cause else ""
        self._note(
            [
                Happening(
                    at=self._now(),
                    kind="deployment",
                    severity=severity,
                    text=f"{what} {said}{because}",
                    service=told.service,
                )
            ]
        )

    def build_changed(self, build: BuildOut) -> None:
        """Tell of a build that began or ended."""
        if build.state == "packing":
            told: tuple[Severity, str] = ("info", "began")
        elif build.finished_at is not None:
            told = _BUILD_ENDS.get(build.state, ("info", build.state))
        else:
            return
        severity, said = told
        because = f": {build.cause}" if build.cause else ""
        text = f"build of {build.service} by {build.actor} {said}{because}"
        now = self._now()
        self._note(
            [Happening(at=now, kind="build", severity=severity, text=text[:500], service=build.service)]
        )

    def _cluster_changed(self, changes: Changes) -> None:
        if changes.resync and not changes.service_changes and not changes.node_changes:
            self._compare_with_last_time()
        self._note(happenings(changes, self._now()))
        for service in changes.service_changes:
            self._see("service", service.before, service.after)
        for node in changes.node_changes:
            self._see("node", node.before, node.after)

    def _engine_changed(self, error: OrchestratorError | None) -> None:
        if error is None and not self._engine_lost:
            return
        self._engine_lost = error is not None
        text = f"the engine does not answer: {error.detail}" if error else "the engine answers again"
        severity: Severity = "bad" if error else "good"
        self._note([Happening(at=self._now(), kind="engine", severity=severity, text=text)])

    def _note(self, found: list[Happening]) -> None:
        if not found:
            return
        rows = [TimelineRow(id=next(self._ids), **asdict(one)) for one in found]
        self._waiting.extend(rows)
        while len(self._waiting) > WAITING:
            self._waiting.popleft()
            self._given_up += 1
        self._anything.set()
        self._bus.publish("timeline", TimelineEvent(items=[_entry(row) for row in rows[-100:]]))

    async def _write(self) -> bool:
        """Write what waits; False when the database refused."""
        try:
            while self._waiting:
                batch = list(itertools.islice(self._waiting, BATCH))
                await self._records.add(batch)
                written = {row.id for row in batch}
                while self._waiting and self._waiting[0].id in written:
                    self._waiting.popleft()
                self._until_pruning -= len(batch)
                if self._until_pruning <= 0:
                    self._until_pruning = PRUNE_EVERY
                    await self._records.prune(keep=KEEP, newer_than=self._now() - KEEP_FOR)
            await self._write_seen()
        except StorageFailed as error:
            log.warning("%d timeline entries wait to be stored: %s", len(self._waiting), error.detail)
            return False
        if self._given_up:
            log.warning("%d timeline entries were given up while nothing could be stored", self._given_up)
            self._given_up = 0
        return True

    # What was last seen, for the next start --------------------------------------------------------------

    def _compare_with_last_time(self) -> None:
        """Tell, once for each object, what changed while we were not there."""
        cluster, now = self._cluster, self._now()
        first_start = not self._seen.get("node")
        services = {service.id: service for service in cluster.services.values()}
        found: list[Happening] = []
        for kind, present in (("service", services), ("node", cluster.nodes)):
            known = self._seen.get(kind, {})  # type: ignore[call-overload]
            for key, thing in present.items():
                seen = _seen(thing)
                if known.get(key) == seen:
                    continue
                self._unwritten_seen[kind][key] = seen  # type: ignore[index]
                if first_start:
                    continue
                verb = "changed" if key in known else "appeared"
                found.append(_meanwhile(kind, seen, verb, known.get(key), now))
            for key, seen in known.items():
                if key not in present:
                    self._unwritten_seen[kind][key] = None  # type: ignore[index]
                    found.append(_meanwhile(kind, seen, "went", None, now))
        self._seen = {}
        self._anything.set()
        self._note(found)

    def _see(self, kind: SeenKind, before: Service | Node | None, after: Service | Node | None) -> None:
        if before is not None and (after is None or after.id != before.id):
            self._unwritten_seen[kind][before.id] = None
        if after is not None and (before is None or _seen(before) != _seen(after)):
            self._unwritten_seen[kind][after.id] = _seen(after)
        self._anything.set()

    async def _write_seen(self) -> None:
        for kind, noted in self._unwritten_seen.items():
            while noted:
                batch = dict(itertools.islice(noted.items(), BATCH))
                present = {key: seen for key, seen in batch.items() if seen is not None}
                await self._records.note_seen(kind, present, [key for key in batch if key not in present])
                for key, seen in batch.items():
                    if noted.get(key) == seen:
                        noted.pop(key, None)


def _entry(row: TimelineRow) -> TimelineEntry:
    return TimelineEntry.model_validate(row, from_attributes=True)


def _seen(thing: Service | Node) -> Seen:
    if isinstance(thing, Node):
        return Seen(thing.hostname, f"{thing.state}, {thing.availability}")
    replicas = "" if thing.replicas is None else f", {thing.replicas} replicas"
    return Seen(thing.name, f"{thing.image.partition('@')[0]}{replicas}")


def _meanwhile(kind: str, seen: Seen, verb: str, before: Seen | None, now: datetime) -> Happening:
    change = f": {before.state} → {seen.state}" if before is not None else ""
    text = f"{kind} {seen.name} {verb} while this server was not running{change}"
    if kind == "node":
        return Happening(at=now, kind="node", severity="info", text=text, node=seen.name)
    return Happening(at=now, kind="service", severity="info", text=text, service=seen.name)
