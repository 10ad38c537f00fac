"""Mounts and tmpfs, in Compose's short and long forms."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from backend.models import input_forms as forms
from backend.models.compose_values import (
    Block,
    FileMode,
    FilledLine,
    Flag,
    Line,
    Size,
    as_text,
    mapping_from,
    refuse,
    shown,
    size_bytes,
)
from backend.models.definition_base import Part, one_of

VOLUME_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
PROPAGATIONS: Final = ("rprivate", "private", "rshared", "shared", "rslave", "slave")


def absolute_path(value: object) -> str:
    text = as_text(value)
    if re.search("[\x00-\x1f\x7f]", text):
        raise refuse("holds a control character; a path is expected")
    if not text.startswith(("/", "{{")):
        raise refuse(f"is {shown(value)}, which is no absolute path; it must start with '/'")
    if ".." in text.split("/"):
        raise refuse(f"is {shown(value)}; '..' cannot be part of a path here")
    return text


def _mount_target(value: object) -> str:
    text = absolute_path(value)
    clean = text.rstrip("/")
    if not clean:
        raise refuse("is '/'; nothing can be mounted over the container's root")
    return clean


MountTarget = Annotated[str, forms.reads(_mount_target, forms.text("^(/|[{][{]).*[^/]"))]


class BindOptions(Part):
    propagation: Annotated[str | None, one_of(*PROPAGATIONS)] = None


class VolumeOptions(Part):
    nocopy: Flag = False
    driver: FilledLine | None = None
    driver_opts: Annotated[dict[FilledLine, Line], forms.reads(mapping_from, forms.PAIRS)] = Field(
        default_factory=dict
    )
    labels: Annotated[dict[FilledLine, Block], forms.reads(mapping_from, forms.PAIRS)] = Field(
        default_factory=dict
    )


class TmpfsOptions(Part):
    size: Size | None = None
    mode: FileMode | None = None


class Mount(Part):
    type: Annotated[Literal["bind", "volume", "tmpfs"], one_of("bind", "volume", "tmpfs")]
    target: MountTarget
    source: FilledLine | None = None
    read_only: Flag = False
    bind: BindOptions | None = None
    volume: VolumeOptions | None = None
    tmpfs: TmpfsOptions | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> "Mount":
        for other in ("bind", "volume", "tmpfs"):
            if other != self.type and getattr(self, other) is not None:
                raise refuse(f"is of type {self.type} but has options for {other}")
        if self.type == "tmpfs" and self.source is not None:
            raise refuse("is of type tmpfs, which has no source")
        if self.type == "bind":
            if self.source is None:
                raise refuse("is of type bind and needs a source: a path on the node")
            try:
                absolute_path(self.source)
            except PydanticCustomError as problem:
                raise refuse(f"source {problem}") from None
        if self.type == "volume" and self.source is not None:
            check_volume_name(self.source)
        return self


def check_volume_name(name: str) -> None:
    if "{{" not in name and not VOLUME_NAME.fullmatch(name):
        raise refuse(
            f"source {shown(name)} is neither an absolute path ('/host/path') nor the name of a volume "
            "(two or more letters, digits, '_', '.' and '-')"
        )


def mount_from(value: object) -> object:
    """`/host:/container[:ro]`, `volume:/container` or `/container` in long form."""
    if isinstance(value, dict | Mount):
        return value
    if not isinstance(value, str):
        raise refuse(
            f"is {shown(value)}; '/host/path:/container/path' or a mapping with 'type' and 'target' is "
            "expected"
        )
    parts = value.split(":")
    if len(parts) > 3:
        raise refuse(f"is {shown(value)}; 'source:target' or 'source:target:options' is expected")
    if len(parts) == 1:
        if not value.startswith("/"):
            raise refuse(f"is {shown(value)}, which is no path; '/host/path:/container/path' is expected")
        return {"type": "volume", "target": value}
    source, target = parts[0], parts[1]
    if not source:
        raise refuse(f"is {shown(value)}, with nothing before the ':'")
    if source.startswith((".", "~")):
        raise refuse(
            f"source {shown(source)} is relative; a mount's source is a path on the node and starts with '/'"
        )
    kind = "bind" if source.startswith(("/", "{{")) else "volume"
    long: dict[str, Any] = {"type": kind, "source": source, "target": target}
    for option in parts[2].split(",") if len(parts) == 3 else []:
        if option in {"ro", "rw"}:
            long["read_only"] = option == "ro"
        elif option == "nocopy" and kind == "volume":
            long["volume"] = {"nocopy": True}
        elif option in PROPAGATIONS and kind == "bind":
            long["bind"] = {"propagation": option}
        else:
            known = ", ".join(PROPAGATIONS) if kind == "bind" else "nocopy"
            raise refuse(f"has the option {shown(option)}; ro, rw, {known} are known here")
    return long


def tmpfs_from(value: object) -> object:
    """`/run` or `/dev/shm:size=4g,mode=1777`, or a mapping with target, size and mode."""
    if isinstance(value, dict):
        if unknown := sorted(set(map(str, value)) - {"target", "size", "mode"}):
            raise refuse(f"has the unknown key '{unknown[0][:60]}'; target, size and mode are known")
        options = {key: value[key] for key in ("size", "mode") if value.get(key) is not None}
        return {"type": "tmpfs", "target": value.get("target"), "tmpfs": options}
    if not isinstance(value, str):
        raise refuse(f"is {shown(value)}; a path such as '/dev/shm:size=4g' is expected")
    target, _, rest = value.partition(":")
    found: dict[str, object] = {}
    for option in filter(None, rest.split(",")):
        key, _, text = option.partition("=")
        if key not in {"size", "mode"}:
            raise refuse(f"has the option {shown(option)}; swarm takes size=… and mode=… only")
        found[key] = size_bytes(text) if key == "size" else text
    return {"type": "tmpfs", "target": target, "tmpfs": found}
