"""Keeps the picture true: look at everything, follow events, look again, paced by what a look costs."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

import anyio

from backend.clients.docker_client import SwarmClient
from backend.errors import DockerUnavailable, NotFound, OrchestratorError
from backend.models.cluster import EngineEvent
from backend.services.cluster_state import ClusterState, Look

log = logging.getLogger(__name__)

PACE = 100
"""The next look waits this many times what the last one took: about 1 % of a manager's core."""
SHORTEST_PAUSE = 1.0
GATHERING_PAUSE = 0.1
"""Seconds that events are gathered before they make us look: one change sends several."""
MOVING_AT_ONCE = 50
"""So many moving services are re-read between two full looks; a filtered read costs about a millisecond."""


class ClusterWatcher:
    """The only reader of the engine's lists; N browsers cost what one does."""

    def __init__(self, client: SwarmClient, state: ClusterState, *, longest_pause: float) -> None:
        self._client = client
        self._state = state
        self._longest_pause = longest_pause
        self._look_wanted = anyio.Event()
        self._services_wanted: set[str] = set()
        self.moving: Callable[[], Iterable[str]] = lambda: ()
        """Names of services that change now and are worth re-reading about once a second."""

    async def run(self) -> None:
        """Watch until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_events)
            failures = 0
            # The cheapest of the last looks: on a busy machine the others tell of the queue, not the engine.
            costs: deque[float] = deque(maxlen=5)
            while True:
                costs.append(await self.look())
                failures = failures + 1 if self._state.error else 0
                if failures:
                    pause = min(SHORTEST_PAUSE * 2 ** min(failures - 1, 5), self._longest_pause, 10.0)
                else:
                    pause = min(max(PACE * min(costs), SHORTEST_PAUSE), self._longest_pause)
                await self._wait(pause)

    async def look(self) -> float:
        """Look at everything once; return the seconds it took. A silent engine is a state, not an error."""
        began_at = time.monotonic()
        self._look_wanted = anyio.Event()
        try:
            look = await self._see_everything()
        except OrchestratorError as error:
            if self._state.error is None or self._state.error.code != error.code:
                log.warning("the engine does not answer: %s", error.detail)
            self._state.lost(error)
        else:
            if self._state.error is not None or self._state.as_of is None:
                log.info("the engine answers: %d nodes, %d services", len(look.nodes), len(look.services))
            await self._state.take(look, began_at=began_at)
        return time.monotonic() - began_at

    async def refresh(self, name: str) -> None:
        """Re-read one service and its tasks now, so that a caller sees what it just changed."""
        known = self._state.services.get(name)
        try:
            try:
                service = await self._client.service(name)
            except NotFound:
                tasks = await self._client.tasks(service_id=known.id) if known else []
                self._state.apply_service(name, None, tasks)
                return
            self._state.apply_service(name, service, await self._client.tasks(service_id=service.id))
        except NotFound:
            self._state.apply_service(name, None, [])
        except OrchestratorError as error:
            log.debug("%s could not be re-read: %s", name, error.detail)
            self.look_soon()

    def look_soon(self) -> None:
        self._look_wanted.set()

    async def _see_everything(self) -> Look:
        # A swarm call judges health: /_ping and /info answer 200 without a leader. One call after the other,
        # so that a frozen engine costs one waiting connection and a busy one is not pressed.
        client = self._client
        nodes = await client.nodes()
        info = await client.info()
        services = await client.services()
        tasks = await client.tasks()
        networks = await client.networks()
        secrets = await client.secrets()
        configs = await client.configs()
        if info.error:
            raise DockerUnavailable(info.error)
        return Look(info, nodes, services, tasks, networks, secrets, configs)

    async def _follow_events(self) -> None:
        async for event in self._client.events():
            self._note(event)

    def _note(self, event: EngineEvent) -> None:
        name = event.attributes.get("name")
        if event.kind == "service" and name:
            self._services_wanted.add(name)
        self._look_wanted.set()

    async def _wait(self, seconds: float) -> None:
        """Wait for the next look, meanwhile re-reading what moves about once a second."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with anyio.move_on_after(min(left, SHORTEST_PAUSE)):
                await self._look_wanted.wait()
            if self._look_wanted.is_set():
                await anyio.sleep(GATHERING_PAUSE)
                named, self._services_wanted = self._services_wanted, set()
                if not named or seconds <= SHORTEST_PAUSE:
                    return
                self._look_wanted = anyio.Event()
                await self._refresh_all(named)
            elif time.monotonic() < until:
                await self._refresh_all(self.moving())

    async def _refresh_all(self, names: Iterable[str]) -> None:
        for name in list(names)[:MOVING_AT_ONCE]:
            await self.refresh(name)
