"""One service's lines as they are written, read once however many readers there are."""

import asyncio
import secrets
from collections import deque
from contextlib import aclosing
from datetime import UTC, datetime

from backend.clients.docker_client import SwarmClient
from backend.domain.log_sources import ENDED, HAS_LOGS, ending
from backend.errors import NotFound, OrchestratorError
from backend.models.cluster import LogDrop, LogGap, LogLine, Task
from backend.models.schemas.logs import LogSourceState
from backend.services.cluster_state import ClusterState
from backend.services.log_allowance import Allowance
from backend.services.log_nodes import NodeState, NodeWatch
from backend.services.log_reader import FollowedLine, LogReader
from backend.services.service_views import ServiceViews

WINDOW = 0.1
"""Seconds that lines are gathered, so that those of several nodes can be put in the order of their times."""
OPENING = 0.3
"""The same for the first lines, the ones written before anybody followed."""
LOOK_EVERY = 1.0
START_WITHIN = 5.0
QUIET_AFTER_END = 1.5
"""An engine does not end the stream of a task that ended; after so many quiet seconds we do."""
FOLLOWED_AT_MOST = 100
ENDED_AT_MOST = 20
BACKLOG_LINES = 2_000
BACKLOG_BYTES = 2 * 1024 * 1024
LINES_PER_SECOND = 2_000
BYTES_PER_SECOND = 2 * 1024 * 1024
FAR_BEHIND = 5.0
"""Seconds that lines of a task that says too much may lag: engines hand over fewer than a task can write."""
LINES_AFTER_A_JUMP = 500
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0


class _Source:
    """One task whose lines are read."""

    def __init__(self, task: Task, *, tail: int | None) -> None:
        self.task = task
        self.tail = tail
        self.ended = False
        self.heard_at = float("-inf")
        """When bytes last came, on the loop's clock."""
        self.jumps = False
        self._nearest = float("inf")
        self._ended_at = 0.0
        self.last: datetime | None = None
        self._at_last = 0
        self._again = 0
        self._catching_up = False
        self.reading: asyncio.Task[None] | None = None
        self.follows = False
        self.complaint = ""
        self.ended_unheard = False
        """Whether it ended while its node did not answer: it may have lines to read yet."""

    def end(self) -> None:
        self.ended = True
        self._ended_at = asyncio.get_running_loop().time()

    @property
    def is_done(self) -> bool:
        return self.ended and (self.reading is None or self.reading.done())

    def let_go_when_quiet(self) -> None:
        if self.ended and self.follows and self.reading is not None:
            quiet = asyncio.get_running_loop().time() - max(self.heard_at, self._ended_at)
            if quiet > QUIET_AFTER_END:
                self.reading.cancel()

    def is_far_behind(self, time: datetime) -> bool:
        """Measured against the nearest line seen, for a node's clock is not ours."""
        age = (datetime.now(UTC) - time).total_seconds()
        self._nearest = min(self._nearest, age)
        return age - self._nearest > FAR_BEHIND

    def resume(self) -> None:
        """The stream begins anew: lines that were read before may come again."""
        self._catching_up = self.last is not None
        self._again = self._at_last

    def is_new(self, time: datetime) -> bool:
        if self._catching_up and self.last is not None:
            if time < self.last:
                return False
            if time == self.last and self._again > 0:
                self._again -= 1
                return False
            self._catching_up = False
        if time == self.last:
            self._at_last += 1
        elif self.last is None or time > self.last:
            self.last, self._at_last = time, 1
        return True


