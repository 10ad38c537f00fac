"""Carries out changes of the swarm with a row each that says how far it got, whatever happens meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import anyio

from backend.domain.rollout import rollout_hash
from backend.domain.service_spec import LABEL_OPERATION
from backend.errors import DockerUnavailable, OrchestratorError, OutcomeUnknown, StorageFailed
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentChanges, DeploymentRow, Phase
from backend.models.schemas.deployments import DeploymentPhase
from backend.repositories.deployments import DeploymentRecords
from backend.services.cluster_watcher import ClusterWatcher
from backend.services.service_views import ServiceViews

log = logging.getLogger(__name__)

WIDTH = 8
"""Writes under way at a time: as many as there are connections for them."""
AT_ONCE = 50
"""Rows worked on before the event loop gets a turn."""
SEND_WITHIN = 60.0
"""Seconds after which what was not sent yet is not sent any more: an engine that hangs takes 25 for each."""

Listener = Callable[[DeploymentRow], None]


@dataclass(frozen=True, slots=True)
class Created:
    """The engine took a new service; how it looks is still to be read."""

    service_id: str


type Answer = Service | Created | None
"""What the engine has afterwards; None when it has nothing any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change to carry out: the row that records it, and what brings it about."""

    row: DeploymentRow
    send: Callable[[], Awaitable[Answer]]
    undo: Callable[[], Awaitable[object]] | None = None
    """Called when the engine does not take it."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How far a change got; `row` is None when it could not be recorded and therefore was not sent."""

    row: DeploymentRow | None
    error: OrchestratorError | None


class RecordedChanges:
    """Rows from the engine's yes or no; their verdict is the tracker's. Also lets callers wait for rows."""

    def __init__(self, records: DeploymentRecords, watcher: ClusterWatcher, views: ServiceViews) -> None:
        self._records = records
        self._watcher = watcher
        self._views = views
        self.on_change: list[Listener] = []
        self._under_way: set[str] = set()
        self._held: set[str] = set()
        self._waited_for: dict[str, anyio.Event] = {}
        self._ending = False
        self._width = anyio.Semaphore(WIDTH)

    def is_under_way(self, deployment_id: str) -> bool:
        """Whether the engine's answer is still to come: nobody else has to settle this row."""
        return deployment_id in self._under_way or deployment_id in self._held

    async def carry_out(self, change: Change) -> DeploymentRow:
        """As `carry_out_each`, but raises why it failed."""
        (carried,) = await self.carry_out_each([change])
        if carried.error is not None:
            raise carried.error
        assert carried.row is not None
        return carried.row

    async def carry_out_each(self, changes: Sequence[Change]) -> list[Carried]:
        """Record all, send all, and record what the engine said; the caller never waits for tasks.

        One that fails keeps no other from its way. At most one change of each service.
        """
        if not changes:
            return []
        try:
            await self._records.insert(*(change.row for change in changes))
        except StorageFailed as error:
            for change in changes:
                await _undo(change)
            return [Carried(None, error) for _ in changes]
        return await self._carried(changes)

    async def hold(self, row: DeploymentRow) -> None:
        """Record a change that has to wait; `go_on` or `give_up` follows, and `let_go` at the end."""
        self._held.add(row.id)
        try:
            await self._records.insert(row)
        except BaseException:
            self._held.discard(row.id)
            raise
        announce(self.on_change, row)

    async def go_on(self, change: Change) -> None:
        """Carry out what was held, by a change whose row has its id."""
        row = change.row
        await self._records.update(
            row.id,
            from_revision=row.from_revision,
            to_revision=row.to_revision,
            from_digest=row.from_digest,
            to_digest=row.to_digest,
            image=row.image,
            replicas=row.replicas,
            changes=row.changes,
            restarts_tasks=row.restarts_tasks,
            warnings=row.warnings,
        )
        await self._carried([change])

    async def give_up(self, row: DeploymentRow, cause: str) -> None:
        """End what was held without having sent anything."""
        now = datetime.now(UTC)
        ended = await self._records.update(
            row.id,
            state="failed",
            cause=cause,
            finished_at=now,
            phases=(*row.phases, Phase("verdict", now)),
        )
        announce(self.on_change, ended)
        self.note(ended)

    def let_go(self, row: DeploymentRow) -> None:
        self._held.discard(row.id)

    async def _carried(self, changes: Sequence[Change]) -> list[Carried]:
        ids = {change.row.id for change in changes}
        names = {change.row.service for change in changes}
        self._under_way |= ids
        self._watcher.being_written |= names
        try:
            await self._tell([change.row for change in changes])
            return await self._note_answers(changes, await self._send_each(changes))
        finally:
            self._under_way -= ids
            self._watcher.being_written -= names
            # Who listens may have left the rows alone because they were under way.
            self._watcher.look_soon()

    async def wait(self, deployment_id: str, seconds: float) -> DeploymentRow:
        """The row once it is final, or as it is after `seconds` or when the server stops."""
        with anyio.move_on_after(seconds):
            while not self._ending:
                changed = self._waited_for.setdefault(deployment_id, anyio.Event())
                row = await self._records.get(deployment_id)
                if row.finished_at is not None:
                    return row
                await changed.wait()
        return await self._records.get(deployment_id)

    def note(self, row: DeploymentRow) -> None:
        """Wake who waits for this row."""
        if (changed := self._waited_for.pop(row.id, None)) is not None:
            changed.set()

    def end_waits(self) -> None:
        """Let everybody go who waits, now and later: the server stops."""
        self._ending = True
        for changed in self._waited_for.values():
            changed.set()
        self._waited_for.clear()

    async def _send_each(self, changes: Sequence[Change]) -> list[Answer | OrchestratorError]:
        ends = asyncio.get_running_loop().time() + SEND_WITHIN

        async def send(change: Change) -> Answer | OrchestratorError:
            async with self._width:
                if asyncio.get_running_loop().time() > ends:
                    return DockerUnavailable(
                        f"The engine did not get to it within {SEND_WITHIN:g} s, so it was not sent.",
                        code="docker_frozen",
                    )
                try:
                    return await change.send()
                except OrchestratorError as error:
                    return error

        async with asyncio.TaskGroup() as tasks:
            sending = [tasks.create_task(send(change)) for change in changes]
        return [one.result() for one in sending]

    async def _note_answers(
        self, changes: Sequence[Change], answers: Sequence[Answer | OrchestratorError]
    ) -> list[Carried]:
        answers = await self._as_they_are_now(changes, answers)
        notes: dict[str, DeploymentChanges] = {}
        errors: dict[str, OrchestratorError] = {}
        for number, (change, answer) in enumerate(zip(changes, answers, strict=True), 1):
            row = change.row
            if not number % AT_ONCE:
                await asyncio.sleep(0)
            notes[row.id] = _after(row, answer)
            if isinstance(answer, OutcomeUnknown):
                text = f"{answer.detail} Deployment {row.id} will say how it ended."
                errors[row.id] = OutcomeUnknown(text, code=answer.code)
            elif isinstance(answer, OrchestratorError):
                errors[row.id] = answer
                await _undo(change)
            else:
                self._views.ever_deployed.add(row.service)
        try:
            older = await self._superseded(changes, errors)
            rows = {row.id: row for row in await self._records.update_each({**older, **notes})}
        except StorageFailed as error:
            log.warning("how %d changes went was not stored: %s", len(changes), error.detail)
            return [Carried(change.row, errors.get(change.row.id, error)) for change in changes]
        await self._tell(rows.values())
        return [Carried(rows[change.row.id], errors.get(change.row.id)) for change in changes]

    async def _as_they_are_now(
        self, changes: Sequence[Change], answers: Sequence[Answer | OrchestratorError]
    ) -> list[Answer | OrchestratorError]:
        """What the picture shows must not be older than what the rows will say."""
        sent = zip(changes, answers, strict=True)
        taken = [change.row.service for change, answer in sent if not isinstance(answer, OrchestratorError)]
        if not taken:
            return list(answers)
        try:
            seen = await self._watcher.reread(taken)
        except OrchestratorError as error:
            self._watcher.look_soon()
            away = went_away(error)
            return [away if isinstance(answer, Created) else answer for answer in answers]
        by_id = {service.id: service for service in seen.values()}
        return [
            by_id.get(answer.service_id, answer) if isinstance(answer, Created) else answer
            for answer in answers
        ]

    async def _tell(self, rows: Iterable[DeploymentRow]) -> None:
        for number, row in enumerate(rows, 1):
            announce(self.on_change, row)
            self.note(row)
            if not number % AT_ONCE:
                await asyncio.sleep(0)

    async def _superseded(
        self, changes: Sequence[Change], errors: Mapping[str, OrchestratorError]
    ) -> dict[str, DeploymentChanges]:
        """The ends of what was under way of the same services, when the engine may have taken the new.

        What waits goes on later still, unless the new was to undo what it would bring.
        """
        now = datetime.now(UTC)
        later = {
            change.row.service: change.row
            for change in changes
            if isinstance(errors.get(change.row.id), OutcomeUnknown | None)
        }
        return {
            older.id: DeploymentChanges(
                state="superseded",
                cause=f"A later {later[older.service].kind} took its place.",
                finished_at=now,
                phases=(*older.phases, Phase("verdict", now)),
            )
            for older in (await self._records.unfinished(*later) if later else ())
            if older.id != later[older.service].id
            and (older.id not in self._held or later[older.service].kind in {"stop", "rollback"})
        }


