"""Builds across the API: from a folder of source to a pushed image, and what the builder said."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from backend.models.schemas.common import Input, Schema

BuildState = Literal[
    "queued",
    "packing",
    "building",
    "pushing",
    "verifying",
    "succeeded",
    "failed",
    "cancelled",
    "interrupted",
]
BuildPhase = Literal["queued", "packing", "building", "tagging", "pushing", "verifying", "ended"]
UNDER_WAY: frozenset[BuildState] = frozenset({"queued", "packing", "building", "pushing", "verifying"})


class BuildPhaseOut(Schema):
    """When a build began with this."""

    phase: BuildPhase
    at: datetime


class BuildStepOut(Schema):
    """One instruction of the Dockerfile, as far as the builder told of it."""

    id: str
    name: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cached: bool = False
    error: str | None = None


class BuildBrief(Schema):
    """A service's newest build, in brief."""

    id: str
    state: BuildState
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    digest: str | None


class BuildOut(Schema):
    """One build of one service's image. Build arguments are not shown."""

    id: str
    service: str
    project: str
    """The folder it is built from, below the projects directory."""
    image: str
    """The definition's image, with the registry's host filled in."""
    tag: str
    """Of this build alone, beside the tag that the definition names."""
    state: BuildState
    cause: str | None
    """Why it failed or was ended, in words."""
    digest: str | None
    """What the registry has; a deploy pins the service to it."""
    platforms: list[str]
    """Empty: that of the engine which builds."""
    dockerfile: str
    target: str | None
    actor: str
    position: int | None
    """In the queue, from 1; null once it began."""
    context_bytes: int | None
    context_files: int | None
    warnings: list[str]
    phases: list[BuildPhaseOut]
    """In order."""
    steps: list[BuildStepOut]
    """Only in a build's own answer, not in lists and events."""
    deploy: bool
    """Whether its image is deployed when it succeeds."""
    deployment_id: str | None
    can_push: bool
    """Whether the engine still has the image of a push that failed: `POST …/push` tries again."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


Word = Annotated[str, Field(min_length=1, max_length=256)]


class BuildRequest(Input):
    """All optional: what is not said is as the definition has it."""

    deploy: bool = False
    """Deploy the image when the build succeeds."""
    no_cache: bool = False
    build_args: dict[Word, Annotated[str, Field(max_length=65_536)]] | None = Field(
        default=None, max_length=200
    )
    """Added to the definition's, and stronger than those."""
    target: Annotated[str, Field(max_length=256)] | None = None
    platforms: Annotated[list[Word], Field(max_length=16)] | None = None
    dockerfile: Annotated[str, Field(max_length=1_024)] | None = None


class BuildLineOut(Schema):
    """One line of the builder's output."""

    n: int
    """Counts from 1 without gaps; lines that are missing were left out for their number."""
    at: datetime
    text: str
    step: str | None
    """The id of the step that said it."""
    error: bool = False


class BuildLogPage(Schema):
    items: list[BuildLineOut]
    left_out: int
    """So many lines before the first of `items` are not kept any more."""
    total: int
    """So many lines were written in all."""


class BuildLines(Schema):
    """Event `line`: lines in their order. Its id is the number of the last."""

    items: list[BuildLineOut]
    left_out: int = 0
    """So many lines before these are not kept any more."""


class BuildLogEvent(Schema):
    """The data of the stream's events, by the event's name. It ends after the `state` of an ended build."""

    line: BuildLines | None = None
    step: BuildStepOut | None = None
    state: BuildOut | None = None
