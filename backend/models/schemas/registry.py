"""Registries' contents across the API: repositories, tags, who uses them, and what a delete did."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from backend.models.schemas.common import Listing, Schema


class RepositoryOut(Schema):
    name: str
    """As the registry has it, such as `team/web`."""
    registry: str
    """The registry's host, as in image references."""
    image: str
    """What stands before the tag in an image reference: `host/name`."""
    tags: int | None
    """How many tags it has; null when the registry did not say in time."""
    used_by: list[str]
    """Services that run an image of it or whose definition names one."""


class RegistryListing[T](Listing[T]):
    """What a registry said, and when."""

    as_of: datetime
    """When the registry was asked; its answer is kept for seconds, or until it tells of a change."""


class ImageUser(Schema):
    """One service that needs a tag or a manifest."""

    service: str
    by: Literal["digest", "tag"]
    """`digest`: the swarm or the definition is pinned to it; `tag`: one of them names the tag."""
    running: bool
    """The swarm wants tasks of exactly this manifest now."""


class LayerOut(Schema):
    digest: str
    size: int


class PlatformOut(Schema):
    os: str
    architecture: str
    variant: str | None
    digest: str
    size: int | None
    """Bytes of its layers and configuration, as they are transferred; null when not known."""


class TagOut(Schema):
    """One tag. Of an image for several platforms, layers, created and labels are those of the first."""

    name: str
    digest: str | None
    """Of the manifest, or of the index of an image for several platforms; null when not known now."""
    media_type: str | None
    size: int | None
    """Bytes of all layers and configurations, each counted once."""
    platforms: list[PlatformOut]
    layers: list[LayerOut]
    created: datetime | None
    labels: dict[str, str]
    used_by: list[ImageUser]
    newer_than_deployed: bool
    """A service uses this tag and runs another digest than the tag has now."""
    problem: str | None
    """Why what is missing is missing."""


class ImageDeleted(Schema):
    """What was deleted."""

    registry: str
    repository: str
    digest: str
    tags: list[str]
    """All tags that went with the manifest."""
    used_by: list[ImageUser]
    """Who still needs it; not empty only after a confirmation."""
    next_step: str
    """Deleting frees no space by itself: how it is done."""


class RegistryEvent(Schema):
    """`registry`: something in this repository changed."""

    registry: str
    repository: str | None
    """Null when it may be any."""


class NotifiedTarget(Schema):
    """What a notification is about."""

    model_config = ConfigDict(extra="ignore")

    repository: str | None = Field(default=None, max_length=1024)
    tag: str | None = Field(default=None, max_length=1024)
    digest: str | None = Field(default=None, max_length=1024)
    mediaType: str | None = Field(default=None, max_length=1024)  # noqa: N815  # the registry's word


class NotifiedRequest(Schema):
    model_config = ConfigDict(extra="ignore")

    host: str | None = Field(default=None, max_length=1024)
    """The registry's host as who pushed wrote it."""


class Notification(Schema):
    model_config = ConfigDict(extra="ignore")

    action: str = Field(max_length=256)
    target: NotifiedTarget | None = None
    request: NotifiedRequest | None = None


class Notifications(Schema):
    """The envelope that registries of the Distribution kind send."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": True})

    events: list[Notification] = Field(max_length=1_000)


class NotificationsTaken(Schema):
    """How many repositories are going to be looked at."""

    repositories: int
