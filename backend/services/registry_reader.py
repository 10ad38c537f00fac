"""What registries say of their images, kept for a while and shared by whoever asks the same."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

import anyio

from backend.clients.registry_client import RegistryClient
from backend.domain.registry_manifest import ImageConfig, Manifest
from backend.errors import NotFound, OrchestratorError, RegistryFailed
from backend.models.registries import Credentials, RegistryAddress
from backend.services.kept_answers import Kept, KeptAnswers
from backend.services.registries import Registries

KEPT_SECONDS: Final = 10.0
KEPT_NAMES: Final = 200_000
KEPT_DETAILS: Final = 8 * 1024 * 1024
"""Characters, roughly, of manifests and configurations: they never change under their digest."""
AT_ONCE: Final = 8
WITHIN: Final = 9.0
"""Seconds for one question of a caller's, however many of the registry's calls it takes."""


@dataclass(frozen=True, slots=True)
class KnownTag:
    """What is known of one tag."""

    digest: str | None
    manifest: Manifest | None
    config: ImageConfig | None
    error: OrchestratorError | None

    @property
    def covered(self) -> tuple[str, ...]:
        """Its own digest and those of its platforms."""
        below = (one.digest for one in self.manifest.platforms) if self.manifest else ()
        return (*((self.digest,) if self.digest else ()), *below)

    @property
    def digests(self) -> frozenset[str]:
        """What a service may be pinned to."""
        return frozenset(self.covered)


class RegistryReader:
    """Lists are kept for seconds, what lies under a digest for an hour; failures never."""

    def __init__(self, *, client: RegistryClient, registries: Registries) -> None:
        self._client = client
        self._registries = registries
        self._lists = KeptAnswers(seconds=KEPT_SECONDS, most=KEPT_NAMES, weight=_weight_of_list)
        self._details = KeptAnswers(seconds=3600, most=KEPT_DETAILS, weight=_weight_of_details)

    async def close(self) -> None:
        await self._lists.close()
        await self._details.close()

    async def address(self, registry: str | None) -> tuple[RegistryAddress, Credentials | None]:
        """Where it is and who we are there; the first one when none is named."""
        reg = self._registries.find(registry) if registry else self._registries.all()[0]
        return reg, await self._registries.credentials(reg.host)

    async def repositories(self, reg: RegistryAddress, cred: Credentials | None) -> Kept[list[str]]:
        return await self._lists.get(("catalog", reg.host, ""), lambda: self._client.repositories(reg, cred))

    async def tags(self, reg: RegistryAddress, cred: Credentials | None, repository: str) -> Kept[list[str]]:
        """Raises NotFound `repository_not_found`."""
        return await self._lists.get(
            ("tags", reg.host, repository), lambda: self._client.tags(reg, cred, repository)
        )

    async def known(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, tag: str
    ) -> KnownTag:
        """As much as can be read of a tag; its `error` says why there is no more."""
        digest: str | None = None
        manifest: Manifest | None = None
        try:
            kept = await self._lists.get(
                ("digest", reg.host, repository, tag),
                lambda: self._client.digest(reg, cred, repository, tag),
            )
            digest = kept.value
            if digest is None:
                raise NotFound(f"The tag {tag} is not there any more.", code="tag_not_found")
            manifest = await self.manifest(reg, cred, repository, digest)
            if (blob := manifest.config) is None:
                return KnownTag(digest, manifest, None, None)
            config = await self._details.get(
                ("config", reg.host, repository, blob),
                lambda: self._client.image_config(reg, cred, repository, blob),
            )
        except (RegistryFailed, NotFound) as error:
            return KnownTag(digest, manifest, None, error)
        return KnownTag(digest, manifest, config.value, None)

    async def manifest(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, digest: str
    ) -> Manifest:
        kept = await self._details.get(
            ("manifest", reg.host, repository, digest),
            lambda: self._client.manifest(reg, cred, repository, digest),
        )
        if kept.value.problem:
            # What was missing may come: it is read again the next time.
            self._details.forget(lambda key: key == ("manifest", reg.host, repository, digest))
        return kept.value

    def forget(self, host: str, repository: str) -> None:
        """Something in this repository changed."""
        self._lists.forget(lambda key: key[1] == host and (key[0] == "catalog" or key[2] == repository))

    def forget_registry(self, host: str) -> None:
        for kept in (self._lists, self._details):
            kept.forget(lambda key: key[1] == host)


async def each[T](
    names: Iterable[str], work: Callable[[str], Awaitable[T]], *, within: float | None = None
) -> dict[str, T]:
    """What `work` found for each name, a few at once; without those that took too long."""
    found: dict[str, T] = {}
    todo = iter(names)

    async def some() -> None:
        for name in todo:
            found[name] = await work(name)

    failure: OrchestratorError | None = None
    try:
        with anyio.move_on_after(within):
            async with anyio.create_task_group() as tasks:
                for _ in range(AT_ONCE):
                    tasks.start_soon(some)
    except* OrchestratorError as group:
        failure = _first(group)
    if failure is not None:
        raise failure
    return found


def left(began: float) -> float:
    """Seconds until a caller who asked at `began` should have an answer."""
    return max(WITHIN - (time.monotonic() - began), 0.5)


def _first(group: BaseExceptionGroup[OrchestratorError]) -> OrchestratorError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _weight_of_list(value: list[str] | str | None) -> int:
    return len(value) + 1 if isinstance(value, list) else 1


def _weight_of_details(value: Manifest | ImageConfig) -> int:
    if isinstance(value, Manifest):
        return 500 + 200 * (len(value.layers) + len(value.platforms))
    return 500 + sum(len(key) + len(text) + 100 for key, text in value.labels.items())
