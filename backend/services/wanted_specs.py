"""What a deploy would send: a catalog entry resolved against registry and swarm, and planned."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.clients.docker_client import SwarmClient
from backend.clients.registry_auth import RegistryAuth
from backend.domain.image_reference import ImageReference, expand_registry_host
from backend.domain.plan import Plan, changes
from backend.domain.service_spec import LABEL_IMAGE, LABEL_REVISION, References, build_spec, names_needed
from backend.errors import Conflict, DockerUnavailable, FieldError, OrchestratorError
from backend.models.cluster import ImageDigest, Service
from backend.models.definitions import Definition
from backend.services.catalog import Entry
from backend.services.registry_refusals import refusal
from backend.services.service_views import deployed_revision, usable
from backend.services.shared_reads import SharedReads, shared_reads

CREATE_HINTS = {
    "network": "docker network create --driver overlay {name}",
    "secret": "docker secret create {name} FILE",
    "config": "docker config create {name} FILE",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a deploy would send, resolved and planned, before anything is done."""

    entry: Entry
    spec: dict[str, Any]
    image: str
    digest: str | None
    live: Service | None
    references: References
    plan: Plan | None
    """None when the swarm has no such service yet."""
    warnings: tuple[str, ...]
    refused: OrchestratorError | None = None
    """The registry said no: nodes would not get the image either, so nothing must be sent."""
    with_credentials: bool = False
    """The swarm keeps those that it got with the last write, so a deploy always writes."""

    @property
    def replicas(self) -> int | None:
        mode = self.spec.get("Mode") or {}
        count = (mode.get("Replicated") or {}).get("Replicas")
        return (mode.get("ReplicatedJob") or {}).get("TotalCompletions", count)

    @property
    def from_digest(self) -> str | None:
        return (self.live.image.partition("@")[2] or None) if self.live else None


