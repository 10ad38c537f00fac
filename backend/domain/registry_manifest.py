"""Reads what registries keep: manifests, indexes of several platforms and image configurations."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

DIGEST: Final = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
MANIFEST_TYPES: Final = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
IMAGE_CONFIGS: Final = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+"
_INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})

MAX_PLATFORMS: Final = 64
MAX_LAYERS: Final = 256
MAX_LABELS: Final = 100
MAX_LABEL: Final = 500
MAX_LABELS_TEXT: Final = 8_000


class Malformed(ValueError):
    """What was read is no manifest; the text says why, for people."""


class OldSchema(Malformed):
    """A manifest of Docker's schema 1."""


@dataclass(frozen=True, slots=True)
class Layer:
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """One platform's image; `size` counts layers and configuration as transferred, None: not looked at."""

    os: str
    architecture: str
    variant: str | None
    digest: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, or an index with its platforms; layers and `config` are then those of the first."""

    digest: str
    media_type: str
    size: int
    """Bytes of all layers and configurations, each counted once."""
    platforms: tuple[PlatformImage, ...] = ()
    layers: tuple[Layer, ...] = ()
    config: str | None = None
    """Digest of the image's configuration; None for what is no image, such as a chart or a signature."""
    problem: str | None = None
    """What of it could not be read, and why."""

    @property
    def is_index(self) -> bool:
        return self.media_type in _INDEXES


@dataclass(frozen=True, slots=True)
class ImageConfig:
    os: str
    architecture: str
    variant: str | None
    created: datetime | None
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class OneImage:
    """A manifest of one platform as it is written."""

    media_type: str
    config: Layer
    config_is_image: bool
    layers: tuple[Layer, ...]

    @property
    def size(self) -> int:
        return self.config.size + sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Index:
    media_type: str
    platforms: tuple[PlatformImage, ...]


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str | None = None


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    size: int
    media_type: str = ""
    platform: _Platform | None = None
    annotations: dict[str, str] | None = None


class _Written(msgspec.Struct, rename="camel"):
    schema_version: int = 0
    media_type: str = ""
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | None = None


class _RuntimeConfig(msgspec.Struct):
    labels: dict[str, str] | None = msgspec.field(default=None, name="Labels")


class _Config(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str | None = None
    created: str | None = None
    config: _RuntimeConfig | None = None


def decode[T](content: bytes, kind: type[T], what: str) -> T:
    """Read JSON of a shape; Malformed otherwise, however it is broken or nested."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError:
        raise Malformed(f"{what} is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(f"{what} cannot be read: {str(error)[:200]}") from None


def read_manifest(content: bytes, media_type: str) -> OneImage | Index:
    """Raises Malformed or OldSchema."""
    written = decode(content, _Written, "the manifest")
    kind = written.media_type or media_type
    if written.schema_version == 1 or kind.startswith(_SCHEMA1):
        raise OldSchema("the manifest is of Docker's schema 1")
    if written.schema_version != 2:
        raise Malformed("the manifest does not say schemaVersion 2")
    if written.manifests is not None:
        return Index(kind if kind in _INDEXES else OCI_INDEX, _platforms(written.manifests))
    if written.config is None:
        raise Malformed("the manifest has neither a configuration nor manifests")
    layers = tuple(_layer(one) for one in written.layers or ())
    if len(layers) > MAX_LAYERS:
        raise Malformed(f"the manifest has more than {MAX_LAYERS} layers")
    is_image = written.config.media_type in IMAGE_CONFIGS
    if kind in _INDEXES or not kind:
        kind = OCI_MANIFEST
    return OneImage(kind, _layer(written.config), is_image, layers)


def read_config(content: bytes) -> ImageConfig:
    """Raises Malformed."""
    config = decode(content, _Config, "the image's configuration")
    return ImageConfig(
        os=config.os[:100],
        architecture=config.architecture[:100],
        variant=config.variant[:100] if config.variant else None,
        created=_time(config.created),
        labels=_shortened((config.config.labels if config.config else None) or {}),
    )


def matches(content: bytes, digest: str) -> bool:
    algorithm, _, value = digest.partition(":")
    return hashlib.new(algorithm, content).hexdigest() == value


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _shortened(labels: dict[str, str]) -> dict[str, str]:
    """What of an image's labels people may want to see: some carry whole files."""
    kept: dict[str, str] = {}
    room = MAX_LABELS_TEXT
    for key, value in list(labels.items())[:MAX_LABELS]:
        short = value if len(value) <= MAX_LABEL else value[:MAX_LABEL] + "…"
        room -= len(key) + len(short)
        if room < 0 or len(key) > MAX_LABEL:
            break
        kept[key] = short
    return kept


def _platforms(descriptors: list[_Descriptor]) -> tuple[PlatformImage, ...]:
    found: list[PlatformImage] = []
    for one in descriptors:
        _layer(one)
        platform = one.platform or _Platform()
        attests = (one.annotations or {}).get("vnd.docker.reference.type") == "attestation-manifest"
        # Build attestations stand in the index as images that run nowhere.
        if attests or "unknown" in {platform.os, platform.architecture}:
            continue
        found.append(
            PlatformImage(
                platform.os[:100],
                platform.architecture[:100],
                platform.variant[:100] if platform.variant else None,
                one.digest,
            )
        )
    if len(found) > MAX_PLATFORMS:
        raise Malformed(f"the index has more than {MAX_PLATFORMS} platforms")
    return tuple(found)


def _layer(descriptor: _Descriptor) -> Layer:
    if not DIGEST.fullmatch(descriptor.digest):
        raise Malformed(f"{descriptor.digest[:80]!r} in the manifest is no digest")
    if not 0 <= descriptor.size <= 2**53:
        raise Malformed("a size in the manifest cannot be right")
    return Layer(descriptor.digest, descriptor.size)


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    # Reproducible builds write the beginning of time, which says nothing of an age.
    return found if found.tzinfo is not None and found.year > 1 else None
