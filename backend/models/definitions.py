"""What a definition may say: the brief's schema, with Compose's names and forms for the rest."""

import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from backend.models import input_forms as forms
from backend.models.build_forms import Platforms, Stage
from backend.models.compose_values import (
    Block,
    Duration,
    FilledLine,
    Flag,
    Line,
    as_text,
    list_from,
    mapping_from,
    only_list,
    refuse,
    shown,
    whole_number,
)
from backend.models.definition_base import Part, one_of
from backend.models.definition_parts import (
    MAX_REPLICAS,
    FileReference,
    Healthcheck,
    Logging,
    NetworkAttachment,
    Placement,
    PreferenceIn,
    PreferencesForm,
    ReplicasPerNode,
    Resources,
    RestartPolicy,
    RollbackConfig,
    Ulimit,
    UpdateConfig,
    hosts_from,
    ip_address,
    networks_from,
    reference_from,
    ulimit_from,
    words_from,
)
from backend.models.kernel_words import CAPABILITIES, SIGNALS, ULIMITS
from backend.models.mount_forms import Mount, mount_from, tmpfs_from
from backend.models.port_forms import Port, ports_from

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
"""Lower case, so that file systems agree; without dots and odd ends, which swarm refuses; 63 at most."""
RESERVED_NAMES: Final = frozenset({"live"})
"""Words that the API's paths use where a name could stand."""
ServiceMode = Literal["replicated", "global", "replicated-job", "global-job"]


def _name(value: object) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise refuse(
            f"is {shown(value)}; a name has 1 to 63 of a-z, 0-9, '-' and '_', beginning and "
            "ending with a letter or digit"
        )
    if value in RESERVED_NAMES:
        raise refuse(f"is '{value}', which is a reserved word of the API; choose another name")
    return value


def _capability(value: object) -> str:
    word = as_text(value).upper().removeprefix("CAP_")
    if word == "ALL":
        return word
    if word not in CAPABILITIES:
        raise refuse(f"is {shown(value)}; a Linux capability such as NET_ADMIN, or ALL, is expected")
    return f"CAP_{word}"


def _stop_signal(value: object) -> str:
    text = as_text(value)
    realtime = re.fullmatch(r"(SIG)?RT(MIN(\+([1-9]|1[0-5]))?|MAX(-([1-9]|1[0-4]))?)", text)
    number = re.fullmatch(r"[1-9][0-9]?", text) and int(text) <= 64
    if text.removeprefix("SIG") not in SIGNALS and not realtime and not number:
        raise refuse(f"is {shown(value)}; a signal such as SIGTERM is expected")
    return text


def inner_path(value: object) -> str:
    """A relative path that cannot leave the folder it is joined to."""
    text = as_text(value)
    parts = text.split("/")
    good = all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_. +@-]{0,254}", part) for part in parts)
    if len(text) > 1024 or not good or any(part != part.strip() for part in parts):
        raise refuse(
            f"is {shown(value)}; a relative path without '..' is expected, such as 'my-project' or "
            "'my-project/web', of the letters a to z, digits, spaces and '_.+@-'"
        )
    return text


def _ulimit_name(value: object) -> str:
    if not isinstance(value, str) or value not in ULIMITS:
        raise refuse(f"names the limit {shown(value)}; known are {', '.join(sorted(ULIMITS))}")
    return value


def _label_key(value: object) -> str:
    text = as_text(value)
    if not text.strip() or re.search("[\x00-\x1f\x7f]", text):
        raise refuse(f"has the key {shown(text)}; a label's key is a plain text")
    if text.startswith("swarm-orchestrator."):
        raise refuse(f"has the key {shown(text)}; 'swarm-orchestrator.' is kept for our own labels")
    return text


def _variable_name(value: object) -> str:
    text = as_text(value)
    if not text or re.search("[=\x00-\x20\x7f]", text):
        raise refuse(f"has the key {shown(text)}; a variable's name has no '=' and no space")
    return text


def _auto_deploy(value: object) -> str | None:
    if value is False:
        return None
    if value == "digest":
        return "digest"
    raise refuse(f"is {shown(value)}; 'digest' or false is expected")


Labels = Annotated[
    dict[Annotated[str, BeforeValidator(_label_key)], Block], forms.reads(mapping_from, forms.PAIRS)
]
Variables = Annotated[
    dict[Annotated[str, BeforeValidator(_variable_name)], Block], forms.reads(mapping_from, forms.PAIRS)
]
Words = Annotated[tuple[Block, ...], forms.reads(words_from, forms.TEXTS)]
Lines = Annotated[tuple[FilledLine, ...], forms.reads(list_from, forms.ONE_OR_MORE)]
CapabilityForm = forms.text("^[A-Za-z_]+$", examples=["ALL", *sorted(CAPABILITIES)])
Capabilities = Annotated[
    tuple[Annotated[str, forms.reads(_capability, CapabilityForm)], ...], BeforeValidator(only_list)
]
ReferenceForm = forms.either(forms.OBJECT_NAME, FileReference)
FileReferences = Annotated[
    tuple[Annotated[FileReference, forms.reads(reference_from, ReferenceForm)], ...],
    BeforeValidator(only_list),
]
InnerPath = Annotated[str, forms.reads(inner_path, forms.INNER_PATH)]


PortsForm = forms.several(forms.either(forms.SHORT_PORT, Port))
NetworksForm = forms.either(
    forms.several(forms.either(forms.NETWORK_NAME, NetworkAttachment)), forms.NETWORKS_BY_NAME
)
MountForm = forms.either(forms.SHORT_MOUNT, Mount)
UlimitForm = forms.either(forms.whole(-1, 2**63 - 1), Ulimit)
SignalForm = forms.form(type=["string", "integer"], examples=["SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL"])


