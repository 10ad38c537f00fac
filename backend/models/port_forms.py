"""Published ports, in Compose's short and long forms."""

import re
from typing import Annotated, Literal

from pydantic_core import PydanticCustomError

from backend.models import input_forms as forms
from backend.models.compose_values import (
    as_text,
    only_list,
    refuse,
    shown,
)
from backend.models.definition_base import Part, one_of


def _port_number(value: object, what: str) -> int:
    text = as_text(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= 65535:
        raise refuse(f"{what} is {shown(value)}; a port is a number from 1 to 65535")
    return int(text)


def _target_port(value: object) -> int:
    return _port_number(value, "the container's port")


def _published_port(value: object) -> int | None:
    # Engines write 0 for "pick one", which is what leaving it out says.
    return None if value in {0, "0"} and value is not False else _port_number(value, "the published port")


Protocol = Literal["tcp", "udp", "sctp"]
PublishMode = Literal["ingress", "host"]


class Port(Part):
    """A published port. `ingress` is reachable on every node, `host` only where a task runs."""

    target: Annotated[int, forms.reads(_target_port, forms.PORT_NUMBER)]
    published: Annotated[int | None, forms.reads(_published_port, forms.PUBLISHED_PORT)] = None
    protocol: Annotated[Protocol, one_of("tcp", "udp", "sctp")] = "tcp"
    mode: Annotated[PublishMode, one_of("ingress", "host")] = "ingress"


def _port_range(text: str, what: str) -> list[int]:
    first, dash, last = text.partition("-")
    low = _port_number(first, what)
    high = _port_number(last, what) if dash else low
    if high < low:
        raise refuse(f"{what} range '{text}' runs backwards")
    return list(range(low, high + 1))


def _short_port(value: object) -> list[dict[str, object]]:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise refuse(f"is {shown(value)}; a port such as '8080:80' or a mapping with 'target' is expected")
    text, slash, protocol = as_text(value).strip().partition("/")
    if slash and protocol not in {"tcp", "udp", "sctp"}:
        raise refuse(f"names the protocol '{protocol[:20]}'; tcp, udp or sctp is expected")
    parts = text.split(":")
    if len(parts) > 2:
        raise refuse(
            f"is {shown(value)}; swarm publishes on every address of a node, so no address can be given: "
            "write 'published:target'"
        )
    targets = _port_range(parts[-1], "the container's port")
    published: list[int | None] = [None] * len(targets)
    if len(parts) == 2:
        published = list(_port_range(parts[0], "the published port"))
    if len(published) != len(targets):
        raise refuse(f"is {shown(value)}; the two ranges hold {len(published)} and {len(targets)} ports")
    if len(targets) > 1000:
        raise refuse(f"publishes {len(targets)} ports; no more than 1000 can be written as a range")
    return [
        {"target": target, "published": outside, "protocol": protocol or "tcp"}
        for target, outside in zip(targets, published, strict=True)
    ]


def ports_from(value: object) -> list[object]:
    """All ports in long form; a short range becomes several."""
    found: list[object] = []
    for position, item in enumerate(only_list(value)):
        if isinstance(item, dict | Port):
            found.append(item)
            continue
        try:
            found.extend(_short_port(item))
        except PydanticCustomError as problem:
            raise refuse(f"[{position}] {problem}") from None
    return found
