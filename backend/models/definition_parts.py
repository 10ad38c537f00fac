"""The parts a definition is made of, each with Compose's short and long forms."""

import ipaddress
import re
import shlex
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from backend.models.compose_values import (
    Block,
    Duration,
    FileMode,
    FilledLine,
    Flag,
    Line,
    Memory,
    NanoCpus,
    Ratio,
    Size,
    as_text,
    list_from,
    mapping_from,
    only_list,
    refuse,
    shown,
    size_bytes,
    whole_number,
)

MAX_REPLICAS: Final = 100_000
"""As the scale call has it; far beyond what a swarm runs, and safe in every counter of an engine."""
MAX_UINT32: Final = 2**32 - 1
OBJECT_NAME: Final = re.compile(r"[a-zA-Z0-9]+(?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?")
"""What swarmkit accepts as the name of a secret or config."""
VOLUME_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
PROPAGATIONS: Final = ("rprivate", "private", "rshared", "shared", "rslave", "slave")


class Part(BaseModel):
    """A mapping inside a definition: a key it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        # `ports:` with nothing behind it is null in YAML and means that the key was left empty.
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        if isinstance(data, cls):
            return data
        raise refuse(f"is {shown(data)}; a mapping is expected")


def one_of(*words: str) -> BeforeValidator:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        if value is False and "none" in words:
            raise refuse("is false; write 'none'")
        raise refuse(f"is {shown(value)}; one of {', '.join(words)} is expected")

    return BeforeValidator(read)


def _port_number(value: object, what: str) -> int:
    text = as_text(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= 65535:
        raise refuse(f"{what} is {shown(value)}; a port is a number from 1 to 65535")
    return int(text)


def _target_port(value: object) -> int:
    return _port_number(value, "the container's port")


def _published_port(value: object) -> int | None:
    # Engines write 0 for "pick one", which is what leaving it out says.
    return None if value in {0, "0"} and value is not False else _port_number(value, "the published port")


Protocol = Literal["tcp", "udp", "sctp"]
PublishMode = Literal["ingress", "host"]


class Port(Part):
    """A published port. `ingress` is reachable on every node, `host` only where a task runs."""

    target: Annotated[int, BeforeValidator(_target_port)]
    published: Annotated[int | None, BeforeValidator(_published_port)] = None
    protocol: Annotated[Protocol, one_of("tcp", "udp", "sctp")] = "tcp"
    mode: Annotated[PublishMode, one_of("ingress", "host")] = "ingress"


def _port_range(text: str, what: str) -> list[int]:
    first, dash, last = text.partition("-")
    low = _port_number(first, what)
    high = _port_number(last, what) if dash else low
    if high < low:
        raise refuse(f"{what} range '{text}' runs backwards")
    return list(range(low, high + 1))


def _short_port(value: object) -> list[dict[str, object]]:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise refuse(f"is {shown(value)}; a port such as '8080:80' or a mapping with 'target' is expected")
    text, slash, protocol = as_text(value).strip().partition("/")
    if slash and protocol not in {"tcp", "udp", "sctp"}:
        raise refuse(f"names the protocol '{protocol[:20]}'; tcp, udp or sctp is expected")
    parts = text.split(":")
    if len(parts) > 2:
        raise refuse(
            f"is {shown(value)}; swarm publishes on every address of a node, so no address can be given: "
            "write 'published:target'"
        )
    targets = _port_range(parts[-1], "the container's port")
    published: list[int | None] = [None] * len(targets)
    if len(parts) == 2:
        published = list(_port_range(parts[0], "the published port"))
    if len(published) != len(targets):
        raise refuse(f"is {shown(value)}; the two ranges hold {len(published)} and {len(targets)} ports")
    if len(targets) > 1000:
        raise refuse(f"publishes {len(targets)} ports; no more than 1000 can be written as a range")
    return [
        {"target": target, "published": outside, "protocol": protocol or "tcp"}
        for target, outside in zip(targets, published, strict=True)
    ]


def ports_from(value: object) -> list[object]:
    """All ports in long form; a short range becomes several."""
    found: list[object] = []
    for position, item in enumerate(only_list(value)):
        if isinstance(item, dict | Port):
            found.append(item)
            continue
        try:
            found.extend(_short_port(item))
        except PydanticCustomError as problem:
            raise refuse(f"[{position}] {problem}") from None
    return found


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


MountTarget = Annotated[str, BeforeValidator(_mount_target)]


Options = Annotated[dict[FilledLine, Line], BeforeValidator(mapping_from)]


class BindOptions(Part):
    propagation: Annotated[str | None, one_of(*PROPAGATIONS)] = None


class VolumeOptions(Part):
    nocopy: Flag = False
    driver: FilledLine | None = None
    driver_opts: Annotated[dict[FilledLine, Line], BeforeValidator(mapping_from)] = Field(
        default_factory=dict
    )
    labels: Annotated[dict[FilledLine, Block], BeforeValidator(mapping_from)] = Field(default_factory=dict)


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


class ResourceLimits(Part):
    cpus: NanoCpus | None = None
    memory: Memory | None = None
    pids: Annotated[int, whole_number(0, 2**31 - 1)] | None = None


class GenericResource(Part):
    """So many of a kind that nodes advertise, such as GPUs."""

    kind: FilledLine
    value: Annotated[int, whole_number(1, 1_000_000)]


def _generic_resource(value: object) -> object:
    if isinstance(value, str):
        kind, _, count = value.partition("=")
        if not count:
            raise refuse(f"is {shown(value)}; 'kind=count' is expected, such as 'gpu=1'")
        return {"kind": kind, "value": count}
    if isinstance(value, dict) and "discrete_resource_spec" in value:
        if len(value) != 1:
            raise refuse("has more keys than 'discrete_resource_spec'")
        return value["discrete_resource_spec"]
    return value


class ResourceReservations(Part):
    cpus: NanoCpus | None = None
    memory: Memory | None = None
    generic_resources: Annotated[
        tuple[Annotated[GenericResource, BeforeValidator(_generic_resource)], ...], BeforeValidator(only_list)
    ] = ()


class Resources(Part):
    limits: ResourceLimits = ResourceLimits()
    reservations: ResourceReservations = ResourceReservations()


def _health_test(value: object) -> object:
    if isinstance(value, str):
        return ("CMD-SHELL", value)
    words = [as_text(item) for item in only_list(value)]
    if not words or words[0] not in {"NONE", "CMD", "CMD-SHELL"}:
        raise refuse("must begin with NONE, CMD or CMD-SHELL when it is a list")
    if words[0] == "NONE" and len(words) > 1:
        raise refuse("has more words after NONE")
    if words[0] == "CMD-SHELL" and len(words) != 2:
        raise refuse("takes exactly one text after CMD-SHELL")
    if words[0] == "CMD" and len(words) < 2:
        raise refuse("needs a command after CMD")
    return tuple(words)


class Healthcheck(Part):
    test: Annotated[tuple[Block, ...], BeforeValidator(_health_test)] | None = None
    interval: Duration | None = None
    timeout: Duration | None = None
    start_period: Duration | None = None
    start_interval: Duration | None = None
    retries: Annotated[int, whole_number(0, 1_000_000)] | None = None
    disable: Flag = False

    @model_validator(mode="after")
    def _engine_takes_it(self) -> "Healthcheck":
        for name in ("interval", "timeout", "start_period", "start_interval"):
            given = getattr(self, name)
            if given is not None and 0 < given < 1_000_000:
                raise refuse(f"{name} is under 1ms, the shortest an engine takes")
        if self.disable and self.test not in {None, ("NONE",)}:
            raise refuse("has 'disable: true' and a test; only one can be meant")
        return self


Parallelism = Annotated[int, whole_number(0, MAX_REPLICAS)]
Order = Annotated[Literal["stop-first", "start-first"], one_of("stop-first", "start-first")]


class RollbackConfig(Part):
    """How a rollback goes on; what is left out has the engine's default."""

    parallelism: Parallelism = 1
    delay: Duration = 0
    failure_action: Annotated[Literal["pause", "continue"], one_of("pause", "continue")] = "pause"
    monitor: Duration | None = None
    max_failure_ratio: Ratio = 0.0
    order: Order = "stop-first"


