"""Remembers since when services and other things are in trouble, longer than the engine keeps their tasks."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import anyio

from backend.domain.attention import is_trouble, is_well, since_when
from backend.domain.observations import Changes
from backend.errors import OrchestratorError
from backend.repositories.timeline import TimelineRecords, TimelineRow
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.service_fragments import Fragment, ServiceFragments

log = logging.getLogger(__name__)

LOOK_AGAIN = 10.0
"""Seconds after which what only time changes is looked at, too."""
ONE_TROUBLE = timedelta(seconds=60)
"""What fails again so soon after it was up has not been well in between."""
LOOKED_BACK = 200
ASKED_AT_START = 100
"""Services whose earlier troubles are looked up when the server starts."""


class Troubles:
    """The engine forgets all but a few tasks of a slot, so that a crash loop would always seem young."""

    def __init__(
        self,
        *,
        cluster: ClusterState,
        catalog: Catalog,
        fragments: ServiceFragments,
        timeline: TimelineRecords,
    ) -> None:
        self._cluster = cluster
        self._catalog = catalog
        self._fragments = fragments
        self._timeline = timeline
        self._services: dict[str, datetime] = {}
        self._others: dict[str, datetime] = {}
        self._changed: set[str] = set()
        self._news = anyio.Event()
        self._first = True
        cluster.on_change.append(self._cluster_changed)
        cluster.on_engine.append(self._engine_changed)

    def of_service(self, name: str, fragment: Fragment) -> datetime:
        """Since when; only for a service that is in trouble."""
        service, entry = fragment.service, fragment.entry
        if service is not None and fragment.status.status != "broken":
            began = since_when(service, fragment.status, fragment.tasks, self._cluster.nodes)
        else:
            began = entry.updated_at if entry is not None else datetime.now(UTC)
        return self._services.setdefault(name, began)

    def of(self, what: str, began: datetime | None = None) -> datetime:
        """The same for what is no service: since `began`, or since it was first asked for."""
        return self._others.setdefault(what, began or datetime.now(UTC))

    def over(self, present: Iterable[str]) -> None:
        """Forget all other things but these."""
        for gone in self._others.keys() - set(present):
            del self._others[gone]

    async def run(self) -> None:
        """Note troubles as they come and go, until cancelled."""
        while True:
            with anyio.move_on_after(LOOK_AGAIN):
                await self._news.wait()
            self._news = anyio.Event()
            names, self._changed = self._changed | self._services.keys(), set()
            if self._cluster.as_of is None:
                continue
            try:
                await self._look(sorted(names))
            except OrchestratorError as error:
                log.warning("troubles are not looked at now: %s", error.detail)
            await anyio.sleep(0.5)

    async def _look(self, names: list[str]) -> None:
        found = [(name, self._catalog.find(name), self._cluster.services.get(name)) for name in names]
        fragments = await self._fragments.of_all(found)
        looked_back, self._first = not self._first, False
        asked = 0
        for name, fragment in zip(names, fragments, strict=True):
            if is_well(fragment.status):
                self._services.pop(name, None)
            elif is_trouble(fragment.status) and name not in self._services:
                began = self.of_service(name, fragment)
                if not looked_back and asked < ASKED_AT_START:
                    asked += 1
                    self._services[name] = min(began, await self._as_told(name, began))

    async def _as_told(self, service: str, began: datetime) -> datetime:
        """What an earlier run of this server wrote down of the same trouble."""
        rows, _ = await self._timeline.page(
            service=service, node=None, kind="task", before=None, limit=LOOKED_BACK
        )
        return _first_of_chain(rows, began)

    def _cluster_changed(self, changes: Changes) -> None:
        self._changed |= changes.services
        if changes.nodes:
            self._changed |= self._services.keys()
        self._news.set()

    def _engine_changed(self, error: OrchestratorError | None) -> None:
        if error is not None:
            self.of("engine")
        else:
            self._others.pop("engine", None)


def _first_of_chain(newest_first: Iterable[TimelineRow], began: datetime) -> datetime:
    """The oldest failure from which each next one followed soon."""
    for row in newest_first:
        if row.severity != "bad":
            continue
        if began - row.at > ONE_TROUBLE:
            break
        began = min(began, row.at)
    return began
