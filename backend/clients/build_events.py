"""What a build or a push says, whichever builder of the engine it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.clients.registry_auth import RegistryAuth
from backend.errors import OrchestratorError


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What to build of a context. The build args stay out of every repr: people put secrets there."""

    dockerfile: str = "Dockerfile"
    tags: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict, repr=False)
    target: str | None = None
    platform: str | None = None
    """One platform, such as `linux/arm64`; the engine's own when None."""
    labels: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False
    dockerfile_text: str | None = field(default=None, repr=False)
    """The text in `dockerfile`. With it Docker 20.10 gets BuildKit only where it is needed: see ADR 0006."""
    auths: Mapping[str, RegistryAuth] = field(default_factory=dict)
    """Credentials for the registries that FROM may name, by registry host."""
    memory_bytes: int | None = None
    cpus: float | None = None
    """Limits of each RUN. BuildKit takes none from its callers, so a limit selects the classic builder."""


@dataclass(frozen=True, slots=True)
class BuildLine:
    """A line of output, at most 64 KiB, with whatever colours its program wrote."""

    text: str
    step: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class BuildStep:
    """What is known of a step by now; it comes again, under the same id, whenever that changes."""

    id: str
    name: str
    started: datetime | None = None
    finished: datetime | None = None
    cached: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    id: str


BuildEvent = BuildLine | BuildStep | BuiltImage


@dataclass(frozen=True, slots=True)
class PushEvent:
    layer: str
    status: str
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Pushed:
    """The push is done: what the registry calls the manifest, and the manifest's size."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image as the engine itself holds it."""

    id: str
    digests: tuple[str, ...]
    """`repository@sha256:…`, one for each registry it was pushed to or pulled from."""
    tags: tuple[str, ...]
    platform: str
    size: int


class BuildFailed(OrchestratorError):
    """The builder gave up: `step` names the instruction, `exit_code` is that of its command.

    Codes: `build_failed`, `build_timeout`, `build_needs_buildkit`, `build_needs_emulation`, `build_denied`
    (by a registry).
    """

    code = "build_failed"

    def __init__(
        self, detail: str, *, step: str | None = None, exit_code: int | None = None, code: str | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.step = step
        self.exit_code = exit_code


class PushFailed(OrchestratorError):
    """What the engine held it still holds.

    Codes: `push_denied`, `push_failed`, `push_timeout`, `image_not_local`.
    """

    code = "push_failed"
