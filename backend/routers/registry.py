"""Registries' contents: repositories, tags, deletes."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.clients.registry_client import REPOSITORY, TAG
from backend.domain.registry_manifest import DIGEST
from backend.errors import FieldError, InvalidInput
from backend.models.schemas.registry import ImageDeleted, RegistryListing, RepositoryOut, TagOut
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Limit, Match, Offset
from backend.routers.problems import documented

router = APIRouter(prefix="/api/registry", tags=["registry"])

type Host = Annotated[
    str | None,
    Query(description="Which registry, by its host as in images; without it REGISTRY_URL's.", max_length=300),
]
type RepositoryName = Annotated[
    str, Path(description="The repository's name; slashes belong to it, as they are or as %2F.")
]
type Confirm = Annotated[
    str | None,
    Query(
        description="The name of what is deleted, typed: deletes it although it is used. "
        "`repository`, `repository:tag` or `repository@digest`.",
        max_length=1000,
    ),
]


@router.get("/repositories", responses=documented(404, 502, 504))
async def list_repositories(
    actor: ActorDep,
    context: ContextDep,
    registry: Host = None,
    match: Match = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> RegistryListing[RepositoryOut]:
    """The repositories of one registry by name, with the number of their tags and the services using them."""
    return await context.registry.repositories(
        actor, registry=registry, match=match, limit=limit, offset=offset
    )


@router.get("/repositories/{name:path}/tags", responses=documented(404, 502, 504))
async def list_tags(
    name: RepositoryName,
    actor: ActorDep,
    context: ContextDep,
    registry: Host = None,
    match: Match = None,
    limit: Annotated[int, Query(description="So many items at most.", ge=1, le=1_000)] = 100,
    offset: Offset = 0,
) -> RegistryListing[TagOut]:
    """The tags of a repository, newest versions first: digest, platforms, size, age, labels and users.

    What could not be read of a tag is null, and `problem` says why.
    """
    return await context.registry.tags(
        actor, _repository(name), registry=registry, match=match, limit=limit, offset=offset
    )


@router.delete("/repositories/{name:path}/tags/{tag}", responses=documented(404, 409, 502, 504))
async def delete_tag(
    name: RepositoryName,
    tag: Annotated[str, Path(max_length=300)],
    actor: ActorDep,
    context: ContextDep,
    registry: Host = None,
    confirm: Confirm = None,
) -> ImageDeleted:
    """Delete the manifest a tag points to, and with it every other tag on the same manifest.

    Refused with 409 `image_in_use` while a service runs it or a definition names it, and with
    `tags_share_manifest` when other tags would go too, unless `confirm` says the name.
    """
    if not TAG.fullmatch(tag):
        reason = f"{tag[:60]!r} is no tag: 1 to 128 letters, digits, '_', '.' and '-' are expected"
        raise InvalidInput(f"The tag {reason}.", errors=(FieldError("tag", reason),))
    return await context.image_deletes.delete_tag(
        actor, _repository(name), tag, registry=registry, confirm=confirm
    )


@router.delete("/repositories/{name:path}/manifests/{digest}", responses=documented(404, 409, 502, 504))
async def delete_manifest(
    name: RepositoryName,
    digest: Annotated[str, Path(max_length=300)],
    actor: ActorDep,
    context: ContextDep,
    registry: Host = None,
    confirm: Confirm = None,
) -> ImageDeleted:
    """Delete a manifest by its digest, and with it every tag on it; 409 `image_in_use` as for a tag."""
    if not DIGEST.fullmatch(digest):
        reason = "is no digest: 'sha256:' and 64 hex digits are expected"
        raise InvalidInput(f"{digest[:100]!r} {reason}.", errors=(FieldError("digest", reason),))
    return await context.image_deletes.delete_manifest(
        actor, _repository(name), digest, registry=registry, confirm=confirm
    )


def _repository(name: str) -> str:
    if not REPOSITORY.fullmatch(name) or len(name) > 255:
        reason = f"{name[:120]!r} is no name of a repository, such as 'web' or 'team/web'"
        raise InvalidInput(f"{reason}.", errors=(FieldError("name", reason),))
    return name
