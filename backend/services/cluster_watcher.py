"""Keeps the picture true: look at everything, follow events, look again, paced by what a look costs."""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable

import anyio

from backend.clients.docker_client import SwarmClient
from backend.domain.observations import Changes
from backend.errors import DockerUnavailable, NotFound, OrchestratorError
from backend.models.cluster import EngineEvent, Service, Task
from backend.services.cluster_state import ClusterState
from backend.services.look import Look

log = logging.getLogger(__name__)

PACE = 100
"""The next look waits this many times what the last one took: about 1 % of a manager's core."""
PACE_WHEN_ASKED = 10
"""The same for a look that an event asks for, so that a stream of them cannot press the engine."""
PACE_OF_MOVING = 20
SHORTEST_PAUSE = 1.0
SHORTEST_SPACING = 0.1
LONGEST_PAUSE_WITHOUT_ENGINE = 2.0
"""A call that is refused costs nothing, and the picture has to be true soon after the engine is back."""
SUBSCRIBE_WITHIN = 0.5
GATHERING_PAUSE = 0.02
"""Seconds between two rounds of re-reading: one change sends several events."""
MOVING_AT_ONCE = 50
"""So many moving services are re-read between two full looks; a filtered read costs about a millisecond."""
STILL_MOVING = 10.0
"""Seconds after its last change for which a service is taken to be moving: its next change sends no event."""
REREAD_COST = 0.002


