"""Asks registries: the OCI Distribution API, for whatever keeps to it and against whatever does not."""

import asyncio
import re
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import msgspec

from backend.clients.registry_elsewhere import Elsewhere
from backend.clients.registry_errors import failed, no_registry, refusal_code, unexpected_status
from backend.clients.registry_http import RegistryHttp, Reply
from backend.domain.registry_challenge import next_page
from backend.domain.registry_manifest import (
    DIGEST,
    MANIFEST_TYPES,
    ImageConfig,
    Index,
    Malformed,
    Manifest,
    OneImage,
    PlatformImage,
    decode,
    digest_of,
    matches,
    read_config,
    read_manifest,
)
from backend.errors import Conflict, InvalidInput, NotFound, OrchestratorError, RegistryFailed
from backend.models.registries import Credentials, RegistryAddress

WHOLE_CALL: Final = 9.0
"""Seconds for one question, however many calls belong to it: who asks us is promised an answer in 10."""
PAGE: Final = 1_000
MAX_PAGES: Final = 1_000
MAX_NAMES: Final = 50_000
MAX_CHARACTERS: Final = 8 * 1024 * 1024
CHILDREN_AT_ONCE: Final = 4
REPOSITORY: Final = re.compile(
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
)
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_ACCEPT: Final = ", ".join(MANIFEST_TYPES)


class _Catalog(msgspec.Struct):
    repositories: list[str] | None


class _Tags(msgspec.Struct):
    tags: list[str] | None


