"""Which earlier deployment a rollback goes back to."""

from collections.abc import Callable, Sequence

from backend.models.deployment_rows import DeploymentRow

CAME_TO_NOTHING = frozenset({"failed", "stuck", "rolled_back"})
WHOLE = frozenset({"deploy", "rollback"})


def present_deployment(history: Sequence[DeploymentRow], operation: str | None) -> DeploymentRow | None:
    """The deploy or rollback that what runs now came from.

    `history` is newest first; `operation` is the label on the live service. Scales and restarts build on the
    deployment before them.
    """
    start = next((at for at, row in enumerate(history) if row.id == operation), 0)
    return next((row for row in history[start:] if row.kind in WHOLE), None)


def default_target(
    history: Sequence[DeploymentRow], present: DeploymentRow, same: Callable[[DeploymentRow], bool]
) -> DeploymentRow | None:
    """The newest deployment before `present` that brought something else and did not come to nothing.

    `same` tells whether a deployment brought what runs now: going there would change nothing.
    """
    earlier = history[history.index(present) + 1 :]
    return next(
        (
            row
            for row in earlier
            if row.kind in WHOLE
            and row.to_revision is not None
            and row.state not in CAME_TO_NOTHING
            and not same(row)
        ),
        None,
    )


def recorded_digest(history: Sequence[DeploymentRow], revision: int) -> str | None:
    """What the image of a revision was pinned to when it was last brought in."""
    return next((row.to_digest for row in history if row.to_revision == revision and row.to_digest), None)
