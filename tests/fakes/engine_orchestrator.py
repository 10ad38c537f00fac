"""What makes the fake swarm move: tasks for services, states for tasks, updates, restarts and rollbacks."""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tests.fakes import engine_scheduler
from tests.fakes.engine_programs import Exit, Line, Pause, Step, steps
from tests.fakes.engine_rules import may_pull
from tests.fakes.engine_store import (
    TERMINAL,
    FakeImage,
    FakeNode,
    FakeService,
    FakeTask,
    Spec,
    Store,
    now,
    seconds,
    task_spec_of,
)

_HISTORY = 5
_NEXT = {
    "assigned": ("accepted", "accepted"),
    "accepted": ("preparing", "preparing"),
    "preparing": ("ready", "prepared"),
    "ready": ("starting", "starting"),
    "starting": ("running", "started"),
}


class Orchestrator:
    """Steps services until nothing changes any more. `speed` divides every duration a spec asks for."""

    def __init__(self, store: Store, *, speed: float, tick: float) -> None:
        self._store = store
        self.speed = speed
        self.tick = tick
        self.held: set[str] = set()
        self._busy: set[str] = set()
        self._waiting: set[str] = set()
        self._wake = asyncio.Event()
        self._timers: list[tuple[float, str]] = []
        self._programs: dict[str, Iterator[Step]] = {}
        self._resume: dict[str, float] = {}
        self._attempts: defaultdict[tuple[str, int, str], int] = defaultdict(int)
        self._rollouts: dict[str, Rollout] = {}

    def poke(self, service_id: str) -> None:
        self._busy.add(service_id)
        self._wake.set()

    def poke_all(self) -> None:
        self._busy.update(self._store.services, self._store.by_service)
        self._wake.set()

    async def run(self) -> None:
        while True:
            if self._busy:
                self.step()
                await asyncio.sleep(self.tick)
                continue
            self._wake.clear()
            due = self._timers[0][0] - self.clock() if self._timers else None
            try:
                async with asyncio.timeout(None if due is None else max(due, 0)):
                    await self._wake.wait()
            except TimeoutError:
                self._ring()

    def clock(self) -> float:
        return asyncio.get_running_loop().time()

    def after(self, delay: float, service_id: str) -> float:
        """Arrange a step for when `delay` of the spec's seconds have passed; gives that moment."""
        moment = self.clock() + delay / self.speed
        if delay != float("inf"):
            heapq.heappush(self._timers, (moment, service_id))
        return moment

    def _ring(self) -> None:
        while self._timers and self._timers[0][0] <= self.clock():
            self._busy.add(heapq.heappop(self._timers)[1])

    def step(self) -> None:
        self._ring()
        busy, self._busy = self._busy, set()
        for service_id in sorted(busy):
            if self._step(service_id):
                self._busy.add(service_id)

    def _step(self, service_id: str) -> bool:
        before = self._store.next_index()
        service = self._store.services.get(service_id)
        tasks = list(self._store.by_service.get(service_id, {}).values())
        if service is None:
            for task in tasks:
                if task.desired != "remove":
                    self._store.set_desired(task, "remove")
        else:
            self._replace_lost(service, tasks)
            self._reconcile(service)
            self._roll(service)
        self._move_all(service_id)
        # Whatever changed took versions of its own.
        return self._store.next_index() != before + 1

    # -- what should be there -------------------------------------------------------------------------

    def _reconcile(self, service: FakeService) -> None:
        match service.mode:
            case "Replicated":
                self._replicated(service, service.spec["Mode"]["Replicated"]["Replicas"])
            case "Global":
                self._global(service)
            case "ReplicatedJob":
                self._replicated_job(service)
            case "GlobalJob":
                self._global(service)

    def _replicated(self, service: FakeService, wanted: int) -> None:
        slots = self._slots(service)
        if len(slots) < wanted:
            free = (slot for slot in range(1, wanted + 1) if slot not in slots)
            for slot in list(free)[: wanted - len(slots)]:
                self.create(service, slot=slot)
        elif len(slots) > wanted:
            # Slots that do not run go first, then the youngest.
            def keep(slot: int) -> tuple[bool, int]:
                return (all(t.state != "running" for t in slots[slot]), slot)

            for slot in sorted(slots, key=keep)[wanted:]:
                for task in self._tasks_of(service):
                    if task.slot == slot and task.desired != "remove":
                        self._store.set_desired(task, "remove")

    def _slots(self, service: FakeService) -> dict[int, list[FakeTask]]:
        slots: dict[int, list[FakeTask]] = defaultdict(list)
        for task in self._tasks_of(service):
            # swarmkit's UpdatableTasksInSlot: what ended for good is replaced once it is outdated.
            ended = task.settled and task.desired != "remove" and not self.dirty(service, task)
            if task.live or ended:
                slots[task.slot].append(task)
        return slots

    def _global(self, service: FakeService) -> None:
        constraints = (service.spec["TaskTemplate"].get("Placement") or {}).get("Constraints") or []
        present = {
            task.node_id
            for task in self._tasks_of(service)
            if (task.live or task.settled) and task.iteration == self._iteration(service)
        }
        if service.is_job:
            present |= self._completed_on(service)
            for task in self._tasks_of(service):
                if task.iteration != service.iteration and task.desired != "remove":
                    self._store.set_desired(task, "remove")
        for node in self._store.nodes.values():
            fits = engine_scheduler.matches(constraints, node)
            if node.id not in present and fits and node.state == "ready" and node.availability == "active":
                self.create(service, node=node)

    def _completed_on(self, service: FakeService) -> set[str]:
        return {
            task.node_id
            for task in self._tasks_of(service)
            if task.iteration == service.iteration and task.state == "complete"
        }

    def _replicated_job(self, service: FakeService) -> None:
        job: Spec = service.spec["Mode"]["ReplicatedJob"]
        current = []
        for task in self._tasks_of(service):
            if task.iteration == service.iteration:
                current.append(task)
            elif task.desired != "remove":
                self._store.set_desired(task, "remove")
        done = {task.slot for task in current if task.state == "complete" or task.settled}
        active = {task.slot for task in current if task.live} - done
        free = [slot for slot in range(job["TotalCompletions"]) if slot not in done | active]
        for slot in free[: max(job["MaxConcurrent"] - len(active), 0)]:
            self.create(service, slot=slot)

    def create(
        self,
        service: FakeService,
        *,
        slot: int = 0,
        node: FakeNode | None = None,
        desired: str = "",
        waits_for: str = "",
        not_before: float = 0.0,
    ) -> FakeTask:
        spec = task_spec_of(service)
        task = FakeTask(
            id=self._store.new_id(),
            service_id=service.id,
            spec_bytes=msgspec.Raw(msgspec.json.encode(spec)),
            spec=spec,
            endpoint=service.spec.get("EndpointSpec") or {},
            spec_version=service.spec_version,
            slot=slot,
            node_id=node.id if node else "",
            desired=desired or ("complete" if service.is_job else "running"),
            iteration=self._iteration(service),
            waits_for=waits_for,
            not_before=not_before,
        )
        self._store.add_task(task)
        return task

    @staticmethod
    def _iteration(service: FakeService) -> int | None:
        return service.iteration if service.is_job else None

    def _tasks_of(self, service: FakeService) -> list[FakeTask]:
        return list(self._store.by_service.get(service.id, {}).values())

    # -- restarts -------------------------------------------------------------------------------------

    def _replace_lost(self, service: FakeService, tasks: list[FakeTask]) -> None:
        constraints = (service.spec["TaskTemplate"].get("Placement") or {}).get("Constraints") or []
        for task in tasks:
            if task.desired not in {"ready", "running", "complete"} or task.settled:
                continue
            node = self._store.nodes.get(task.node_id)
            if task.state in TERMINAL:
                if task.desired == "complete" and task.state == "complete":
                    continue
                self._restart(service, task)
            elif node and task.state not in {"new", "pending"}:
                if node.state != "ready" or node.availability == "drain":
                    self._restart(service, task, at_once=True)
                elif (
                    not engine_scheduler.matches(constraints, node)
                    and service.spec_version == task.spec_version
                ):
                    self._store.set_state(
                        task, "rejected", task.message, "assigned node no longer meets constraints"
                    )

    def _restart(self, service: FakeService, task: FakeTask, *, at_once: bool = False) -> None:
        policy: Spec = service.spec["TaskTemplate"].get("RestartPolicy") or {}
        self._store.set_desired(task, "shutdown")
        condition = policy.get("Condition", "any")
        if service.is_job and condition == "any":
            condition = "on-failure"
        key = (service.id, task.slot, task.node_id if service.mode.startswith("Global") else "")
        attempts = policy.get("MaxAttempts") or 0
        ended_well = task.state == "complete"
        refused = condition == "none" or (condition == "on-failure" and ended_well)
        if refused or (attempts and self._attempts[key] >= attempts):
            task.settled = True
            return
        if service.mode.startswith("Global"):
            node = self._store.nodes.get(task.node_id)
            if node is None or node.state != "ready" or node.availability == "drain":
                return
        else:
            node = None
        self._attempts[key] += 1
        delay = 0.0 if at_once else seconds(policy.get("Delay"), 5.0)
        self.create(
            service,
            slot=task.slot,
            node=node,
            desired="ready",
            not_before=self.after(delay, service.id),
            waits_for=task.id if at_once else "",
        )

    # -- updates --------------------------------------------------------------------------------------

    def begin_update(self, service: FakeService, *, rollback: bool = False, message: str = "") -> None:
        """Forget how the last update went: a new spec is here."""
        self._rollouts[service.id] = Rollout(rollback)
        service.rolling = False
        service.update_status = None
        if rollback:
            service.update_status = {
                "State": "rollback_started",
                "StartedAt": now(),
                "Message": message or "manually requested rollback",
            }
        for key in [key for key in self._attempts if key[0] == service.id]:
            del self._attempts[key]
        self.poke(service.id)

    def dirty(self, service: FakeService, task: FakeTask) -> bool:
        """Swarm's own rule: another spec, except for a placement the present node satisfies."""
        if task.spec_version == service.spec_version:
            return False
        wanted, has = task_spec_of(service), task.spec
        if task.endpoint != (service.spec.get("EndpointSpec") or {}):
            return True
        if wanted == has:
            return False
        placement: Spec = wanted.get("Placement") or {}
        same = {k: v for k, v in wanted.items() if k != "Placement"} == {
            k: v for k, v in has.items() if k != "Placement"
        }
        node = self._store.nodes.get(task.node_id)
        return not (same and node and engine_scheduler.matches(placement.get("Constraints") or [], node))

    def _roll(self, service: FakeService) -> None:
        rollout = self._rollouts.get(service.id)
        if rollout is None or rollout.over or service.is_job:
            return
        tasks = [task for task in self._tasks_of(service) if task.live]
        dirty = [t for t in tasks if self.dirty(service, t) and t.id not in rollout.leaving]
        config: Spec = service.spec.get("RollbackConfig" if rollout.back else "UpdateConfig") or {}
        if not service.rolling:
            if not dirty:
                rollout.over = True
                if rollout.back:
                    self._finish(service, rollout)
                return
            service.rolling = True
            if not rollout.back:
                service.update_status = {
                    "State": "updating", "StartedAt": now(), "Message": "update in progress",
                }  # fmt: skip
                self._store.touch(service)
        if self._watch(service, rollout, config):
            return
        width = config.get("Parallelism", 1) or len(dirty)
        if self.clock() < rollout.next_batch or (dirty and len(rollout.flying) >= width):
            return
        for old in sorted(dirty, key=lambda t: t.slot)[: max(width - len(rollout.flying), 0)]:
            self._replace(service, rollout, old, start_first=config.get("Order") == "start-first")
        if not dirty and not rollout.flying:
            self._finish(service, rollout)

    def _replace(self, service: FakeService, rollout: "Rollout", old: FakeTask, *, start_first: bool) -> None:
        node = self._store.nodes.get(old.node_id) if service.mode == "Global" else None
        rollout.leaving.add(old.id)
        rollout.total = max(rollout.total, len(rollout.leaving))
        if start_first:
            new = self.create(service, slot=old.slot, node=node)
        else:
            self._store.set_desired(old, "shutdown")
            new = self.create(service, slot=old.slot, node=node, desired="ready", waits_for=old.id)
        rollout.flying[new.id] = old.id if start_first else ""

    def _watch(self, service: FakeService, rollout: "Rollout", config: Spec) -> bool:
        """Look after tasks on their way; True when the update has ended by failing."""
        monitor = seconds(config.get("Monitor") or None, 5.0)
        for new_id, old_id in list(rollout.flying.items()):
            new = self._store.tasks.get(new_id)
            if new is None:
                del rollout.flying[new_id]
            elif new.state in {"failed", "rejected"}:
                del rollout.flying[new_id]
                rollout.failed += 1
                if self._failed(service, rollout, config, new):
                    return True
            elif new.state == "running":
                old = self._store.tasks.get(old_id)
                if old and old.desired == "running":
                    self._store.set_desired(old, "shutdown")
                rollout.flying.pop(new_id)
                rollout.next_batch = self.after(seconds(config.get("Delay"), 0.0), service.id)
                rollout.monitored[new_id] = self.after(monitor, service.id)
        for new_id, until in list(rollout.monitored.items()):
            new = self._store.tasks.get(new_id)
            if new and new.state in {"failed", "rejected"}:
                del rollout.monitored[new_id]
                rollout.failed += 1
                if self._failed(service, rollout, config, new):
                    return True
            elif self.clock() >= until:
                del rollout.monitored[new_id]
        return False

    def _failed(self, service: FakeService, rollout: "Rollout", config: Spec, task: FakeTask) -> bool:
        replicas = max(len({(t.slot, t.node_id) for t in self._tasks_of(service) if t.live}), 1)
        if rollout.failed / replicas <= config.get("MaxFailureRatio", 0):
            return False
        action = config.get("FailureAction", "pause")
        if action == "continue":
            return False
        why = f"due to failure or early termination of task {task.id}"
        rollout.over, service.rolling = True, False
        if action == "rollback" and not rollout.back and service.previous is not None:
            service.spec, service.previous = service.previous, None
            service.spec_version = self._store.next_index()
            self.begin_update(service, rollback=True, message=f"update rolled back {why}")
        else:
            state = "rollback_paused" if rollout.back else "paused"
            word = "rollback" if rollout.back else "update"
            service.update_status = (service.update_status or {}) | {
                "State": state, "Message": f"{word} paused {why}",
            }  # fmt: skip
        self._store.touch(service)
        self._announce(service)
        return True

    def _finish(self, service: FakeService, rollout: "Rollout") -> None:
        if rollout.monitored:
            return
        rollout.over, service.rolling = True, False
        word = "rollback" if rollout.back else "update"
        service.update_status = (service.update_status or {}) | {
            "State": "rollback_completed" if rollout.back else "completed",
            "CompletedAt": now(),
            "Message": f"{word} completed",
        }
        self._store.touch(service)
        self._announce(service)

    def _announce(self, service: FakeService) -> None:
        state = (service.update_status or {}).get("State", "")
        self._store.emit("service", "update", service.id, {"name": service.name, "updatestate.new": state})

    # -- one task's life ------------------------------------------------------------------------------

    def _move_all(self, service_id: str) -> None:
        tasks = list(self._store.by_service.get(service_id, {}).values())
        unplaced: dict[int, str] = {}
        for task in tasks:
            self._move(task, unplaced)
        if any(task.state in {"new", "pending"} for task in tasks):
            self._waiting.add(service_id)
        else:
            self._waiting.discard(service_id)
        self._reap(service_id)

    def _move(self, task: FakeTask, unplaced: dict[int, str]) -> None:
        node = self._store.nodes.get(task.node_id)
        if task.state in TERMINAL:
            if task.desired == "remove":
                self._store.drop_task(task)
                self._freed()
            return
        if task.desired in {"shutdown", "remove"}:
            # A node without power reports nothing any more: its tasks keep their last state.
            if node is None or node.powered or task.desired == "remove":
                self._end(task, "shutdown", "shutdown", exit_code=0 if task.container_id else None)
            return
        if task.state in {"new", "pending"}:
            self._place(task, unplaced)
        elif task.state in self.held or node is None or not node.powered:
            return
        elif task.state == "running":
            self._advance(task)
        elif task.state == "preparing" and not self._can_pull(task, node):
            return
        elif task.state != "ready" or self._may_start(task):
            state, message = _NEXT[task.state]
            self._store.set_state(task, state, message)
            if state == "starting":
                task.container_id = self._store.new_id() + self._store.new_id()
            if state == "running":
                task.running_since = self.clock()
                self._programs[task.id] = steps(task, self._image(task), node.hostname)

    def _place(self, task: FakeTask, unplaced: dict[int, str]) -> None:
        if task.state in self.held:
            return
        if task.state == "new":
            self._store.set_state(task, "pending", "pending task scheduling")
            return
        preassigned = self._store.nodes.get(task.node_id)
        problem = "" if preassigned else unplaced.get(task.spec_version, "")
        if not problem:
            among = [preassigned] if preassigned else list(self._store.nodes.values())
            chosen = engine_scheduler.choose(self._store, task, among)
            if isinstance(chosen, FakeNode):
                self._store.assign(task, chosen)
                self._store.set_state(task, "assigned", "scheduler assigned task to node")
                return
            problem = chosen
            unplaced[task.spec_version] = problem
        if task.error != problem:
            self._store.set_state(task, "pending", "pending task scheduling", problem)

    def _may_start(self, task: FakeTask) -> bool:
        if task.desired == "ready":
            waited_for = self._store.tasks.get(task.waits_for)
            gone = waited_for is None or waited_for.state in TERMINAL
            if waited_for and not gone:
                node = self._store.nodes.get(waited_for.node_id)
                gone = node is None or node.state == "down"
            if not gone or self.clock() < task.not_before:
                return False
            service = self._store.services.get(task.service_id)
            self._store.set_desired(task, "complete" if service and service.is_job else "running")
        return True

    def _can_pull(self, task: FakeTask, node: FakeNode) -> bool:
        reference = str((task.spec.get("ContainerSpec") or {}).get("Image", ""))
        service = self._store.services.get(task.service_id)
        allowed = may_pull(self._store, reference, service.registry_auth if service else "")
        if allowed and self._find_image(reference) is not None:
            return True
        self._end(task, "rejected", "preparing", f"No such image: {reference}")
        return False

    def _advance(self, task: FakeTask) -> None:
        if self.clock() < self._resume.get(task.id, 0):
            return
        program = self._programs.get(task.id)
        for step in program or ():
            match step:
                case Line(stream, text):
                    self._store.log(task, stream, text)
                case Pause(length):
                    self._resume[task.id] = self.after(length, task.service_id)
                    return
                case Exit(code):
                    self.exit(task, code)
                    return

    def exit(self, task: FakeTask, code: int) -> None:
        """Let the task's program end with `code` now."""
        if code == 0:
            self._end(task, "complete", "finished", exit_code=0)
        else:
            self._end(task, "failed", "started", f"task: non-zero exit ({code})", exit_code=code)

    def _end(
        self, task: FakeTask, state: str, message: str, error: str = "", exit_code: int | None = None
    ) -> None:
        task.exit_code = exit_code
        self._programs.pop(task.id, None)
        self._resume.pop(task.id, None)
        self._store.set_state(task, state, message, error)
        self._freed()
        self.poke(task.service_id)

    def _freed(self) -> None:
        for service_id in self._waiting:
            self.poke(service_id)

    def _image(self, task: FakeTask) -> FakeImage:
        image = self._find_image(str((task.spec.get("ContainerSpec") or {}).get("Image", "")))
        assert image is not None
        return image

    def _find_image(self, reference: str) -> FakeImage | None:
        return find_image(self._store, reference)

    def _reap(self, service_id: str) -> None:
        service = self._store.services.get(service_id)
        if service is None or service.is_job:
            return
        slots: defaultdict[tuple[int, str], list[FakeTask]] = defaultdict(list)
        for task in self._tasks_of(service):
            if task.state in TERMINAL and task.desired not in {"ready", "running"} and not task.settled:
                key = (task.slot, task.node_id if service.mode == "Global" else "")
                slots[key].append(task)
        for tasks in slots.values():
            for task in tasks[: max(len(tasks) - (_HISTORY - 1), 0)]:
                self._store.drop_task(task)


class Rollout:
    """An update of one service under way."""

    def __init__(self, back: bool) -> None:
        self.back = back
        self.over = False
        self.failed = 0
        self.total = 0
        self.next_batch = 0.0
        self.leaving: set[str] = set()
        self.flying: dict[str, str] = {}
        """New tasks not running yet → the old task to stop when they do (start-first)."""
        self.monitored: dict[str, float] = {}


def find_image(store: Store, reference: str) -> FakeImage | None:
    """By tag, by digest, or both; the digest decides, as it does for a real pull."""
    name, _, digest = reference.partition("@")
    if digest:
        repository = name.rsplit(":", 1)[0] if ":" in name.rsplit("/", 1)[-1] else name
        return next(
            (
                image
                for image in store.images.values()
                if image.digest == digest and image.reference.rsplit(":", 1)[0] == repository
            ),
            None,
        )
    if ":" not in name.rsplit("/", 1)[-1]:
        name += ":latest"
    return store.images.get(name)
