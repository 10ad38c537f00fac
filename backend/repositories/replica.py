"""What of the database is copied into the swarm: the catalog, who may come in, the last deployments."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.database import Database

COPIED: Final = ("definitions", "revisions", "catalog_facts", "users", "tokens", "registries", "deployments")
LEFT: Final = ("intents", "sessions", "audit", "timeline", "last_seen", "builds", "approvals")
"""What is of the moment, or grows with everything that happens; backups have it."""

_ROWS: Final = {
    # One service's texts beside each other: they are alike, so they pack well.
    "revisions": (
        "SELECT * FROM revisions WHERE rowid IN ("
        " SELECT id FROM ("
        "  SELECT rowid AS id, row_number() OVER (PARTITION BY service ORDER BY number DESC) AS nth"
        "  FROM revisions"
        " ) WHERE nth <= :revisions) ORDER BY service, number"
    ),
    # One that waits for a build could not go on: builds are not copied.
    "deployments": (
        "SELECT * FROM deployments WHERE (build_id IS NULL OR finished_at IS NOT NULL) AND seq IN ("
        " SELECT seq FROM ("
        "  SELECT seq, row_number() OVER (PARTITION BY service ORDER BY seq DESC) AS nth FROM deployments"
        " ) WHERE nth <= :deployments) ORDER BY seq"
    ),
}


@dataclass(frozen=True, slots=True)
class Extent:
    """So many of each service, the newest."""

    revisions: int
    deployments: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the database is; another one means that there is something to copy."""

    revision: int
    """The last one, in the order of writing."""
    access: str
    """Users, tokens and registries, as a hash."""

    def __str__(self) -> str:
        return f"{self.revision}/{self.access}"


class ReplicaRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self) -> Mark:
        row = await self._database.read_one(
            "SELECT (SELECT max(rowid) FROM revisions) AS revision,"
            " (SELECT group_concat(id || role || password_hash) FROM users) AS users,"
            " (SELECT count(*) || '/' || count(revoked_at) || '/' || coalesce(max(rowid), 0) FROM tokens)"
            " AS tokens,"
            " (SELECT group_concat(host || changed_at) FROM registries) AS registries"
        )
        assert row is not None
        access = f"{row['users']} {row['tokens']} {row['registries']}"
        return Mark(int(row["revision"] or 0), hashlib.sha256(access.encode()).hexdigest()[:16])

    async def revisions_after(self, revision: int) -> int:
        row = await self._database.read_one("SELECT count(*) FROM revisions WHERE rowid > ?", (revision,))
        return int(row[0]) if row else 0


def copy_extent(live: sqlite3.Connection, target: Path, extent: Extent) -> None:
    """Make `target` a database of the same schema that holds no more than is copied. Blocks."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        [schema] = live.execute("PRAGMA user_version").fetchone()
        things = live.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
            " ORDER BY type DESC"  # tables before their indexes
        )
        copy.execute("BEGIN")
        for (sql,) in things:
            copy.execute(sql)
        for table in COPIED:
            query = _ROWS.get(table, f"SELECT * FROM {table}")  # noqa: S608 (a constant)
            values = {"revisions": extent.revisions, "deployments": extent.deployments}
            rows = live.execute(query, values if table in _ROWS else {})
            columns = [column[0] for column in rows.description]
            places = ", ".join("?" * len(columns))
            copy.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)  # noqa: S608
        copy.execute(f"PRAGMA user_version = {int(schema)}")
        copy.execute("COMMIT")