class LogFeed:
    """Follows each task by itself, so that a node that hangs costs its own lines only."""

    def __init__(
        self, name: str, *, cluster: ClusterState, client: SwarmClient, views: ServiceViews, shared: Allowance
    ) -> None:
        self.name = name
        self.id = secrets.token_hex(4)
        self.readers: set[LogReader] = set()
        self._cluster = cluster
        self._client = client
        self._views = views
        self._shared = shared
        self._began_at = datetime.now(UTC)
        self._opened = False
        self._sources: dict[str, _Source] = {}
        self._nodes: dict[str, NodeWatch] = {}
        self._troubles: dict[str, tuple[str | None, LogSourceState, str]] = {}
        """What is the matter now (node, state, message), for readers that join."""
        self._gathered: list[FollowedLine] = []
        self._gathered_any = asyncio.Event()
        self._dropped = 0
        self._backlog: deque[FollowedLine] = deque()
        self._backlog_size = 0
        self._number = 0

    def join(self, reader: LogReader, *, tail: int, after: int | None) -> None:
        """`after` is the number of the last line that the reader has had of this feed."""
        for node, state, message in self._troubles.values():
            reader.tell(node, None, state, message)
        if self._opened:
            missed = [line for line in self._backlog if after is None or line.number > after]
            reader.offer(missed, newest=tail if after is None else None)
        else:
            reader.opening_tail = tail
        self.readers.add(reader)

    async def run(self) -> None:
        """Follow until cancelled."""
        passing_on = asyncio.create_task(self._pass_on(), name=f"log lines of {self.name}")
        try:
            while True:
                self._look()
                try:
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._cluster.changed()
                except TimeoutError:
                    pass
        finally:
            tasks = [passing_on, *(s.reading for s in self._sources.values() if s.reading)]
            tasks += [watch.task for watch in self._nodes.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- which tasks and nodes ------------------------------------------------------------------------

    def _look(self) -> None:
        """Take up what has started, let go what has ended."""
        service = self._cluster.services.get(self.name)
        tasks = self._cluster.tasks_of(service) if service else ()
        self._note_presence(present=service is not None)
        now = {task.id: task for task in tasks}
        for source in self._sources.values():
            task = now.get(source.task.id)
            if task is not None:
                source.task = task
            if not source.ended and (task is None or task.state in ENDED):
                source.end()
                source.ended_unheard = source.task.node_id in self._troubles or "engine" in self._troubles
                self._tell(None, self._label(source.task), "ended", ending(source.task))
            source.let_go_when_quiet()
        self._take_up([task for task in tasks if task.id not in self._sources and task.state in HAS_LOGS])
        for gone in [key for key, s in self._sources.items() if key not in now and s.is_done]:
            del self._sources[gone]
        self._watch_nodes()

    def _take_up(self, fresh: list[Task]) -> None:
        first = not self._sources and not self._opened
        running = [task for task in fresh if task.state not in ENDED]
        ended = [task for task in fresh if task.state in ENDED]
        # Those that somebody asks for, then the newest.
        for tasks in (running, ended):
            tasks.sort(key=lambda task: (self._is_asked_for(task), task.created_at), reverse=True)
        open_now = sum(not source.ended for source in self._sources.values())
        room = max(FOLLOWED_AT_MOST - open_now, 0)
        if len(running) > room:
            message = f"more than {FOLLOWED_AT_MOST} tasks run: ask for a task or a node to see the others"
            self._trouble("limit", None, "limited", message)
        chosen = running[:room] + ended[:ENDED_AT_MOST]
        tail = min(500, max(20, BACKLOG_LINES // max(len(chosen), 1)))
        for task in chosen:
            source = _Source(task, tail=tail if first else None)
            if task.state in ENDED:
                source.end()
            self._sources[task.id] = source
            node = self._cluster.nodes.get(task.node_id or "")
            if node is None or node.is_live:
                self._read_anew(source)
            if not first and not source.ended:
                where = f" on {node.hostname}" if node else ""
                self._tell(None, self._label(task), "started", f"{task.state}{where}")

    def _is_asked_for(self, task: Task) -> bool:
        return any(
            (reader.selection.task is not None or reader.selection.node is not None)
            and reader.selection.wants_source(self._names(task), self._node_names(task))
            for reader in self.readers
        )

    def _note_presence(self, *, present: bool) -> None:
        if not present:
            self._trouble("service", None, "absent", "not in the swarm now; lines come when it is deployed")
        else:
            self._no_trouble("service", "present", "in the swarm again")

    def _watch_nodes(self) -> None:
        ids = {s.task.node_id for s in self._sources.values() if s.task.node_id and not s.ended}
        # Swarm ends the tasks of a node that is away; that it is back has to be told all the same.
        ids |= self._troubles.keys() & self._cluster.nodes.keys()
        for node_id in ids - self._nodes.keys():
            self._nodes[node_id] = NodeWatch(
                node_id,
                cluster=self._cluster,
                client=self._client,
                task_id=self._any_task_on,
                heard_at=self._heard_at,
                watched=lambda: len(self._nodes),
                found=self._node_is,
            )
        for node_id in self._nodes.keys() - ids:
            self._nodes.pop(node_id).task.cancel()
            self._troubles.pop(node_id, None)

    def _any_task_on(self, node_id: str) -> str | None:
        on_it = [s.task for s in self._sources.values() if s.task.node_id == node_id and not s.ended]
        return max(on_it, key=lambda task: (task.state == "running", task.created_at)).id if on_it else None

    def _heard_at(self, node_id: str) -> float:
        return max((s.heard_at for s in self._sources.values() if s.task.node_id == node_id), default=0.0)

    def _node_is(self, node_id: str, state: NodeState, message: str) -> None:
        node = self._cluster.nodes.get(node_id)
        if state == "engine":
            self._trouble("engine", None, "silent", message)
        elif state != "answers":
            self._trouble(node_id, node.hostname if node else node_id, state, message)
        else:
            engine_was_away = self._no_trouble("engine", "answers", "the engine answers again")
            self._no_trouble(node_id, "answers", message)
            # What was open may never speak again: swarm forgets who asked a node that was away.
            for source in self._sources.values():
                unread = not source.is_done or source.ended_unheard
                if unread and (engine_was_away or source.task.node_id == node_id):
                    source.ended_unheard = False
                    self._read_anew(source)

    def _read_anew(self, source: _Source) -> None:
        if source.reading is not None:
            source.reading.cancel()
        source.reading = asyncio.create_task(self._read(source), name=f"log of {source.task.id}")

    # -- lines ----------------------------------------------------------------------------------------

    async def _read(self, source: _Source) -> None:
        """One task's lines, to its end; again from where it broke off when the engine ends it earlier."""
        pause = _FIRST_PAUSE
        while True:
            try:
                if await self._read_once(source):
                    pause = _FIRST_PAUSE
            except NotFound:
                return  # Swarm has reaped the task.
            except OrchestratorError:
                pass  # The node's watch says what is the matter.
            if source.ended:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _read_once(self, source: _Source) -> bool:
        """Return whether anything came."""
        clock = asyncio.get_running_loop().time
        source.resume()
        source.follows = not source.ended
        jumped, source.jumps = source.jumps, False
        refused = False
        allowance = Allowance(lines=LINES_PER_SECOND, size=BYTES_PER_SECOND, parent=self._shared)

        def admit(length: int) -> bool:
            nonlocal refused
            source.heard_at = clock()
            admitted = allowance.admit(length)
            refused = refused or not admitted
            return admitted

        stream = self._client.task_logs(
            source.task.id,
            tail=LINES_AFTER_A_JUMP if jumped else source.tail if source.last is None else None,
            since=source.last,
            deadline=START_WITHIN,
            follow=source.follows,
            admit=admit,
        )
        came = False
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, LogLine):
                    came = True
                    if source.is_new(item.time):
                        self._gather(item, source.task)
                    if source.is_far_behind(item.time) and refused:
                        source.jumps = True
                        break
                elif isinstance(item, LogGap):
                    self._complain(source, item)
                elif isinstance(item, LogDrop):
                    came = True
                    self._dropped += item.lines
                    self._gathered_any.set()
        return came

    def _complain(self, source: _Source, gap: LogGap) -> None:
        """Once each reason, such as a log driver that cannot be read; nodes have a watch of their own."""
        if gap.node_id is None and source.complaint != gap.message:
            source.complaint = gap.message
            self._tell(None, self._label(source.task), "silent", gap.message)

    def _gather(self, line: LogLine, task: Task) -> None:
        node = self._cluster.nodes.get(line.node_id)
        self._gathered.append(
            FollowedLine(
                line,
                task=self._label(task),
                names=frozenset(self._names(task)),
                node=node.hostname if node else line.node_id,
            )
        )
        self._gathered_any.set()

    async def _pass_on(self) -> None:
        await asyncio.sleep(OPENING)
        self._flush()
        self._opened = True
        while True:
            await self._gathered_any.wait()
            await asyncio.sleep(WINDOW)
            self._flush()

    def _flush(self) -> None:
        lines, self._gathered = self._gathered, []
        dropped, self._dropped = self._dropped, 0
        self._gathered_any.clear()
        lines.sort(key=lambda line: line.time)
        for line in lines:
            self._number += 1
            line.number = self._number
            self._backlog.append(line)
            self._backlog_size += len(line.data)
        while len(self._backlog) > BACKLOG_LINES or self._backlog_size > BACKLOG_BYTES:
            self._backlog_size -= len(self._backlog.popleft().data)
        for reader in self.readers:
            if reader.opening_tail is not None:
                old = [line for line in lines if line.time < self._began_at]
                reader.offer(old, newest=reader.opening_tail)
                reader.offer(lines[len(old) :])
                reader.opening_tail = None
            else:
                reader.offer(lines)
            if dropped:
                reader.lost(dropped)

    def _trouble(self, key: str, node: str | None, state: LogSourceState, message: str) -> None:
        if self._troubles.get(key, ("", "", ""))[1] != state:
            self._troubles[key] = (node, state, message)
            self._tell(node, None, state, message)

    def _no_trouble(self, key: str, state: LogSourceState, message: str) -> bool:
        """Return whether there was trouble."""
        known = self._troubles.pop(key, None)
        if known is not None:
            self._tell(known[0], None, state, message)
        return known is not None

    def _tell(self, node: str | None, task: str | None, state: LogSourceState, message: str) -> None:
        for reader in self.readers:
            reader.tell(node, task, state, message)

    def _label(self, task: Task) -> str:
        return self._views.task_name(task, self.name)

    def _names(self, task: Task) -> tuple[str, ...]:
        return (task.id, self._label(task), str(task.slot))

    def _node_names(self, task: Task) -> tuple[str, ...]:
        node = self._cluster.nodes.get(task.node_id or "")
        return (task.node_id or "", node.hostname if node else "")
