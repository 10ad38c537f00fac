"""The one place where parts are joined. Building it opens nothing."""

import logging
from itertools import chain
from pathlib import Path

import anyio

from backend.access_parts import join_access
from backend.build_parts import join_builds
from backend.clients.docker_client import SwarmClient
from backend.clients.registry_client import RegistryClient
from backend.config import Settings
from backend.database import Database
from backend.models.actor import Actor
from backend.models.build_rows import BuildRow
from backend.repositories.builds import BuildRecords
from backend.repositories.deployments import DeploymentRecords
from backend.repositories.registries import RegistryRows
from backend.repositories.timeline import TimelineRecords
from backend.running_server import RunningServer
from backend.services.attention import Attention
from backend.services.backups import Backups
from backend.services.build_retention import BuildRetention
from backend.services.bulk_deployments import BulkDeployments
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.configured_registries import configured_registries, default_image_prefix
from backend.services.deployments import Deployments
from backend.services.drafts import Drafts
from backend.services.event_bus import EventBus
from backend.services.evidence import Evidence
from backend.services.health_monitor import HealthMonitor
from backend.services.image_deletes import ImageDeletes
from backend.services.image_users import ImageUsers
from backend.services.joining import Joining
from backend.services.live_events import LiveEvents
from backend.services.log_broker import LogBroker
from backend.services.logs import Logs
from backend.services.metrics import Meters, Metrics
from backend.services.node_acts import NodeActs
from backend.services.nodes import Nodes, NodeViews
from backend.services.projects import Projects
from backend.services.registries import Registries
from backend.services.registry import Registry
from backend.services.registry_news import RegistryNews
from backend.services.registry_reader import RegistryReader
from backend.services.registry_trials import RegistryTrials
from backend.services.registry_watch import RegistryWatch
from backend.services.replication import Replication
from backend.services.revision_views import RevisionViews
from backend.services.rollout_tracker import RolloutTracker
from backend.services.secret_box import SecretBox
from backend.services.seeded_project import seed_project
from backend.services.service_fragments import ServiceFragments
from backend.services.service_views import ServiceViews
from backend.services.services import Services
from backend.services.state_return import bring_back
from backend.services.taken_back import TakenBack
from backend.services.tasks import Tasks
from backend.services.timeline import Timeline
from backend.services.troubles import Troubles
from backend.services.turns import Turns
from backend.services.waiting_deploys import WaitingDeploys
from backend.services.wanted_specs import WantedSpecs
from backend.state_archive import State

log = logging.getLogger(__name__)

_PACKAGED = Path(__file__).resolve().parent / "_examples"
EXAMPLES_DIR = _PACKAGED if _PACKAGED.is_dir() else _PACKAGED.parent.parent / "definitions" / "examples"
"""Inside an installed package, or in the checkout."""
EXAMPLE_PROJECT = EXAMPLES_DIR / "projects" / "hello"


