"""What the fake swarm holds: nodes, services, tasks and the rest, each with its version."""

import itertools
import random
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

Spec = dict[str, Any]

TERMINAL = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})
LIVE = frozenset({"ready", "running", "complete"})
"""Desired states of tasks the swarm still wants something from."""
EVENTS_KEPT = 256


def now() -> str:
    # Docker writes nanoseconds; three digits nobody measured are added.
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


@dataclass(slots=True)
class FakeImage:
    """What a tag stands for, and what its program does.

    `program` is a shell text in the few words of `engine_programs`.
    """

    reference: str
    digest: str
    platforms: list[tuple[str, str]]
    program: str = "sleep infinity"


@dataclass(slots=True)
class FakeNode:
    id: str
    hostname: str
    role: str = "worker"
    availability: str = "active"
    state: str = "ready"
    state_message: str = ""
    address: str = "10.0.0.1"
    os: str = "linux"
    architecture: str = "x86_64"
    nano_cpus: int = 4_000_000_000
    memory_bytes: int = 8 * 1024**3
    generic: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    engine_labels: dict[str, str] = field(default_factory=dict)
    leader: bool = False
    powered: bool = True
    """False: what runs there is gone, whether or not the swarm has noticed."""
    version: int = 0
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)

    @property
    def spec(self) -> Spec:
        return {"Labels": self.labels, "Role": self.role, "Availability": self.availability}


@dataclass(slots=True)
class FakeService:
    id: str
    spec: Spec
    previous: Spec | None = None
    spec_version: int = 0
    update_status: Spec | None = None
    iteration: int = 0
    last_execution: str = ""
    ports: list[Spec] = field(default_factory=list)
    version: int = 0
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    rolling: bool = False
    """Whether an update is being carried out, as opposed to done, paused or never begun."""
    registry_auth: str = ""
    """The `X-Registry-Auth` that nodes pull with; never part of an answer."""

    @property
    def name(self) -> str:
        return str(self.spec["Name"])

    @property
    def mode(self) -> str:
        return str(next(iter(self.spec["Mode"])))

    @property
    def is_job(self) -> bool:
        return self.mode.endswith("Job")


@dataclass(slots=True)
class FakeTask:
    id: str
    service_id: str
    spec_bytes: msgspec.Raw
    spec: Spec
    endpoint: Spec
    spec_version: int
    slot: int = 0
    node_id: str = ""
    state: str = "new"
    desired: str = "running"
    message: str = "created"
    error: str = ""
    exit_code: int | None = None
    container_id: str = ""
    iteration: int | None = None
    not_before: float = 0.0
    """Loop time before which it must not start: the restart delay."""
    waits_for: str = ""
    """The task that has to end first."""
    running_since: float = 0.0
    settled: bool = False
    """Ended, and its restart policy wants no successor."""
    version: int = 0
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    stamp: str = field(default_factory=now)
    rendered: bytes | None = None

    @property
    def live(self) -> bool:
        return self.desired in LIVE and self.state not in TERMINAL

    @property
    def host_ports(self) -> list[Spec]:
        return [port for port in self.endpoint.get("Ports") or [] if port.get("PublishMode") == "host"]


@dataclass(slots=True)
class LogEntry:
    stamp: str
    stream: int
    text: bytes
    """One message as the engine got it: a line with its newline, or a 16 KiB piece of one."""


