"""What the API says of a service: catalog entry and swarm service joined into one answer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from backend.domain.definition_text import as_mapping
from backend.domain.image_reference import ImageReference, expand_registry_host
from backend.domain.plan import changes
from backend.domain.service_spec import LABEL_REVISION, References, build_spec
from backend.domain.slots import serves, up_to_date
from backend.domain.status import Status, status_of
from backend.errors import OrchestratorError
from backend.models.cluster import Platform, Service, SwarmObject, Task
from backend.models.definitions import Definition
from backend.models.schemas.builds import BuildBrief
from backend.models.schemas.common import ProblemField
from backend.models.schemas.services import NodeShare, PortOut, ServiceDetail, ServiceOut, TaskOut
from backend.services.catalog import Entry
from backend.services.cluster_state import ClusterState

STACK_LABEL = "com.docker.stack.namespace"


def references(cluster: ClusterState) -> References:
    """The ids of everything a definition may name, as last seen."""
    return References(
        networks={name: item.id for name, item in cluster.networks.items() if usable(item)},
        secrets={name: item.id for name, item in cluster.secrets.items()},
        configs={name: item.id for name, item in cluster.configs.items()},
    )


def usable(item: SwarmObject) -> bool:
    """Whether a service can name it: of the networks, only those of the swarm, not an engine's own."""
    return item.scope in {"", "swarm"}


def deployed_revision(service: Service) -> int | None:
    """The revision that was deployed; None for a service that did not come from the catalog."""
    label = service.labels.get(LABEL_REVISION, "")
    return int(label) if label.isdecimal() else None


def platforms_of(service: Service) -> list[Platform]:
    placement = service.spec.get("TaskTemplate", {}).get("Placement") or {}
    return [
        Platform(os=item.get("OS", ""), architecture=item.get("Architecture", ""))
        for item in placement.get("Platforms") or []
    ]


