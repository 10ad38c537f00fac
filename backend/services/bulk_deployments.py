"""The same change of many services at once, each with a row and a result of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backend.clients.docker_client import SwarmClient
from backend.domain.permissions import Permission
from backend.errors import DockerUnavailable, OrchestratorError, StorageFailed
from backend.models.actor import Actor
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentRow
from backend.models.schemas.bulk import BulkAction
from backend.models.schemas.deployments import DeploymentOut
from backend.services.audit import Audit
from backend.services.catalog import Entry
from backend.services.deployments import Deployments, out
from backend.services.recorded_changes import Change
from backend.services.shared_reads import shared_reads
from backend.services.use_case import use_case_on_each
from backend.services.wanted_specs import WantedSpecs


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one service; both are there when a change was recorded and did not go well."""

    service: str
    row: DeploymentRow | None = None
    error: OrchestratorError | None = None

    @property
    def deployment(self) -> DeploymentOut | None:
        return out(self.row) if self.row else None


class BulkDeployments:
    """As many single changes would do it, but with what they have in common read and written once."""

    def __init__(
        self, *, deployments: Deployments, client: SwarmClient, wanted: WantedSpecs, audit: Audit
    ) -> None:
        self._deployments = deployments
        self._planned = deployments.planned
        self._client = client
        self._wanted = wanted
        self.audit = audit

    @use_case_on_each(Permission.OPERATE, action="service.{action}", targets="services")
    async def change(
        self,
        actor: Actor,
        action: BulkAction,
        services: Sequence[str],
        *,
        replicas: int = 0,
        adopt: bool = False,
    ) -> list[BulkResult]:
        """One result for each name, in order; one that cannot be changed stops no other.

        Raises, with nothing done, when the engine or our own disk let nothing at all begin.
        """
        results: dict[str, BulkResult] = {}
        async with self._deployments.turns.of_each(services) as refused:
            errors: dict[str, OrchestratorError] = dict(refused)
            entries = self._entries([name for name in services if name not in errors], errors)
            if action == "deploy":
                results |= await self._waiting(actor, entries, errors, adopt=adopt)
                entries = [entry for entry in entries if entry.name not in results.keys() | errors.keys()]
            match action:
                case "deploy":
                    changes = await self._deploys(actor, entries, errors, adopt=adopt)
                case "scale" | "stop" | "restart":
                    changes = await self._of_live(actor, action, entries, errors, replicas)
            carried = await self._deployments.changes.carry_out_each(changes)
            for change, how in zip(changes, carried, strict=True):
                name = change.row.service
                results[name] = BulkResult(name, how.row, how.error)
        results |= {name: BulkResult(name, error=error) for name, error in errors.items()}
        _raise_when_nothing_began(results)
        return [results[name] for name in services]

    async def settled(self, results: Sequence[BulkResult], wait: float) -> list[BulkResult]:
        """The same once all are final, or as they are after `wait` seconds."""
        ends = asyncio.get_running_loop().time() + wait
        changes = self._deployments.changes
        settled = []
        for result in results:
            row = result.row
            if row is not None:
                left = max(0.0, ends - asyncio.get_running_loop().time())
                row = await changes.wait(row.id, left)
            settled.append(replace(result, row=row))
        return settled

    def _entries(self, names: Sequence[str], errors: dict[str, OrchestratorError]) -> list[Entry]:
        entries = []
        for name in names:
            try:
                entries.append(self._deployments.entry(name))
            except OrchestratorError as error:
                errors[name] = error
        return entries

    async def _waiting(
        self, actor: Actor, entries: Sequence[Entry], errors: dict[str, OrchestratorError], *, adopt: bool
    ) -> dict[str, BulkResult]:
        """Those that have to wait until their images are built."""
        waiting: dict[str, BulkResult] = {}
        for entry in entries:
            try:
                row = await self._deployments.waiting(actor, entry.name, adopt=adopt)
            except OrchestratorError as error:
                errors[entry.name] = error
                continue
            if row is not None:
                waiting[entry.name] = BulkResult(entry.name, row)
        return waiting

    async def _deploys(
        self, actor: Actor, entries: Sequence[Entry], errors: dict[str, OrchestratorError], *, adopt: bool
    ) -> list[Change]:
        wanted = []
        for entry, one in zip(entries, await self._wanted.resolve_each(entries, adopt=adopt), strict=True):
            if isinstance(one, OrchestratorError):
                errors[entry.name] = one
            else:
                wanted.append(one)
        await self._deployments.show(*wanted)
        return [self._planned.deploy(actor, one) for one in wanted]

    async def _of_live(
        self,
        actor: Actor,
        action: BulkAction,
        entries: Sequence[Entry],
        errors: dict[str, OrchestratorError],
        replicas: int,
    ) -> list[Change]:
        live = await self._live([entry.name for entry in entries])
        changes = []
        for entry in entries:
            name = entry.name
            try:
                match action:
                    case "scale":
                        changes.append(await self._planned.scale(actor, entry, live[name], replicas))
                    case "stop":
                        changes.append(self._planned.stop(actor, name, live[name]))
                    case _:
                        changes.append(self._planned.restart(actor, name, live[name]))
            except OrchestratorError as error:
                errors[name] = error
        return changes

    async def _live(self, names: Sequence[str]) -> Mapping[str, Service | None]:
        async with shared_reads(self._client) as reads:
            await reads.expect(names)
            return {name: await reads.service(name) for name in names}


def _raise_when_nothing_began(results: Mapping[str, BulkResult]) -> None:
    outages = [
        result.error
        for result in results.values()
        if result.row is None and isinstance(result.error, DockerUnavailable | StorageFailed)
    ]
    if len(outages) == len(results):
        raise outages[0]
