"""Reads a registry's address as configured, as exactly as credentials deserve."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from backend.domain.image_reference import DEFAULT_REGISTRY, ImageReference
from backend.errors import InvalidInput
from backend.models.registries import RegistryAddress

HUB_URL: Final = "https://registry-1.docker.io"
_HUB_HOSTS: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"})
_AUTHORITY: Final = re.compile(
    r"(?P<name>[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*|\[[a-f0-9:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_EXAMPLE: Final = "'https://registry.example.com' or 'http://192.168.1.100:5000'"


@dataclass(frozen=True, slots=True)
class WrittenAddress:
    """An address with what may have been written into it."""

    address: RegistryAddress
    username: str = ""
    password: str = field(default="", repr=False)


def read_address(url: str, *, host: str = "", is_default: bool = False) -> WrittenAddress:
    """Raise InvalidInput, without repeating what may hold a password.

    Without a scheme it is HTTPS, except on loopback, where it is plain HTTP: as Docker does it.
    """
    scheme, separator, rest = url.strip().rpartition("://")
    if separator and scheme.lower() not in {"http", "https"}:
        raise InvalidInput(f"a registry's address begins with http:// or https://, as in {_EXAMPLE}")
    authority, _, path = rest.partition("/")
    userinfo, _, authority = authority.rpartition("@")
    if path.strip("/") not in {"", "v1", "v2"} or any(mark in rest for mark in "?#\\"):
        raise InvalidInput(f"a registry's address ends after its host and port, as in {_EXAMPLE}")
    authority = authority.lower()
    name, port = _parts(authority)
    if not separator:
        scheme = "http" if _is_loopback(name) else "https"
    scheme = scheme.lower()
    if authority in _HUB_HOSTS:
        address = RegistryAddress(host or DEFAULT_REGISTRY, HUB_URL, is_default)
    else:
        # In an image a bare word before the slash is a user of Docker Hub, not a host.
        bare = not port and "." not in name and ":" not in name and name != "localhost"
        named = f"{authority}:{443 if scheme == 'https' else 80}" if bare else authority
        address = RegistryAddress(host or named, f"{scheme}://{authority}", is_default)
    username, _, password = userinfo.partition(":")
    return WrittenAddress(address, unquote(username), unquote(password))


def read_host(text: str) -> str:
    """A registry's host as image references have it, or InvalidInput that says what is wrong."""
    host = text.strip().lower()
    if host in _HUB_HOSTS:
        return DEFAULT_REGISTRY
    if not _AUTHORITY.fullmatch(host):
        raise InvalidInput(
            "a registry's host is what stands before the first '/' of an image, as in '192.168.1.100:5000'"
        )
    _parts(host)
    try:
        found = ImageReference.parse(f"{host}/any").registry
    except InvalidInput:
        found = ""
    if found != host:
        raise InvalidInput(
            f"'{host[:80]}' cannot be told from a user of Docker Hub in an image; add the port, as in "
            f"'{host[:80]}:5000'"
        )
    return host


def _parts(authority: str) -> tuple[str, str]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None or len(authority) > 255:
        raise InvalidInput(f"this is no registry's address; what is expected is like {_EXAMPLE}")
    name, port = match["name"], match["port"] or ""
    if port and not 0 < int(port) < 65536:
        raise InvalidInput(f"a port is a number from 1 to 65535, not {port}")
    literal = name.strip("[]")
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        # Resolvers take 2130706433, 0x7f.1 and 127.1 for addresses, so nobody knows what is meant.
        if name.startswith("[") or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", literal.rpartition(".")[2]):
            raise InvalidInput("an IP address is written as four decimal numbers or as [IPv6]") from None
    else:
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise InvalidInput(f"{literal} is an address where no registry can be")
    return name, port


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
