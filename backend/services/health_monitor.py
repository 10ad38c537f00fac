"""How the cluster is, in one answer: engine, managers, nodes, services, and what needs attention."""

from collections import Counter

from backend import __version__
from backend.domain.permissions import Permission
from backend.models.actor import Actor
from backend.models.schemas.health import EngineHealth, HealthReport, StateHealth
from backend.models.schemas.nodes import NodeOut
from backend.services.attention import Attention, Managers
from backend.services.audit import Audit
from backend.services.backups import Backups
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.nodes import NodeViews
from backend.services.replication import Replication
from backend.services.service_fragments import Fragment, ServiceFragments
from backend.services.use_case import use_case


class HealthMonitor:
    """Reads the picture and our own state only; judging them never calls the engine."""

    def __init__(
        self,
        *,
        cluster: ClusterState,
        catalog: Catalog,
        fragments: ServiceFragments,
        views: NodeViews,
        attention: Attention,
        host: str,
        backups: Backups,
        replication: Replication,
        audit: Audit,
    ) -> None:
        self._cluster = cluster
        self._catalog = catalog
        self._fragments = fragments
        self._views = views
        self._attention = attention
        self._host = host
        self._backups = backups
        self._replication = replication
        self.audit = audit

    @use_case(Permission.READ)
    async def report(self, actor: Actor) -> HealthReport:
        """Answers always, also without an engine: then with what was last seen and how old it is."""
        cluster = self._cluster
        nodes = [node for node, _ in await self._views.all()]
        services = await self.services()
        managers = _managers(nodes)
        engine = self._engine()
        state = StateHealth(
            last_backup_at=self._backups.last,
            backup_problem=self._backups.problem,
            replication=await self._replication.health(),
        )
        attention = self._attention.list_all(services, managers, state)
        return HealthReport(
            status="unavailable" if not engine.connected else "degraded" if attention else "ok",
            version=__version__,
            engine=engine,
            as_of=cluster.as_of,
            stale_seconds=cluster.stale_seconds,
            managers=managers.all,
            managers_reachable=managers.reachable,
            quorum_margin=managers.margin,
            nodes=nodes,
            services=dict(Counter(fragment.status.status for _, fragment in services)),
            problems=[each.sentence for each in attention],
            attention=attention,
            state=state,
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

    async def services(self) -> list[tuple[str, Fragment]]:
        """Everything that the catalog or the swarm has, by name."""
        names = {entry.name for entry in self._catalog.entries()} | set(self._cluster.services)
        found = [(name, self._catalog.find(name), self._cluster.services.get(name)) for name in sorted(names)]
        fragments = await self._fragments.of_all(found)
        return [(one[0], fragment) for one, fragment in zip(found, fragments, strict=True)]


def _managers(nodes: list[NodeOut]) -> Managers:
    managers = [node for node in nodes if node.role == "manager"]
    away = [node for node in managers if node.reachability != "reachable" or node.state != "ready"]
    reachable = len(managers) - len(away)
    margin = max(0, reachable - (len(managers) // 2 + 1)) if managers else 0
    return Managers(len(managers), reachable, margin, tuple(node.hostname for node in away))
