"""Browsing registries: repositories, tags, and who uses them."""

import re
import time
from collections.abc import Collection, Iterable
from typing import Final

from backend.domain.permissions import Permission
from backend.domain.registry_manifest import ImageConfig, Manifest, PlatformImage
from backend.errors import NotFound, OrchestratorError, RegistryFailed
from backend.models.actor import Actor
from backend.models.registries import Credentials, RegistryAddress
from backend.models.schemas.registry import (
    LayerOut,
    PlatformOut,
    RegistryEvent,
    RegistryListing,
    RepositoryOut,
    TagOut,
)
from backend.services.audit import Audit
from backend.services.event_bus import EventBus
from backend.services.image_users import ImageUsers, Uses, users_of
from backend.services.registries import Registries
from backend.services.registry_reader import KnownTag, RegistryReader, each, left
from backend.services.use_case import use_case

COUNT_WITHIN: Final = 3.0


class Registry:
    """What pages and callers see of a registry; what changes there is told to every open page."""

    def __init__(
        self,
        *,
        reader: RegistryReader,
        registries: Registries,
        users: ImageUsers,
        bus: EventBus,
        audit: Audit,
    ) -> None:
        self.audit = audit
        self._reader = reader
        self._users = users
        self._bus = bus
        registries.on_change.append(self._registry_changed)

    def pushed(self, host: str, repository: str) -> None:
        """Something in this repository changed: forget what was read of it and tell the pages."""
        self._reader.forget(host, repository)
        self._bus.publish("registry", RegistryEvent(registry=host, repository=repository))

    @use_case(Permission.READ)
    async def repositories(
        self, actor: Actor, *, registry: str | None, match: str | None, limit: int, offset: int
    ) -> RegistryListing[RepositoryOut]:
        """By name. Raises RegistryFailed when the registry does not tell them."""
        began = time.monotonic()
        reg, cred = await self._reader.address(registry)
        listed = await self._reader.repositories(reg, cred)
        names = _matching(listed.value, match)
        page = names[offset : offset + limit]
        counts = await self._counts(reg, cred, page, within=min(COUNT_WITHIN, left(began)))
        used = self._users.by_repository(reg.host)
        items = [
            RepositoryOut(
                name=name,
                registry=reg.host,
                image=f"{reg.host}/{name}",
                tags=counts.get(name),
                used_by=sorted(used.get(name, ())),
            )
            for name in page
        ]
        return RegistryListing[RepositoryOut](items=items, total=len(names), as_of=listed.as_of)

    @use_case(Permission.READ)
    async def tags(
        self,
        actor: Actor,
        repository: str,
        *,
        registry: str | None,
        match: str | None,
        limit: int,
        offset: int,
    ) -> RegistryListing[TagOut]:
        """Newest versions first, as far as names tell. NotFound `repository_not_found`."""
        began = time.monotonic()
        reg, cred = await self._reader.address(registry)
        listed = await self._reader.tags(reg, cred, repository)
        names = sorted(_matching(listed.value, match), key=_natural, reverse=True)
        page = names[offset : offset + limit]
        known = await each(
            page, lambda tag: self._reader.known(reg, cred, repository, tag), within=left(began)
        )
        if page and all(_unread(known.get(tag)) for tag in page):
            raise _nothing_read(reg, known.values())
        uses = self._users.of_repository(reg.host, repository)
        items = [self._tag(tag, known.get(tag), uses) for tag in page]
        return RegistryListing[TagOut](items=items, total=len(names), as_of=listed.as_of)

    async def _counts(
        self, reg: RegistryAddress, cred: Credentials | None, names: Collection[str], *, within: float
    ) -> dict[str, int]:
        async def count(name: str) -> int | None:
            try:
                kept = await self._reader.tags(reg, cred, name)
            except NotFound:
                # Registries of the Distribution kind keep naming a repository without tags.
                return 0
            except RegistryFailed:
                return None
            return len(kept.value)

        found = await each(names, count, within=within)
        return {name: number for name, number in found.items() if number is not None}

    def _tag(self, tag: str, known: KnownTag | None, uses: Uses) -> TagOut:
        if known is None:
            known = KnownTag(
                None, None, None, RegistryFailed("The registry did not tell in time; ask again.")
            )
        manifest, config = known.manifest, known.config
        problem = known.error.detail if known.error else manifest.problem if manifest else None
        return TagOut(
            name=tag,
            digest=known.digest,
            media_type=manifest.media_type if manifest else None,
            size=manifest.size if manifest else None,
            platforms=[_platform(one) for one in _platforms(manifest, config)],
            layers=[LayerOut(digest=one.digest, size=one.size) for one in manifest.layers]
            if manifest
            else [],
            created=config.created if config else None,
            labels=config.labels if config else {},
            used_by=users_of(uses, {tag}, known.digests),
            newer_than_deployed=bool(known.digest) and self._users.runs_another(uses, tag, known.digests),
            problem=problem,
        )

    def _registry_changed(self, host: str) -> None:
        self._reader.forget_registry(host)
        self._bus.publish("registry", RegistryEvent(registry=host, repository=None))


def _unread(known: KnownTag | None) -> bool:
    return known is None or (known.manifest is None and isinstance(known.error, RegistryFailed))


def _nothing_read(reg: RegistryAddress, known: Iterable[KnownTag]) -> OrchestratorError:
    """Not one tag could be read: that is the registry's matter, and no list."""
    for one in known:
        if one.error is not None:
            return one.error
    return RegistryFailed(
        f"The registry {reg.host} names its tags but did not tell in time what they are.",
        code="registry_timeout",
    )


def _platforms(manifest: Manifest | None, config: ImageConfig | None) -> tuple[PlatformImage, ...]:
    if manifest is None or manifest.is_index:
        return manifest.platforms if manifest else ()
    if config is None or not config.os:
        return ()
    one = PlatformImage(config.os, config.architecture, config.variant, manifest.digest, manifest.size)
    return (one,)


def _platform(one: PlatformImage) -> PlatformOut:
    return PlatformOut(
        os=one.os, architecture=one.architecture, variant=one.variant, digest=one.digest, size=one.size
    )


def _matching(names: list[str], match: str | None) -> list[str]:
    if not match:
        return names
    wanted = match.lower()
    return [name for name in names if wanted in name.lower()]


def _natural(tag: str) -> list[tuple[int, int, str]]:
    """1.10 after 1.9; words such as `latest` after all numbers."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", tag)
    ]
