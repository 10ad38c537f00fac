"""What a build would do, settled when it is asked for: whatever cannot be built is refused here."""

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from backend.domain.constraints import matches_all
from backend.domain.constraints import parse as parse_constraint
from backend.domain.image_reference import ImageReference, expand_registry_host
from backend.errors import Conflict, FieldError, InvalidInput, NotFound
from backend.models.cluster import Node
from backend.models.definitions import Definition
from backend.models.schemas.builds import BuildRequest
from backend.services.build_context import BuildContext, ContextLimits
from backend.services.build_story import BuildPlan
from backend.services.catalog import Entry
from backend.services.cluster_state import ClusterState
from backend.services.registries import Registries

REGISTRY_HOST: Final = "REGISTRY_HOST"
MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
NAMES_SHOWN: Final = 5
_PLATFORM: Final = re.compile(r"[a-z0-9]+/[a-z0-9_]+(/v[0-9]+)?")
_ARG: Final = re.compile(r"^[ \t]*ARG[ \t]+(.*)$", re.IGNORECASE | re.MULTILINE)
_NAME: Final = re.compile(r"[^=\x00-\x20\x7f]+")


class BuildPlans:
    """Reads the definition, the folder, the registries and the nodes; changes nothing."""

    def __init__(
        self,
        *,
        projects_dir: Path,
        limits: ContextLimits,
        registries: Registries,
        cluster: ClusterState,
        registry_host: str,
    ) -> None:
        self._projects_dir = projects_dir
        self._limits = limits
        self._registries = registries
        self._cluster = cluster
        self._registry_host = registry_host

    async def make(self, entry: Entry, request: BuildRequest) -> BuildPlan:
        """Raises Conflict, InvalidInput, NotFound or PayloadTooLarge for what cannot be built as it is."""
        definition = _definition(entry)
        if definition.build_context is None:
            raise _lacks(entry.name)
        image = self._image(definition)
        named = request.platforms or definition.platforms
        platforms = tuple(dict.fromkeys(_platform(text) for text in named))
        secret = {**definition.build_args, **(request.build_args or {})}
        for name in secret:
            if not _NAME.fullmatch(name):
                raise _wrong("build_args", f"names {name[:80]!r}; a name has no '=' and no space")
        async with BuildContext.open(
            self._projects_dir,
            definition.build_context,
            request.dockerfile or definition.dockerfile,
            self._limits,
        ) as context:
            survey = await context.survey()
            dockerfile = context.dockerfile
            declared = _declared(await context.dockerfile_text())
        arguments = dict(secret)
        if REGISTRY_HOST in declared:
            arguments.setdefault(REGISTRY_HOST, self._registry_host)
        now = datetime.now(UTC)
        return BuildPlan(
            image=image,
            tag=f"build-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            project=definition.build_context,
            dockerfile=dockerfile,
            target=request.target or definition.target,
            platforms=platforms,
            build_args=arguments,
            secrets=tuple(value for name, value in secret.items() if name != REGISTRY_HOST),
            no_cache=request.no_cache,
            warnings=self._warnings(definition, platforms),
            context_files=survey.files,
            context_bytes=survey.bytes,
        )

    def _image(self, definition: Definition) -> ImageReference:
        image = ImageReference.parse(expand_registry_host(definition.image, self._registry_host))
        if image.digest is not None:
            raise Conflict(
                f"The definition's image {definition.image} is pinned to a digest, which no build can "
                "produce: write a tag instead.",
                code="image_is_pinned",
                errors=(FieldError("image", "must have a tag and no digest to be built"),),
            )
        try:
            self._registries.find(image.registry)
        except NotFound as error:
            raise Conflict(
                f"{image.familiar} cannot be pushed: {error.detail} Write the image as "
                f"${{REGISTRY_HOST}}/{image.repository.removeprefix('library/')}, or configure the registry.",
                code=error.code,
                errors=(FieldError("image", "must be in a configured registry to be built"),),
            ) from None
        return image.or_latest()

    def _warnings(self, definition: Definition, platforms: tuple[str, ...]) -> tuple[str, ...]:
        """What of the image would not run where the service may."""
        constraints = [parse_constraint(text) for text in definition.constraints]
        nodes = self._cluster.nodes.values()
        eligible = [
            node for node in nodes if node.availability == "active" and matches_all(constraints, node)
        ]
        built = platforms or self._own_platform()
        if not eligible or not built:
            return ()
        kinds = {_platform_of(node) for node in eligible}
        wanted = {"/".join(platform.split("/")[:2]) for platform in built}
        found: list[str] = []
        if unused := sorted(wanted - kinds):
            found.append(
                f"It is built for {', '.join(unused)}, and no node on which {definition.name} may run has "
                f"that: they have {', '.join(sorted(kinds))}."
            )
        if left := sorted(kinds - wanted):
            names = sorted(node.hostname for node in eligible if _platform_of(node) in left)
            found.append(
                f"{_listed(names)} {'has' if len(names) == 1 else 'have'} {', '.join(left)} and cannot run "
                f"what is built for {', '.join(sorted(wanted))}; `platforms` says what to build for."
            )
        return tuple(found)

    def _own_platform(self) -> tuple[str, ...]:
        """That of the engine which builds, as far as the picture has it."""
        info = self._cluster.info
        node = self._cluster.nodes.get(info.node_id or "") if info else None
        return (_platform_of(node),) if node else ()


def _definition(entry: Entry) -> Definition:
    if entry.definition is None:
        problems = (entry.problem,) if entry.problem else ()
        reason = problems[0].reason if problems else "unknown reason"
        raise Conflict(
            f"The definition of {entry.name} cannot be read: {reason}.",
            code="broken_definition",
            errors=problems,
        )
    return entry.definition


def _declared(dockerfile: str) -> set[str]:
    """Names after ARG; one line may have several."""
    return {
        word.partition("=")[0] for match in _ARG.finditer(dockerfile) for word in match[1].split() if word
    }


def _platform(text: str) -> str:
    """`linux/arm64`, however it is written."""
    parts = text.strip().lower().split("/")
    if len(parts) == 1:
        parts = ["linux", *parts]
    parts[1] = MACHINES.get(parts[1], parts[1])
    platform = "/".join(parts)
    if not _PLATFORM.fullmatch(platform):
        raise _wrong("platforms", f"has {text[:80]!r}; a platform such as linux/amd64 is expected")
    return platform


def _platform_of(node: Node) -> str:
    architecture = node.platform.architecture
    return f"{node.platform.os}/{MACHINES.get(architecture, architecture)}"


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    more = len(known) - NAMES_SHOWN
    return ", ".join(known[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _lacks(name: str) -> Conflict:
    return Conflict(
        f"The definition of {name} has no `build_context`, so there is nothing to build: write there the "
        "folder of the projects directory that holds its Dockerfile.",
        code="no_build_context",
        errors=(FieldError("build_context", "is missing; a folder of the projects directory is expected"),),
    )


def _wrong(field: str, reason: str) -> InvalidInput:
    return InvalidInput(f"`{field}` {reason}.", errors=(FieldError(field, reason),))