class AppContext:
    """Every part of the running application, by name.

    Raises ValueError for a configured token or registry that is unfit.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = anyio.Event()
        """Set first when the server is told to stop, so that nothing long keeps it waiting."""
        self.announced: RunningServer | None = None
        """How agents on this machine find us."""
        self.meters = Meters()
        state = State.of(settings)
        self.database = Database.of(state)
        callers = join_access(settings, self.database)
        self.audit = callers.audit
        self.approvals = callers.approvals
        self.activity = callers.activity
        self.sign_ins = callers.sign_ins
        self.access = callers.access
        self.backups = Backups(
            state,
            self.database,
            interval=settings.backup_interval,
            kept=settings.backups_kept,
            audit=self.audit,
        )
        configured = configured_registries(settings)
        self.registries = Registries(
            configured,
            RegistryRows(self.database),
            SecretBox(settings.state_dir / "secret.key", settings.orchestrator_secret_key_file),
            audit=self.audit,
        )
        registry_host = default_image_prefix(settings, configured[0].address)
        self.client = SwarmClient(
            settings.docker_host,
            cert_path=settings.docker_cert_path,
            tls_verify=settings.docker_tls_verify,
            auth_for=self.registries.auth_for,
            on_call=self.meters.engine_called,
        )
        self.registry_client = RegistryClient(
            realms=lambda: [address.url for address in self.registries.all()]
        )
        self.registry_trials = RegistryTrials(registries=self.registries, client=self.registry_client)
        self.replication = Replication(
            state, self.database, self.client.configs, settings.orchestrator_state_key_file
        )
        self.catalog = Catalog(settings.definitions_dir, self.database)
        self.cluster = ClusterState()
        self.watcher = ClusterWatcher(self.client, self.cluster, longest_pause=settings.health_check_interval)
        self._views = ServiceViews(cluster=self.cluster, registry_host=registry_host, ever_deployed=set())
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
        wanted = WantedSpecs(self.client, registry_host=registry_host)
        self.drafts = Drafts()
        self.deployments = Deployments(
            catalog=self.catalog,
            cluster=self.cluster,
            watcher=self.watcher,
            client=self.client,
            records=self._records,
            wanted=wanted,
            views=self._views,
            audit=self.audit,
        )
        self.bulk_deployments = BulkDeployments(
            deployments=self.deployments, client=self.client, wanted=wanted, audit=self.audit
        )
        self.events = LiveEvents(
            bus=EventBus(),
            cluster=self.cluster,
            catalog=self.catalog,
            fragments=self._fragments,
            audit=self.audit,
        )
        callers.consent.on_change.append(self.events.approval_changed)
        self.approvals.on_change.append(self.events.approval_changed)
        users = ImageUsers(cluster=self.cluster, catalog=self.catalog, registry_host=registry_host)
        self._registry_reader = RegistryReader(client=self.registry_client, registries=self.registries)
        self.registry = Registry(
            reader=self._registry_reader,
            registries=self.registries,
            users=users,
            bus=self.events.bus,
            audit=self.audit,
        )
        self.image_deletes = ImageDeletes(
            client=self.registry_client,
            reader=self._registry_reader,
            registry=self.registry,
            users=users,
            audit=self.audit,
        )
        self.registry_news = RegistryNews(
            registry=self.registry,
            client=self.registry_client,
            registries=self.registries,
            swarm=self.client,
            catalog=self.catalog,
            deployments=self.deployments,
            registry_host=registry_host,
        )
        self.registry_watch = RegistryWatch(
            client=self.registry_client, registries=self.registries, users=users
        )
        timeline_records = TimelineRecords(self.database)
        self.timeline = Timeline(
            records=timeline_records,
            cluster=self.cluster,
            bus=self.events.bus,
            audit=self.audit,
        )
        self._tracker.on_change += [
            self.events.deployment_changed,
            self.timeline.deployment_changed,
            self.meters.deployment_changed,
        ]
        self.deployments.on_change += [
            self.meters.deployment_changed,
            self._tracker.follow,
            self.events.deployment_changed,
            self.timeline.deployment_changed,
        ]
        self._tracker.on_change.append(self.deployments.changes.note)
        self._tracker.is_under_way = self.deployments.changes.is_under_way
        build_records = BuildRecords(self.database)
        # Whoever waits for a push has its whole build's time to do so.
        pushes = Turns(wait=settings.build_timeout)
        self.builds = join_builds(
            settings,
            catalog=self.catalog,
            cluster=self.cluster,
            client=self.client,
            registries=self.registries,
            registry=self.registry,
            registry_client=self.registry_client,
            registry_host=registry_host,
            records=build_records,
            pushes=pushes,
            audit=self.audit,
        )
        self._views.builds = self.builds.latest
        self.builds.on_change += [
            lambda build: self._fragments.build_changed(build.service),
            self.events.build_changed,
            self.timeline.build_changed,
        ]
        self.build_retention = BuildRetention(
            kept=settings.build_tags_kept,
            records=build_records,
            deployments=self._records,
            reader=self._registry_reader,
            deletes=self.image_deletes,
            users=users,
            turns=pushes,
        )
        self.builds.on_change.append(self.build_retention.build_changed)
        self.projects = Projects(
            projects_dir=settings.projects_dir,
            catalog=self.catalog,
            latest_build=self.builds.latest_for_project,
            audit=self.audit,
        )
        self.waiting_deploys = WaitingDeploys(
            deployments=self.deployments,
            records=self._records,
            wanted=wanted,
            builds=self.builds,
            registry_host=registry_host,
        )
        self.deployments.build_under_way = self.builds.under_way
        self.deployments.after_build = self.waiting_deploys.begin
        self.builds.on_change.append(self.waiting_deploys.build_changed)
        self.builds.deploy_after = self._deploy_after
        self.revisions = RevisionViews(
            catalog=self.catalog, records=self._records, cluster=self.cluster, audit=self.audit
        )
        self._node_views = NodeViews(self.cluster)
        self.nodes = Nodes(
            cluster=self.cluster, views=self._views, node_views=self._node_views, audit=self.audit
        )
        self.tasks = Tasks(cluster=self.cluster, views=self._views, audit=self.audit)
        self.node_acts = NodeActs(
            cluster=self.cluster, watcher=self.watcher, client=self.client, audit=self.audit
        )
        self.joining = Joining(cluster=self.cluster, client=self.client, audit=self.audit)
        self._log_broker = LogBroker(cluster=self.cluster, client=self.client, views=self._views)
        self.logs = Logs(
            catalog=self.catalog,
            cluster=self.cluster,
            client=self.client,
            views=self._views,
            broker=self._log_broker,
            audit=self.audit,
        )
        self._troubles = Troubles(
            cluster=self.cluster,
            catalog=self.catalog,
            fragments=self._fragments,
            timeline=timeline_records,
        )
        self._taken_back = TakenBack(records=self._records, views=self._views)
        self._tracker.on_change.append(self._taken_back.deployment_changed)
        self.health = HealthMonitor(
            cluster=self.cluster,
            catalog=self.catalog,
            fragments=self._fragments,
            views=self._node_views,
            attention=Attention(
                cluster=self.cluster,
                troubles=self._troubles,
                registries=self.registry_watch,
                taken_back=self._taken_back,
            ),
            host=self.client.host,
            backups=self.backups,
            replication=self.replication,
            audit=self.audit,
        )
        self.metrics = Metrics(meters=self.meters, cluster=self.cluster, health=self.health, audit=self.audit)

    async def open(self) -> None:
        """Open the state and read the catalog. The engine is left to `run`: starting never waits for it,
        unless there is no state here and the swarm may hold one."""
        await bring_back(self.settings, self.client.configs)
        await self.database.open()
        await self.backups.open()
        await self.replication.open()
        await self.access.open()
        await self.registries.open()
        await self.catalog.open()
        if self.settings.seed_examples and (seeded := await self.catalog.seed(EXAMPLES_DIR)):
            log.info("the catalog starts with the examples: %s", ", ".join(seeded))
            await seed_project(EXAMPLE_PROJECT, self.settings.projects_dir)
        self._views.ever_deployed |= await self._records.services()
        await self._taken_back.open()
        await self.timeline.open()
        await self.builds.open()
        await self.waiting_deploys.open()
        await self._tracker.open()

    async def open_for_a_visit(self) -> None:
        """Open for one call of an embedded caller: nothing that is under way elsewhere is taken up.

        Looks at the cluster once. Raises StorageFailed `state_in_use` when a server is running.
        """
        await bring_back(self.settings, self.client.configs, engine_within=0.0)
        await self.database.open_for_a_visit()
        await self.registries.open()
        await self.catalog.open()
        self._views.ever_deployed |= await self._records.services()
        await self._taken_back.open()
        await self._tracker.open()
        await self.watcher.look()

    async def open_beyond_loopback(self) -> bool:
        """Whether to answer other machines: somebody can sign in, or the first one may do so from there."""
        return self.settings.orchestrator_remote_setup or await self.access.configured()

    async def follow_rollouts(self) -> None:
        """Watch the cluster and judge rollouts until cancelled; a part of `run`."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.watcher.run)
            tasks.start_soon(self._tracker.run)

    async def run(self) -> None:
        """Watch cluster, rollouts and definition files until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.follow_rollouts)
            tasks.start_soon(self.catalog.follow)
            tasks.start_soon(self.events.run)
            tasks.start_soon(self.timeline.run)
            tasks.start_soon(self.registry_news.run)
            tasks.start_soon(self.registry_watch.run)
            tasks.start_soon(self._troubles.run)
            tasks.start_soon(self.builds.run)
            tasks.start_soon(self.build_retention.run)
            tasks.start_soon(self.waiting_deploys.run)
            tasks.start_soon(self.backups.run)
            tasks.start_soon(self.replication.run)
            tasks.start_soon(self._end_streams)

    async def close(self) -> None:
        await self._log_broker.close()
        await self.access.close()
        await self.replication.close()
        await self.close_visit()

    async def close_visit(self) -> None:
        """As `close`, for what `open_for_a_visit` opened; there is no sign-in code to forget."""
        await self.catalog.close()
        await self.client.close()
        await self._registry_reader.close()
        await self.registry_client.close()
        await self.database.close()

    async def _deploy_after(self, actor: Actor, build: BuildRow) -> str:
        return (await self.deployments.deploy(actor, build.service, after=build.id)).id

    async def _end_streams(self) -> None:
        await self.stopping.wait()
        self.builds.end_waits()
        self.approvals.end_waits()
        self.deployments.changes.end_waits()
        self.events.bus.close()
