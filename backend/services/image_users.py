"""Who uses which image: services in the swarm by what they run, definitions by what they name."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from backend.domain.image_reference import ImageReference, expand_registry_host
from backend.errors import InvalidInput
from backend.models.schemas.registry import ImageUser
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState


@dataclass(frozen=True, slots=True)
class Use:
    service: str
    tag: str | None
    digest: str | None
    live: bool
    """In the swarm; otherwise it is what a definition says."""
    active: bool
    """The swarm wants tasks of it."""


class Uses:
    """All uses of one repository, found by tag or digest: there may be a thousand tags and services."""

    def __init__(self, uses: Iterable[Use]) -> None:
        self._by_tag: dict[str | None, list[Use]] = {}
        self._by_digest: dict[str | None, list[Use]] = {}
        for use in uses:
            self._by_tag.setdefault(use.tag, []).append(use)
            self._by_digest.setdefault(use.digest, []).append(use)

    def near(self, tags: Collection[str], digests: Collection[str]) -> list[Use]:
        """Those that name one of the tags or digests."""
        named = [use for tag in tags for use in self._by_tag.get(tag, ())]
        return named + [use for digest in digests for use in self._by_digest.get(digest, ())]


class ImageUsers:
    """Reads the pictures in memory; costs nobody a call."""

    def __init__(self, *, cluster: ClusterState, catalog: Catalog, registry_host: str) -> None:
        self._cluster = cluster
        self._catalog = catalog
        self._registry_host = registry_host

    def require_picture(self) -> None:
        """Raise while the swarm was never seen, when nobody could be found to use anything."""
        self._cluster.require_picture()

    def by_repository(self, host: str) -> dict[str, set[str]]:
        """Names of services by the repository they use, of one registry."""
        found: dict[str, set[str]] = {}
        for reference, use in self._all():
            if reference.registry.lower() == host:
                found.setdefault(reference.repository, set()).add(use.service)
        return found

    def of_repository(self, host: str, repository: str) -> Uses:
        return Uses(
            use
            for reference, use in self._all()
            if reference.repository == repository and reference.registry.lower() == host
        )

    def runs_another(self, uses: Uses, tag: str, digests: Collection[str]) -> bool:
        """Whether a service that uses `tag` runs something else than `digests`."""
        for name in {use.service for use in uses.near({tag}, ()) if use.live or use.digest is None}:
            live = self._cluster.services.get(name)
            running = live.image.partition("@")[2] if live is not None else ""
            if running and running not in digests:
                return True
        return False

    def _all(self) -> Iterator[tuple[ImageReference, Use]]:
        for service in self._cluster.services.values():
            if (reference := _parsed(service.image)) is not None:
                active = service.replicas != 0
                yield reference, Use(service.name, reference.tag, reference.digest, live=True, active=active)
        for entry in self._catalog.entries():
            if entry.definition is None:
                continue
            reference = named(entry.definition.image, self._registry_host)
            if reference is not None:
                yield reference, Use(entry.name, reference.tag, reference.digest, live=False, active=False)


def users_of(uses: Uses, tags: Collection[str], digests: Collection[str]) -> list[ImageUser]:
    """Who needs one of the tags or digests, a service once: what it runs counts before what it names."""
    found: dict[str, ImageUser] = {}
    for use in uses.near(tags, digests):
        if use.digest is not None and use.digest in digests:
            user = ImageUser(service=use.service, by="digest", running=use.live and use.active)
        elif use.tag in tags and (use.digest is None or use.live):
            # An unpinned service runs what the tag meant on each node when it was pulled there.
            user = ImageUser(service=use.service, by="tag", running=use.active and use.digest is None)
        else:
            continue
        known = found.get(use.service)
        if known is None or (user.running, user.by == "digest") > (known.running, known.by == "digest"):
            found[use.service] = user
    return sorted(found.values(), key=lambda user: user.service)


def named(image: str, registry_host: str) -> ImageReference | None:
    """What a definition's image stands for; None for what cannot be expanded here."""
    try:
        return _parsed(expand_registry_host(image, registry_host))
    except InvalidInput:
        return None


@lru_cache(maxsize=20_000)
def _parsed(image: str) -> ImageReference | None:
    try:
        return ImageReference.parse(image).or_latest()
    except InvalidInput:
        return None
