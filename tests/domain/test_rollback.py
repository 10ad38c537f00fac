"""Which earlier deployment a rollback goes back to."""

from datetime import UTC, datetime
from typing import Any

from backend.domain.rollback import default_target, present_deployment, recorded_digest
from backend.models.deployment_rows import DeploymentRow

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def row(number: int, kind: Any = "deploy", revision: int | None = None, **fields: Any) -> DeploymentRow:
    fields = {"state": "succeeded", "to_digest": f"sha256:{revision or number}", **fields}
    return DeploymentRow(
        id=f"d{number}",
        service="web",
        kind=kind,
        actor="ada",
        created_at=NOON,
        to_revision=revision or number,
        **fields,
    )


def target(*history: DeploymentRow, operation: str | None = None) -> str | None:
    present = present_deployment(history, operation or history[0].id)
    assert present is not None
    found = default_target(history, present, lambda one: one.to_digest == present.to_digest)
    return found.id if found else None


def test_it_is_what_was_deployed_before() -> None:
    assert target(row(2), row(1)) == "d1"


def test_scales_and_restarts_belong_to_the_deployment_they_built_on() -> None:
    assert target(row(4, "restart", 3), row(3, "scale"), row(2), row(1)) == "d1"


def test_what_did_not_come_up_is_passed_over() -> None:
    for state in ("failed", "stuck", "rolled_back"):
        assert target(row(3), row(2, state=state), row(1)) == "d1"
    assert target(row(2), row(1, state="failed")) is None


def test_the_same_thing_deployed_again_is_passed_over() -> None:
    assert target(row(3, revision=2), row(2), row(1)) == "d1"


def test_it_starts_from_what_the_service_carries_not_from_the_newest_row() -> None:
    assert target(row(3, state="rolled_back"), row(2), row(1), operation="d2") == "d1"


def test_a_first_deployment_has_nothing_before_it() -> None:
    assert target(row(1)) is None
    assert present_deployment([], "d1") is None
    assert present_deployment([row(1, "scale")], "d1") is None


def test_the_digest_is_that_of_the_last_time_the_revision_was_deployed() -> None:
    history = [row(4), row(3, revision=1, to_digest="sha256:new"), row(1, to_digest="sha256:old")]
    assert recorded_digest(history, 1) == "sha256:new"
    assert recorded_digest(history, 7) is None
