"""Where a task may run: swarmkit's filters in its order, its ranking, and its words when nothing fits."""

import re
from collections import Counter

from tests.fakes.engine_store import TERMINAL, FakeNode, FakeTask, Spec, Store

_CONSTRAINT = re.compile(r"^\s*([A-Za-z0-9_.\-/]+)\s*(==|!=)\s*([^=!].*?)\s*$")
_ALIASES = {"x86_64": "amd64", "aarch64": "arm64"}

READY = "{} not available for new tasks"
_SAYS = {
    "resources": "insufficient resources on {}",
    "constraints": "scheduling constraints not satisfied on {}",
    "platform": "unsupported platform on {}",
    "host ports": "host-mode port already in use on {}",
}


def choose(store: Store, task: FakeTask, among: list[FakeNode]) -> FakeNode | str:
    """The node for `task`, or the explanation as swarmkit writes it."""
    fitting: list[FakeNode] = []
    failures: Counter[str] = Counter()
    for node in among:
        reason = misfit(store, task, node)
        if reason is None:
            fitting.append(node)
        else:
            failures[reason] += 1
    if not fitting:
        return explain(failures)

    def rank(node: FakeNode) -> tuple[int, int, str]:
        active = [t for t in store.tasks_on(node) if t.state not in TERMINAL and t.desired != "remove"]
        return sum(t.service_id == task.service_id for t in active), len(active), node.id

    return min(fitting, key=rank)


def explain(failures: Counter[str]) -> str:
    parts = []
    for reason, count in failures.most_common():
        nodes = "1 node" if count == 1 else f"{count} nodes"
        if reason == "ready":
            parts.append(READY.format(nodes))
        elif reason == "max replicas":
            parts.append("max replicas per node limit exceed")
        else:
            parts.append(_SAYS[reason].format(nodes))
    return f"no suitable node ({'; '.join(parts)})" if parts else "no suitable node"


def misfit(store: Store, task: FakeTask, node: FakeNode) -> str | None:
    """The first filter `node` fails, in the order swarmkit applies them."""
    placement: Spec = task.spec.get("Placement") or {}
    if node.state != "ready" or node.availability != "active":
        return "ready"
    if not _has_resources(store, task, node):
        return "resources"
    if not matches(placement.get("Constraints") or [], node):
        return "constraints"
    if not _has_platform(placement.get("Platforms") or [], node):
        return "platform"
    others = [t for t in store.tasks_on(node) if t.id != task.id and t.state not in TERMINAL]
    wanted = {(p.get("Protocol"), p["PublishedPort"]) for p in task.host_ports if p.get("PublishedPort")}
    if wanted & {(p.get("Protocol"), p.get("PublishedPort")) for t in others for p in t.host_ports}:
        return "host ports"
    limit = placement.get("MaxReplicas") or 0
    if limit and sum(t.service_id == task.service_id and t.live for t in others) >= limit:
        return "max replicas"
    return None


def matches(constraints: list[str], node: FakeNode) -> bool:
    for text in constraints:
        match = _CONSTRAINT.match(text)
        if match is None:
            return False
        value = _value(match[1], node)
        if value is None or (value.lower() == match[3].lower()) != (match[2] == "=="):
            return False
    return True


def constraint_problem(text: str) -> str | None:
    if "==" not in text and "!=" not in text:
        return "constraint expected one operator from ==, !="
    if _CONSTRAINT.match(text) is None:
        return f"value '{re.split('==|!=', text, maxsplit=1)[1]}' is invalid"
    return None


def _value(key: str, node: FakeNode) -> str | None:
    lowered = key.lower()
    plain = {
        "node.id": node.id,
        "node.hostname": node.hostname,
        "node.ip": node.address,
        "node.role": node.role,
        "node.platform.os": node.os,
        "node.platform.arch": _ALIASES.get(node.architecture, node.architecture),
    }
    if lowered in plain:
        return plain[lowered]
    # A label that is absent reads as empty, so that `!=` holds for it.
    if lowered.startswith("node.labels."):
        return node.labels.get(key[len("node.labels.") :], "")
    if lowered.startswith("engine.labels."):
        return node.engine_labels.get(key[len("engine.labels.") :], "")
    return None


def _has_resources(store: Store, task: FakeTask, node: FakeNode) -> bool:
    wanted = reservations(task.spec)
    if not any(wanted.values()):
        return True
    used: Counter[str] = Counter()
    for other in store.tasks_on(node):
        if other.id != task.id and other.state not in TERMINAL:
            used.update(reservations(other.spec))
    offered = {"cpus": node.nano_cpus, "memory": node.memory_bytes, **node.generic}
    return all(offered.get(kind, 0) - used[kind] >= amount for kind, amount in wanted.items())


def reservations(spec: Spec) -> dict[str, int]:
    reserved: Spec = (spec.get("Resources") or {}).get("Reservations") or {}
    wanted = {"cpus": int(reserved.get("NanoCPUs") or 0), "memory": int(reserved.get("MemoryBytes") or 0)}
    for item in reserved.get("GenericResources") or []:
        one: Spec = item.get("DiscreteResourceSpec") or {
            "Kind": item["NamedResourceSpec"]["Kind"],
            "Value": 1,
        }
        wanted[one["Kind"]] = wanted.get(one["Kind"], 0) + int(one["Value"])
    return wanted


def _has_platform(platforms: list[Spec], node: FakeNode) -> bool:
    if not platforms:
        return True
    here = _ALIASES.get(node.architecture, node.architecture)
    return any(
        _ALIASES.get(p.get("Architecture", ""), p.get("Architecture", "")) in {"", here}
        and p.get("OS", "") in {"", node.os}
        for p in platforms
    )
