"""Answers only under names that are ours, so that a foreign name cannot be pointed at us (DNS rebinding)."""

import ipaddress
import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.routers.problems import problem

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


class HostAllowList:
    """`names`: host names or addresses beyond loopback's own and the addresses others reach us by."""

    def __init__(self, app: ASGIApp, *, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name for name in (name_of(entry) for entry in names) if name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and not self._is_ours(scope):
            detail = (
                "the Host header names no host we answer for; use http://127.0.0.1 or http://localhost, "
                "or add the name to ORCHESTRATOR_ALLOWED_HOSTS"
            )
            await problem(421, "wrong_host", detail)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return False
        name = name_of(given[0].decode("latin-1"))
        return name is not None and (name in self._names or is_loopback(name) or _is_reached_by(name, scope))


def name_of(host: str) -> str | None:
    """The name or address without port and brackets, in lower case; None for what is no host."""
    match = _HOST.fullmatch(host.strip().lower())
    return match["name"].strip("[]") if match else None


def is_loopback(name: str | None) -> bool:
    if name == "localhost":
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def _is_reached_by(name: str, scope: Scope) -> bool:
    # An address cannot be rebound: a page that reached us by it was served from it. Which one it is we cannot
    # know where ports are forwarded, as a container's are. What came by loopback was forwarded by nobody.
    server = scope.get("server")
    came_in_at = _address(server[0]) if server else None
    return came_in_at is not None and not came_in_at.is_loopback and _address(name) is not None


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
