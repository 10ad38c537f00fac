"""What lists say of each service, as JSON that is made once for each change."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.domain.observations import Changes
from backend.domain.status import Status
from backend.models.cluster import Service, Task
from backend.models.schemas.builds import BuildBrief
from backend.services.catalog import Catalog, Entry
from backend.services.cluster_state import ClusterState
from backend.services.service_views import ServiceViews

TURN = 0.005
"""Seconds of making before the event loop gets a turn."""

type Found = tuple[str, Entry | None, Service | None]
"""A name with what the catalog and the swarm have under it."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One service as lists show it: exactly the JSON of its `ServiceOut`."""

    entry: Entry | None
    service: Service | None
    tasks: Sequence[Task]
    deployed: bool
    build: BuildBrief | None
    status: Status
    encoded: bytes

    @property
    def passes(self) -> bool:
        """Whether time alone will make it untrue."""
        return self.status.reason == "restarting"


class ServiceFragments:
    """N readers cost what one does: a fragment is made anew only when its service, entry or tasks changed."""

    def __init__(self, *, cluster: ClusterState, catalog: Catalog, views: ServiceViews) -> None:
        self._cluster = cluster
        self._views = views
        self._made: dict[str, Fragment] = {}
        self._changes = 0
        cluster.on_change.append(self._cluster_changed)
        catalog.on_change.append(self._catalog_changed)

    @property
    def generation(self) -> tuple[int, int]:
        """Another one whenever any fragment may read otherwise than before, time apart."""
        return self._changes, len(self._views.ever_deployed)

    def of(self, name: str, entry: Entry | None, service: Service | None) -> Fragment:
        tasks = self._cluster.tasks_of(service) if service else ()
        deployed = name in self._views.ever_deployed
        build = self._views.builds.get(name)
        known = self._made.get(name)
        if (
            known is not None
            and known.entry is entry
            and known.service is service
            and known.tasks is tasks
            and known.deployed is deployed
            and known.build is build
            and not known.passes
        ):
            return known
        status, view = self._views.view_with_status(name, entry, service)
        made = Fragment(entry, service, tasks, deployed, build, status, view.model_dump_json().encode())
        self._made[name] = made
        return made

    async def of_all(self, found: Iterable[Found]) -> list[Fragment]:
        """Of each; thousands that have to be made do not hold up the event loop."""
        fragments = []
        turn_ends = time.perf_counter() + TURN
        for number, (name, entry, service) in enumerate(found):
            fragments.append(self.of(name, entry, service))
            if not number % 16 and time.perf_counter() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.perf_counter() + TURN
        return fragments

    def build_changed(self, service: str) -> None:
        self._forget([service])

    def _cluster_changed(self, changes: Changes) -> None:
        if changes.services:
            self._forget(changes.services)
        if changes.references:
            # What a definition names may be there now, or gone: its drift may be another, as may names be.
            self._forget(list(self._made))

    def _catalog_changed(self, names: set[str]) -> None:
        self._forget(names)

    def _forget(self, names: Iterable[str]) -> None:
        self._changes += 1
        for name in names:
            self._made.pop(name, None)
