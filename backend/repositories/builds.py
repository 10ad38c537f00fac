"""The builds table: what was built, and how it ended."""

from dataclasses import fields
from typing import Unpack

from backend.database import Database, Value
from backend.errors import NotFound
from backend.models.build_rows import BuildChanges, BuildRow
from backend.models.db_models import to_column
from backend.models.schemas.builds import BuildState

KEPT_OF_ONE = 100
"""So many builds of one service are kept."""
KEPT = 1_000
"""So many of all services."""

_COLUMNS = tuple(field.name for field in fields(BuildRow))
_BRIEF = ", ".join("'[]' AS steps" if column == "steps" else column for column in _COLUMNS)
_INSERT = (
    f"INSERT INTO builds ({', '.join(_COLUMNS)}) "  # noqa: S608 — names from the dataclass, no input
    f"VALUES ({', '.join(f':{column}' for column in _COLUMNS)})"
)
_OLD_OF_ONE = (
    "DELETE FROM builds WHERE service = :service AND finished_at IS NOT NULL AND seq <= "
    "(SELECT seq FROM builds WHERE service = :service ORDER BY seq DESC LIMIT 1 OFFSET :kept)"
)
_OLD_OF_ALL = (
    "DELETE FROM builds WHERE finished_at IS NOT NULL AND seq <= "
    "(SELECT seq FROM builds ORDER BY seq DESC LIMIT 1 OFFSET :kept)"
)
_CHANGEABLE = frozenset(BuildChanges.__annotations__)
_WHERE = (
    "(:service IS NULL OR service = :service) AND (:project IS NULL OR project = :project) "
    "AND (:state IS NULL OR state = :state)"
)


class BuildRecords:
    """Newest first wherever a list is returned; "newest" is the order of insertion, not the clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, row: BuildRow) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                _INSERT, {column: to_column(getattr(row, column)) for column in _COLUMNS}
            )
            await transaction.execute(_OLD_OF_ONE, {"service": row.service, "kept": KEPT_OF_ONE})
            await transaction.execute(_OLD_OF_ALL, {"kept": KEPT})

    async def update(self, build_id: str, **changes: Unpack[BuildChanges]) -> BuildRow:
        """Change only the given columns and return the row as it is then. Raises NotFound."""
        unknown = changes.keys() - _CHANGEABLE
        if unknown:
            msg = f"a build has no changeable {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        values = {column: to_column(value) for column, value in changes.items()}
        assignments = ", ".join(f"{column} = :{column}" for column in values)
        async with self._database.transaction() as transaction:
            await transaction.execute(
                f"UPDATE builds SET {assignments} WHERE id = :id",  # noqa: S608 — checked names
                {**values, "id": build_id},
            )
            row = await transaction.read_one("SELECT * FROM builds WHERE id = ?", (build_id,))
        if row is None:
            raise _not_found(build_id)
        return BuildRow.from_row(row)

    async def get(self, build_id: str) -> BuildRow:
        """Raises NotFound."""
        row = await self._database.read_one("SELECT * FROM builds WHERE id = ?", (build_id,))
        if row is None:
            raise _not_found(build_id)
        return BuildRow.from_row(row)

    async def page(
        self,
        *,
        service: str | None = None,
        project: str | None = None,
        state: BuildState | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[BuildRow], int]:
        """What matches, without the steps, and how many that are in all."""
        wanted: dict[str, Value] = {"service": service, "project": project, "state": state}
        rows = await self._database.read(
            f"SELECT {_BRIEF} FROM builds WHERE {_WHERE} ORDER BY seq DESC LIMIT :limit OFFSET :offset",  # noqa: S608 — a constant
            {**wanted, "limit": limit, "offset": offset},
        )
        counted = await self._database.read_one(
            f"SELECT COUNT(*) FROM builds WHERE {_WHERE}",  # noqa: S608 — a constant
            wanted,
        )
        return [BuildRow.from_row(row) for row in rows], int(counted[0]) if counted else 0

    async def all(self) -> list[BuildRow]:
        """As far as they are kept, without their steps."""
        rows = await self._database.read(f"SELECT {_BRIEF} FROM builds ORDER BY seq DESC")  # noqa: S608 — a constant
        return [BuildRow.from_row(row) for row in rows]

    async def newest_of_each(self) -> list[BuildRow]:
        """The newest build of every service."""
        rows = await self._database.read(
            "SELECT * FROM builds WHERE seq IN (SELECT MAX(seq) FROM builds GROUP BY service)"
        )
        return [BuildRow.from_row(row) for row in rows]

    async def latest_of_project(self, project: str) -> BuildRow | None:
        row = await self._database.read_one(
            "SELECT * FROM builds WHERE project = ? ORDER BY seq DESC LIMIT 1", (project,)
        )
        return BuildRow.from_row(row) if row else None

    async def open_ones(self) -> list[BuildRow]:
        """What an earlier run of the server did not finish, or interrupted without asking the registry."""
        rows = await self._database.read(
            "SELECT * FROM builds WHERE finished_at IS NULL OR unverified = 1 ORDER BY seq"
        )
        return [BuildRow.from_row(row) for row in rows]

    async def with_kept_image(self, service: str) -> list[BuildRow]:
        """Ended builds of a service whose image the engine was left with."""
        rows = await self._database.read(
            "SELECT * FROM builds WHERE service = ? AND image_id IS NOT NULL AND finished_at IS NOT NULL",
            (service,),
        )
        return [BuildRow.from_row(row) for row in rows]

    async def newest_ids(self, count: int) -> set[str]:
        rows = await self._database.read("SELECT id FROM builds ORDER BY seq DESC LIMIT ?", (count,))
        return {row["id"] for row in rows}


def _not_found(build_id: str) -> NotFound:
    return NotFound(f"There is no build {build_id}.", code="build_not_found")
