"""Shapes every noun shares: lists, freshness and problems."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """What we send."""

    model_config = ConfigDict(from_attributes=True)


class Input(BaseModel):
    """What we accept: a key we do not know is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", str_max_length=262_144)


class Listing[T](Schema):
    """`total` counts what matched before `limit` and `offset` cut the page."""

    items: list[T]
    total: int


class LiveListing[T](Listing[T]):
    """A list that rests on the picture of the cluster."""

    as_of: datetime | None
    """When the engine last answered; null when it never did."""
    stale_seconds: float | None
    """Age of the picture."""


class LiveListingEnd(Schema):
    """What follows the items of a `LiveListing`, for lists whose items are encoded already."""

    total: int
    as_of: datetime | None
    stale_seconds: float | None


class ProblemField(Schema):
    field: str
    reason: str
    line: int | None = None
    column: int | None = None


class Problem(Schema):
    """RFC 9457 problem details. Branch on `code`, show `detail`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemField] = []
    instance: str | None = None
    approval: str | None = None
    """With the code `approval_required`: what waits for a person, as in `GET /api/approvals/{id}`."""
