"""The record of deployments in the database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.database import Database
from backend.errors import NotFound
from backend.models.deployment_rows import DeploymentRow, EvidenceItem, Phase
from backend.repositories import deployments
from backend.repositories.deployments import DeploymentRecords

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 1, 2, 12, 0, 0, 5, tzinfo=UTC)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[DeploymentRecords]:
    database = Database(tmp_path / "state" / "orchestrator.db")
    await database.open()
    yield DeploymentRecords(database)
    await database.close()


def row(number: int, service: str = "web") -> DeploymentRow:
    return DeploymentRow(
        id=f"d{number}",
        service=service,
        kind="deploy",
        state="accepted",
        actor="ada",
        created_at=NOON,
        changes=("TaskTemplate.ContainerSpec.Image", "é"),
        warnings=("the tag could not be pinned",),
        restarts_tasks=True,
        to_revision=3,
        replicas=0,
        operation="op",
        phases=(Phase("accepted", NOON), Phase("sent", NOON)),
        evidence=(EvidenceItem("web.1", "worker-1", "failed", 3, None, "exit", NOON, ("é", "line")),),
    )


async def test_a_deployment_is_read_as_it_was_written(records: DeploymentRecords) -> None:
    await records.insert(row(1))

    assert await records.get("d1") == row(1)


async def test_an_update_changes_only_what_it_names(records: DeploymentRecords) -> None:
    await records.insert(row(1))
    changed = await records.update("d1", state="failed", cause="exit code 3", finished_at=NOON, warnings=())

    assert changed == await records.get("d1")
    assert (changed.state, changed.cause, changed.finished_at, changed.warnings) == (
        "failed",
        "exit code 3",
        NOON,
        (),
    )
    assert (changed.operation, changed.restarts_tasks, changed.created_at) == ("op", True, NOON)
    assert await records.update("d1") == changed


async def test_a_finished_deployment_no_longer_changes(records: DeploymentRecords) -> None:
    await records.insert(row(1))
    ended = await records.update("d1", state="superseded", finished_at=NOON)

    assert await records.update("d1", state="failed", cause="too late") == ended


async def test_pages_are_newest_first_and_count_everything(records: DeploymentRecords) -> None:
    for number in range(5):
        await records.insert(row(number, "web" if number % 2 else "db"))

    page, total = await records.page(limit=2, offset=1)
    assert ([one.id for one in page], total) == (["d3", "d2"], 5)
    page, total = await records.page("db", limit=10)
    assert ([one.id for one in page], total) == (["d4", "d2", "d0"], 3)
    assert await records.page("nothing") == ([], 0)


async def test_what_the_swarm_took_and_what_is_unfinished_is_found(records: DeploymentRecords) -> None:
    for number in range(3):
        await records.insert(row(number))
    await records.update("d1", state="succeeded", finished_at=NOON)

    await records.update("d0", sent_at=NOON)

    assert [one.id for one in await records.brought_in("web")] == ["d0"]
    assert await records.brought_in("db") == []
    assert await records.find("d9") is None
    assert [one.id for one in await records.unfinished()] == ["d2", "d0"]


async def test_what_was_never_recorded_is_not_found(records: DeploymentRecords) -> None:
    with pytest.raises(NotFound) as refusal:
        await records.get("d1")
    assert refusal.value.code == "deployment_not_found"
    with pytest.raises(NotFound):
        await records.update("d1", state="failed")


async def test_old_deployments_lose_their_evidence_and_then_go(
    records: DeploymentRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "KEPT", 4)
    monkeypatch.setattr(deployments, "EVIDENCE_KEPT", 2)
    for number in range(6):
        await records.insert(row(number))
        await records.update(f"d{number}", finished_at=None if number == 0 else NOON)
    await records.insert(row(9, "db"))

    page, _ = await records.page("web")
    assert [(one.id, bool(one.evidence)) for one in page] == [
        ("d5", True),
        ("d4", True),
        ("d3", False),
        ("d2", False),
        ("d0", False),
    ]
