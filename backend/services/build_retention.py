"""Clears old builds from registries: their own tags would pile up there for ever."""

import logging
from typing import Final

import anyio

from backend.domain.image_reference import ImageReference
from backend.domain.retention import BuiltTag, deletable, superfluous
from backend.errors import NotFound, OrchestratorError
from backend.models.actor import SYSTEM
from backend.models.schemas.builds import BuildOut
from backend.repositories.builds import BuildRecords
from backend.repositories.deployments import DeploymentRecords
from backend.services.image_deletes import ImageDeletes
from backend.services.image_users import ImageUsers, users_of
from backend.services.registry_reader import KnownTag, RegistryReader, each
from backend.services.turns import Turns

log = logging.getLogger(__name__)

MOST_TAGS: Final = 2_000
"""A repository with more is left alone: all of them have to be looked at to be sure of one."""
MOST_DELETED: Final = 20
"""At a time; the next build goes on."""


class BuildRetention:
    """Keeps what the newest `kept` builds of each service made and what anything uses; 0 keeps all.

    It begins with builds that we recorded: another server's tags in the same repository are not ours.
    """

    def __init__(
        self,
        *,
        kept: int,
        records: BuildRecords,
        deployments: DeploymentRecords,
        reader: RegistryReader,
        deletes: ImageDeletes,
        users: ImageUsers,
        turns: Turns,
    ) -> None:
        self._kept = kept
        self._records = records
        self._deployments = deployments
        self._reader = reader
        self._deletes = deletes
        self._users = users
        self._turns = turns
        self._grown: dict[str, ImageReference] = {}
        """Repositories to look at, by name: no more than there are definitions."""
        self._news = anyio.Event()

    def build_changed(self, build: BuildOut) -> None:
        if build.state == "succeeded" and self._kept:
            image = ImageReference.parse(build.image)
            self._grown[image.name] = image
            self._news.set()

    async def run(self) -> None:
        """Look at what has grown, until cancelled."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            while self._grown:
                _, image = self._grown.popitem()
                try:
                    await self.clear(image)
                except OrchestratorError as error:
                    log.info("old builds stay in %s for now: %s", image.name, error.detail)
                except Exception:
                    # One repository must not end the looking at all others.
                    log.exception("old builds of %s could not be cleared away", image.name)

    async def clear(self, image: ImageReference) -> list[str]:
        """The tags that were deleted. Raises what a registry or its refusal to delete raises."""
        built = await self._built(image)
        old = superfluous(built, kept=self._kept)
        if not old:
            return []
        # A push of the very same content would lose its tag to a delete that was decided before.
        async with self._turns.of(image.name):
            reg, cred = await self._reader.address(image.registry)
            self._reader.forget(reg.host, image.repository)
            try:
                names = (await self._reader.tags(reg, cred, image.repository)).value
            except NotFound:
                return []
            if not old.intersection(names):
                return []
            if len(names) > MOST_TAGS:
                log.warning("%s has %d tags, too many to clear old builds away", image.name, len(names))
                return []
            known = await each(names, lambda tag: self._reader.known(reg, cred, image.repository, tag))
            for one in known.values():
                _require_read(one)
            needed = await self._needed({one.service for one in built})
            gone: list[str] = []
            found = deletable({tag: one.covered for tag, one in known.items()}, old, needed)
            uses = self._users.of_repository(reg.host, image.repository)
            for digest, tags in list(found.items())[:MOST_DELETED]:
                covered = frozenset().union(*(known[tag].digests for tag in tags))
                if users_of(uses, tags, covered):
                    continue
                await self._deletes.delete_manifest(
                    SYSTEM, image.repository, digest, registry=reg.host, confirm=None
                )
                gone += sorted(tags)
        if gone:
            log.info("%s: deleted %s, of which newer builds are kept", image.name, ", ".join(gone))
        return gone

    async def _built(self, image: ImageReference) -> list[BuiltTag]:
        """Builds of this repository, newest first."""
        return [
            BuiltTag(row.service, row.tag, row.state == "succeeded", row.finished_at is None)
            for row in await self._records.all()
            if ImageReference.parse(row.image).name == image.name
        ]

    async def _needed(self, services: set[str]) -> set[str]:
        """Digests that a rollback may want to bring back."""
        found: set[str] = set()
        for service in services:
            history = await self._deployments.brought_in(service)
            digests = dict.fromkeys(row.to_digest for row in history if row.to_digest)
            found.update(list(digests)[: self._kept])
        return found


def _require_read(known: KnownTag) -> None:
    """What could not be read may be an index that has the very image below."""
    if known.manifest is None and known.error is not None and known.error.code != "tag_not_found":
        raise known.error
