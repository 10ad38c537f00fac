"""What needs attention now, worst first, each with since when, why, and what it showed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.attention import TROUBLE, evidence_of, is_trouble
from backend.domain.service_spec import LABEL_OPERATION
from backend.models.schemas.health import AttentionOut, StateHealth
from backend.services.cluster_state import ClusterState
from backend.services.registry_watch import RegistryWatch
from backend.services.service_fragments import Fragment
from backend.services.taken_back import TakenBack
from backend.services.troubles import Troubles

OLD_AFTER = 60.0
"""Seconds: a picture is looked at anew every 30 s at the longest."""
NAMED = 8
"""So many services are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Managers:
    all: int
    reachable: int
    margin: int
    away: tuple[str, ...]
    """Host names."""


class Attention:
    """Reads what others hold in memory."""

    def __init__(
        self,
        *,
        cluster: ClusterState,
        troubles: Troubles,
        registries: RegistryWatch,
        taken_back: TakenBack,
    ) -> None:
        self._cluster = cluster
        self._troubles = troubles
        self._registries = registries
        self._taken_back = taken_back

    def list_all(
        self, services: Sequence[tuple[str, Fragment]], managers: Managers, state: StateHealth
    ) -> list[AttentionOut]:
        """The swarm's own first, then its nodes and registries and what keeps our state, then services."""
        found = [*self._engine(), *self._quorum(managers), *self._nodes(), *self._registries_away()]
        found += self._state(state)
        self._troubles.over(_key(each) for each in found)
        for worst in TROUBLE:
            found += [
                self._service(name, fragment)
                for name, fragment in services
                if fragment.status.status == worst and is_trouble(fragment.status)
            ]
        for name, fragment in services:
            found += self._rolled_back(name, fragment)
        return found

    def _engine(self) -> Iterator[AttentionOut]:
        cluster = self._cluster
        if (error := cluster.error) is not None:
            seen = "" if cluster.as_of is None else " What is shown is the last that was seen."
            yield AttentionOut(
                kind="engine",
                severity="bad",
                sentence=error.detail,
                since=self._troubles.of("engine"),
                cause=error.detail,
                evidence=[f"Nothing can be changed until it answers.{seen}"],
            )
        elif (old := cluster.stale_seconds) is not None and old > OLD_AFTER:
            yield AttentionOut(
                kind="picture",
                severity="warn",
                sentence=f"The cluster was last looked at {old:.0f} s ago: what is shown may be wrong.",
                since=cluster.as_of,
                cause="The engine takes longer than usual to list what it has.",
            )

    def _quorum(self, managers: Managers) -> Iterator[AttentionOut]:
        # One manager alone is a choice, told elsewhere; several without a margin are an accident waiting.
        if managers.all < 2 or managers.margin > 0:
            return
        needed = managers.all // 2 + 1
        lost = managers.reachable < needed
        answer = f"{managers.reachable} of {managers.all} managers answer"
        if lost:
            cause = f"The swarm takes no changes until {needed} do."
        elif managers.away:
            cause = f"{' and '.join(managers.away)} must come back: without one more the swarm stands still."
        else:
            cause = f"An even number adds nothing: with {managers.all} managers none may be lost. Add one."
        yield AttentionOut(
            kind="quorum",
            severity="bad" if lost or managers.away else "warn",
            sentence=f"{answer}: {'there is no quorum' if lost else 'no more may be lost'}.",
            since=self._troubles.of("quorum", self._since_away(managers)),
            cause=cause,
            evidence=[f"{hostname} does not answer as a manager." for hostname in managers.away],
        )

    def _since_away(self, managers: Managers) -> datetime | None:
        nodes = [node for node in self._cluster.nodes.values() if node.hostname in managers.away]
        return max((node.updated_at for node in nodes), default=None)

    def _nodes(self) -> Iterator[AttentionOut]:
        for node in self._cluster.nodes.values():
            if node.is_live:
                continue
            held = {
                service.name
                for task in self._cluster.tasks_on(node.id)
                # Replaced elsewhere they are no longer wanted here, but they are what it last ran.
                if "running" in {task.desired_state, task.state}
                and (service := self._cluster.service_by_id(task.service_id)) is not None
            }
            yield AttentionOut(
                kind="node",
                severity="bad" if node.state == "down" else "warn",
                node=node.hostname,
                node_id=node.id,
                sentence=(
                    f"Node {node.hostname} is {node.state}: what it last reported may no longer be so."
                ),
                since=self._troubles.of(f"node {node.id}", node.updated_at),
                cause=node.state_message or None,
                evidence=[f"It held tasks of {_named(held)}."] if held else [],
            )

    def _registries_away(self) -> Iterator[AttentionOut]:
        for away in self._registries.away.values():
            yield AttentionOut(
                kind="registry",
                severity="warn",
                registry=away.host,
                sentence=away.detail,
                since=self._troubles.of(f"registry {away.host}", away.since),
                cause=away.detail,
                evidence=[
                    f"Images of {_named(away.services)} come from there: nodes without them start nothing."
                ],
            )

    def _state(self, state: StateHealth) -> Iterator[AttentionOut]:
        if state.backup_problem is not None:
            last = state.last_backup_at
            yield AttentionOut(
                kind="backup",
                severity="warn",
                sentence=f"The backup that is due could not be made: {state.backup_problem}",
                since=self._troubles.of("backup"),
                cause=state.backup_problem,
                evidence=[f"The last one is of {last:%Y-%m-%d %H:%M} UTC." if last else "There is none yet."],
            )
        copy = state.replication
        # Without the engine there can be no copy, and that is told already.
        if copy.problem is not None and self._cluster.error is None:
            lost = copy.unreplicated_revisions
            yield AttentionOut(
                kind="copy",
                severity="warn",
                sentence=f"Our state is not copied into the swarm: {copy.problem}",
                since=self._troubles.of("copy", copy.unreplicated_since),
                cause=copy.problem,
                evidence=[f"{lost} revisions of definitions are on this machine only."] if lost else [],
            )

    def _service(self, name: str, fragment: Fragment) -> AttentionOut:
        status, service, entry = fragment.status, fragment.service, fragment.entry
        message = status.message
        broken = status.status == "broken"
        if message is None and broken and entry is not None and entry.problem is not None:
            message = entry.problem.reason
        tasks = fragment.tasks if service is not None and not broken else ()
        return AttentionOut(
            kind="service",
            severity="bad" if status.status in {"failed", "broken"} else "warn",
            service=name,
            status=status.status,
            reason=status.reason,
            running=status.running,
            desired=status.desired,
            sentence=f"{name} is {status.status} ({status.running} of {status.desired} running)"
            + (f": {message}" if message else "."),
            since=self._troubles.of_service(name, fragment),
            cause=message,
            evidence=evidence_of(service, tasks, self._cluster.nodes) if service and tasks else [],
            deployment=service.labels.get(LABEL_OPERATION) if service else None,
        )

    def _rolled_back(self, name: str, fragment: Fragment) -> Iterator[AttentionOut]:
        """It runs well, and yet not as it was wanted last."""
        back, status = self._taken_back.of(name, fragment), fragment.status
        if back is None:
            return
        yield AttentionOut(
            kind="service",
            severity="warn",
            service=name,
            status=status.status,
            reason="rolled_back",
            running=status.running,
            desired=status.desired,
            sentence=f"{name} runs as before its newest change ({status.running} of {status.desired} "
            f"running): {back.cause}",
            since=back.since,
            cause=back.cause,
            evidence=list(back.evidence),
            deployment=back.deployment,
        )


def _key(found: AttentionOut) -> str:
    of = found.node_id or found.registry
    return f"{found.kind} {of}" if of else found.kind


def _named(services: Collection[str]) -> str:
    shown = sorted(services)[:NAMED]
    more = len(services) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