def _after(row: DeploymentRow, answer: Answer | OrchestratorError) -> DeploymentChanges:
    """What the engine's answer means for the row."""
    now = datetime.now(UTC)

    def phases(phase: DeploymentPhase) -> tuple[Phase, ...]:
        return (*row.phases, Phase(phase, now))

    match answer:
        case OutcomeUnknown():
            return {"state": "unknown", "cause": answer.detail, "phases": phases("unknown")}
        case OrchestratorError():
            return {
                "state": "failed",
                "cause": answer.detail,
                "phases": phases("verdict"),
                "finished_at": now,
            }
        case Service():
            return {
                "state": "rolling_out",
                "phases": phases("sent"),
                # The engine's clock, so that later comparisons with its tasks do not depend on ours.
                "sent_at": answer.updated_at,
                "service_id": answer.id,
                "operation": answer.labels.get(LABEL_OPERATION),
                "spec_hash": rollout_hash(answer.spec),
            }
        case Created():
            # Somebody removed it at once; the tracker will say so.
            return {
                "state": "rolling_out",
                "phases": phases("sent"),
                "sent_at": now,
                "service_id": answer.service_id,
            }
        case None:
            return {"state": "rolling_out", "phases": phases("sent"), "sent_at": now}


async def _undo(change: Change) -> None:
    if change.undo is None:
        return
    try:
        await change.undo()
    except OrchestratorError as error:
        log.warning(
            "what %s of %s changed here was not undone: %s",
            change.row.kind,
            change.row.service,
            error.detail,
        )


def went_away(error: OrchestratorError) -> OutcomeUnknown:
    return OutcomeUnknown(f"The engine went away in the middle of the change: {error.detail}")


def announce(listeners: list[Listener], row: DeploymentRow) -> None:
    """Tell everybody; one who fails keeps nobody else from hearing it."""
    for listener in listeners:
        try:
            listener(row)
        except Exception:
            log.exception("a listener of deployments failed")
