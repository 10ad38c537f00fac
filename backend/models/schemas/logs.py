"""Log lines across the API: merged pages, and what a stream says."""

from datetime import datetime
from typing import Literal

from backend.models.schemas.common import Schema


class LogEntry(Schema):
    time: datetime
    task: str
    """`service.slot`, or the task's id when the swarm no longer knows it."""
    task_id: str
    node: str
    """Host name, or the node's id."""
    stream: Literal["stdout", "stderr"]
    line: str


class LogPage(Schema):
    items: list[LogEntry]
    incomplete: list[str]
    """Host names of nodes whose lines are missing because they did not answer in time."""
    reaches_back_to: datetime | None
    """All lines after this moment were looked at: `until` it goes on further back. Null when nothing that was
    asked for is earlier."""


class LogLines(Schema):
    """Event `line`: lines in the order of their times, as far as they arrived together."""

    items: list[LogEntry]


LogSourceState = Literal["answers", "silent", "down", "started", "ended", "absent", "present", "limited"]


class LogState(Schema):
    """Event `state`: what became of a source of lines.

    A node `answers`, is `silent` (it should answer and does not) or `down` (the swarm says so); a task has
    `started` or `ended`, or is `silent` because its lines cannot be read; the service is `absent` from or
    `present` in the swarm. Without node and task, `silent` and `answers` are the engine's, and `limited`
    says that there are more tasks than are followed.
    """

    node: str | None
    task: str | None
    state: LogSourceState
    message: str


class LogsDropped(Schema):
    """Event `dropped`: so many lines, at least, were written beyond what this stream can carry."""

    count: int


class LogEvent(Schema):
    """The data of the stream's events, by the event's name."""

    line: LogLines | None = None
    state: LogState | None = None
    dropped: LogsDropped | None = None
