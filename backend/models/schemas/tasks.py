"""Tasks across the API, as a map of the cluster draws them."""

from datetime import datetime

from backend.models.schemas.common import Schema


class MapTask(Schema):
    """A task that takes up a place now: wanted, or not yet gone."""

    id: str
    name: str
    """`service.slot`, or `service.node` for global services."""
    service: str
    node_id: str | None
    """Null while the scheduler has found no node for it."""
    state: str
    stopping: bool
    """It is not wanted any more and still ends."""
    error: str
    """Its own, or while it starts that of the task it replaces."""
    exit_code: int | None
    image: str
    state_changed_at: datetime
