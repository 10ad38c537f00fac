"""The parts a definition is made of, each with Compose's short and long forms."""

import ipaddress
import re
import shlex
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from backend.models import input_forms as forms
from backend.models.compose_values import (
    Block,
    Duration,
    FileMode,
    FilledLine,
    Flag,
    Memory,
    NanoCpus,
    Ratio,
    as_text,
    list_from,
    mapping_from,
    only_list,
    refuse,
    shown,
    whole_number,
)
from backend.models.definition_base import Options, Part, one_of

MAX_REPLICAS: Final = 100_000
"""As the scale call has it; far beyond what a swarm runs, and safe in every counter of an engine."""
MAX_UINT32: Final = 2**32 - 1
OBJECT_NAME: Final = re.compile(r"[a-zA-Z0-9]+(?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?")
"""What swarmkit accepts as the name of a secret or config."""


class ResourceLimits(Part):
    cpus: NanoCpus | None = None
    memory: Memory | None = None
    pids: Annotated[int, whole_number(0, 2**31 - 1)] | None = None


class GenericResource(Part):
    """So many of a kind that nodes advertise, such as GPUs."""

    kind: FilledLine
    value: Annotated[int, whole_number(1, 1_000_000)]


class DiscreteResource(Part):
    """Compose's long form, for the schema only."""

    discrete_resource_spec: GenericResource


GenericResourceForm = forms.either(forms.COUNTED, DiscreteResource, GenericResource)


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
        tuple[
            Annotated[
                GenericResource,
                forms.reads(_generic_resource, GenericResourceForm),
            ],
            ...,
        ],
        BeforeValidator(only_list),
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
    test: Annotated[tuple[Block, ...], forms.reads(_health_test, forms.TEXTS)] | None = None
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
    spread: Annotated[str, forms.reads(_descriptor, forms.text(r"^(node|engine)\.labels\.\S+$"))]


PreferenceForm = forms.either(forms.text(r"^(node|engine)\.labels\.\S+$"), Preference)
PreferenceIn = Annotated[Preference, forms.reads(_spread, PreferenceForm)]
PreferencesForm = forms.either(PreferenceForm, forms.several(PreferenceForm))
ReplicasPerNode = Annotated[int, whole_number(0, MAX_REPLICAS)]


class Placement(Part):
    """Compose's own place for what the top level also takes."""

    constraints: Annotated[tuple[FilledLine, ...], forms.reads(list_from, forms.ONE_OR_MORE)] = ()
    preferences: Annotated[
        tuple[PreferenceIn, ...],
        forms.reads(list_from, PreferencesForm),
    ] = ()
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

    source: Annotated[str, forms.reads(_object_name, forms.OBJECT_NAME)]
    target: Annotated[str, forms.reads(_file_target, forms.FILLED)] | None = None
    uid: Annotated[str, forms.reads(_owner, forms.whole(0, MAX_UINT32))] = "0"
    gid: Annotated[str, forms.reads(_owner, forms.whole(0, MAX_UINT32))] = "0"
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
    name: Annotated[str, forms.reads(_network_name, forms.NETWORK_NAME)]
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
