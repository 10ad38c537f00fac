"""Decides which acts wait for a person when whoever does them is told to ask, and says why."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from backend.domain.definition_text import from_mapping, parse
from backend.domain.masking import masked
from backend.errors import OrchestratorError
from backend.models.actor import Permission
from backend.models.definitions import Definition


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to do: a use case with its arguments, and upon what."""

    action: str
    permission: Permission
    targets: Sequence[str]
    arguments: Mapping[str, Any]

    @property
    def target(self) -> str:
        return ", ".join(self.targets)

    @property
    def fingerprint(self) -> str:
        """Equal for the same act with exactly the same arguments, and for no other."""
        whole = [self.action, _plain(self.arguments, secrets=True)]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @property
    def shown(self) -> dict[str, Any]:
        """The arguments as a person is shown them: without what is empty, and without secrets."""
        plain = _plain(self.arguments, secrets=False)
        return {key: value for key, value in masked(plain).items() if value not in (None, "", False, [], {})}


_REASONS: Final = {
    "service.stop": "it takes the service out of the swarm: its tasks end",
    "service.delete": "it removes the definition from the catalog",
    "service.remove": "it takes the service out of the swarm and its definition out of the catalog",
    "node.drain": "it moves every task off the node, and what can run nowhere else ends",
    "node.label": "it replaces the node's labels: tasks placed by an old one move",
    "registry.delete_image": "an image that was deleted cannot be brought back",
}


def reason_to_ask(act: Act) -> str | None:
    """Why a person has to agree first; None for what may simply be done.

    Asked is what ends something, cannot be taken back, or reaches beyond one service. A caller is asked
    rarely, or people learn to agree to everything.
    """
    if act.permission is Permission.ADMIN:
        return "it decides about other callers or about the swarm's machines"
    if len(act.targets) > 1 and act.action.startswith("service."):
        return f"it changes {len(act.targets)} services at once"
    if act.action == "service.scale" and act.arguments.get("replicas") == 0:
        return "it ends every task of the service"
    if act.action == "service.deploy" and act.arguments.get("adopt"):
        return "it takes over a service that was not deployed from the catalog"
    if act.action in {"service.create", "service.update"}:
        return _judged(act)
    return _REASONS.get(act.action)


def host_reach(definition: Definition) -> list[str]:
    """What in a definition lets its containers at the node or at other services' secrets."""
    found: list[str] = []
    for mount in definition.mounts:
        if mount.type == "bind":
            found.append(f"a mount of the node's {mount.source}")
        elif mount.volume is not None and mount.volume.driver_opts:
            found.append(f"options of the volume at {mount.target}")
    found += [f"the capability {name}" for name in definition.cap_add]
    if definition.sysctls:
        found.append("sysctls")
    found += [f"the network {one.name}" for one in definition.networks if one.name == "host"]
    found += [f"the secret {one.source}" for one in definition.secrets]
    return found


def definition_of(act_arguments: Mapping[str, Any], name: str) -> Definition | None:
    """The definition that a use case is given as data or as text; None for what is none."""
    data, text = act_arguments.get("definition"), act_arguments.get("yaml")
    try:
        if isinstance(data, Mapping):
            return from_mapping(data, name=name)
        return parse(text, name=name) if isinstance(text, str) else None
    except OrchestratorError:
        return None  # The use case says better what is wrong with it, and does nothing.


def _judged(act: Act) -> str | None:
    definition = definition_of(act.arguments, act.target)
    if definition is None:
        return None
    if definition.replicas == 0:
        return "the definition wants no task at all"
    reach = host_reach(definition)
    return f"the definition reaches beyond its container: {', '.join(reach)}" if reach else None


def _plain(value: Any, *, secrets: bool) -> Any:
    """As JSON can say it. Whatever is of a kind unknown here counts by its own text."""
    if isinstance(value, SecretStr):
        return value.get_secret_value() if secrets else "***"
    if hasattr(value, "model_dump"):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(item, secrets=secrets) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item, secrets=secrets) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
