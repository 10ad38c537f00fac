"""What failed tasks leave behind, gathered before the engine forgets it."""

import anyio

from backend.clients.docker_client import SwarmClient
from backend.domain.exit_codes import meaning
from backend.errors import OrchestratorError
from backend.models.cluster import LogGap, LogLine, Task
from backend.models.deployment_rows import EvidenceItem
from backend.services.cluster_state import ClusterState
from backend.services.service_views import ServiceViews

TASKS = 5
"""So many tasks of one deployment are kept: one that fails again and again shows the same each time."""
LINES = 20
LINE_LENGTH = 1024
BYTES = 8192
"""Of all lines of one task."""
SECONDS = 5.0
"""How long a task's node may take to hand over its lines."""
KILLED = 137
HAS_LOGS = frozenset({"starting", "running", "complete", "shutdown", "failed"})


class Evidence:
    def __init__(self, client: SwarmClient, cluster: ClusterState, views: ServiceViews) -> None:
        self._client = client
        self._cluster = cluster
        self._views = views

    async def of(self, service_name: str, task: Task) -> EvidenceItem:
        """One task's state, error, exit code and last lines; never takes longer than `SECONDS`."""
        node = self._cluster.nodes.get(task.node_id or "")
        lines: list[str] = []
        if task.state in HAS_LOGS and node is not None and node.is_live:
            with anyio.move_on_after(SECONDS):
                lines = await self._lines(task)
        return EvidenceItem(
            task=self._views.task_name(task, service_name),
            node=node.hostname if node else task.node_id,
            state=task.state,
            exit_code=task.exit_code,
            meaning=self._meaning(service_name, task),
            error=" ".join((task.error or task.message).split())[:LINE_LENGTH],
            at=task.state_changed_at,
            log=tuple(_bounded(lines)),
        )

    def _meaning(self, service_name: str, task: Task) -> str | None:
        if task.exit_code != KILLED:
            return meaning(task.exit_code)
        if "oom" in task.error.lower() or "out of memory" in task.error.lower():
            return "killed: out of memory"
        service = self._cluster.services.get(service_name)
        resources = (service.spec["TaskTemplate"].get("Resources") or {}) if service else {}
        limit = (resources.get("Limits") or {}).get("MemoryBytes")
        if not limit:
            return meaning(task.exit_code)
        return f"killed: out of memory (its limit is {limit / 2**20:.4g} MiB) or by hand"

    async def _lines(self, task: Task) -> list[str]:
        found: list[LogLine] = []
        note: list[str] = []
        try:
            async for item in self._client.task_logs(task.id, tail=LINES, deadline=SECONDS - 0.5):
                if isinstance(item, LogGap):
                    note = [f"[not all lines could be read: {item.message}]"]
                elif isinstance(item, LogLine):
                    found.append(item)
        except OrchestratorError as error:
            note = [f"[its lines could not be read: {error.detail}]"]
        return [line.line for line in sorted(found, key=lambda line: line.time)[-LINES:]] + note


def _bounded(lines: list[str]) -> list[str]:
    """The newest lines that fit, long ones cut with a mark."""
    kept: list[str] = []
    left = BYTES
    for line in reversed(lines):
        cut = line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"
        left -= len(cut.encode())
        if left < 0:
            break
        kept.append(cut)
    return kept[::-1]
