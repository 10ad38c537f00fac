"""What a lab looks like right now, for people and for programs."""

from typing import Any

from lab.cluster import Lab
from lab.node import Node


def status(lab: Lab) -> dict[str, Any]:
    """The lab as plain data; cheap, and true even while nodes are off, cut or frozen.

    `swarm` is what a manager says of the node (None while no manager answers); the rest is what the lab sees.
    """
    if not lab.running:
        return {"name": lab.name, "running": False, "nodes": []}
    listed = {node["Description"]["Hostname"]: node for node in lab.swarm_nodes() if "Description" in node}
    nodes = lab.nodes
    return {
        "name": lab.name,
        "running": True,
        "engine": lab.engine,
        "docker_host": lab.docker_host,
        "registry_url": lab.registry_url,
        "registry": "on" if lab.registry.running else "off",
        "subnet": nodes[0].machine.network.subnet,
        "nodes": [_node_status(node, listed.get(node.name)) for node in nodes],
    }


def _node_status(node: Node, listed: dict[str, Any] | None) -> dict[str, Any]:
    on = node.running
    init = node.machine.init
    return {
        "name": node.name,
        "role": node.role,
        "address": node.address,
        "docker_host": node.docker_host,
        "power": "on" if on else "off",
        "network": "cut" if on and node.cut else "up" if on else None,
        "daemon": None if not on else "frozen" if node.frozen else "running",
        "pid": init.pid if on and init else None,
        "log": str(node.machine.log),
        "swarm": None
        if listed is None
        else {
            "state": listed["Status"]["State"],
            "availability": listed["Spec"]["Availability"],
            "leader": bool(listed.get("ManagerStatus", {}).get("Leader", False)),
            "engine_version": listed["Description"]["Engine"]["EngineVersion"],
        },
    }


def status_text(seen: dict[str, Any]) -> str:
    """The same for people: a headline and one line per node."""
    if not seen["running"]:
        return f"lab {seen['name']} is not running"
    rows = [("NODE", "ADDRESS", "POWER", "NETWORK", "ENGINE", "SWARM")]
    for node in seen["nodes"]:
        swarm = node["swarm"]
        said = f"{swarm['state']}, {swarm['availability']}" if swarm else "unknown"
        if swarm and swarm["leader"]:
            said += ", leader"
        version = f"{swarm['engine_version']} " if swarm else ""
        daemon = f"{version}{node['daemon'] or '-'}"
        rows.append((node["name"], node["address"], node["power"], node["network"] or "-", daemon, said))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    head = f"lab {seen['name']} on {seen['engine']}, {seen['subnet']}"
    registry = f"registry {seen['registry_url']} is {seen['registry']}"
    return "\n".join([head, registry, f"DOCKER_HOST={seen['docker_host']}", "", *table])
