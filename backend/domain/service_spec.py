"""Definition → the engine's ServiceSpec: sorted and stable, so that the same text gives the same spec."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backend.domain.constraints import parse as parse_constraint
from backend.domain.definition_rules import HOST_NETWORK
from backend.errors import FieldError, InvalidInput
from backend.models.cluster import Platform
from backend.models.definition_parts import FileReference, Healthcheck, RollbackConfig, UpdateConfig
from backend.models.definitions import Definition
from backend.models.mount_forms import Mount

LABEL_REVISION: Final = "swarm-orchestrator.revision"
LABEL_OPERATION: Final = "swarm-orchestrator.operation"
LABEL_IMAGE: Final = "swarm-orchestrator.image"
"""The reference as written, after the registry's host was filled in."""
OUR_LABELS: Final = frozenset({LABEL_REVISION, LABEL_OPERATION, LABEL_IMAGE})

Spec = dict[str, Any]


@dataclass(frozen=True)
class References:
    """Names that the swarm knows, each with its id."""

    networks: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NamesNeeded:
    networks: frozenset[str]
    secrets: frozenset[str]
    configs: frozenset[str]


def names_needed(definition: Definition) -> NamesNeeded:
    """What must exist in the swarm; the host's own network always does."""
    return NamesNeeded(
        networks=frozenset(one.name for one in definition.networks) - {HOST_NETWORK},
        secrets=frozenset(one.source for one in definition.secrets),
        configs=frozenset(one.source for one in definition.configs),
    )


def build_spec(
    definition: Definition,
    *,
    image: str,
    platforms: Sequence[Platform] = (),
    references: References | None = None,
    labels: Mapping[str, str] | None = None,
) -> Spec:
    """The full spec. `image` is the reference to run, `labels` are our own beside the definition's.

    Fields that the author left out are left out, so that each engine's defaults hold. Raises InvalidInput
    when the definition names a network, secret or config that `references` does not have.
    """
    known = references or References()
    template = _without_empty(
        {
            "ContainerSpec": _container(definition, image, known),
            "Resources": _resources(definition),
            "RestartPolicy": _restart_policy(definition),
            "Placement": _placement(definition, platforms),
            "Networks": _networks(definition, known),
            "LogDriver": _log_driver(definition),
        }
    )
    spec: Spec = {
        "Name": definition.name,
        "Labels": _sorted({**definition.labels, **(labels or {})}),
        "TaskTemplate": template,
        "Mode": _mode(definition),
    }
    if definition.update_config is not None:
        spec["UpdateConfig"] = _update_config(definition.update_config)
    if definition.rollback_config is not None:
        spec["RollbackConfig"] = _update_config(definition.rollback_config)
    if endpoint := _endpoint(definition):
        spec["EndpointSpec"] = endpoint
    return spec


def _mode(definition: Definition) -> Spec:
    match definition.mode:
        case "global":
            return {"Global": {}}
        case "global-job":
            return {"GlobalJob": {}}
        case "replicated-job":
            total = definition.wanted_replicas
            concurrent = total if definition.max_concurrent is None else definition.max_concurrent
            return {"ReplicatedJob": {"MaxConcurrent": concurrent, "TotalCompletions": total}}
        case "replicated":
            return {"Replicated": {"Replicas": definition.wanted_replicas}}


def _container(definition: Definition, image: str, known: References) -> Spec:
    spec = _without_empty(
        {
            "Image": image,
            "Labels": _sorted(definition.container_labels),
            # Compose's entrypoint is the engine's Command, Compose's command the engine's Args.
            "Command": None if definition.entrypoint is None else list(definition.entrypoint),
            "Args": None if definition.command is None else list(definition.command),
            "Hostname": definition.hostname,
            "Env": sorted(f"{key}={value}" for key, value in definition.env.items()),
            "Dir": definition.working_dir,
            "User": definition.user,
            "StopSignal": definition.stop_signal,
            "TTY": definition.tty,
            "ReadOnly": definition.read_only,
            "Mounts": sorted(map(_mount, definition.all_mounts), key=lambda mount: str(mount["Target"])),
            "Healthcheck": _healthcheck(definition.healthcheck),
            "Hosts": sorted(f"{address} {host}" for host, address in definition.extra_hosts.items()),
            "DNSConfig": _without_empty(
                {
                    "Nameservers": list(definition.dns),
                    "Search": list(definition.dns_search),
                    "Options": list(definition.dns_opt),
                }
            ),
            "Secrets": [
                {
                    "SecretID": _id("secret", one.source, known.secrets),
                    "SecretName": one.source,
                    "File": _file(one),
                }
                for one in _in_order(definition.secrets)
            ],
            "Configs": [
                {
                    "ConfigID": _id("config", one.source, known.configs),
                    "ConfigName": one.source,
                    "File": _file(one),
                }
                for one in _in_order(definition.configs)
            ],
            "Sysctls": _sorted(definition.sysctls),
            "CapabilityAdd": sorted(set(definition.cap_add)),
            "CapabilityDrop": sorted(set(definition.cap_drop)),
            "Ulimits": [
                {"Name": name, "Soft": limit.soft, "Hard": limit.hard}
                for name, limit in sorted(definition.ulimits.items())
            ],
        }
    )
    # Zero and false say something else than nothing here.
    if definition.init is not None:
        spec["Init"] = definition.init
    if definition.stop_grace_period is not None:
        spec["StopGracePeriod"] = definition.stop_grace_period
    return spec


def _in_order(references: Sequence[FileReference]) -> list[FileReference]:
    return sorted(references, key=lambda one: (one.source, one.file_name))


