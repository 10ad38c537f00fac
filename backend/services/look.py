"""What one full look at the engine brought, and what it changes of the picture there was."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.domain.observations import Changes, NodeChange, ServiceChange, TaskChange
from backend.models.cluster import Node, Service, SwarmInfo, SwarmObject, Task


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the engine said in one full look."""

    info: SwarmInfo
    nodes: Sequence[Node]
    services: Sequence[Service]
    tasks: Sequence[Task]
    networks: Sequence[SwarmObject]
    secrets: Sequence[SwarmObject]
    configs: Sequence[SwarmObject]


@dataclass(slots=True)
class Difference:
    """What is gathered while two pictures are compared."""

    services: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    tasks: list[TaskChange] = field(default_factory=list)
    service_changes: list[ServiceChange] = field(default_factory=list)
    node_changes: list[NodeChange] = field(default_factory=list)
    references: bool = False

    def changes(self, *, resync: bool) -> Changes:
        return Changes(
            services=frozenset(self.services),
            nodes=frozenset(self.nodes),
            tasks=tuple(self.tasks),
            service_changes=tuple(self.service_changes),
            node_changes=tuple(self.node_changes),
            references=self.references,
            resync=resync,
        )