class UpdateConfig(Part):
    """How an update goes on; what is left out has the engine's default."""

    parallelism: Parallelism = 1
    delay: Duration = 0
    failure_action: Annotated[
        Literal["pause", "continue", "rollback"], one_of("pause", "continue", "rollback")
    ] = "pause"
    monitor: Duration | None = None
    max_failure_ratio: Ratio = 0.0
    order: Order = "stop-first"


class RestartPolicy(Part):
    condition: Annotated[Literal["none", "on-failure", "any"] | None, one_of("none", "on-failure", "any")] = (
        None
    )
    delay: Duration | None = None
    max_attempts: Annotated[int, whole_number(0, 2**31 - 1)] | None = None
    window: Duration | None = None


def _spread(value: object) -> object:
    if isinstance(value, str):
        return {"spread": value}
    return value


def _descriptor(value: object) -> str:
    text = as_text(value)
    if not re.fullmatch(r"(node|engine)\.labels\..+", text) or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise refuse(
            f"is {shown(value)}; tasks are spread over the values of a label: "
            "'node.labels.<name>' or 'engine.labels.<name>' is expected"
        )
    return text


class Preference(Part):
    spread: Annotated[str, BeforeValidator(_descriptor)]


PreferenceIn = Annotated[Preference, BeforeValidator(_spread)]
ReplicasPerNode = Annotated[int, whole_number(0, MAX_REPLICAS)]


