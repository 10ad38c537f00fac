"""What a deploy would change: two specs compared as swarm would, whatever an engine wrote around them."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from backend.domain.service_spec import OUR_LABELS, Spec

SECOND: Final = 1_000_000_000
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
STACK_LABELS: Final = "com.docker.stack."
"""Written by `docker stack deploy`, which finds its services by them: never ours to add or remove."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `path` leads into the engine's spec, `None` stands for "not there"."""

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Plan:
    changes: tuple[Change, ...]
    restarts_tasks: bool
    """By swarm's own rule; when only the placement changes, tasks that still fit stay where they are."""


def changes(live_spec: Spec, wanted: Spec) -> Plan:
    """The differences that matter; none when deploying `wanted` would change nothing."""
    found = tuple(
        Change(path, _get(live_spec, path), _get(wanted, path))
        for path, meaning in OWNED.items()
        if _differs(live_spec, wanted, path, meaning)
    )
    job = any(mode in (wanted.get("Mode") or {}) for mode in ("ReplicatedJob", "GlobalJob"))
    # Every update of a job counts up its iteration and so runs it anew, even for a label.
    return Plan(found, bool(found) and (job or any(restarts(change.path) for change in found)))


def restarts(path: str) -> bool:
    """swarmkit's IsTaskDirty: the task's spec without its placement, and the endpoint."""
    if path.startswith("TaskTemplate.Placement"):
        return False
    return path.startswith(("TaskTemplate.", "EndpointSpec."))


def merge_into(live_spec: Spec, wanted: Spec) -> Spec:
    """The spec to send in an update.

    What the definition owns becomes as wanted; where both say the same in other words or another order, the
    live words stay, because swarm compares word by word and would restart tasks. All else survives: fields
    we do not know, `ForceUpdate`, `PullOptions`.
    """
    merged = deepcopy(live_spec)
    for path, meaning in OWNED.items():
        if _differs(live_spec, wanted, path, meaning):
            _set(merged, path, deepcopy(_get(wanted, path)))
    # Our own labels are new with every deploy, so these are always written.
    merged["Labels"] = {}
    for path in ("Labels", "TaskTemplate.ContainerSpec.Labels"):
        kept = {
            key: text for key, text in (_get(live_spec, path) or {}).items() if key.startswith(STACK_LABELS)
        }
        if kept or path == "Labels":
            _set(merged, path, {**(_get(merged, path) or {}), **(_get(wanted, path) or {}), **kept})
    return merged


def _differs(live: Spec, wanted: Spec, path: str, meaning: "Meaning") -> bool:
    before, after = _get(live, path), _get(wanted, path)
    if path == "TaskTemplate.Networks" and not before:
        # Services made by old clients have their networks one level up.
        before = live.get("Networks")
    if path == "TaskTemplate.Placement.Platforms" and not after:
        # No platforms means that nobody asked the registry, not that the image runs everywhere.
        return _get(live, IMAGE) != _get(wanted, IMAGE) and bool(before)
    if path == "TaskTemplate.RestartPolicy":
        job = any(mode in (wanted.get("Mode") or {}) for mode in ("ReplicatedJob", "GlobalJob"))
        return bool(_restart_policy(before, job=job) != _restart_policy(after, job=job))
    if path == "TaskTemplate.ContainerSpec.Init" and after is None:
        # The CLI writes `false` into every service that it creates.
        return bool(before)
    return bool(meaning(before) != meaning(after))


