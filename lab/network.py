"""The lab's network on the host: one bridge per lab, its subnet and the few firewall rules it needs."""

import ipaddress
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.host import run, succeeds

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_WE_FORWARD = Path("/run/swarm-orchestrator-lab.ip_forward")
_SUBNETS = 256


@dataclass(frozen=True, slots=True)
class Network:
    """Subnet 10.210.N.0/24 on the bridge `swlabN`. Whoever made that bridge owns the number."""

    number: int

    @property
    def bridge(self) -> str:
        return f"swlab{self.number}"

    @property
    def subnet(self) -> str:
        return f"10.210.{self.number}.0/24"

    @property
    def gateway(self) -> str:
        return self.address(1)

    def address(self, host: int) -> str:
        return f"10.210.{self.number}.{host}"

    def link(self, host: int) -> str:
        """The host's end of a machine's cable."""
        return f"{self.bridge}-{host}"

    @property
    def exists(self) -> bool:
        return any(link["ifname"] == self.bridge for link in _links())

    def open(self) -> bool:
        """Make the bridge, give the host its address, let traffic through. False if the number is taken."""
        if not succeeds("ip", "link", "add", "name", self.bridge, "type", "bridge"):
            return False
        run("ip", "address", "add", f"{self.gateway}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        if _FORWARDING.read_text().strip() == "0":
            _FORWARDING.write_text("1")
            _WE_FORWARD.touch()
        for rule in self._rules():
            run("iptables", "-w", *rule)
        return True

    def close(self) -> None:
        """Remove the bridge, every cable on it and every rule; does nothing where they are gone already."""
        for table in ("filter", "nat"):
            for line in run("iptables", "-w", "-t", table, "-S").splitlines():
                words = shlex.split(line)
                if self._mark in words and words[0] == "-A":
                    run("iptables", "-w", "-t", table, "-D", *words[1:])
        for link in _links():
            if link.get("master") == self.bridge or link["ifname"].startswith(f"{self.bridge}-"):
                # A cable also goes with its machine's namespace, which may be just ahead of us.
                succeeds("ip", "link", "delete", link["ifname"])
        succeeds("ip", "link", "delete", self.bridge)
        if _WE_FORWARD.exists() and not json.loads(run("ip", "-j", "link", "show", "type", "bridge") or "[]"):
            # Only when no bridge of anybody is left: an engine started meanwhile relies on it too.
            _FORWARDING.write_text("0")
            _WE_FORWARD.unlink(missing_ok=True)

    def plug(self, host: int, *, up: bool) -> None:
        """Plug a machine's cable in or pull it."""
        run("ip", "link", "set", self.link(host), "up" if up else "down")

    def unplugged(self, host: int) -> bool:
        """Whether a machine's cable is pulled; a machine that is off has none and is not unplugged."""
        return any(link["ifname"] == self.link(host) and "UP" not in link["flags"] for link in _links())

    def remove_link(self, host: int) -> None:
        succeeds("ip", "link", "delete", self.link(host))

    @property
    def _mark(self) -> str:
        return f"swarm-orchestrator-lab {self.bridge}"

    def _rules(self) -> list[list[str]]:
        # Bridged frames pass the FORWARD chain too, and an engine on the host sets that to DROP.
        mark = ["-m", "comment", "--comment", self._mark]
        leaving = ["-s", self.subnet, "!", "-d", self.subnet]
        return [
            ["-I", "FORWARD", "-i", self.bridge, *mark, "-j", "ACCEPT"],
            ["-I", "FORWARD", "-o", self.bridge, *mark, "-j", "ACCEPT"],
            ["-t", "nat", "-A", "POSTROUTING", *leaving, *mark, "-j", "MASQUERADE"],
        ]


def free_networks() -> list[Network]:
    """The networks whose subnet no route of the host touches, lowest number first.

    After them come those inside a wider route, such as a VPN's 10.0.0.0/8: ours, being narrower, wins there.
    """
    routes = json.loads(run("ip", "-j", "-4", "route", "show", "table", "all") or "[]")
    taken = [
        ipaddress.ip_network(route["dst"], strict=False) for route in routes if route["dst"] != "default"
    ]
    untouched, covered = [], []
    for network in map(Network, range(_SUBNETS)):
        subnet = ipaddress.ip_network(network.subnet)
        touching = [other for other in taken if subnet.overlaps(other)]
        if not touching:
            untouched.append(network)
        elif all(other.prefixlen < subnet.prefixlen for other in touching):
            covered.append(network)
    if not untouched and not covered:
        raise LabError("No subnet of 10.210.0.0/16 is free on this machine; take a lab down first.")
    return untouched + covered


def _links() -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = json.loads(run("ip", "-j", "link", "show") or "[]")
    return links