class Store:
    def __init__(self) -> None:
        self._random = random.Random(7)
        self._index = itertools.count(10)
        self.nodes: dict[str, FakeNode] = {}
        self.services: dict[str, FakeService] = {}
        self.tasks: dict[str, FakeTask] = {}
        self.by_service: dict[str, dict[str, FakeTask]] = defaultdict(dict)
        self.by_node: dict[str, dict[str, FakeTask]] = defaultdict(dict)
        self.objects: dict[str, dict[str, Spec]] = {"networks": {}, "secrets": {}, "configs": {}}
        self.swarm_host_network: Spec = {}
        """The swarm's own `host`, which lists do not show and `?scope=swarm` does."""
        self.images: dict[str, FakeImage] = {}
        self.registry_users: dict[str, tuple[str, str]] = {}
        self.logs: dict[str, list[LogEntry]] = defaultdict(list)
        self.events: deque[Spec] = deque(maxlen=EVENTS_KEPT)
        self.listeners: list[Callable[[Spec], None]] = []
        self.events_to_drop = 0

    def new_id(self) -> str:
        return f"{self._random.getrandbits(100):025x}"

    def touch(self, item: FakeNode | FakeService | FakeTask) -> None:
        item.version = next(self._index)
        item.updated = now()
        if isinstance(item, FakeTask):
            item.rendered = None

    def next_index(self) -> int:
        return next(self._index)

    def add_task(self, task: FakeTask) -> None:
        task.version = next(self._index)
        self.tasks[task.id] = task
        self.by_service[task.service_id][task.id] = task
        if task.node_id:
            self.by_node[task.node_id][task.id] = task

    def assign(self, task: FakeTask, node: FakeNode) -> None:
        task.node_id = node.id
        self.by_node[node.id][task.id] = task

    def set_state(self, task: FakeTask, state: str, message: str, error: str = "") -> None:
        task.state, task.message, task.error, task.stamp = state, message, error, now()
        self.touch(task)

    def set_desired(self, task: FakeTask, desired: str) -> None:
        task.desired = desired
        self.touch(task)

    def drop_task(self, task: FakeTask) -> None:
        del self.tasks[task.id]
        self.by_service[task.service_id].pop(task.id, None)
        if not self.by_service[task.service_id]:
            del self.by_service[task.service_id]
        if task.node_id:
            self.by_node[task.node_id].pop(task.id, None)
        self.logs.pop(task.id, None)
        self.next_index()

    def find_service(self, reference: str) -> FakeService | None:
        """By id, by name, or by the beginning of an id, as engines do."""
        if found := self.services.get(reference):
            return found
        if found := next((s for s in self.services.values() if s.name == reference), None):
            return found
        starting = [s for s in self.services.values() if reference and s.id.startswith(reference)]
        return starting[0] if len(starting) == 1 else None

    def find_node(self, reference: str) -> FakeNode | None:
        if found := self.nodes.get(reference):
            return found
        return next((node for node in self.nodes.values() if node.hostname == reference), None)

    def log(self, task: FakeTask, stream: int, text: str) -> None:
        """Keep a line as the engine does: in pieces of 16 KiB, of which only the last has the newline."""
        body = text.encode() + b"\n"
        for start in range(0, len(body), 16384):
            self.logs[task.id].append(LogEntry(now(), stream, body[start : start + 16384]))

    def emit(self, kind: str, action: str, object_id: str, attributes: dict[str, str]) -> None:
        stamp = datetime.now(UTC)
        seconds = int(stamp.timestamp())
        event = {
            "Type": kind,
            "Action": action,
            "Actor": {"ID": object_id, "Attributes": attributes},
            "scope": "swarm",
            "time": seconds,
            "timeNano": seconds * 10**9 + stamp.microsecond * 1000 + 1,
        }
        if self.events_to_drop:
            self.events_to_drop -= 1
            return
        self.events.append(event)
        for listener in list(self.listeners):
            listener(event)

    def tasks_on(self, node: FakeNode) -> Iterator[FakeTask]:
        return iter(list(self.by_node.get(node.id, {}).values()))


def tidy(value: Any) -> Any:
    """As the engine's `omitempty`: nulls and empty lists leave, keys come in one order."""
    if isinstance(value, dict):
        return {key: tidy(value[key]) for key in sorted(value) if value[key] is not None and value[key] != []}
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return value


def normal_spec(sent: Spec) -> Spec:
    """The spec as an engine gives it back: defaults it writes down, empty parts gone."""
    spec: Spec = tidy(sent)
    spec.setdefault("Labels", {})
    if not spec.get("Mode"):
        spec["Mode"] = {"Replicated": {"Replicas": 1}}
    if "Replicated" in spec["Mode"]:
        spec["Mode"]["Replicated"] = {"Replicas": 1} | (spec["Mode"]["Replicated"] or {})
    if "ReplicatedJob" in spec["Mode"]:
        job = spec["Mode"]["ReplicatedJob"]
        job.setdefault("MaxConcurrent", 1)
        job.setdefault("TotalCompletions", job["MaxConcurrent"])
    template = spec.setdefault("TaskTemplate", {})
    container = template.setdefault("ContainerSpec", {})
    container.setdefault("Isolation", "default")
    template.setdefault("ForceUpdate", 0)
    template.setdefault("Runtime", "container")
    for kind in ("UpdateConfig", "RollbackConfig"):
        if config := spec.get(kind):
            config.setdefault("Parallelism", 0)
            config.setdefault("FailureAction", "pause")
            config.setdefault("MaxFailureRatio", 0)
            config.setdefault("Order", "stop-first")
    if endpoint := spec.get("EndpointSpec"):
        endpoint.setdefault("Mode", "vip")
        for port in endpoint.get("Ports") or []:
            port.setdefault("Protocol", "tcp")
            port.setdefault("PublishMode", "ingress")
    if restart := template.get("RestartPolicy"):
        restart.setdefault("Condition", "any")
        restart.setdefault("MaxAttempts", 0)
    return tidy(spec)  # type: ignore[no-any-return]


def task_spec_of(service: FakeService) -> Spec:
    """What a task carries of its service: the template without `Runtime`."""
    return {key: value for key, value in service.spec["TaskTemplate"].items() if key != "Runtime"}


def seconds(nanoseconds: int | None, default: float) -> float:
    return default if nanoseconds is None else nanoseconds / 1e9


def natural(text: str) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]
