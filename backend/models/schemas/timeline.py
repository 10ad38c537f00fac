"""The timeline across the API: what happened in the cluster."""

from datetime import datetime
from typing import Literal

from backend.models.schemas.common import Schema

TimelineKind = Literal["task", "service", "node", "deployment", "engine", "build"]
Severity = Literal["info", "good", "bad", "warn"]


class TimelineEntry(Schema):
    id: int
    """Grows with time; `before=ID` reads on from an entry."""
    at: datetime
    kind: TimelineKind
    service: str | None
    node: str | None
    """Host name."""
    task: str | None
    """`service.slot`, or `service.node` for global services."""
    severity: Severity
    text: str
    """A sentence for people, such as `task web.3: running → failed, exit 137`."""
