"""Tells everyone who listens what changed in the cluster, the catalog and the deployments."""

from collections.abc import Iterable

import anyio

from backend import __version__
from backend.domain.observations import Changes
from backend.domain.permissions import Permission
from backend.errors import OrchestratorError
from backend.models.actor import Actor
from backend.models.schemas.approvals import ApprovalEvent
from backend.models.schemas.builds import BuildOut
from backend.models.schemas.deployments import DeploymentOut
from backend.models.schemas.events import ChangedEvent, EngineEvent, HelloEvent, SeenEvent
from backend.models.schemas.nodes import NodeOut
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.event_bus import EventBus, Subscription, to_json
from backend.services.nodes import node_view
from backend.services.service_fragments import Fragment, ServiceFragments
from backend.services.use_case import use_case

VIEWS_AT_ONCE = 50
NAMES_AT_ONCE = 1_000
GATHERING_PAUSE = 0.01
PAUSE_PER_LISTENER = 0.00005
"""Seconds between two `changed` events: sending one costs that much for each who listens."""
HEARTBEAT = 5.0
RECHECK_AFTER = 1.0
_NO_SERVICES = b'"services":[]'


class LiveEvents:
    """Each change is made into bytes once, however many listen; without listeners it is not made at all."""

    def __init__(
        self,
        *,
        bus: EventBus,
        cluster: ClusterState,
        catalog: Catalog,
        fragments: ServiceFragments,
        audit: Audit,
    ) -> None:
        self.bus = bus
        self.audit = audit
        self._cluster = cluster
        self._catalog = catalog
        self._fragments = fragments
        self._services: set[str] = set()
        self._nodes: set[str] = set()
        self._resync = False
        self._maybe: dict[str, bytes] = {}
        """Services whose status changes with time alone, as they were told last."""
        self._news = anyio.Event()
        cluster.on_change.append(self._cluster_changed)
        cluster.on_engine.append(self._engine_changed)
        catalog.on_change.append(self._catalog_changed)

    @use_case(Permission.READ)
    async def subscribe(self, actor: Actor, last_event_id: str | None) -> Subscription:
        """Listen; Overloaded when too many do. Close what you get."""
        return self.bus.subscribe(last_event_id, self._hello())

    def deployment_changed(self, row: object) -> None:
        self.bus.publish("deployment", DeploymentOut.model_validate(row, from_attributes=True))

    def build_changed(self, build: BuildOut) -> None:
        self.bus.publish("build", build)
        self._services.add(build.service)
        self._news.set()

    def approval_changed(self, approval_id: str) -> None:
        self.bus.publish("approval", ApprovalEvent(id=approval_id))

    async def run(self) -> None:
        """Publish what changed, gathered over moments, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._beat)
            while True:
                with anyio.move_on_after(RECHECK_AFTER if self._maybe else None):
                    await self._news.wait()
                self._news = anyio.Event()
                self._publish()
                await anyio.sleep(GATHERING_PAUSE + PAUSE_PER_LISTENER * self.bus.listeners)

    def _hello(self) -> HelloEvent:
        cluster = self._cluster
        return HelloEvent(
            boot=self.bus.boot,
            version=__version__,
            as_of=cluster.as_of,
            stale_seconds=cluster.stale_seconds,
            engine=self._engine(),
        )

    def _engine(self) -> EngineEvent:
        error, as_of = self._cluster.error, self._cluster.as_of
        connected = error is None and as_of is not None
        return EngineEvent(
            connected=connected,
            code=None if connected else error.code if error else "no_picture_yet",
            detail=None if connected else error.detail if error else "The engine has not answered yet.",
            as_of=as_of,
        )

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(HEARTBEAT)
            seen = SeenEvent(as_of=self._cluster.as_of, stale_seconds=self._cluster.stale_seconds)
            # The comment keeps proxies from cutting a quiet stream.
            self.bus.send_round(b": still here\n\nevent: seen\ndata: %b\n\n" % to_json(seen))

    def _cluster_changed(self, changes: Changes) -> None:
        self._resync = self._resync or changes.resync
        self._services |= changes.services
        self._nodes |= changes.nodes
        if changes.references:
            # What a definition names may be there now, or gone: only its drift can tell.
            self._services |= {
                entry.name for entry in self._catalog.entries() if entry.name in self._cluster.services
            }
        self._news.set()

    def _catalog_changed(self, names: set[str]) -> None:
        self._services |= names
        self._news.set()

    def _engine_changed(self, error: OrchestratorError | None) -> None:
        self.bus.publish("engine", self._engine())

    def _publish(self) -> None:
        services, self._services = self._services, set()
        nodes, self._nodes = self._nodes, set()
        resync, self._resync = self._resync, False
        if resync or len(services) > NAMES_AT_ONCE:
            self._maybe.clear()
            self.bus.publish("resync", {})
            return
        services |= self._grown_old(services)
        if services or nodes:
            self.bus.publish("changed", self._changed(services, nodes))

    def _grown_old(self, changed: Iterable[str]) -> set[str]:
        """Names of services that read otherwise now though nothing of theirs changed."""
        for name in changed:
            self._maybe.pop(name, None)
        return {name for name, told in self._maybe.items() if self._fragment(name).encoded != told}

    def _changed(self, services: set[str], nodes: set[str]) -> bytes:
        """The JSON of a ChangedEvent; of each service the same bytes that lists show."""
        cluster = self._cluster
        present = sorted(name for name in services if self._is_there(name))
        told = present if len(present) <= VIEWS_AT_ONCE else []
        encoded = []
        for name in told:
            fragment = self._fragment(name)
            encoded.append(fragment.encoded)
            if fragment.passes:
                self._maybe[name] = fragment.encoded
            else:
                self._maybe.pop(name, None)
        event = ChangedEvent(
            services=[],
            names=present,
            removed=sorted(services.difference(present)),
            nodes=[self._node(node_id) for node_id in sorted(nodes) if node_id in cluster.nodes],
            removed_nodes=sorted(nodes - cluster.nodes.keys()),
            as_of=cluster.as_of,
        )
        return to_json(event).replace(_NO_SERVICES, b'"services":[%b]' % b",".join(encoded), 1)

    def _is_there(self, name: str) -> bool:
        return name in self._cluster.services or self._catalog.find(name) is not None

    def _fragment(self, name: str) -> Fragment:
        return self._fragments.of(name, self._catalog.find(name), self._cluster.services.get(name))

    def _node(self, node_id: str) -> NodeOut:
        return node_view(self._cluster.nodes[node_id], self._cluster.tasks_on(node_id))