@dataclass(slots=True)
class ServiceViews:
    """Joins what the catalog wants with what the swarm runs; everything from memory."""

    cluster: ClusterState
    registry_host: str
    ever_deployed: set[str]
    """Names that have a deployment on record: tells `removed` from `never_deployed`."""
    builds: Mapping[str, BuildBrief] = field(default_factory=dict)
    """The newest build of each service that has one."""
    _drifts: dict[str, tuple[object, list[str]]] = field(default_factory=dict)
    _known: tuple[tuple[object, ...], References] | None = None

    def view_with_status(
        self, name: str, entry: Entry | None, service: Service | None
    ) -> tuple[Status, ServiceOut]:
        status = self.status(name, entry, service)
        return status, ServiceOut.model_validate(self._fields(name, entry, service, status))

    def detail(self, name: str, entry: Entry | None, service: Service | None) -> ServiceDetail:
        definition = None
        if entry is not None and entry.definition is not None:
            definition = as_mapping(entry.text)
        return ServiceDetail.model_validate(
            self._fields(name, entry, service, self.status(name, entry, service))
            | {
                "definition": definition,
                "yaml": entry.text if entry else None,
                "tasks": self.tasks(service, self.cluster.tasks_of(service)) if service else [],
            }
        )

    def status(self, name: str, entry: Entry | None, service: Service | None) -> Status:
        if entry is not None and entry.problem is not None:
            where = f" (line {entry.problem.line})" if entry.problem.line else ""
            broken = f"{entry.problem.reason}{where}"
            if service is None:
                return Status("broken", "unreadable_definition", broken)
            live = self._live_status(service)
            return Status(
                "broken", "unreadable_definition", broken, live.desired, live.running, live.completed
            )
        if service is not None:
            return self._live_status(service)
        if self.cluster.as_of is None:
            return Status("stopped", "not_known_yet", "The engine has not answered yet.")
        if name in self.ever_deployed:
            return Status("stopped", "removed", "Not in the swarm; deploy brings it back.")
        return Status("stopped", "never_deployed", "Never deployed.")

    def knows(self, named: References) -> bool:
        """Whether the picture already has all of these; what was made a moment ago may be missing."""
        seen = self._seen()
        return (
            named.networks.items() <= seen.networks.items()
            and named.secrets.items() <= seen.secrets.items()
            and named.configs.items() <= seen.configs.items()
        )

    def drift(self, entry: Entry | None, service: Service | None) -> list[str]:
        """Where the swarm's spec differs from what the newest revision says."""
        if entry is None or entry.definition is None or service is None:
            return []
        # With the replicas: `scale` asks about a service as it will be, at the version it has.
        compared = (entry.sha256, service.id, service.version, service.replicas, self._seen())
        known = self._drifts.get(entry.name)
        if known is None or known[0] != compared:
            known = (compared, self._compare(entry.definition, service))
            self._drifts[entry.name] = known
        return known[1]

    def _seen(self) -> References:
        """What definitions may name, gathered once for each picture: thousands of services ask."""
        cluster = self.cluster
        stands_on = (cluster.networks, cluster.secrets, cluster.configs)
        if self._known is None or any(
            new is not old for new, old in zip(stands_on, self._known[0], strict=True)
        ):
            self._known = (stands_on, references(cluster))
        return self._known[1]

    def _compare(self, definition: Definition, service: Service) -> list[str]:
        try:
            image = expand_registry_host(definition.image, self.registry_host)
            wanted_image = ImageReference.parse(image)
            running = ImageReference.parse(service.image)
            tags = (running.without_digest().or_latest(), wanted_image.or_latest())
            if running.digest and not wanted_image.digest and tags[0] == tags[1]:
                image = service.image
            wanted = build_spec(
                definition,
                image=image,
                platforms=platforms_of(service),
                references=self._seen(),
                labels={},
            )
        except OrchestratorError as error:
            return [error.detail]
        return [change.path for change in changes(service.spec, wanted).changes]

    def tasks(self, service: Service | None, tasks: Iterable[Task]) -> list[TaskOut]:
        """Tasks for people: newest first within a slot, wanted before ended."""
        group = list(tasks)
        current = {task.id for task in up_to_date(service, group)} if service else set()
        return [
            self.task(task, service.name if service else task.service_id, up_to_date=task.id in current)
            for task in sorted(
                group, key=lambda task: (task.slot or 0, task.node_id or "", -task.created_at.timestamp())
            )
        ]

    def task(self, task: Task, service_name: str, *, up_to_date: bool) -> TaskOut:
        node = self.cluster.nodes.get(task.node_id or "")
        return TaskOut(
            id=task.id,
            name=self.task_name(task, service_name),
            slot=task.slot,
            node_id=task.node_id,
            node=node.hostname if node else None,
            node_live=node.is_live if node else None,
            state=task.state,
            desired_state=task.desired_state,
            up_to_date=up_to_date,
            message=task.message,
            error=task.error,
            exit_code=task.exit_code,
            image=task.image.partition("@")[0],
            created_at=task.created_at,
            state_changed_at=task.state_changed_at,
        )

    def task_name(self, task: Task, service_name: str) -> str:
        if task.slot is not None:
            return f"{service_name}.{task.slot}"
        node = self.cluster.nodes.get(task.node_id or "")
        return f"{service_name}.{node.hostname if node else task.node_id or task.id}"

    def _live_status(self, service: Service) -> Status:
        return status_of(service, self.cluster.tasks_of(service), self.cluster.nodes, datetime.now(UTC))

    def _fields(
        self, name: str, entry: Entry | None, service: Service | None, status: Status
    ) -> dict[str, object]:
        drift = self.drift(entry, service)
        image, _, digest = (service.image if service else self._wanted_image(entry)).partition("@")
        return {
            "name": name,
            "in_catalog": entry is not None,
            "live": service is not None,
            "id": service.id if service else None,
            "status": status.status,
            "reason": status.reason,
            "message": status.message,
            "mode": service.mode if service else self._wanted_mode(entry),
            "desired": status.desired,
            "running": status.running,
            "completed": status.completed,
            "image": image or None,
            "digest": digest or None,
            "ports": [PortOut.model_validate(port) for port in self._ports(entry, service)],
            "networks": self._networks(service),
            "nodes": self._spread(service),
            "stack": service.labels.get(STACK_LABEL) if service else None,
            "revision": entry.revision if entry else None,
            "deployed_revision": deployed_revision(service) if service else None,
            "drift": bool(drift),
            "drift_paths": drift,
            "problem": ProblemField.model_validate(entry.problem, from_attributes=True)
            if entry and entry.problem
            else None,
            "updated_at": service.updated_at if service else entry.updated_at if entry else None,
            "build": self.builds.get(name),
        }

    def _networks(self, service: Service | None) -> list[str]:
        if service is None:
            return []
        attached = service.spec.get("TaskTemplate", {}).get("Networks") or service.spec.get("Networks")
        if not attached:
            return []
        targets = {item.get("Target") for item in attached}
        # The engine stores ids, and takes names.
        return sorted(name for name, found in self.cluster.networks.items() if targets & {name, found.id})

    def _spread(self, service: Service | None) -> list[NodeShare]:
        if service is None:
            return []
        nodes = self.cluster.nodes
        counts = Counter(
            task.node_id for task in self.cluster.tasks_of(service) if task.node_id and serves(task, nodes)
        )
        shares = [
            NodeShare(id=key, hostname=nodes[key].hostname, running=count) for key, count in counts.items()
        ]
        return sorted(shares, key=lambda share: share.hostname)

    def _wanted_image(self, entry: Entry | None) -> str:
        if entry is None or entry.definition is None:
            return ""
        return expand_registry_host(entry.definition.image, self.registry_host)

    def _wanted_mode(self, entry: Entry | None) -> str:
        return entry.definition.mode if entry and entry.definition else "replicated"

    def _ports(self, entry: Entry | None, service: Service | None) -> Sequence[object]:
        if service is not None:
            return service.ports
        return entry.definition.ports if entry and entry.definition else ()
