"""Projects across the API: folders of source that images are built from."""

from backend.models.schemas.builds import BuildBrief
from backend.models.schemas.common import Listing, Schema


class GitOut(Schema):
    branch: str | None
    """Null when no branch is checked out."""
    commit: str | None


class ProjectOut(Schema):
    name: str
    """What a definition's `build_context` begins with."""
    path: str
    """On the server."""
    dockerfiles: list[str]
    """In the folder and one level below it."""
    git: GitOut | None
    size: int
    """Bytes of all files."""
    files: int
    truncated: bool
    """Whether counting ended early: size and files are what was counted by then."""
    last_build: BuildBrief | None
    """The newest build from this folder or one below it."""
    services: list[str]
    """Of the catalog, with a `build_context` here."""
    problem: str | None


class ProjectListing(Listing[ProjectOut]):
    hint: str | None
    """What to do when there is nothing to list."""