def _file(reference: FileReference) -> Spec:
    return {"Name": reference.file_name, "UID": reference.uid, "GID": reference.gid, "Mode": reference.mode}


def _id(kind: str, name: str, known: Mapping[str, str]) -> str:
    """The swarm's id of `name`, or an error that carries the command which makes it."""
    if name in known:
        return known[name]
    command = {
        "secret": f"printf '…' | docker secret create {name} -",
        "config": f"docker config create {name} FILE",
        "network": f"docker network create --driver overlay {name}",
    }[kind]
    reason = f"the swarm has no {kind} '{name}'; make it with: {command}"
    raise InvalidInput(reason, code=f"{kind}_not_found", errors=(FieldError(f"{kind}s", reason),))


def _mount(mount: Mount) -> Spec:
    spec: Spec = {"Type": mount.type, "Target": mount.target}
    if mount.source is not None:
        spec["Source"] = mount.source
    if mount.read_only:
        spec["ReadOnly"] = True
    if mount.bind and mount.bind.propagation:
        spec["BindOptions"] = {"Propagation": mount.bind.propagation}
    if mount.volume:
        options = _without_empty(
            {
                "NoCopy": mount.volume.nocopy,
                "Labels": _sorted(mount.volume.labels),
                "DriverConfig": _without_empty(
                    {"Name": mount.volume.driver, "Options": _sorted(mount.volume.driver_opts)}
                ),
            }
        )
        if options:
            spec["VolumeOptions"] = options
    if mount.tmpfs:
        options = _without_empty({"SizeBytes": mount.tmpfs.size, "Mode": mount.tmpfs.mode})
        if options:
            spec["TmpfsOptions"] = options
    return spec


def _healthcheck(check: Healthcheck | None) -> Spec | None:
    if check is None:
        return None
    if check.disable:
        return {"Test": ["NONE"]}
    return _without_empty(
        {
            "Test": list(check.test or ()),
            "Interval": check.interval,
            "Timeout": check.timeout,
            "StartPeriod": check.start_period,
            "StartInterval": check.start_interval,
            "Retries": check.retries,
        }
    )


def _resources(definition: Definition) -> Spec:
    limits, reserved = definition.resources.limits, definition.resources.reservations
    return _without_empty(
        {
            "Limits": _without_empty(
                {"NanoCPUs": limits.cpus, "MemoryBytes": limits.memory, "Pids": limits.pids}
            ),
            "Reservations": _without_empty(
                {
                    "NanoCPUs": reserved.cpus,
                    "MemoryBytes": reserved.memory,
                    "GenericResources": [
                        {"DiscreteResourceSpec": {"Kind": one.kind, "Value": one.value}}
                        for one in sorted(reserved.generic_resources, key=lambda one: one.kind)
                    ],
                }
            ),
        }
    )


def _restart_policy(definition: Definition) -> Spec | None:
    policy = definition.restart_policy
    if policy is None:
        return None
    written = {
        "Condition": policy.condition or ("on-failure" if definition.is_job else "any"),
        "Delay": policy.delay,
        "MaxAttempts": policy.max_attempts,
        "Window": policy.window,
    }
    return {key: value for key, value in written.items() if value is not None}


def _placement(definition: Definition, platforms: Sequence[Platform]) -> Spec:
    return _without_empty(
        {
            "Constraints": sorted({str(parse_constraint(text)) for text in definition.constraints}),
            # The order is the order in which the scheduler splits.
            "Preferences": [{"Spread": {"SpreadDescriptor": one.spread}} for one in definition.preferences],
            "MaxReplicas": definition.max_replicas_per_node,
            "Platforms": [
                {"Architecture": one.architecture, "OS": one.os}
                for one in sorted(set(platforms), key=lambda one: (one.os, one.architecture))
            ],
        }
    )


def _networks(definition: Definition, known: References) -> list[Spec]:
    attached = []
    for network in definition.networks:
        # The engine itself resolves the predefined name `host` to the swarm's own object of it.
        host = network.name == HOST_NETWORK
        target = (
            known.networks.get(HOST_NETWORK, HOST_NETWORK)
            if host
            else _id("network", network.name, known.networks)
        )
        attached.append(_without_empty({"Target": target, "Aliases": sorted(set(network.aliases))}))
    return sorted(attached, key=lambda one: str(one["Target"]))


def _log_driver(definition: Definition) -> Spec | None:
    if definition.logging is None:
        return None
    return _without_empty({"Name": definition.logging.driver, "Options": _sorted(definition.logging.options)})


def _update_config(config: UpdateConfig | RollbackConfig) -> Spec:
    spec: Spec = {
        # Never left out: an absent number is 0 to the engine, and 0 means all tasks at once.
        "Parallelism": config.parallelism,
        "FailureAction": config.failure_action,
        "MaxFailureRatio": config.max_failure_ratio,
        "Order": config.order,
    }
    if config.delay:
        spec["Delay"] = config.delay
    if config.monitor:
        spec["Monitor"] = config.monitor
    return spec


def _endpoint(definition: Definition) -> Spec:
    ports = [
        {
            "Protocol": port.protocol,
            "TargetPort": port.target,
            **({} if port.published is None else {"PublishedPort": port.published}),
            "PublishMode": port.mode,
        }
        for port in sorted(
            definition.ports, key=lambda one: (one.published or 0, one.target, one.protocol, one.mode)
        )
    ]
    return _without_empty({"Mode": definition.endpoint_mode, "Ports": ports})


def _without_empty(spec: Spec) -> Spec:
    return {
        key: value
        for key, value in spec.items()
        if value not in (None, "", False, 0) and value != [] and value != {}
    }


def _sorted(mapping: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(mapping.items()))
