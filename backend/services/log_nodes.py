"""Finds out whether a node still hands over lines: a quiet task and a frozen node look the same from afar."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Literal

from backend.clients.docker_client import SwarmClient
from backend.errors import NotFound, OrchestratorError
from backend.models.cluster import LogGap
from backend.services.cluster_state import ClusterState

QUIET = 2.0
"""Seconds without a line after which a node is asked."""
ANSWERS_WITHIN = 3.5
ENGINE_ANSWERS_WITHIN = 1.0
"""Together less than the 8 s within which a reader is told, with room for a busy machine."""
PROBES_PER_SECOND = 20
LOOK_AGAIN = 0.5

type NodeState = Literal["answers", "silent", "down", "engine"]
type Finding = tuple[NodeState, str]


class NodeWatch:
    """Watches one node from the moment it is made until `task` is cancelled."""

    def __init__(
        self,
        node_id: str,
        *,
        cluster: ClusterState,
        client: SwarmClient,
        task_id: Callable[[str], str | None],
        heard_at: Callable[[str], float],
        watched: Callable[[], int],
        found: Callable[[str, NodeState, str], None],
    ) -> None:
        """`task_id` names a task that runs there; `heard_at` says when a line last came from there, on the
        loop's clock; `watched` how many nodes there are to watch; `found` is called when the state changes.
        """
        self._node_id = node_id
        self._cluster = cluster
        self._client = client
        self._task_id = task_id
        self._heard_at = heard_at
        self._watched = watched
        self._found = found
        self._answered_at = float("-inf")
        self._state: NodeState = "answers"
        self._said_at = 0.0
        self.task = asyncio.create_task(self._run(), name=f"log watch of {node_id}")

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            node = self._cluster.nodes.get(self._node_id)
            if node is not None and not node.is_live:
                self._say("down", f"the swarm says it is {node.state}; its lines come when it is back")
                await asyncio.sleep(LOOK_AGAIN)
                continue
            patience = max(QUIET, self._watched() / PROBES_PER_SECOND)
            heard_at = self._heard_at(self._node_id)
            if self._state != "answers" and heard_at > self._said_at:
                self._say("answers", "its lines come again")
            left = max(heard_at, self._answered_at) + patience - clock()
            if left > 0 and self._state == "answers":
                await asyncio.sleep(left)
                continue
            task_id = self._task_id(self._node_id)
            if task_id is None and self._state == "down":
                self._say("answers", "the swarm says it is ready again")
            finding = await self._ask(task_id) if task_id is not None else None
            if finding is None:
                await asyncio.sleep(LOOK_AGAIN)
                continue
            if finding[0] == "answers":
                self._answered_at = clock()
            self._say(*finding)
            if finding[0] != "answers":
                await asyncio.sleep(LOOK_AGAIN)

    def _say(self, state: NodeState, message: str) -> None:
        if state != self._state:
            self._state, self._said_at = state, asyncio.get_running_loop().time()
            self._found(self._node_id, state, message)

    async def _ask(self, task_id: str) -> Finding | None:
        """None when the answer tells nothing about the node."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return await self._ask_for_a_line(task_id)
        except TimeoutError:
            pass
        except NotFound:
            return None
        except OrchestratorError as error:
            return "engine", error.detail
        try:
            async with asyncio.timeout(ENGINE_ANSWERS_WITHIN):
                await self._client.node(self._node_id)
        except (TimeoutError, OrchestratorError):
            return "engine", "the engine does not answer"
        return "silent", "it does not answer; the other nodes' lines go on"

    async def _ask_for_a_line(self, task_id: str) -> Finding:
        lines = self._client.task_logs(task_id, tail=1, deadline=2 * ANSWERS_WITHIN)
        async with aclosing(lines):
            async for item in lines:
                if isinstance(item, LogGap) and item.node_id == self._node_id:
                    return "silent", item.message
        return "answers", "its lines come again"
