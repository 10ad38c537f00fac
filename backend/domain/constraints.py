"""Placement constraints: reading them as swarmkit does, and whether a node satisfies them."""

import difflib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from backend.models.cluster import Node

KEYS: Final = ("node.id", "node.hostname", "node.ip", "node.role", "node.platform.os", "node.platform.arch")
PREFIXES: Final = ("node.labels.", "engine.labels.")
KNOWN: Final = ", ".join((*KEYS, "node.labels.*", "engine.labels.*"))
MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}
_KEY: Final = re.compile(r"[a-z_][a-z0-9\-_.]+", re.IGNORECASE | re.ASCII)
_VALUE: Final = re.compile(r"[a-z0-9:\-_\s.*()?+\[\]\\^$|/]+", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Constraint:
    """`key == value` or `key != value`; several are joined by AND."""

    key: str
    operator: Literal["==", "!="]
    value: str

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {self.value}"

    def matches(self, node: Node) -> bool:
        """Whether the scheduler would let a task with this constraint onto `node`."""
        key = self.key.lower()
        if key == "node.ip":
            return self._address_matches(node.address)
        equal = self.value.lower() == _fact(node, self.key).lower()
        return equal if self.operator == "==" else not equal

    def _address_matches(self, address: str) -> bool:
        try:
            network = ipaddress.ip_network(self.value, strict=False)
            inside = ipaddress.ip_address(address) in network
        except ValueError:
            return False
        return inside if self.operator == "==" else not inside


def _fact(node: Node, key: str) -> str:
    match key.lower():
        case "node.id":
            return node.id
        case "node.hostname":
            return node.hostname
        case "node.role":
            return node.role
        case "node.platform.os":
            return node.platform.os
        case "node.platform.arch":
            # Constraints compare with the machine's own word, everything else with the image's.
            return MACHINES.get(node.platform.architecture, node.platform.architecture)
    # The prefix is read in any case, the label itself exactly.
    if key.lower().startswith("node.labels."):
        return node.labels.get(key[len("node.labels.") :], "")
    return node.engine_labels.get(key[len("engine.labels.") :], "")


def parse(text: str) -> Constraint:
    """Raises ValueError with a sentence; swarm itself lets an unknown key wait for ever instead."""
    at = text.find("==")
    # swarmkit looks for '==' first, wherever it stands.
    operator: Literal["==", "!="] = "==" if at >= 0 else "!="
    if at < 0:
        at = text.find("!=")
    if at < 0:
        single = text.partition("=")
        if single[1] and single[0].strip():
            msg = f"'{text[:120]}' has '='; the operators are == and !="
            raise ValueError(msg)
        msg = f"'{text[:120]}' has no operator (== or !=); write for instance 'node.role == worker'"
        raise ValueError(msg)
    key, value = text[:at].strip(), text[at + 2 :].strip()
    _check_key(key)
    if not value:
        msg = f"'{text[:120]}' has no value after {operator}"
        raise ValueError(msg)
    if not _VALUE.fullmatch(value):
        msg = f"'{text[:120]}' has a value that swarm does not take: letters, digits and . : - _ / are safe"
        raise ValueError(msg)
    if key.lower() == "node.ip":
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            msg = f"'{value[:60]}' is no address; node.ip takes an address or a network such as 10.0.0.0/24"
            raise ValueError(msg) from None
    if key.lower() == "node.role" and value.lower() not in {"manager", "worker"}:
        msg = f"'{value[:60]}' is no role; node.role is manager or worker"
        raise ValueError(msg)
    if key.lower() == "node.platform.arch" and value.lower() in MACHINES:
        msg = (
            f"'{value}' is never the architecture of a node: swarm compares with the machine's own word, "
            f"so write {MACHINES[value.lower()]}"
        )
        raise ValueError(msg)
    return Constraint(key, operator, value)


def _check_key(key: str) -> None:
    low = key.lower()
    labelled = any(low.startswith(prefix) and len(low) > len(prefix) for prefix in PREFIXES)
    if _KEY.fullmatch(key) and (low in KEYS or labelled):
        return
    near = nearest(low, (*KEYS, *PREFIXES))
    hint = ""
    if low in {prefix.rstrip(".") for prefix in PREFIXES} | set(PREFIXES):
        hint = f"; name the label, as in '{low.rstrip('.')}.zone'"
    elif near in PREFIXES:
        hint = f"; did you mean '{near}{low.rsplit('.', 1)[-1]}'?"
    elif near:
        hint = f"; did you mean '{near}'?"
    msg = f"unknown constraint key '{key[:60]}'{hint} Known are {KNOWN}"
    raise ValueError(msg if hint.endswith("?") else msg.replace(" Known are", ". Known are"))


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that `word` was probably meant to be."""
    words = list(known)
    inside = [candidate for candidate in words if candidate.rstrip(".").rsplit(".", 1)[-1] == word]
    if len(inside) == 1:
        return inside[0]
    found = difflib.get_close_matches(word[:80], words, n=1, cutoff=cutoff)
    return found[0] if found else None


def matches_all(constraints: Iterable[Constraint], node: Node) -> bool:
    return all(constraint.matches(node) for constraint in constraints)