class WantedSpecs:
    """Resolves catalog entries; the same code serves a deploy and, later, its dry run."""

    def __init__(self, client: SwarmClient, *, registry_host: str) -> None:
        self._client = client
        self._registry_host = registry_host

    async def resolve(self, entry: Entry, *, adopt: bool, pinned: str | None = None) -> Wanted:
        """Raise Conflict, with nothing done, for whatever cannot be deployed as it stands.

        `pinned` is a digest to use instead of what the tag points to now.
        """
        async with shared_reads(self._client) as reads:
            return await self._resolve(entry, reads, adopt=adopt, pinned=pinned)

    async def resolve_each(
        self, entries: Sequence[Entry], *, adopt: bool
    ) -> list[Wanted | OrchestratorError]:
        """As `resolve`, with what they have in common read once; what is wrong with one is its result."""

        async def resolve(entry: Entry) -> Wanted | OrchestratorError:
            try:
                return await self._resolve(entry, reads, adopt=adopt)
            except OrchestratorError as error:
                return error

        async with shared_reads(self._client) as reads:
            await reads.expect([entry.name for entry in entries])
            async with asyncio.TaskGroup() as tasks:
                resolving = [tasks.create_task(resolve(entry)) for entry in entries]
        return [one.result() for one in resolving]

    async def _resolve(
        self, entry: Entry, reads: SharedReads, *, adopt: bool, pinned: str | None = None
    ) -> Wanted:
        name = entry.name
        if entry.definition is None:
            problems = (entry.problem,) if entry.problem else ()
            reason = problems[0].reason if problems else "unknown reason"
            raise Conflict(
                f"The definition of {name} cannot be read: {reason}.",
                code="broken_definition",
                errors=problems,
            )
        definition = entry.definition
        live = await reads.service(name)
        if live is not None and deployed_revision(live) is None and not adopt:
            raise not_ours(name)
        image = expand_registry_host(definition.image, self._registry_host)
        auth = await self._auth(image)
        refused: OrchestratorError | None = None
        if pinned is None:
            found, warnings, refused = await self._digest(image, reads, auth)
        else:
            found, warnings = await self._pinned(image, pinned)
        pinned = (
            ImageReference.parse(image).or_latest().with_digest(found.digest).familiar if found else image
        )
        known = await self._references(definition, reads)
        spec = build_spec(
            definition,
            image=pinned,
            platforms=found.platforms if found else (),
            references=known,
            labels={LABEL_REVISION: str(entry.revision), LABEL_IMAGE: image},
        )
        if live is not None and live.mode != definition.mode:
            raise Conflict(
                f"{name} runs as {live.mode} and the definition says {definition.mode}. Swarm cannot change "
                "the mode of a service: stop it, then deploy.",
                code="mode_changed",
            )
        plan = changes(live.spec, spec) if live is not None else None
        digest = found.digest if found else ImageReference.parse(image).digest
        return Wanted(
            entry,
            spec,
            image,
            digest,
            live,
            known,
            plan,
            warnings,
            refused=refused,
            with_credentials=auth is not None,
        )

    async def _auth(self, image: str) -> RegistryAuth | None:
        with contextlib.suppress(OrchestratorError):
            return await self._client.auth_for(image)
        # The look-up of the digest meets the same, and says it.
        return None

    async def _digest(
        self, image: str, reads: SharedReads, auth: RegistryAuth | None
    ) -> tuple[ImageDigest | None, tuple[str, ...], OrchestratorError | None]:
        """What the tag points to now. Like the CLI: a registry that does not say is a warning, not an end.

        It is one where the registry denies us the image, which comes last.
        """
        try:
            return await reads.image_digest(image), (), None
        except DockerUnavailable:
            raise
        except OrchestratorError as error:
            if refused := refusal(image, error, auth):
                return None, (), refused
            warning = (
                f"{image} could not be pinned to a digest ({error.detail}), so every node resolves the tag "
                "by itself and only nodes that have or can pull the image will run it."
            )
            return None, (warning,), None

    async def tag_still_means(self, image: str, digest: str) -> bool:
        """Whether the registry says that the image as written is this digest; False when it does not say."""
        try:
            found = await self._client.image_digest(expand_registry_host(image, self._registry_host))
        except OrchestratorError:
            return False
        return found.digest == digest

    async def _pinned(self, image: str, digest: str) -> tuple[ImageDigest, tuple[str, ...]]:
        """The digest with its platforms; without them when the registry no longer says."""
        reference = ImageReference.parse(image).with_digest(digest)
        try:
            return await self._client.image_digest(str(reference)), ()
        except OrchestratorError as error:
            warning = (
                f"The registry does not show {digest} of {image} now ({error.detail}); only nodes that have "
                "the image will run it."
            )
            return ImageDigest(digest=digest, platforms=()), (warning,)

    async def _references(self, definition: Definition, reads: SharedReads) -> References:
        """Ids of what the definition names; everything that does not exist is named at once."""
        needed = names_needed(definition)
        # The host's network always exists, but services refer to it by the swarm's id of it.
        on_host = bool(definition.networks)
        found: dict[str, dict[str, str]] = {}
        missing: list[FieldError] = []
        for kind, names, read in (
            ("network", needed.networks, reads.networks),
            ("secret", needed.secrets, reads.secrets),
            ("config", needed.configs, reads.configs),
        ):
            existing = (
                {item.name: item.id for item in await read() if usable(item)} if names or on_host else {}
            )
            found[kind] = existing
            missing += [
                FieldError(
                    f"{kind}s",
                    f"the {kind} {name!r} does not exist in the swarm; create it with: "
                    + CREATE_HINTS[kind].format(name=name),
                )
                for name in sorted(names)
                if name not in existing
            ]
        if missing:
            raise Conflict(
                "The definition names what the swarm does not have: " + "; ".join(e.reason for e in missing),
                code="missing_reference",
                errors=tuple(missing),
            )
        return References(networks=found["network"], secrets=found["secret"], configs=found["config"])


def not_ours(name: str) -> Conflict:
    return Conflict(
        f"The swarm runs a service {name} that was not deployed from this catalog. Deploy with adopt=true to "
        "take it over, or choose another name.",
        code="not_ours",
    )
