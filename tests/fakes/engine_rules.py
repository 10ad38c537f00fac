"""What the fake swarm refuses, in the engine's own words."""

import base64
import binascii
import json
import re

from tests.fakes import engine_scheduler
from tests.fakes.engine_store import FakeService, Spec, Store

_IMAGE = re.compile(r"^([A-Za-z0-9.-]+(:\d+)?/)?[a-z0-9._/-]+(:[\w.-]{1,128})?(@sha256:[0-9a-f]{64})?$")
_NAME = re.compile(r"^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_]*[a-zA-Z0-9]+)?$")


class Refused(Exception):
    """An HTTP status and the engine's sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def rpc(status: int, code: str, text: str) -> Refused:
    return Refused(status, f"rpc error: code = {code} desc = {text}")


def invalid(text: str) -> Refused:
    return rpc(400, "InvalidArgument", text)


def may_pull(store: Store, image: str, header: str) -> bool:
    """Whether the registry of `image`, if it demands a user, finds that user in an `X-Registry-Auth`."""
    wanted = store.registry_users.get(
        image.partition("/")[0] if "." in image.partition("/")[0] else "docker.io"
    )
    if wanted is None:
        return True
    try:
        sent = json.loads(base64.urlsafe_b64decode(header))
    except (binascii.Error, ValueError):
        return False
    return (sent.get("username"), sent.get("password")) == wanted


def check_spec(store: Store, spec: Spec, *, service: FakeService | None) -> None:
    """Raise for a spec the swarm would not take. `service` is the one to be updated, if any."""
    _check_name(spec)
    _check_mode(spec)
    _check_container(spec["TaskTemplate"])
    _check_endpoint(spec)
    for text in (spec["TaskTemplate"].get("Placement") or {}).get("Constraints") or []:
        if problem := engine_scheduler.constraint_problem(text):
            raise rpc(500, "Unknown", problem)
    _check_references(store, spec["TaskTemplate"]["ContainerSpec"])
    _check_ports(store, spec, service)
    if service is None:
        if any(other.name == spec["Name"] for other in store.services.values()):
            raise rpc(
                409,
                "AlreadyExists",
                f"name conflicts with an existing object: service {spec['Name']} already exists",
            )
    else:
        if spec["Name"] != service.name:
            raise rpc(501, "Unimplemented", "renaming services is not supported")
        if next(iter(spec["Mode"])) != service.mode:
            raise rpc(501, "Unimplemented", "service mode change is not allowed")


def resolve_networks(store: Store, spec: Spec) -> None:
    """Replace names by ids, as the daemon does before it hands the spec to the swarm."""
    for attachment in spec["TaskTemplate"].get("Networks") or []:
        target = attachment["Target"]
        known = [store.swarm_host_network, *store.objects["networks"].values()]
        found = next((n for n in known if target in (n["Id"], n["Name"])), None)
        if found is None:
            raise Refused(500, f"network {target} not found")
        if found["Scope"] != "swarm":
            raise Refused(
                403,
                f"The network {target} cannot be used with services. Only networks scoped to the swarm can "
                "be used, such as those created with the overlay driver.",
            )
        attachment["Target"] = found["Id"]


def _check_name(spec: Spec) -> None:
    name = spec.get("Name", "")
    if not name:
        raise invalid("name must be provided")
    if not _NAME.match(name):
        raise invalid("name must be valid as a DNS name component")
    if len(name) > 63:
        raise invalid("name must be 63 characters or fewer")


def _check_mode(spec: Spec) -> None:
    replicas = (spec["Mode"].get("Replicated") or {}).get("Replicas", 0)
    if replicas < 0:
        raise Refused(
            400,
            f"json: cannot unmarshal number {replicas} into Go struct field "
            "ReplicatedService.Mode.Replicated.Replicas of type uint64",
        )
    if next(iter(spec["Mode"])).endswith("Job") and spec.get("UpdateConfig"):
        raise invalid("Jobs may not have an update config")


def _check_container(template: Spec) -> None:
    container = template["ContainerSpec"]
    if not container.get("Image"):
        raise invalid("ContainerSpec: image reference must be provided")
    if not _IMAGE.match(container["Image"]):
        raise invalid(f'ContainerSpec: "{container["Image"]}" is not a valid repository/tag')
    targets = [mount["Target"] for mount in container.get("Mounts") or []]
    for target in targets:
        if targets.count(target) > 1:
            raise invalid(f"ContainerSpec: duplicate mount point: {target}")
    for part in ("Limits", "Reservations"):
        amounts = (template.get("Resources") or {}).get(part) or {}
        if 0 < (amounts.get("MemoryBytes") or 0) < 4 * 1024 * 1024:
            raise invalid(f"invalid memory value {amounts['MemoryBytes']}: Must be at least 4MiB")
        if 0 < (amounts.get("NanoCPUs") or 0) < 1e6:
            raise invalid(f"invalid cpu value {amounts['NanoCPUs'] / 1e9:g}: Must be at least 0.001")


def _check_endpoint(spec: Spec) -> None:
    endpoint = spec.get("EndpointSpec") or {}
    ports = endpoint.get("Ports") or []
    if endpoint.get("Mode") == "dnsrr" and any(p["PublishMode"] == "ingress" for p in ports):
        raise invalid("EndpointSpec: port published with ingress mode can't be used with dnsrr mode")
    published = [
        (p["Protocol"], p["PublishedPort"], p["PublishMode"]) for p in ports if p.get("PublishedPort")
    ]
    if len(set(published)) != len(published):
        raise invalid("EndpointSpec: duplicate published ports provided")


def _check_references(store: Store, container: Spec) -> None:
    for kind, key in (("secret", "Secrets"), ("config", "Configs")):
        missing = [
            reference[f"{key[:-1]}Name"]
            for reference in container.get(key) or []
            if reference.get(f"{key[:-1]}ID") not in store.objects[f"{kind}s"]
        ]
        if missing:
            raise invalid(f"{kind if len(missing) == 1 else kind + 's'} not found: {', '.join(missing)}")


def _check_ports(store: Store, spec: Spec, service: FakeService | None) -> None:
    """Ingress against ingress and ingress against host collide; two in host mode are the scheduler's."""
    for port in (spec.get("EndpointSpec") or {}).get("Ports") or []:
        if not port.get("PublishedPort"):
            continue
        for other in store.services.values():
            if service is not None and other.id == service.id:
                continue
            for taken in other.ports:
                same = (taken["Protocol"], taken.get("PublishedPort")) == (
                    port["Protocol"],
                    port["PublishedPort"],
                )
                modes = (port["PublishMode"], taken["PublishMode"])
                if same and modes != ("host", "host"):
                    how = "an ingress port" if taken["PublishMode"] == "ingress" else "a host-published port"
                    raise invalid(
                        f"port '{port['PublishedPort']}' is already in use by service "
                        f"'{other.name}' ({other.id}) as {how}"
                    )
