"""What `@use_case` promises: the permission is checked and every change leaves one audit row."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from backend.database import Database
from backend.errors import Conflict, Denied, StorageFailed
from backend.models.actor import SYSTEM, Actor, Permission
from backend.repositories.audit import AuditRows
from backend.services.audit import Audit
from backend.services.use_case import use_case

pytestmark = pytest.mark.anyio

ADA = Actor(kind="user", name="ada", permissions=frozenset(Permission), id="u1", address="10.0.0.7")
READER = replace(ADA, name="reader", permissions=frozenset({Permission.READ}))


class Things:
    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.changed: list[str] = []

    @use_case(Permission.READ)
    async def read(self, actor: Actor, name: str) -> str:
        return name

    @use_case(Permission.OPERATE)
    async def change(self, actor: Actor, name: str, *, error: Exception | None = None) -> str:
        if error is not None:
            raise error
        self.changed.append(name)
        return name

    @use_case(Permission.EDIT, action="rename_thing", target="new")
    async def rename(self, actor: Actor, name: str, new: str) -> None:
        await asyncio.sleep(3600 if new == "slow" else 0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "orchestrator.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def things(database: Database) -> Things:
    return Things(Audit(AuditRows(database)))


async def rows(database: Database) -> list[tuple[str, ...]]:
    found = await database.read("SELECT * FROM audit ORDER BY id")
    return [(row["actor_name"], row["action"], row["target"], row["outcome"], row["code"]) for row in found]


async def test_a_change_leaves_one_row_that_is_done(things: Things, database: Database) -> None:
    assert await things.change(ADA, "web") == "web"
    await things.rename(ADA, "web", "api")
    await things.change(SYSTEM, name="cron")
    assert await rows(database) == [
        ("ada", "change", "web", "done", ""),
        ("ada", "rename_thing", "api", "done", ""),
        ("system", "change", "cron", "done", ""),
    ]
    (row, *_) = await database.read("SELECT * FROM audit")
    assert (row["actor_kind"], row["actor_id"], row["address"]) == ("user", "u1", "10.0.0.7")
    assert row["at"] <= row["closed_at"]


async def test_reading_leaves_none(things: Things, database: Database) -> None:
    assert await things.read(READER, "web") == "web"
    assert await rows(database) == []


async def test_without_the_permission_nothing_happens_and_the_row_says_denied(
    things: Things, database: Database
) -> None:
    with pytest.raises(Denied, match="operate"):
        await things.change(READER, "web")
    assert things.changed == []
    assert await rows(database) == [("reader", "change", "web", "denied", "denied")]
    with pytest.raises(Denied, match="read"):
        await things.read(replace(ADA, permissions=frozenset()), "web")


async def test_a_failure_is_recorded_with_its_code_and_goes_on(things: Things, database: Database) -> None:
    with pytest.raises(Conflict):
        await things.change(ADA, "web", error=Conflict("port taken", code="port_taken"))
    with pytest.raises(RuntimeError):
        await things.change(ADA, "web", error=RuntimeError("password=hunter2"))
    assert [row[3:] for row in await rows(database)] == [
        ("failed", "port_taken"),
        ("failed", "internal_error"),
    ]
    details = [row["detail"] for row in await database.read("SELECT detail FROM audit ORDER BY id")]
    assert details == ["port taken", ""]


async def test_a_cancelled_change_is_recorded_too(things: Things, database: Database) -> None:
    with anyio.move_on_after(0.05):
        await things.rename(ADA, "web", "slow")
    assert await rows(database) == [("ada", "rename_thing", "slow", "failed", "cancelled")]


async def test_a_change_that_cannot_be_recorded_is_not_made(things: Things, database: Database) -> None:
    await database.close()
    with pytest.raises(StorageFailed):
        await things.change(ADA, "web")
    assert things.changed == []


async def test_a_target_cannot_forge_lines(things: Things, database: Database) -> None:
    await things.change(ADA, "web\nada change all done \x1b[31m" + "x" * 1000)
    target = (await rows(database))[0][2]
    assert target.startswith("web\\x0aada")
    assert target.isprintable()
    assert len(target) < 600


def test_a_target_that_is_no_argument_is_found_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="nothing_such"):

        class Wrong:
            audit: Audit

            @use_case(Permission.OPERATE, target="nothing_such")
            async def change(self, actor: Actor, name: str) -> None: ...
