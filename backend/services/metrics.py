"""What Prometheus is told: the picture of the cluster as gauges, and our own doings as counters and times."""

from collections import Counter as Tally
from collections import deque
from collections.abc import Iterable
from typing import Final

import anyio.to_thread
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backend import __version__
from backend.domain.permissions import Permission
from backend.models.actor import Actor
from backend.models.deployment_rows import DeploymentRow
from backend.models.schemas.health import HealthReport
from backend.services.audit import Audit
from backend.services.cluster_state import ClusterState
from backend.services.health_monitor import HealthMonitor
from backend.services.use_case import use_case

MOST_SERVICES: Final = 1_000
MOST_NODES: Final = 1_000
OTHERS: Final = "(others)"
"""Stands for all services beyond those, so that a big cluster does not fill Prometheus with series."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ROLLOUTS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_CALLS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25)


class Meters:
    """Counts what happens, in every part that something happens in. Labels are of small closed sets."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Gauge(
            "orchestrator_build_info", "The version that runs.", ["version"], registry=self.registry
        ).labels(__version__).set(1)
        self._engine = Histogram(
            "orchestrator_engine_call_seconds",
            "How long calls of the engine took, by what was asked for.",
            ["call", "outcome"],
            buckets=_CALLS,
            registry=self.registry,
        )
        self._deployments = Counter(
            "orchestrator_deployments",
            "Changes that reached their verdict.",
            ["kind", "result"],
            registry=self.registry,
        )
        self._rollouts = Histogram(
            "orchestrator_deployment_seconds",
            "From a change being asked for to its verdict.",
            ["kind"],
            buckets=_ROLLOUTS,
            registry=self.registry,
        )
        self._requests = Counter(
            "orchestrator_http_requests",
            "Requests answered, by the route's pattern.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._answers = Histogram(
            "orchestrator_http_request_seconds",
            "From a request's arrival to the beginning of its answer.",
            ["method", "route"],
            buckets=_CALLS,
            registry=self.registry,
        )
        self._streams = Gauge(
            "orchestrator_streams",
            "Streams of server-sent events that are open.",
            ["route"],
            registry=self.registry,
        )
        self._told: deque[str] = deque(maxlen=1_000)

    def engine_called(self, call: str, outcome: str, seconds: float) -> None:
        self._engine.labels(call, outcome).observe(seconds)

    def deployment_changed(self, row: DeploymentRow) -> None:
        """Counts each once, at its end."""
        if row.finished_at is None or row.id in self._told:
            return
        self._told.append(row.id)
        self._deployments.labels(row.kind, row.state).inc()
        seconds = (row.finished_at - row.created_at).total_seconds()
        self._rollouts.labels(row.kind).observe(max(0.0, seconds))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, f"{status // 100}xx").inc()
        self._answers.labels(method, route).observe(seconds)

    def stream_opened(self, route: str) -> None:
        self._streams.labels(route).inc()

    def stream_closed(self, route: str) -> None:
        self._streams.labels(route).dec()


class Metrics:
    """Everything is from memory: a scrape asks neither the engine nor the database for anything big."""

    def __init__(self, *, meters: Meters, cluster: ClusterState, health: HealthMonitor, audit: Audit) -> None:
        self._meters = meters
        self._cluster = cluster
        self._health = health
        self.audit = audit

    @use_case(Permission.READ)
    async def scrape(self, actor: Actor) -> bytes:
        """In Prometheus' text format."""
        report = await self._health.report(actor)
        replicas = [
            (name, fragment.status.desired, fragment.status.running)
            for name, fragment in await self._health.services()
        ]
        families = list(_picture(report, self._cluster)) + list(_replicas(replicas))
        picture = CollectorRegistry()
        picture.register(_Known(families))

        def rendered() -> bytes:
            return generate_latest(picture) + generate_latest(self._meters.registry)

        return await anyio.to_thread.run_sync(rendered)


class _Known(Collector):
    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


def _picture(report: HealthReport, cluster: ClusterState) -> Iterable[GaugeMetricFamily]:
    yield _gauge("swarm_engine_up", "Whether the engine answers.", float(report.engine.connected))
    if report.stale_seconds is not None:
        yield _gauge("swarm_picture_age_seconds", "How old all of this is.", report.stale_seconds)
    yield _gauge("swarm_managers", "Managers of the swarm.", report.managers)
    yield _gauge("swarm_managers_reachable", "Managers that answer.", report.managers_reachable)
    yield _gauge(
        "swarm_quorum_margin",
        "How many more managers may be lost before the swarm takes no changes.",
        report.quorum_margin,
    )
    nodes = GaugeMetricFamily(
        "swarm_node_ready", "Whether a node is ready.", labels=["node", "role", "availability"]
    )
    for node in report.nodes[:MOST_NODES]:
        nodes.add_metric([node.hostname, node.role, node.availability], float(node.state == "ready"))
    yield nodes
    services = GaugeMetricFamily("swarm_services", "Services by status.", labels=["status"])
    for status, count in sorted(report.services.items()):
        services.add_metric([status], count)
    yield services
    tasks = GaugeMetricFamily("swarm_tasks", "Tasks the swarm knows, by state.", labels=["state"])
    tally: Tally[str] = Tally()
    for service in cluster.services.values():
        tally.update(task.state for task in cluster.tasks_of(service))
    for state, count in sorted(tally.items()):
        tasks.add_metric([state], count)
    yield tasks
    attention = GaugeMetricFamily(
        "swarm_attention", "What needs attention, by what it is about.", labels=["kind", "severity"]
    )
    for (kind, severity), count in sorted(Tally((a.kind, a.severity) for a in report.attention).items()):
        attention.add_metric([kind, severity], count)
    yield attention
    yield from _state(report)


def _state(report: HealthReport) -> Iterable[GaugeMetricFamily]:
    state = report.state
    if state.last_backup_at is not None:
        yield _gauge(
            "orchestrator_last_backup_timestamp_seconds",
            "When the last backup was made.",
            state.last_backup_at.timestamp(),
        )
    yield _gauge(
        "orchestrator_backup_failed",
        "Whether the backup that was due could not be made.",
        float(state.backup_problem is not None),
    )
    if state.replication.enabled:
        yield _gauge(
            "orchestrator_unreplicated_revisions",
            "Revisions that are not in the swarm's copy of the state yet.",
            state.replication.unreplicated_revisions,
        )
        yield _gauge(
            "orchestrator_replication_failed",
            "Whether the last try to copy the state into the swarm failed.",
            float(state.replication.problem is not None),
        )


def _replicas(found: list[tuple[str, int, int]]) -> Iterable[GaugeMetricFamily]:
    desired = GaugeMetricFamily(
        "swarm_service_replicas_desired", "Tasks a service should have.", labels=["service"]
    )
    running = GaugeMetricFamily(
        "swarm_service_replicas_running",
        "Tasks of a service that run, on nodes that answer.",
        labels=["service"],
    )
    shown, others = found[:MOST_SERVICES], found[MOST_SERVICES:]
    if others:
        shown = [*shown, (OTHERS, sum(one[1] for one in others), sum(one[2] for one in others))]
    for name, wanted, there in shown:
        desired.add_metric([name], wanted)
        running.add_metric([name], there)
    yield desired
    yield running


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
