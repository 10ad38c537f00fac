"""The deployments table: recorded changes of services and how they ended."""

from dataclasses import fields
from typing import Unpack

from backend.database import Database
from backend.errors import NotFound
from backend.models.db_models import to_column
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

    async def insert(self, row: DeploymentRow) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                _INSERT, {column: to_column(getattr(row, column)) for column in _COLUMNS}
            )
            await transaction.execute(_DROP_OLD, {"service": row.service, "kept": KEPT})
            await transaction.execute(_FORGET_EVIDENCE, {"service": row.service, "kept": EVIDENCE_KEPT})

    async def update(self, deployment_id: str, **changes: Unpack[DeploymentChanges]) -> DeploymentRow:
        """Change only the given columns and return the row as it is then. Raises NotFound.

        A finished deployment no longer changes: whoever ended it first had the last word.
        """
        unknown = changes.keys() - _CHANGEABLE
        if unknown:
            msg = f"a deployment has no changeable {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        values = {column: to_column(value) for column, value in changes.items()}
        assignments = ", ".join(f"{column} = :{column}" for column in values)
        async with self._database.transaction() as transaction:
            if assignments:
                await transaction.execute(
                    f"UPDATE deployments SET {assignments} "  # noqa: S608 — checked names
                    "WHERE id = :id AND finished_at IS NULL",
                    {**values, "id": deployment_id},
                )
            row = await transaction.read_one("SELECT * FROM deployments WHERE id = ?", (deployment_id,))
        if row is None:
            raise _not_found(deployment_id)
        return DeploymentRow.from_row(row)

    async def get(self, deployment_id: str) -> DeploymentRow:
        row = await self.find(deployment_id)
        if row is None:
            raise _not_found(deployment_id)
        return row

    async def page(
        self, service: str | None = None, *, limit: int = 50, offset: int = 0
    ) -> tuple[list[DeploymentRow], int]:
        """The deployments of one service, or of all, and how many there are in all."""
        rows = await self._database.read(
            "SELECT * FROM deployments WHERE :service IS NULL OR service = :service "
            "ORDER BY seq DESC LIMIT :limit OFFSET :offset",
            {"service": service, "limit": limit, "offset": offset},
        )
        counted = await self._database.read_one(
            "SELECT COUNT(*) FROM deployments WHERE :service IS NULL OR service = :service",
            {"service": service},
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

    async def unfinished(self, service: str | None = None) -> list[DeploymentRow]:
        """Every deployment without an end, whichever run of the server began it."""
        rows = await self._database.read(
            "SELECT * FROM deployments WHERE finished_at IS NULL AND (? IS NULL OR service = ?)"
            " ORDER BY seq DESC",
            (service, service),
        )
        return [DeploymentRow.from_row(row) for row in rows]


def _not_found(deployment_id: str) -> NotFound:
    return NotFound(f"There is no deployment {deployment_id}.", code="deployment_not_found")