class RegistryClient:
    """For all registries: each call says which one, and who we are there.

    Every method raises RegistryFailed for what is wrong with the registry or its answer.
    """

    def __init__(
        self,
        *,
        deadline: float = WHOLE_CALL,
        realms: Callable[[], Collection[str]] = tuple,
        now: Callable[[], float] = time.monotonic,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._http = RegistryHttp(deadline=deadline, realms=realms, now=now, elsewhere=elsewhere)

    async def close(self) -> None:
        await self._http.close()

    async def ping(self, reg: RegistryAddress, cred: Credentials | None) -> bool:
        """Return when it is a registry that lets us in: whether it asked who we are."""
        async with self._http.whole_call(reg):
            reply = await self._http.call(reg, cred, "GET", f"{reg.url}/v2/", scope="")
            if reply.status == 404:
                raise no_registry(reg)
            if reply.status != 200:
                raise unexpected_status(reg, reply.status, reply.body)
            return reply.asked

    async def repositories(
        self, reg: RegistryAddress, cred: Credentials | None, *, limit: int = MAX_NAMES
    ) -> list[str]:
        """All names of the catalog, sorted; code `registry_endless` when there are more than `limit`."""
        async with self._http.whole_call(reg):
            return await self._names(
                reg, cred, "/v2/_catalog", "registry:catalog:*", REPOSITORY, _repositories, limit
            )

    async def tags(self, reg: RegistryAddress, cred: Credentials | None, repository: str) -> list[str]:
        """All tags of a repository, sorted; NotFound for one that the registry does not have."""
        path = f"/v2/{_safe(repository)}/tags/list"
        async with self._http.whole_call(reg):
            return await self._names(reg, cred, path, _pull(repository), TAG, _tags, MAX_NAMES)

    async def digest(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, reference: str
    ) -> str | None:
        """What a tag points to now, or the digest itself when it is there; None when it is not."""
        async with self._http.whole_call(reg):
            reply = await self._manifest(reg, cred, repository, reference, method="HEAD")
            if reply is None:
                return None
            said = reply.headers.get("Docker-Content-Digest", "")
            if said:
                return self._checked(reg, said, reference)
            reply = await self._manifest(reg, cred, repository, reference)
            return self._verified(reg, reply.body, reference, "") if reply is not None else None

    async def manifest(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, reference: str
    ) -> Manifest:
        """What a tag or digest stands for; of an index all platforms are read. NotFound `tag_not_found`."""
        async with self._http.whole_call(reg):
            reply = await self._manifest(reg, cred, repository, reference)
            if reply is None:
                raise self._missing(reg, repository, reference)
            said = reply.headers.get("Docker-Content-Digest", "")
            digest = self._verified(reg, reply.body, reference, said)
            read = _read(reply)
            del reply
            if isinstance(read, Index):
                return await self._index(reg, cred, repository, digest, read)
            return Manifest(
                digest,
                read.media_type,
                read.size,
                layers=read.layers,
                config=read.config.digest if read.config_is_image else None,
            )

    async def image_config(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, digest: str
    ) -> ImageConfig:
        """The configuration an image's manifest names."""
        async with self._http.whole_call(reg):
            url = f"{reg.url}/v2/{_safe(repository)}/blobs/{digest}"
            reply = await self._http.call(
                reg, cred, "GET", url, scope=_pull(repository), may_lie_elsewhere=True
            )
            if reply.status == 404:
                raise failed(
                    reg,
                    "registry_bad_answer",
                    f"does not have the configuration of this image of {repository}; push the image again.",
                )
            if reply.status != 200:
                raise unexpected_status(reg, reply.status, reply.body)
            self._verified(reg, reply.body, digest, "")
            return read_config(reply.body)

    async def delete_manifest(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, digest: str
    ) -> None:
        """Delete a manifest and with it every tag on it. Conflict `registry_delete_disabled`, NotFound."""
        async with self._http.whole_call(reg):
            url = f"{reg.url}/v2/{_safe(repository)}/manifests/{digest}"
            scope = f"repository:{repository}:delete,pull"
            reply = await self._http.call(reg, cred, "DELETE", url, scope=scope)
            if reply.status == 404:
                raise self._missing(reg, repository, digest)
            if reply.status == 405 or refusal_code(reply.body) == "UNSUPPORTED":
                raise Conflict(
                    f"The registry {reg.host} has deleting switched off. Switch it on in its configuration "
                    "with `storage: {delete: {enabled: true}}`, or by the environment variable "
                    "REGISTRY_STORAGE_DELETE_ENABLED=true, and restart it.",
                    code="registry_delete_disabled",
                )
            if reply.status not in {200, 202, 204}:
                raise unexpected_status(reg, reply.status, reply.body)

    async def _names(
        self,
        reg: RegistryAddress,
        cred: Credentials | None,
        path: str,
        scope: str,
        grammar: re.Pattern[str],
        read: Callable[[bytes], list[str]],
        limit: int,
    ) -> list[str]:
        found: set[str] = set()
        characters = 0
        first = f"{reg.url}{path}"
        url: str | None = f"{first}?n={PAGE}"
        for _ in range(MAX_PAGES):
            assert url is not None
            reply = await self._http.call(reg, cred, "GET", url, scope=scope)
            if reply.status == 400 and url != first and not found:
                # A registry may be configured to give less at a time than we ask for.
                url = first
                continue
            if reply.status == 404:
                raise self._no_list(reg, path, reply)
            if reply.status != 200:
                raise unexpected_status(reg, reply.status, reply.body)
            before = len(found)
            names = _sent_names(reg, reply, read)
            new = {name for name in names if len(name) <= 255 and grammar.fullmatch(name)} - found
            found |= new
            characters += sum(map(len, new))
            try:
                url = next_page(reply.headers.get("Link"), url)
            except ValueError:
                raise failed(
                    reg,
                    "registry_redirected",
                    "names an address of another host as the next page of a list, which is not followed.",
                ) from None
            if url is None:
                return sorted(found)
            if len(found) == before or len(found) > limit or characters > MAX_CHARACTERS:
                break
        raise failed(
            reg,
            "registry_endless",
            f"does not come to an end with its list at {path}: there are more than {limit:,} names, or it "
            "repeats itself.",
        )

    def _no_list(self, reg: RegistryAddress, path: str, reply: Reply) -> Exception:
        word = refusal_code(reply.body)
        if not word and "Docker-Distribution-Api-Version" not in reply.headers:
            return no_registry(reg)
        if path == "/v2/_catalog":
            return failed(
                reg, "registry_bad_answer", "has no catalog: it does not tell the names of its repositories."
            )
        name = path.removeprefix("/v2/").removesuffix("/tags/list")
        return NotFound(f"The registry {reg.host} has no repository {name}.", code="repository_not_found")

    async def _manifest(
        self,
        reg: RegistryAddress,
        cred: Credentials | None,
        repository: str,
        reference: str,
        *,
        method: str = "GET",
    ) -> Reply | None:
        url = f"{reg.url}/v2/{_safe(repository)}/manifests/{quote(reference, safe=':')}"
        reply = await self._http.call(reg, cred, method, url, scope=_pull(repository), accept=_ACCEPT)
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise unexpected_status(reg, reply.status, reply.body)
        return reply

    async def _index(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, digest: str, index: Index
    ) -> Manifest:
        """Read the manifest of each platform: only they know sizes and layers."""
        platforms: list[PlatformImage] = []
        blobs: dict[str, int] = {}
        first: OneImage | None = None
        problem: str | None = None
        failure: Exception | None = None
        for begin in range(0, len(index.platforms), CHILDREN_AT_ONCE):
            some = index.platforms[begin : begin + CHILDREN_AT_ONCE]
            # The first failure ends the others too: nobody would wait for them any more.
            try:
                async with asyncio.TaskGroup() as tasks:
                    read = [tasks.create_task(self._child(reg, cred, repository, one)) for one in some]
            except* OrchestratorError as group:
                failure = group.exceptions[0]
            if failure is not None:
                raise failure
            for platform, child in zip(some, (task.result() for task in read), strict=True):
                if not isinstance(child, OneImage):
                    problem = problem or child
                    platforms.append(platform)
                    continue
                first = first or child
                blobs |= {layer.digest: layer.size for layer in (child.config, *child.layers)}
                platforms.append(replace(platform, size=child.size))
        return Manifest(
            digest,
            index.media_type,
            sum(blobs.values()),
            platforms=tuple(platforms),
            layers=first.layers if first else (),
            config=first.config.digest if first and first.config_is_image else None,
            problem=problem,
        )

    async def _child(
        self, reg: RegistryAddress, cred: Credentials | None, repository: str, platform: PlatformImage
    ) -> OneImage | str:
        """The manifest, or a sentence that says why there is none."""
        name = f"{platform.os}/{platform.architecture}"
        reply = await self._manifest(reg, cred, repository, platform.digest)
        if reply is None:
            return f"The manifest for {name} is not in the registry."
        self._verified(reg, reply.body, platform.digest, "")
        try:
            read = _read(reply)
        except Malformed as error:
            return f"The manifest for {name} cannot be right: {error}."
        return read if isinstance(read, OneImage) else f"The manifest for {name} is an index again."

    def _checked(self, reg: RegistryAddress, said: str, reference: str) -> str:
        if not DIGEST.fullmatch(said) or (DIGEST.fullmatch(reference) and said != reference):
            raise self._wrong_digest(reg)
        return said

    def _verified(self, reg: RegistryAddress, content: bytes, reference: str, said: str) -> str:
        """The digest of `content`, which has to be what was asked for and what the registry says it is."""
        wanted = reference if DIGEST.fullmatch(reference) else said or digest_of(content)
        if not DIGEST.fullmatch(wanted) or not matches(content, wanted) or (said and said != wanted):
            raise self._wrong_digest(reg)
        return wanted

    def _wrong_digest(self, reg: RegistryAddress) -> RegistryFailed:
        return failed(
            reg,
            "registry_wrong_digest",
            "sent content that does not match its digest: its storage is damaged, or somebody changed it on "
            "the way.",
        )

    def _missing(self, reg: RegistryAddress, repository: str, reference: str) -> NotFound:
        mark = "@" if DIGEST.fullmatch(reference) else ":"
        return NotFound(
            f"The registry {reg.host} has no {repository}{mark}{reference}.", code="tag_not_found"
        )


def _sent_names(reg: RegistryAddress, reply: Reply, read: Callable[[bytes], list[str]]) -> list[str]:
    try:
        return read(reply.body)
    except Malformed:
        raise no_registry(reg) from None


def _repositories(body: bytes) -> list[str]:
    return decode(body, _Catalog, "the catalog").repositories or []


def _tags(body: bytes) -> list[str]:
    return decode(body, _Tags, "the list of tags").tags or []


def _read(reply: Reply) -> OneImage | Index:
    return read_manifest(reply.body, reply.headers.get("Content-Type", "").partition(";")[0].strip())


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _safe(repository: str) -> str:
    """Names come from callers and from registries: nothing else may get into a path."""
    if not REPOSITORY.fullmatch(repository) or len(repository) > 255:
        raise InvalidInput(f"{repository[:120]!r} is no name of a repository, such as 'team/web'.")
    return repository