class Definition(Part):
    """One service as it is wanted, in one normal form however it was written.

    Durations are nanoseconds, sizes bytes, cores billionths. What was not written is None or empty, so that
    the engine's defaults stay the engine's.
    """

    model_config = ConfigDict(title="Service definition")

    name: Annotated[str, forms.reads(_name, forms.text(f"^{NAME.pattern}$"))]
    image: FilledLine
    mode: Annotated[ServiceMode, one_of("replicated", "global", "replicated-job", "global-job")] = (
        "replicated"
    )
    replicas: Annotated[int, whole_number(0, MAX_REPLICAS)] | None = None
    """Wanted tasks; of a replicated job, how many must complete."""
    max_concurrent: Annotated[int, whole_number(1, MAX_REPLICAS)] | None = None
    """Of a replicated job: how many run at a time."""

    command: Words | None = None
    entrypoint: Words | None = None
    env: Variables = Field(default_factory=dict)
    hostname: FilledLine | None = None
    user: FilledLine | None = None
    working_dir: FilledLine | None = None
    init: Flag | None = None
    tty: Flag = False
    read_only: Flag = False
    stop_signal: Annotated[str, forms.reads(_stop_signal, SignalForm)] | None = None
    stop_grace_period: Duration | None = None
    healthcheck: Healthcheck | None = None

    ports: Annotated[tuple[Port, ...], forms.reads(ports_from, PortsForm)] = ()
    endpoint_mode: Annotated[Literal["vip", "dnsrr"] | None, one_of("vip", "dnsrr")] = None
    networks: Annotated[tuple[NetworkAttachment, ...], forms.reads(networks_from, NetworksForm)] = ()
    dns: Annotated[
        tuple[Annotated[str, BeforeValidator(ip_address)], ...],
        forms.reads(list_from, forms.ONE_OR_MORE),
    ] = ()
    dns_search: Lines = ()
    dns_opt: Lines = ()
    extra_hosts: Annotated[dict[FilledLine, Line], forms.reads(hosts_from, forms.HOSTS)] = Field(
        default_factory=dict
    )

    mounts: Annotated[
        tuple[Annotated[Mount, forms.reads(mount_from, MountForm)], ...], BeforeValidator(only_list)
    ] = ()
    tmpfs: Annotated[
        tuple[Annotated[Mount, BeforeValidator(tmpfs_from)], ...],
        forms.reads(list_from, forms.TMPFS),
    ] = ()
    secrets: FileReferences = ()
    configs: FileReferences = ()

    constraints: Lines = ()
    preferences: Annotated[tuple[PreferenceIn, ...], forms.reads(list_from, PreferencesForm)] = ()
    max_replicas_per_node: ReplicasPerNode | None = None
    placement: Placement | None = None
    """Only as input: what it says moves into the three fields above."""
    resources: Resources = Resources()
    restart_policy: RestartPolicy | None = None
    update_config: UpdateConfig | None = None
    rollback_config: RollbackConfig | None = None

    cap_add: Capabilities = ()
    cap_drop: Capabilities = ()
    sysctls: Annotated[dict[FilledLine, Line], forms.reads(mapping_from, forms.PAIRS)] = Field(
        default_factory=dict
    )
    ulimits: dict[
        Annotated[str, BeforeValidator(_ulimit_name)],
        Annotated[Ulimit, forms.reads(ulimit_from, UlimitForm)],
    ] = Field(default_factory=dict)
    logging: Logging | None = None
    labels: Labels = Field(default_factory=dict)
    """On the service; a change restarts nothing."""
    container_labels: Labels = Field(default_factory=dict)
    """On each container; a change restarts the tasks."""

    build_context: InnerPath | None = None
    """A folder below the projects directory."""
    dockerfile: InnerPath | None = None
    build_args: Variables = Field(default_factory=dict)
    target: Stage | None = None
    """The stage of the Dockerfile that becomes the image; the last one if None."""
    platforms: Platforms = ()
    """What to build for; that of the engine which builds if empty."""

    auto_deploy: Annotated[
        Literal["digest"] | None, forms.reads(_auto_deploy, forms.words("digest", False))
    ] = None
    """`digest`: deploy again when a registry tells that the tag has another digest."""

    @model_validator(mode="after")
    def _lift_placement(self) -> "Definition":
        """Compose's `placement: {…}` says the same as the three keys at the top level."""
        if self.placement is None:
            return self
        for key in PLACEMENT_KEYS:
            lifted = getattr(self.placement, key)
            if lifted is None or lifted == ():
                continue
            if getattr(self, key):
                raise refuse(f"has {key} twice: at the top level and under 'placement'")
            # The instance is still being made; from here on it is frozen.
            object.__setattr__(self, key, lifted)
        object.__setattr__(self, "placement", None)
        return self

    @property
    def is_job(self) -> bool:
        return self.mode in {"replicated-job", "global-job"}

    @property
    def is_global(self) -> bool:
        return self.mode in {"global", "global-job"}

    @property
    def wanted_replicas(self) -> int | None:
        """How many tasks are wanted; None where each node has one."""
        if self.is_global:
            return None
        return 1 if self.replicas is None else self.replicas

    @property
    def all_mounts(self) -> tuple[Mount, ...]:
        return self.mounts + self.tmpfs


PLACEMENT_KEYS: Final = ("constraints", "preferences", "max_replicas_per_node")
