"""Image references as Docker reads them, and the one placeholder a definition's image may hold."""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from backend.errors import FieldError, InvalidInput

DEFAULT_REGISTRY: Final = "docker.io"
PLACEHOLDER: Final = "${REGISTRY_HOST}"

# The grammar of github.com/distribution/reference.
_DOMAIN: Final = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
    r"|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
)
_REPOSITORY: Final = re.compile(
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
)
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}|sha384:[a-f0-9]{96}")


def refused(reason: str) -> InvalidInput:
    return InvalidInput(f"image {reason}", errors=(FieldError("image", reason),))


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`registry/repository:tag@digest`, with Docker Hub's short names written out."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidInput that says which piece is wrong."""
        if re.fullmatch(r"[a-f0-9]{64}", text):
            raise refused("is a bare image id; nodes can only pull a name")
        if "://" in text:
            raise refused(f"'{text[:120]}' begins with a scheme; write the registry's host alone")
        rest, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            raise refused(
                f"'{text[:120]}' has no valid digest after '@'; 'sha256:' and 64 hex digits are expected"
            )
        head, slash, tail = rest.partition("/")
        if slash and (any(mark in head for mark in ".:[") or head == "localhost" or head != head.lower()):
            registry, remainder = head, tail
        else:
            registry, remainder = DEFAULT_REGISTRY, rest
        repository, colon, tag = remainder.partition(":")
        if not _DOMAIN.fullmatch(registry):
            raise refused(f"'{text[:120]}' names no valid registry: '{registry[:60]}'")
        if not repository:
            raise refused(f"'{text[:120]}' has no repository; 'registry/repository:tag' is expected")
        if repository != repository.lower():
            raise refused(f"'{text[:120]}' has capital letters; a repository is written in lower case")
        if not _REPOSITORY.fullmatch(repository) or len(repository) > 255:
            raise refused(f"'{text[:120]}' is no image reference; 'registry/repository:tag' is expected")
        if colon and not _TAG.fullmatch(tag):
            raise refused(f"'{text[:120]}' has no valid tag after ':'")
        if registry in {DEFAULT_REGISTRY, "index.docker.io"}:
            registry = DEFAULT_REGISTRY
            repository = repository if "/" in repository else f"library/{repository}"
        return cls(registry, repository, tag or None, digest or None)

    @property
    def name(self) -> str:
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """As people write it: without Docker Hub's registry and `library/`."""
        name = self.name
        if self.registry == DEFAULT_REGISTRY:
            name = self.repository.removeprefix("library/")
        return self._with_ends(name)

    def with_digest(self, digest: str) -> "ImageReference":
        return replace(self, digest=digest)

    def without_digest(self) -> "ImageReference":
        return replace(self, digest=None)

    def or_latest(self) -> "ImageReference":
        """The tag that Docker means when neither tag nor digest is written."""
        return self if self.tag or self.digest else replace(self, tag="latest")

    def __str__(self) -> str:
        return self._with_ends(self.name)

    def _with_ends(self, name: str) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{name}{tag}{digest}"


def expand_registry_host(image: str, registry_host: str | None) -> str:
    """Replace `${REGISTRY_HOST}`, and refuse whatever else looks like a variable."""
    if PLACEHOLDER in image and not registry_host:
        raise refused(f"has {PLACEHOLDER}, but no registry is configured; set REGISTRY_URL or write the host")
    expanded = image.replace(PLACEHOLDER, registry_host or "")
    if "$" in expanded:
        raise refused(f"'{image[:120]}' has a variable; only {PLACEHOLDER} is replaced")
    return expanded


def registry_of(image: str) -> str:
    """The host that credentials for `image` are kept under; empty when it is no reference."""
    try:
        return ImageReference.parse(image).registry.lower()
    except InvalidInput:
        return ""


def check_image(image: str) -> None:
    """Raise InvalidInput unless `image` is a reference once the registry's host is filled in."""
    host = "registry.invalid:5000"
    try:
        ImageReference.parse(expand_registry_host(image, host))
    except InvalidInput as error:
        # It shall name what was written.
        raise refused(error.errors[0].reason.replace(host, PLACEHOLDER)) from None
