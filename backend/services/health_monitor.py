"""How the cluster is, in one answer: engine, managers, nodes, services, and what needs attention."""

from collections import Counter

from backend import __version__
from backend.domain.permissions import Permission
from backend.domain.status import Status
from backend.models.actor import Actor
from backend.models.schemas.health import EngineHealth, HealthReport
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.nodes import NodeViews
from backend.services.service_fragments import ServiceFragments
from backend.services.use_case import use_case

WORST_FIRST = ("failed", "broken", "degraded", "pending")


class HealthMonitor:
    """Reads the picture only; judging it never calls the engine."""

    def __init__(
        self,
        *,
        cluster: ClusterState,
        catalog: Catalog,
        fragments: ServiceFragments,
        views: NodeViews,
        host: str,
        audit: Audit,
    ) -> None:
        self._cluster = cluster
        self._catalog = catalog
        self._fragments = fragments
        self._views = views
        self._host = host
        self.audit = audit

    @use_case(Permission.READ)
    async def report(self, actor: Actor) -> HealthReport:
        """Answers always, also without an engine: then with what was last seen and how old it is."""
        cluster = self._cluster
        nodes = [node for node, _ in await self._views.all()]
        services = await self._services()
        managers = [node for node in nodes if node.role == "manager"]
        reachable = [node for node in managers if node.reachability == "reachable" and node.state == "ready"]
        problems = self._problems(services)
        engine = self._engine()
        quorum = len(managers) // 2 + 1
        return HealthReport(
            status="unavailable" if not engine.connected else "degraded" if problems else "ok",
            version=__version__,
            engine=engine,
            as_of=cluster.as_of,
            stale_seconds=cluster.stale_seconds,
            managers=len(managers),
            managers_reachable=len(reachable),
            quorum_margin=max(0, len(reachable) - quorum) if managers else 0,
            nodes=nodes,
            services=dict(Counter(status.status for _, status in services)),
            problems=problems,
        )

    def _engine(self) -> EngineHealth:
        info, error = self._cluster.info, self._cluster.error
        connected = error is None and info is not None
        return EngineHealth(
            connected=connected,
            code=None if connected else error.code if error else "no_picture_yet",
            detail=None if connected else error.detail if error else "The engine has not answered yet.",
            host=self._host,
            engine_version=info.engine_version if info else None,
            api_version=info.api_version if info else None,
            cluster_id=info.cluster_id if info else None,
        )

    async def _services(self) -> list[tuple[str, Status]]:
        names = {entry.name for entry in self._catalog.entries()} | set(self._cluster.services)
        found = [(name, self._catalog.find(name), self._cluster.services.get(name)) for name in sorted(names)]
        fragments = await self._fragments.of_all(found)
        return [(one[0], fragment.status) for one, fragment in zip(found, fragments, strict=True)]

    def _problems(self, services: list[tuple[str, Status]]) -> list[str]:
        found: list[str] = []
        if (error := self._cluster.error) is not None:
            found.append(error.detail)
        found += [
            f"Node {node.hostname} is {node.state}: what it last reported may no longer be so."
            for node in self._cluster.nodes.values()
            if not node.is_live
        ]
        for worst in WORST_FIRST:
            found += [
                f"{name} is {worst} ({status.running} of {status.desired} running)"
                + (f": {status.message}" if status.message else ".")
                for name, status in services
                if status.status == worst and status.reason != "starting"
            ]
        return found
