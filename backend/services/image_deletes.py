"""Deleting images from registries: what nobody uses, or what somebody names once more."""

from typing import Final

import anyio

from backend.clients.registry_client import RegistryClient
from backend.domain.permissions import Permission
from backend.errors import Conflict, FieldError, NotFound, RegistryFailed
from backend.models.actor import Actor
from backend.models.registries import Credentials, RegistryAddress
from backend.models.schemas.registry import ImageDeleted, ImageUser
from backend.services.audit import Audit
from backend.services.image_users import ImageUsers, users_of
from backend.services.registry import Registry
from backend.services.registry_reader import WITHIN, RegistryReader, each
from backend.services.use_case import use_case

NEXT_STEP: Final = (
    "The space is freed by the registry's garbage collection, which must run while nothing is pushed: "
    "`registry garbage-collect /etc/docker/registry/config.yml` (in a container: `docker exec NAME "
    "registry garbage-collect …`; Debian: `docker-registry garbage-collect …`), then restart the registry."
)


class ImageDeletes:
    """Registries delete manifests, not tags: what else goes with one is looked at first."""

    def __init__(
        self,
        *,
        client: RegistryClient,
        reader: RegistryReader,
        registry: Registry,
        users: ImageUsers,
        audit: Audit,
    ) -> None:
        self.audit = audit
        self._client = client
        self._reader = reader
        self._registry = registry
        self._users = users

    async def delete_tag(
        self, actor: Actor, repository: str, tag: str, *, registry: str | None, confirm: str | None
    ) -> ImageDeleted:
        """Delete what a tag points to. Conflict `image_in_use`, `tags_share_manifest` unless confirmed."""
        reg, cred = await self._reader.address(registry)
        return await self._delete(
            actor, f"{reg.host}/{repository}:{tag}", reg, cred, repository, tag, confirm
        )

    async def delete_manifest(
        self, actor: Actor, repository: str, digest: str, *, registry: str | None, confirm: str | None
    ) -> ImageDeleted:
        """Delete a manifest by its digest. Conflict `image_in_use` unless confirmed."""
        reg, cred = await self._reader.address(registry)
        image = f"{reg.host}/{repository}@{digest}"
        return await self._delete(actor, image, reg, cred, repository, digest, confirm)

    @use_case(Permission.EDIT, action="registry.delete_image", target="image")
    async def _delete(
        self,
        actor: Actor,
        image: str,
        reg: RegistryAddress,
        cred: Credentials | None,
        repository: str,
        reference: str,
        confirm: str | None,
    ) -> ImageDeleted:
        self._users.require_picture()
        self._reader.forget(reg.host, repository)
        by_tag = ":" not in reference
        local = image.removeprefix(f"{reg.host}/")
        try:
            with anyio.fail_after(WITHIN):
                digest = await self._client.digest(reg, cred, repository, reference)
                if digest is None:
                    raise NotFound(f"The registry {reg.host} has no {local}.", code="tag_not_found")
                gone, hurt, digests = await self._reach(reg, cred, repository, digest, by_tag=by_tag)
        except TimeoutError:
            raise RegistryFailed(
                f"The registry {reg.host} did not tell in time what else is on the manifest of {local}, so "
                "nothing was deleted.",
                code="registry_timeout",
            ) from None
        users = users_of(self._users.of_repository(reg.host, repository), {*gone, *hurt}, digests)
        if confirm not in {repository, local, image}:
            _refuse_what_hurts(local, reference, by_tag, gone, hurt, users)
        await self._client.delete_manifest(reg, cred, repository, digest)
        self._registry.pushed(reg.host, repository)
        return ImageDeleted(
            registry=reg.host,
            repository=repository,
            digest=digest,
            tags=sorted(gone),
            used_by=users,
            next_step=NEXT_STEP,
        )

    async def _reach(
        self,
        reg: RegistryAddress,
        cred: Credentials | None,
        repository: str,
        digest: str,
        *,
        by_tag: bool,
    ) -> tuple[set[str], set[str], frozenset[str]]:
        """Tags that go with it, tags whose image loses a platform with it, and all digests it covers."""
        names = await self._client.tags(reg, cred, repository)
        pointing = await each(names, lambda tag: self._client.digest(reg, cred, repository, tag))
        gone = {tag for tag, found in pointing.items() if found == digest}
        covered = {digest}
        hurt: set[str] = set()
        try:
            manifest = await self._reader.manifest(reg, cred, repository, digest)
            covered |= {one.digest for one in manifest.platforms}
            if not by_tag and not gone:
                others = {found for found in pointing.values() if found}
                read = await each(
                    sorted(others), lambda one: self._reader.manifest(reg, cred, repository, one)
                )
                above = {
                    one
                    for one, index in read.items()
                    if digest in {below.digest for below in index.platforms}
                }
                hurt = {tag for tag, found in pointing.items() if found in above}
                covered |= above
        except (RegistryFailed, NotFound) as error:
            # What cannot be read may be just what is to be deleted.
            if error.code in {"registry_timeout", "registry_unreachable"}:
                raise
        return gone, hurt, frozenset(covered)


def _refuse_what_hurts(
    name: str, reference: str, by_tag: bool, gone: set[str], hurt: set[str], users: list[ImageUser]
) -> None:
    others = sorted(gone - {reference}) if by_tag else sorted(hurt)
    and_tags = ""
    if others:
        what = "is on the same manifest and would be deleted too" if by_tag else "would lose a platform"
        and_tags = f"{', '.join(others[:20])} {what}"
    override = f"To delete it all the same, repeat the call with ?confirm={name}."
    if users:
        names = ", ".join(user.service for user in users[:20])
        raise Conflict(
            f"{name} is used by {names}"
            + (f"; also {and_tags}" if and_tags else "")
            + f". Nodes that have to pull it again could not. {override}",
            code="image_in_use",
            errors=tuple(FieldError(user.service, _how(user)) for user in users),
        )
    if others:
        raise Conflict(
            f"Deleting {name} deletes more than that: {and_tags}. {override}",
            code="tags_share_manifest",
            errors=tuple(FieldError(tag, "is affected too") for tag in others),
        )


def _how(user: ImageUser) -> str:
    if user.running:
        return "runs it" if user.by == "digest" else "runs it, not pinned to a digest"
    return "is pinned to it" if user.by == "digest" else "names this tag"