class Placement(Part):
    """Compose's own place for what the top level also takes."""

    constraints: Annotated[tuple[FilledLine, ...], BeforeValidator(list_from)] = ()
    preferences: Annotated[tuple[PreferenceIn, ...], BeforeValidator(list_from)] = ()
    max_replicas_per_node: ReplicasPerNode | None = None


def _object_name(value: object) -> str:
    text = as_text(value)
    if len(text) > 64 or not OBJECT_NAME.fullmatch(text):
        raise refuse(
            f"is {shown(value)}; a name of up to 64 letters, digits, '_', '.' and '-' is expected, "
            "beginning and ending with a letter or digit"
        )
    return text


def _file_target(value: object) -> str:
    text = as_text(value)
    if not text or re.search("[\x00-\x1f\x7f]", text) or ".." in text.split("/"):
        raise refuse(f"is {shown(value)}; a file name or path without '..' is expected")
    return text


def _owner(value: object) -> str:
    text = as_text(value)
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_UINT32:
        raise refuse(f"is {shown(value)}; the number of a user or group is expected")
    return text


class FileReference(Part):
    """A secret or config as a file inside the container."""

    source: Annotated[str, BeforeValidator(_object_name)]
    target: Annotated[str, BeforeValidator(_file_target)] | None = None
    uid: Annotated[str, BeforeValidator(_owner)] = "0"
    gid: Annotated[str, BeforeValidator(_owner)] = "0"
    mode: FileMode = 0o444

    @property
    def file_name(self) -> str:
        return self.target or self.source


def reference_from(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


def _network_name(value: object) -> str:
    text = as_text(value)
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}", text):
        raise refuse(f"is {shown(value)}; the name of a network is expected")
    return text


class NetworkAttachment(Part):
    name: Annotated[str, BeforeValidator(_network_name)]
    aliases: Annotated[tuple[FilledLine, ...], BeforeValidator(only_list)] = ()


def networks_from(value: object) -> list[object]:
    """`[front, back]`, or `{front: {aliases: [web]}, back: }` as Compose's long form has it."""
    if isinstance(value, dict):
        found: list[object] = []
        for name, options in value.items():
            if options is not None and (not isinstance(options, dict) or set(options) - {"aliases"}):
                raise refuse(f"'{str(name)[:60]}' takes a mapping with 'aliases' only")
            found.append({"name": name, **(options or {})})
        return found
    if isinstance(value, str):
        raise refuse(f"is {shown(value)}; a list is expected, such as [{value[:40]}]")
    return [{"name": item} if isinstance(item, str) else item for item in only_list(value)]


class Ulimit(Part):
    soft: Annotated[int, whole_number(-1, 2**63 - 1)]
    hard: Annotated[int, whole_number(-1, 2**63 - 1)]

    @model_validator(mode="after")
    def _soft_within_hard(self) -> "Ulimit":
        if self.hard != -1 and (self.soft > self.hard or self.soft == -1):
            raise refuse(f"has a soft limit ({self.soft}) above its hard limit ({self.hard})")
        return self


def ulimit_from(value: object) -> object:
    """One number is both limits."""
    if isinstance(value, int | str) and not isinstance(value, bool):
        return {"soft": value, "hard": value}
    return value


class Logging(Part):
    driver: FilledLine | None = None
    options: Options = Field(default_factory=dict)


def words_from(value: object) -> object:
    """A command: a list of words, or one line that is split as a shell would."""
    if isinstance(value, list | tuple):
        return [as_text(item) for item in value]
    if isinstance(value, dict):
        raise refuse("is a mapping; a text or a list of words is expected")
    try:
        return shlex.split(as_text(value))
    except ValueError as problem:
        raise refuse(f"cannot be split into words: {str(problem).lower()}") from None


def hosts_from(value: object) -> dict[str, Any]:
    """`host:address` (or `host=address`) lines or a mapping; IPv6 addresses may stand in brackets."""
    # In the list form only the first ':' or '=' separates: an IPv6 address has more of them.
    pairs = mapping_from(value, separators=":=", example="host:address")
    found: dict[str, Any] = {}
    for host, given in pairs.items():
        address = as_text(given).strip().removeprefix("[").removesuffix("]")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise refuse(f"'{str(host)[:60]}' is {shown(given)}; an IP address is expected") from None
        found[host] = address
    return found


def ip_address(value: object) -> str:
    text = as_text(value).strip()
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise refuse(f"is {shown(value)}; an IP address is expected") from None
    return text
