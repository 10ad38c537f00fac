"""Log lines: read, searched, downloaded, and followed as they are written."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.domain.log_level import LogLevel, level_test
from backend.domain.log_match import line_test
from backend.errors import FieldError, InvalidInput
from backend.models.schemas.logs import LogEvent, LogPage
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Name
from backend.routers.sse import EventStream
from backend.services.log_reader import LogSelection
from backend.services.logs import parse_moment

router = APIRouter(prefix="/api/services", tags=["logs"])

LINES_AT_MOST = 10_000
LINES_IN_A_FILE = 100_000

type Since = Annotated[
    str | None, Query(description="`10m`, an RFC 3339 time, or seconds since 1970.", max_length=64)
]
type Until = Annotated[
    str | None,
    Query(
        description="Only lines up to this moment, which may be the `reaches_back_to` of an earlier answer. "
        "Looked for within the newest 200,000 lines of each task.",
        max_length=64,
    ),
]
type Levels = Annotated[
    list[LogLevel],
    Query(
        description="Only lines that say they are of this level, as JSON, as `level=warn` or as a word; "
        "may be given several times."
    ),
]
type TaskName = Annotated[
    str | None, Query(description="Only this task: `web.3`, its slot or its id.", max_length=255)
]
type NodeName = Annotated[
    str | None, Query(description="Only tasks of this node: host name or id.", max_length=255)
]
type Stream = Annotated[
    Literal["stdout", "stderr"] | None, Query(description="Only what was written to this one.")
]
type LineMatch = Annotated[
    str | None,
    Query(
        description="Only lines that contain this text, in any case; or `/regex/` of RE2's kind, `/regex/i` "
        "in any case. Without `since`, the newest 10,000 lines of each task are searched.",
        max_length=200,
    ),
]


@router.get("/{name}/logs", response_model=LogPage, responses={200: {"content": {"text/plain": {}}}})
async def read_logs(
    name: Name,
    actor: ActorDep,
    context: ContextDep,
    tail: Annotated[
        int,
        Query(
            description="So many lines in total, the newest: 10,000 at most, 100,000 in a download.",
            ge=1,
            le=LINES_IN_A_FILE,
        ),
    ] = 100,
    since: Since = None,
    until: Until = None,
    oldest: Annotated[
        bool, Query(description="The oldest lines that are wanted instead of the newest, as after `since`.")
    ] = False,
    task: TaskName = None,
    node: NodeName = None,
    stream: Stream = None,
    match: LineMatch = None,
    level: Levels = [],  # noqa: B006
    timestamps: Annotated[bool, Query(description="Begin each line of a download with its time.")] = True,
    download: Annotated[bool, Query(description="Answer a text file instead.")] = False,
) -> LogPage | Response:
    """The newest lines of all tasks, merged by time, oldest first.

    Answers within seconds whatever hangs; `incomplete` names the nodes whose lines are missing. 503 when the
    engine itself gives none.
    """
    if tail > LINES_AT_MOST and not download:
        reason = f"must be at most {LINES_AT_MOST} unless you `download`"
        raise InvalidInput(f"`tail` {reason}.", errors=(FieldError("tail", reason),))
    selection = _selection(since, task, node, stream, match, level, until)
    log = await context.logs.read(actor, name, selection, tail=tail, oldest=oldest)
    return _file(name, log, timestamps=timestamps) if download else log


@router.get(
    "/{name}/logs/stream",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {
            "description": "Server-sent events. The model names the data of each kind of event.",
            "model": LogEvent,
        }
    },
)
async def follow_logs(
    name: Name,
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    tail: Annotated[int, Query(description="Begin with so many lines, the newest.", ge=0, le=1_000)] = 100,
    since: Since = None,
    task: TaskName = None,
    node: NodeName = None,
    stream: Stream = None,
    match: LineMatch = None,
    level: Levels = [],  # noqa: B006
    last_event_id: Annotated[
        str | None, Header(description="Of the last event you had, to go on from there.", max_length=64)
    ] = None,
) -> EventStream:
    """Server-sent events: `line` with items, `state` of a node or task, `dropped` with a count.

    Lines of live nodes go on whatever the others do; a node that does not answer is named within seconds.
    """
    selection = _selection(since, task, node, stream, match, level)
    reader = await context.logs.follow(actor, name, selection, tail=tail, last_id=last_event_id)
    return EventStream(reader, request, context)


def _selection(
    since: str | None,
    task: str | None,
    node: str | None,
    stream: Literal["stdout", "stderr"] | None,
    match: str | None,
    levels: Sequence[LogLevel],
    until: str | None = None,
) -> LogSelection:
    now = datetime.now(UTC)
    tests = [test for test in (line_test(match), level_test(levels)) if test is not None]
    return LogSelection(
        task=task or None,
        node=node or None,
        stream=stream,
        since=parse_moment(since, now),
        until=parse_moment(until, now, field="until"),
        test=(lambda line: all(test(line) for test in tests)) if tests else None,
    )


def _file(name: str, log: LogPage, *, timestamps: bool) -> StreamingResponse:
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    headers = {"Content-Disposition": f'attachment; filename="{name}-{stamp}.log"'}
    return StreamingResponse(
        _text(log, timestamps=timestamps), headers=headers, media_type="text/plain; charset=utf-8"
    )


def _text(log: LogPage, *, timestamps: bool) -> Iterator[str]:
    for hostname in log.incomplete:
        yield f"# {hostname} did not answer in time: its lines are missing\n"
    for start in range(0, len(log.items), 1_000):
        lines = []
        for item in log.items[start : start + 1_000]:
            time = (
                f"{item.time.isoformat(timespec='milliseconds').replace('+00:00', 'Z')} "
                if timestamps
                else ""
            )
            lines.append(f"{time}{item.task} {item.node} {item.stream} {item.line}\n")
        yield "".join(lines)