def _get(spec: Spec, path: str) -> Any:
    value: Any = spec
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _set(spec: Spec, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        if not isinstance(spec.get(step), dict):
            spec[step] = {}
        spec = spec[step]
    if value is None:
        spec.pop(last, None)
    else:
        spec[last] = value


# Meanings: two values that swarm would treat alike have equal ones.


def _plain(value: Any) -> Any:
    return value or None


def _order_free(value: Any) -> Any:
    return sorted(value or [])


def _mapping(value: Any) -> Any:
    return dict(value or {})


def _given(default: Any) -> Callable[[Any], Any]:
    return lambda value: default if value is None else value


def _labels(value: Any) -> Any:
    return {
        key: text
        for key, text in (value or {}).items()
        if key not in OUR_LABELS and not key.startswith(STACK_LABELS)
    }


def _mode(value: Any) -> Any:
    name, settings = next(iter((value or {"Replicated": {}}).items()))
    settings = settings or {}
    if name == "Replicated":
        return name, 1 if settings.get("Replicas") is None else settings["Replicas"]
    if name == "ReplicatedJob":
        total = settings.get("TotalCompletions")
        concurrent = settings.get("MaxConcurrent")
        return name, total, concurrent or 1
    return (name,)


def _mounts(value: Any) -> Any:
    return sorted((_compact(one) for one in value or []), key=lambda one: str(one.get("Target", "")))


def _ordered(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _compact(value: Any) -> Any:
    """Without what is empty, at any depth: engines add empty structs and leave out zeros."""
    if isinstance(value, dict):
        inner = {key: _compact(item) for key, item in value.items()}
        return {
            key: item
            for key, item in inner.items()
            if item not in (None, "", False, 0) and item not in ({}, [])
        }
    if isinstance(value, list):
        return [_compact(item) for item in value]
    return value


def _secrets(value: Any) -> Any:
    return sorted((_compact(one) for one in value or []), key=_ordered)


def _ulimits(value: Any) -> Any:
    return {one.get("Name"): (one.get("Soft") or 0, one.get("Hard") or 0) for one in value or []}


def _capabilities(value: Any) -> Any:
    words = {str(one).upper() for one in value or []}
    return sorted(word if word == "ALL" or word.startswith("CAP_") else f"CAP_{word}" for word in words)


def _generic(value: Any) -> Any:
    return sorted((_compact(one) for one in value or []), key=_ordered)


def _constraints(value: Any) -> Any:
    # Around the operator, spaces say nothing.
    return sorted({"".join(str(one).split()) for one in value or []})


def _platforms(value: Any) -> Any:
    return sorted(
        {
            (one.get("OS", ""), ARCHITECTURES.get(one.get("Architecture", ""), one.get("Architecture", "")))
            for one in value or []
        }
    )


def _networks(value: Any) -> Any:
    return sorted((one.get("Target", ""), tuple(sorted(one.get("Aliases") or []))) for one in value or [])


def _log_driver(value: Any) -> Any:
    return _compact(value or {})


def _restart_policy(value: Any, *, job: bool) -> Any:
    policy = value or {}
    condition = policy.get("Condition") or "any"
    return (
        "on-failure" if job and condition == "any" else condition,
        5 * SECOND if policy.get("Delay") is None else policy["Delay"],
        policy.get("MaxAttempts") or 0,
        policy.get("Window") or 0,
    )


def _update_config(value: Any) -> Any:
    config = {"Parallelism": 1} if value is None else value
    return (
        config.get("Parallelism") or 0,
        config.get("Delay") or 0,
        config.get("FailureAction") or "pause",
        config.get("Monitor") or 5 * SECOND,
        # Engines keep single precision.
        round(config.get("MaxFailureRatio") or 0, 6),
        config.get("Order") or "stop-first",
    )


def _ports(value: Any) -> Any:
    return sorted(
        (
            one.get("PublishedPort") or 0,
            one.get("TargetPort") or 0,
            one.get("Protocol") or "tcp",
            one.get("PublishMode") or "ingress",
        )
        for one in value or []
    )


Meaning = Callable[[Any], Any]
IMAGE: Final = "TaskTemplate.ContainerSpec.Image"
_CONTAINER: Final[dict[str, Meaning]] = {
    "Image": _plain,
    "Labels": _labels,
    "Command": _plain,
    "Args": _plain,
    "Hostname": _plain,
    "Env": _order_free,
    "Dir": _plain,
    "User": _plain,
    "Init": _given(None),
    "StopSignal": _plain,
    "StopGracePeriod": _given(10 * SECOND),
    "TTY": _plain,
    "ReadOnly": _plain,
    "Mounts": _mounts,
    "Healthcheck": lambda value: _compact(value or {}),
    "Hosts": _order_free,
    "DNSConfig": lambda value: _compact(value or {}),
    "Secrets": _secrets,
    "Configs": _secrets,
    "Sysctls": _mapping,
    "CapabilityAdd": _capabilities,
    "CapabilityDrop": _capabilities,
    "Ulimits": _ulimits,
}
OWNED: Final[dict[str, Meaning]] = {
    "Labels": _labels,
    "Mode": _mode,
    **{f"TaskTemplate.ContainerSpec.{key}": meaning for key, meaning in _CONTAINER.items()},
    "TaskTemplate.Resources.Limits": lambda value: _compact(value or {}),
    "TaskTemplate.Resources.Reservations.NanoCPUs": _plain,
    "TaskTemplate.Resources.Reservations.MemoryBytes": _plain,
    "TaskTemplate.Resources.Reservations.GenericResources": _generic,
    "TaskTemplate.RestartPolicy": _plain,
    "TaskTemplate.Placement.Constraints": _constraints,
    "TaskTemplate.Placement.Preferences": _plain,
    "TaskTemplate.Placement.MaxReplicas": _plain,
    "TaskTemplate.Placement.Platforms": _platforms,
    "TaskTemplate.Networks": _networks,
    "TaskTemplate.LogDriver": _log_driver,
    "UpdateConfig": _update_config,
    "RollbackConfig": _update_config,
    "EndpointSpec.Mode": lambda value: value or "vip",
    "EndpointSpec.Ports": _ports,
}
"""Every place in an engine's spec that a definition decides, and how values there compare."""
