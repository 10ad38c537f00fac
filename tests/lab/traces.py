"""What a lab leaves on the machine, collected precisely although other labs come and go meanwhile."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lab import Lab
from lab.cgroups import cgroups
from lab.processes import Stat, stat

_KINDS = ("mnt", "net", "pid", "uts", "ipc", "cgroup")


@dataclass(slots=True)
class Traces:
    """The processes of a lab with their namespaces and cgroups, while it runs."""

    folder: Path
    bridge: str
    processes: set[tuple[int, int]] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    control_groups: set[Path] = field(default_factory=set)
    bridge_index: int = 0
    """The kernel's number for the bridge, which it never gives to another one."""

    @classmethod
    def of(cls, lab: Lab) -> "Traces":
        first = lab.nodes[0].machine
        traces = cls(first.directory.parent, first.network.bridge)
        traces.bridge_index = links()[traces.bridge]
        machines = [lab.registry.machine, *(node.machine for node in lab.nodes)]
        everyone = _everyone()
        host = _namespaces(os.getpid())
        for machine in machines:
            parent = int((machine.directory / "parent").read_text().splitlines()[1].split()[0])
            for found in _family(parent, everyone):
                traces.processes.add((found.pid, found.started))
                traces.namespaces |= _namespaces(found.pid) - host
                traces.control_groups |= _control_groups(found.pid, first.network.bridge)
        return traces

    def left(self) -> dict[str, list[str]]:
        """What of it is still there, by kind; empty when nothing is."""
        everyone = _everyone().values()
        newest = max(started for _, started in self.processes)
        names = links()
        # Another lab that came up since may have taken the subnet, and with it the names.
        taken = names.get(self.bridge, self.bridge_index) != self.bridge_index
        found = {
            "processes": [str(one) for one in everyone if (one.pid, one.started) in self.processes],
            # The kernel hands numbers of namespaces out again, so only those older than the end count.
            "namespaces": [
                f"{name} of {one}"
                for one in everyone
                if one.started <= newest
                for name in _namespaces(one.pid) & self.namespaces
            ],
            "mounts": [line for line in _mounts() if self._is_ours(line) or " nsfs " in line],
            "links": [name for name in names if self._is_ours(name) and not taken],
            "cgroups": [
                *(str(group) for group in cgroups(self.bridge) if not taken),
                *(str(group) for group in self.control_groups if group.exists()),
            ],
            "rules": [line for line in rules() if self._is_ours(line) and not taken],
            "files": [str(self.folder)] if self.folder.exists() else [],
        }
        return {kind: things for kind, things in found.items() if things}

    def _is_ours(self, text: str) -> bool:
        return str(self.folder) + "/" in text or bool(re.search(rf"\b{self.bridge}\b", text))


def links() -> dict[str, int]:
    output = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout
    return {link["ifname"]: link["ifindex"] for link in json.loads(output)}


def rules() -> list[str]:
    tables = ("filter", "nat", "mangle", "raw")
    commands = (["iptables", "-w", "-t", table, "-S"] for table in tables)
    outputs = (subprocess.run(command, capture_output=True, text=True, check=True) for command in commands)
    return [line for output in outputs for line in output.stdout.splitlines()]


def _everyone() -> dict[int, Stat]:
    # A zombie has nothing left but its number, until the host's process 1 takes note of its end.
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {pid: found for pid in pids if (found := stat(pid)) and found.state not in "ZX"}


def _family(ancestor: int, everyone: dict[int, Stat]) -> list[Stat]:
    family = [everyone[ancestor]]
    for member in family:
        family.extend(one for one in everyone.values() if one.parent == member.pid)
    return family


def _namespaces(pid: int) -> set[str]:
    found = set()
    for kind in _KINDS:
        try:
            found.add(str(Path(f"/proc/{pid}/ns/{kind}").readlink()))
        except OSError:
            continue
    return found


def _control_groups(pid: int, bridge: str) -> set[Path]:
    paths = _control_group_paths(pid) - _control_group_paths(os.getpid())
    tops = [group.parent for group in cgroups(bridge)]
    return {group for top in tops for path in paths if (group := top / path.lstrip("/")).exists()}


def _control_group_paths(pid: int) -> set[str]:
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return set()
    return {line.split(":", 2)[2] for line in lines} - {"/"}


def _mounts() -> list[str]:
    return Path("/proc/self/mountinfo").read_text().splitlines()