class ClusterWatcher:
    """The only reader of the engine's lists; N browsers cost what one does."""

    def __init__(self, client: SwarmClient, state: ClusterState, *, longest_pause: float) -> None:
        self._client = client
        self._state = state
        self._longest_pause = longest_pause
        self._subscribed = anyio.Event()
        self._look_wanted = anyio.Event()
        self._reread_wanted = anyio.Event()
        self._missed_events = False
        self._services_wanted: set[str] = set()
        self._nodes_wanted: set[str] = set()
        self._references_wanted: set[str] = set()
        self._moved_at: dict[str, float] = {}
        # The cheapest of the last looks: on a busy machine the others tell of the queue, not the engine.
        self._costs: deque[float] = deque(maxlen=5)
        self.moving: Callable[[], Iterable[str]] = lambda: ()
        """Names of services whose rollout is followed, worth re-reading about once a second."""
        self.being_written: set[str] = set()
        """Names of services that somebody writes and will re-read: what their events say will be old."""
        state.on_change.append(self._note_moving)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_events)
            with anyio.move_on_after(SUBSCRIBE_WITHIN):
                await self._subscribed.wait()
            tasks.start_soon(self._reread_what_changes)
            tasks.start_soon(self._reread_what_moves)
            failures = 0
            while True:
                cost = await self.look()
                if self._state.error is None:
                    self._costs.append(cost)
                    failures = 0
                else:
                    failures += 1
                await self._wait(failures)

    async def look(self) -> float:
        """Look at everything once; return the seconds it took. A silent engine is a state, not an error."""
        began_at = time.monotonic()
        self._look_wanted = anyio.Event()
        missed, self._missed_events = self._missed_events, False
        try:
            look = await self._see_everything()
        except OrchestratorError as error:
            if self._state.error is None or self._state.error.code != error.code:
                log.warning("the engine does not answer: %s", error.detail)
            self._missed_events = True
            self._state.lost(error)
            return time.monotonic() - began_at
        cost = time.monotonic() - began_at
        if self._state.error is not None or self._state.as_of is None:
            log.info("the engine answers: %d nodes, %d services", len(look.nodes), len(look.services))
        await self._state.take(look, began_at=began_at, resync=missed)
        return cost

    async def refresh(self, name: str) -> None:
        """Re-read one service and its tasks now, so that a caller sees what it just changed."""
        await self._reread_services([name])

    async def reread(self, names: Collection[str]) -> dict[str, Service]:
        """Re-read several services and their tasks now, in two calls; return those there are, by name."""
        seen = {service.name: service for service in await self._services(names)}
        tasks: dict[str, list[Task]] = {service.id: [] for service in seen.values()}
        try:
            for task in await self._client.tasks(service_ids=tasks) if tasks else ():
                tasks.setdefault(task.service_id, []).append(task)
        except NotFound:
            # One was removed in between, which costs the others their news until the next look.
            self.look_soon()
            return seen
        gone = any(name in self._state.services and name not in seen for name in names)
        self._state.apply_services({name: seen.get(name) for name in names}, tasks)
        if gone:
            self.look_soon()
        return seen

    async def _services(self, names: Collection[str]) -> list[Service]:
        if len(names) > 1:
            return await self._client.services(names=names)
        try:
            return [await self._client.service(name) for name in names]
        except NotFound:
            return []

    def look_soon(self) -> None:
        self._look_wanted.set()

    async def _see_everything(self) -> Look:
        # A swarm call judges health: /_ping and /info answer 200 without a leader. One call after the other,
        # so that a frozen engine costs one waiting connection and a busy one is not pressed.
        client = self._client
        nodes = await client.nodes()
        info = await client.info()
        services = await client.services(known=self._state.service_by_id)
        tasks = await client.tasks(known=self._state.task_by_id)
        networks = await client.references.networks()
        secrets = await client.references.secrets()
        configs = await client.references.configs()
        if info.error:
            raise DockerUnavailable(info.error)
        return Look(info, nodes, services, tasks, networks, secrets, configs)

    async def _wait(self, failures: int) -> None:
        """Wait for the next look: as long as the last ones' cost says, less when something asks for one."""
        began_at, cost = time.monotonic(), min(self._costs, default=0.0)
        if failures:
            longest = min(self._longest_pause, LONGEST_PAUSE_WITHOUT_ENGINE)
            pause = min(SHORTEST_PAUSE * 2 ** min(failures - 1, 5), longest)
        else:
            pause = min(max(PACE * cost, SHORTEST_PAUSE), self._longest_pause)
        with anyio.move_on_after(pause):
            await self._look_wanted.wait()
            spacing = max(PACE_WHEN_ASKED * cost, SHORTEST_SPACING)
            if self._missed_events:
                spacing = min(spacing, LONGEST_PAUSE_WITHOUT_ENGINE)
            await anyio.sleep(max(0.0, began_at + spacing - time.monotonic()))

    async def _follow_events(self) -> None:
        async for event in self._client.events():
            self._note(event)

    def _note(self, event: EngineEvent) -> None:
        match event.kind:
            case "gap":
                self._missed_events = True
                self._subscribed.set()
                self._look_wanted.set()
            case "service" if name := event.attributes.get("name"):
                if name in self.being_written:
                    return
                self._services_wanted.add(name)
            case "node" if event.object_id:
                self._nodes_wanted.add(event.object_id)
                # Its tasks move with it.
                self._look_wanted.set()
            case "network" | "secret" | "config":
                self._references_wanted.add(event.kind)
            case _:
                self._look_wanted.set()
        self._reread_wanted.set()

    async def _reread_what_changes(self) -> None:
        while True:
            await self._reread_wanted.wait()
            self._reread_wanted = anyio.Event()
            services, self._services_wanted = self._services_wanted, set()
            nodes, self._nodes_wanted = self._nodes_wanted, set()
            references, self._references_wanted = self._references_wanted, set()
            if self._state.as_of is None:
                continue
            if len(services) * REREAD_COST > max(MOVING_AT_ONCE * REREAD_COST, min(self._costs, default=0.0)):
                self.look_soon()
            else:
                await self._reread_services(services)
            for node_id in nodes:
                await self._reread_node(node_id)
            if references:
                await self._reread_references(references)
            await anyio.sleep(GATHERING_PAUSE)

    async def _reread_services(self, names: Collection[str]) -> None:
        if not names:
            return
        try:
            await self.reread(names)
        except OrchestratorError as error:
            log.debug("%s could not be re-read: %s", ", ".join(sorted(names)), error.detail)
            self.look_soon()

    async def _reread_node(self, node_id: str) -> None:
        try:
            self._state.apply_node(await self._client.node(node_id))
        except OrchestratorError as error:
            log.debug("node %s could not be re-read: %s", node_id, error.detail)

    async def _reread_references(self, kinds: set[str]) -> None:
        try:
            if "network" in kinds:
                self._state.apply_references(networks=await self._client.references.networks())
            if "secret" in kinds:
                self._state.apply_references(secrets=await self._client.references.secrets())
            if "config" in kinds:
                self._state.apply_references(configs=await self._client.references.configs())
        except OrchestratorError as error:
            log.debug("%s could not be re-read: %s", ", ".join(sorted(kinds)), error.detail)
            self.look_soon()

    def _note_moving(self, changes: Changes) -> None:
        if changes.resync:
            return
        now = time.monotonic()
        for name in changes.services:
            self._moved_at[name] = now

    async def _reread_what_moves(self) -> None:
        """About once a second: tasks send no events, so only asking tells how far they are."""
        pause = SHORTEST_PAUSE
        while True:
            await anyio.sleep(pause)
            began_at = time.monotonic()
            self._moved_at = {name: at for name, at in self._moved_at.items() if began_at - at < STILL_MOVING}
            if self._state.error is not None or PACE * min(self._costs, default=1.0) <= SHORTEST_PAUSE:
                # The full looks come as often, or in vain.
                continue
            followed = set(self.moving()) - self.being_written
            await self._reread_services(list(followed)[:MOVING_AT_ONCE])
            moved = sorted(self._moved_at.keys() - followed, key=lambda name: -self._moved_at[name])
            for name in moved[: max(0, MOVING_AT_ONCE - len(followed))]:
                await self._reread_tasks(name)
            pause = max(SHORTEST_PAUSE, PACE_OF_MOVING * (time.monotonic() - began_at))

    async def _reread_tasks(self, name: str) -> None:
        service = self._state.services.get(name)
        if service is None:
            return
        try:
            tasks = await self._client.tasks(service_id=service.id, known=self._state.task_by_id)
            self._state.apply_tasks(service.id, tasks)
        except OrchestratorError as error:
            log.debug("the tasks of %s could not be re-read: %s", name, error.detail)
