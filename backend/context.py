"""The one place where parts are joined. Building it opens nothing."""

import logging
from itertools import chain
from pathlib import Path

import anyio

from backend.clients.docker_client import SwarmClient
from backend.config import Settings
from backend.database import Database
from backend.repositories.audit import AuditRows
from backend.repositories.deployments import DeploymentRecords
from backend.repositories.sessions import Sessions
from backend.repositories.timeline import TimelineRecords
from backend.repositories.tokens import Tokens as TokenRows
from backend.repositories.users import Users
from backend.services.access import Access
from backend.services.audit import Audit
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.credentials import ConfiguredTokens
from backend.services.deployments import Deployments
from backend.services.event_bus import EventBus
from backend.services.evidence import Evidence
from backend.services.health_monitor import HealthMonitor
from backend.services.live_events import LiveEvents
from backend.services.log_broker import LogBroker
from backend.services.logs import Logs
from backend.services.nodes import Nodes, NodeViews
from backend.services.revision_views import RevisionViews
from backend.services.rollout_tracker import RolloutTracker
from backend.services.service_fragments import ServiceFragments
from backend.services.service_views import ServiceViews
from backend.services.services import Services
from backend.services.setup_code import SetupCode
from backend.services.timeline import Timeline
from backend.services.tokens import Tokens
from backend.services.wanted_specs import WantedSpecs

log = logging.getLogger(__name__)

EXAMPLES_DIR = Path(__file__).resolve().parent.parent / "definitions" / "examples"


class AppContext:
    """Every part of the running application, by name.

    Raises ValueError for a configured token that is unfit.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = anyio.Event()
        """Set first when the server is told to stop, so that nothing long keeps it waiting."""
        self.database = Database(settings.database_path)
        self.audit = Audit(AuditRows(self.database))
        self.access = Access(
            users=Users(self.database),
            sessions=Sessions(self.database),
            tokens=Tokens(
                TokenRows(self.database),
                self.audit,
                configured=ConfiguredTokens(settings.orchestrator_token, settings.orchestrator_token_file),
            ),
            audit=self.audit,
            setup_code=SetupCode(settings.state_dir / "setup-code"),
        )
        self.client = SwarmClient(
            settings.docker_host, cert_path=settings.docker_cert_path, tls_verify=settings.docker_tls_verify
        )
        self.catalog = Catalog(settings.definitions_dir, self.database)
        self.cluster = ClusterState()
        self.watcher = ClusterWatcher(self.client, self.cluster, longest_pause=settings.health_check_interval)
        self._views = ServiceViews(
            cluster=self.cluster, registry_host=settings.effective_registry_host, ever_deployed=set()
        )
        self._records = DeploymentRecords(self.database)
        self._tracker = RolloutTracker(
            self._records, self.cluster, Evidence(self.client, self.cluster, self._views)
        )
        self.watcher.moving = lambda: chain(self._tracker.moving(), self._log_broker.followed())
        self._fragments = ServiceFragments(cluster=self.cluster, catalog=self.catalog, views=self._views)
        self.services = Services(
            catalog=self.catalog,
            cluster=self.cluster,
            views=self._views,
            fragments=self._fragments,
            audit=self.audit,
        )
        self.deployments = Deployments(
            catalog=self.catalog,
            cluster=self.cluster,
            watcher=self.watcher,
            client=self.client,
            records=self._records,
            wanted=WantedSpecs(self.client, registry_host=settings.effective_registry_host),
            views=self._views,
            audit=self.audit,
        )
        self.events = LiveEvents(
            bus=EventBus(), cluster=self.cluster, catalog=self.catalog, views=self._views, audit=self.audit
        )
        self.timeline = Timeline(
            records=TimelineRecords(self.database),
            cluster=self.cluster,
            bus=self.events.bus,
            audit=self.audit,
        )
        self._tracker.on_change += [self.events.deployment_changed, self.timeline.deployment_changed]
        self.deployments.on_change += [
            self._tracker.follow,
            self.events.deployment_changed,
            self.timeline.deployment_changed,
        ]
        self._tracker.on_change.append(self.deployments.changes.note)
        self._tracker.is_under_way = self.deployments.changes.is_under_way
        self.revisions = RevisionViews(
            catalog=self.catalog, records=self._records, cluster=self.cluster, audit=self.audit
        )
        self._node_views = NodeViews(self.cluster)
        self.nodes = Nodes(
            cluster=self.cluster,
            watcher=self.watcher,
            client=self.client,
            views=self._views,
            node_views=self._node_views,
            audit=self.audit,
        )
        self._log_broker = LogBroker(cluster=self.cluster, client=self.client, views=self._views)
        self.logs = Logs(
            catalog=self.catalog,
            cluster=self.cluster,
            client=self.client,
            views=self._views,
            broker=self._log_broker,
            audit=self.audit,
        )
        self.health = HealthMonitor(
            cluster=self.cluster,
            catalog=self.catalog,
            fragments=self._fragments,
            views=self._node_views,
            host=self.client.host,
            audit=self.audit,
        )

    async def open(self) -> None:
        """Open the state and read the catalog. The engine is left to `run`: starting never waits for it."""
        await self.database.open()
        await self.access.open()
        await self.catalog.open()
        if self.settings.seed_examples and (seeded := await self.catalog.seed(EXAMPLES_DIR)):
            log.info("the catalog starts with the examples: %s", ", ".join(seeded))
        self._views.ever_deployed |= await self._records.services()
        await self.timeline.open()
        await self._tracker.open()

    async def run(self) -> None:
        """Watch cluster, rollouts and definition files until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.watcher.run)
            tasks.start_soon(self._tracker.run)
            tasks.start_soon(self.catalog.follow)
            tasks.start_soon(self.events.run)
            tasks.start_soon(self.timeline.run)
            tasks.start_soon(self._end_streams)

    async def close(self) -> None:
        await self._log_broker.close()
        await self.catalog.close()
        await self.client.close()
        await self.access.close()
        await self.database.close()

    async def _end_streams(self) -> None:
        await self.stopping.wait()
        self.deployments.changes.end_waits()
        self.events.bus.close()
