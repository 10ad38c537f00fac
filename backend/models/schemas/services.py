"""Services across the API: catalog entries, what runs of them, and what callers may ask."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from backend.models.cluster import PublishMode, ServiceMode
from backend.models.schemas.builds import BuildBrief
from backend.models.schemas.common import Input, ProblemField, Schema

ServiceStatus = Literal["running", "updating", "degraded", "pending", "failed", "stopped", "broken"]
StatusReason = Literal[
    "complete",
    "never_deployed",
    "removed",
    "scaled_to_zero",
    "unreadable_definition",
    "non_zero_exit",
    "rejected",
    "no_suitable_node",
    "node_down",
    "update_paused",
    "rolling_back",
    "rolled_back",
    "starting",
    "restarting",
    "too_few_replicas",
    "not_known_yet",
]


class PortOut(Schema):
    target: int
    published: int | None
    protocol: str
    mode: PublishMode


class NodeShare(Schema):
    """How many running tasks of a service one node holds."""

    id: str
    hostname: str
    running: int


class ServiceOut(Schema):
    """One service: what the catalog wants, what the swarm runs, and how the two compare."""

    name: str
    in_catalog: bool
    live: bool
    """Whether the swarm has a service of this name."""
    id: str | None
    """The swarm's id of it."""
    status: ServiceStatus
    reason: StatusReason | None
    message: str | None
    """A sentence for people: what is the matter, with evidence."""
    mode: ServiceMode
    desired: int
    running: int
    completed: int
    """Counts leave out tasks on nodes that do not answer and tasks of an older spec."""
    image: str | None
    """The reference as written, without digest."""
    digest: str | None
    """`sha256:…` of what the swarm runs."""
    ports: list[PortOut]
    networks: list[str]
    """Names of the swarm's networks that it is attached to; what else is attached there may depend on it."""
    nodes: list[NodeShare]
    stack: str | None
    revision: int | None
    """The newest revision in the catalog."""
    deployed_revision: int | None
    drift: bool
    """The swarm runs something else than the newest revision says."""
    drift_paths: list[str]
    """Where: paths into the definition's spec, such as `TaskTemplate.ContainerSpec.Env`."""
    problem: ProblemField | None
    """Why the file cannot be read, for `broken`."""
    updated_at: datetime | None
    build: BuildBrief | None
    """The newest build of its image, under way or ended."""


class TaskOut(Schema):
    id: str
    name: str
    """`service.slot`, or `service.node` for global services."""
    slot: int | None
    node_id: str | None
    node: str | None
    """Host name."""
    node_live: bool | None
    state: str
    desired_state: str
    up_to_date: bool
    message: str
    error: str
    exit_code: int | None
    image: str
    created_at: datetime
    state_changed_at: datetime


class ServiceDetail(ServiceOut):
    definition: dict[str, Any] | None
    """The definition as parsed; null when the file is broken."""
    yaml: str | None
    """The file's text."""
    tasks: list[TaskOut]


class ServiceCreate(Input):
    """Give `definition` (an object) or `yaml` (its text, comments kept), not both."""

    name: str
    definition: dict[str, Any] | None = None
    yaml: str | None = None


class ServiceUpdate(Input):
    """Give `definition` or `yaml`; the whole new definition, not a patch."""

    definition: dict[str, Any] | None = None
    yaml: str | None = None


class Draft(Input):
    """A definition being written: its text, the object a form holds, or a form's object with the text it
    began with, whose comments then stay."""

    name: str = Field(max_length=255)
    yaml: str | None = None
    definition: dict[str, Any] | None = None


class DraftOut(Schema):
    """The same in both forms. `errors` are those a deploy would tell, in the order of lines."""

    yaml: str | None
    """Null when the object cannot be written as text."""
    definition: dict[str, Any] | None
    """Null when the text is no mapping."""
    errors: list[ProblemField]


class ScaleRequest(Input):
    replicas: int = Field(ge=0, le=100_000, strict=True)


class DeployRequest(Input):
    adopt: bool = False
    """Take over a service of the same name that was not deployed from this catalog."""
