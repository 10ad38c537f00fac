"""What must hold between the fields of a definition, so that no engine refuses what we accepted."""

from collections.abc import Iterator
from itertools import chain, islice

from backend.domain import constraints
from backend.domain.definition_errors import MAX_PROBLEMS, Problem
from backend.domain.image_reference import check_image
from backend.errors import InvalidInput
from backend.models.definitions import Definition

HOST_NETWORK = "host"


def broken_rules(definition: Definition) -> list[Problem]:
    """The rules that `definition` breaks, up to as many as anybody would read."""
    rules = (_image, _mode, _ports, _networks, _mount_targets, _file_targets, _placement, _resources)
    return list(islice(chain.from_iterable(rule(definition) for rule in rules), MAX_PROBLEMS))


def _image(definition: Definition) -> Iterator[Problem]:
    try:
        check_image(definition.image)
    except InvalidInput as problem:
        yield ("image",), problem.errors[0].reason


def _mode(definition: Definition) -> Iterator[Problem]:
    mode = definition.mode
    if definition.is_global and definition.replicas is not None:
        yield (
            ("replicas",),
            f"is written, but mode is {mode}, which runs one task on every node; leave it out",
        )
    if definition.max_concurrent is not None and mode != "replicated-job":
        yield ("max_concurrent",), f"belongs to mode replicated-job, and mode is {mode}"
    if definition.is_global and definition.max_replicas_per_node:
        yield (
            ("max_replicas_per_node",),
            f"means nothing with mode {mode}: every node runs one task",
        )
    if not definition.is_job:
        return
    for key in ("update_config", "rollback_config"):
        if getattr(definition, key) is not None:
            yield (key,), f"cannot be given for a job: mode is {mode}, and each deploy runs it anew"
    policy = definition.restart_policy
    if policy and policy.condition == "any":
        yield ("restart_policy", "condition"), "is any, which no job can have; none or on-failure is expected"


def _ports(definition: Definition) -> Iterator[Problem]:
    seen: dict[tuple[int, str], int] = {}
    for position, port in enumerate(definition.ports):
        if definition.endpoint_mode == "dnsrr" and port.mode == "ingress":
            yield (
                ("ports", position),
                "is in ingress mode, which endpoint_mode dnsrr cannot serve; write 'mode: host'",
            )
        if port.published is None:
            continue
        key = (port.published, port.protocol)
        if key in seen:
            yield ("ports", position), f"publishes {port.published}/{port.protocol} a second time"
        seen[key] = position


def _networks(definition: Definition) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, network in enumerate(definition.networks):
        if network.name in seen:
            yield ("networks", position), f"names '{network.name}' a second time"
        seen.add(network.name)
        if network.name == "ingress":
            yield (
                ("networks", position),
                "is 'ingress', which swarm keeps for published ports",
            )
    if HOST_NETWORK in seen and len(seen) > 1:
        yield ("networks",), "has 'host' beside others; a task on the host's network cannot join another"


def _mount_targets(definition: Definition) -> Iterator[Problem]:
    seen: set[str] = set()
    for key in ("mounts", "tmpfs"):
        for position, mount in enumerate(getattr(definition, key)):
            if mount.target in seen:
                yield (key, position), f"mounts over '{mount.target}' a second time"
            seen.add(mount.target)


def _file_targets(definition: Definition) -> Iterator[Problem]:
    for key in ("secrets", "configs"):
        seen: set[str] = set()
        for position, reference in enumerate(getattr(definition, key)):
            if reference.file_name in seen:
                yield (key, position), f"is the second that becomes the file '{reference.file_name}'"
            seen.add(reference.file_name)


def _placement(definition: Definition) -> Iterator[Problem]:
    for position, text in enumerate(definition.constraints):
        try:
            constraints.parse(text)
        except ValueError as problem:
            yield ("constraints", position), str(problem)


def _resources(definition: Definition) -> Iterator[Problem]:
    limits, reserved = definition.resources.limits, definition.resources.reservations
    for key in ("cpus", "memory"):
        limit, reservation = getattr(limits, key), getattr(reserved, key)
        if limit is not None and reservation is not None and reservation > limit:
            yield ("resources", "reservations", key), "is more than the limit; a task can never use it"
    seen: set[str] = set()
    for position, resource in enumerate(reserved.generic_resources):
        if resource.kind in seen:
            yield (
                ("resources", "reservations", "generic_resources", position),
                f"reserves '{resource.kind}' a second time",
            )
        seen.add(resource.kind)
