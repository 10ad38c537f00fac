"""How the cluster is, in one answer: engine, managers, nodes, services, and what needs attention."""

from collections import Counter

from backend import __version__
from backend.domain.permissions import Permission
from backend.models.actor import Actor
from backend.models.schemas.health import EngineHealth, HealthReport
from backend.models.schemas.services import ServiceOut
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.nodes import node_views
from backend.services.service_views import ServiceViews
from backend.services.use_case import use_case

WORST_FIRST = ("failed", "broken", "degraded", "pending")


class HealthMonitor:
    """Reads the picture only; judging it never calls the engine."""

    def __init__(
        self, *, cluster: ClusterState, catalog: Catalog, views: ServiceViews, host: str, audit: Audit
    ) -> None:
        self._cluster = cluster
        self._catalog = catalog
        self._views = views
        self._host = host
        self.audit = audit

    @use_case(Permission.READ)
    async def report(self, actor: Actor) -> HealthReport:
        """Answers always, also without an engine: then with what was last seen and how old it is."""
        cluster = self._cluster
        nodes = node_views(cluster)
        services = self._services()
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
            services=dict(Counter(service.status for service in services)),
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

    def _services(self) -> list[ServiceOut]:
        names = {entry.name for entry in self._catalog.entries()} | set(self._cluster.services)
        return [
            self._views.view(name, self._catalog.find(name), self._cluster.services.get(name))
            for name in sorted(names)
        ]

    def _problems(self, services: list[ServiceOut]) -> list[str]:
        found: list[str] = []
        if (error := self._cluster.error) is not None:
            found.append(error.detail)
        found += [
            f"Node {node.hostname} is {node.state}: what it last reported may no longer be so."
            for node in self._cluster.nodes.values()
            if not node.is_live
        ]
        for status in WORST_FIRST:
            found += [
                f"{service.name} is {status} ({service.running} of {service.desired} running)"
                + (f": {service.message}" if service.message else ".")
                for service in services
                if service.status == status and service.reason != "starting"
            ]
        return found
