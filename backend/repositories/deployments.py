"""The deployments table: recorded changes of services and how they ended."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Unpack

from backend.database import Database, Value
from backend.errors import NotFound
from backend.models.db_models import Column, to_column
from backend.models.deployment_rows import DeploymentChanges, DeploymentRow

KEPT = 1000
"""So many deployments of one service are kept, and looked through for one to go back to."""
EVIDENCE_KEPT = 50
"""So many of them with what failed tasks left behind, which is up to 40 KiB each."""

_COLUMNS = tuple(field.name for field in fields(DeploymentRow))
_INSERT = (
    f"INSERT INTO deployments ({', '.join(_COLUMNS)}) "  # noqa: S608 — names from the dataclass, no input
    f"VALUES ({', '.join(f':{column}' for column in _COLUMNS)})"
)
_DROP_OLD = (
    "DELETE FROM deployments WHERE service = :service AND finished_at IS NOT NULL AND seq <= "
    "(SELECT seq FROM deployments WHERE service = :service ORDER BY seq DESC LIMIT 1 OFFSET :kept)"
)
_FORGET_EVIDENCE = (
    "UPDATE deployments SET evidence = '[]' WHERE service = :service AND evidence <> '[]' AND seq <= "
    "(SELECT seq FROM deployments WHERE service = :service ORDER BY seq DESC LIMIT 1 OFFSET :kept)"
)
_CHANGEABLE = frozenset(DeploymentChanges.__annotations__)


class DeploymentRecords:
    """Newest first wherever a list is returned; "newest" is the order of insertion, not the clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, *rows: DeploymentRow) -> None:
        """All of them or, when the disk refuses, none."""
        services = {row.service for row in rows}
        async with self._database.transaction() as transaction:
            await transaction.execute_each(
                _INSERT, [{column: to_column(getattr(row, column)) for column in _COLUMNS} for row in rows]
            )
            for drop, kept in ((_DROP_OLD, KEPT), (_FORGET_EVIDENCE, EVIDENCE_KEPT)):
                await transaction.execute_each(
                    drop, [{"service": service, "kept": kept} for service in services]
                )

    async def update(self, deployment_id: str, **changes: Unpack[DeploymentChanges]) -> DeploymentRow:
        """Change only the given columns and return the row as it is then. Raises NotFound.

        A finished deployment no longer changes: whoever ended it first had the last word.
        """
        return (await self.update_each({deployment_id: changes}))[0]

    async def update_each(self, changes: Mapping[str, DeploymentChanges]) -> list[DeploymentRow]:
        """As `update`, of several by id, all or none of them."""
        # By the columns they change: one statement for all of a kind.
        kinds: dict[tuple[str, ...], list[dict[str, Column]]] = {}
        for deployment_id, change in changes.items():
            unknown = change.keys() - _CHANGEABLE
            if unknown:
                msg = f"a deployment has no changeable {', '.join(sorted(unknown))}"
                raise TypeError(msg)
            values = {column: to_column(value) for column, value in change.items()}
            kinds.setdefault(tuple(values), []).append({**values, "id": deployment_id})
        async with self._database.transaction() as transaction:
            for columns, values_of_each in kinds.items():
                if assignments := ", ".join(f"{column} = :{column}" for column in columns):
                    await transaction.execute_each(
                        f"UPDATE deployments SET {assignments} "  # noqa: S608 — checked names
                        "WHERE id = :id AND finished_at IS NULL",
                        values_of_each,
                    )
            found = {
                row["id"]: row
                for row in await transaction.read(
                    "SELECT * FROM deployments WHERE id IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(changes)),),
                )
            }
            if missing := changes.keys() - found.keys():
                raise _not_found(", ".join(sorted(missing)))
        return [DeploymentRow.from_row(found[deployment_id]) for deployment_id in changes]

    async def get(self, deployment_id: str) -> DeploymentRow:
        row = await self.find(deployment_id)
        if row is None:
            raise _not_found(deployment_id)
        return row

    async def page(
        self,
        service: str | None = None,
        *,
        states: Collection[str] = (),
        kind: str | None = None,
        by: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[DeploymentRow], int]:
        """The deployments of one service, or of all, and how many there are in all.

        Only those in one of `states`, of one kind and by one actor, as far as these are given.
        """
        wanted = {"service": service, "kind": kind, "actor": by}
        conditions = [f"{column} = :{column}" for column, value in wanted.items() if value is not None]
        if states:
            conditions.append("state IN (SELECT value FROM json_each(:states))")
        where = " AND ".join(conditions) or "1"
        values: dict[str, Value] = {**wanted, "states": json.dumps(sorted(states))}
        rows = await self._database.read(
            f"SELECT * FROM deployments WHERE {where} "  # noqa: S608 — names from above, no input
            "ORDER BY seq DESC LIMIT :limit OFFSET :offset",
            {**values, "limit": limit, "offset": offset},
        )
        counted = await self._database.read_one(
            f"SELECT COUNT(*) FROM deployments WHERE {where}",  # noqa: S608 — names from above, no input
            values,
        )
        return [DeploymentRow.from_row(row) for row in rows], int(counted[0]) if counted else 0

    async def find(self, deployment_id: str) -> DeploymentRow | None:
        row = await self._database.read_one("SELECT * FROM deployments WHERE id = ?", (deployment_id,))
        return DeploymentRow.from_row(row) if row else None

    async def brought_in(self, service: str) -> list[DeploymentRow]:
        """What the swarm took of a service, as far as rollbacks look back."""
        rows = await self._database.read(
            "SELECT * FROM deployments WHERE service = ? AND sent_at IS NOT NULL AND kind <> 'stop' "
            "ORDER BY seq DESC LIMIT ?",
            (service, KEPT),
        )
        return [DeploymentRow.from_row(row) for row in rows]

    async def services(self) -> set[str]:
        """Names of all services that were ever changed."""
        rows = await self._database.read("SELECT DISTINCT service FROM deployments")
        return {row["service"] for row in rows}

    async def taken_back(self) -> list[DeploymentRow]:
        """Of each service the newest change with an end that counts, where that was to be rolled back."""
        rows = await self._database.read(
            "SELECT deployments.* FROM deployments JOIN (SELECT MAX(seq) AS newest FROM deployments "
            "WHERE kind IN ('deploy', 'rollback', 'stop') AND state IN ('succeeded', 'rolled_back') "
            "GROUP BY service) ON seq = newest WHERE state = 'rolled_back'"
        )
        return [DeploymentRow.from_row(row) for row in rows]

    async def unfinished(self, *services: str) -> list[DeploymentRow]:
        """Every deployment without an end, whichever run of the server began it; of these services or all."""
        rows = await self._database.read(
            "SELECT * FROM deployments WHERE finished_at IS NULL"
            " AND (:all OR service IN (SELECT value FROM json_each(:services))) ORDER BY seq DESC",
            {"all": not services, "services": json.dumps(services)},
        )
        return [DeploymentRow.from_row(row) for row in rows]


def _not_found(deployment_id: str) -> NotFound:
    return NotFound(f"There is no deployment {deployment_id}.", code="deployment_not_found")
