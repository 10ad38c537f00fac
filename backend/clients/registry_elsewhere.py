"""Fetches a blob from where a registry says it lies: by HTTPS, from public addresses, as nobody."""

import ipaddress
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an address is on the open internet, also inside of what IPv6 wraps around IPv4."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None and not is_public(str(inner)):
            return False
    return found.is_global and not found.is_multicast


class PublicOnly(AbstractResolver):
    """Names lead to public addresses only; what it answers is connected to, so no name moves after."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = [one for one in await self._resolver.resolve(host, port, family) if is_public(one["host"])]
        if not found:
            raise OSError(None, "no public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


class Elsewhere:
    """Opens nothing before it is needed. One step: where it is sent on again, that is the end."""

    def __init__(
        self, *, resolver: AbstractResolver | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self._resolver = resolver
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def fetch(self, url: str, limit: int) -> bytes | None:
        """What lies there; None when we do not go there, or it is more than `limit` bytes or not there."""
        if not may_visit(url):
            return None
        try:
            async with self._open().get(URL(url, encoded=True), allow_redirects=False) as response:
                if response.status != 200 or (response.content_length or 0) > limit:
                    return None
                content = bytearray()
                async for piece in response.content.iter_any():
                    content += piece
                    if len(content) > limit:
                        return None
                return bytes(content)
        except (aiohttp.ClientError, OSError, ValueError):
            return None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = self._resolver or PublicOnly(aiohttp.ThreadedResolver())
            self._session = aiohttp.ClientSession(
                # Names are looked up for each connection: an old answer would be no proof any more.
                connector=aiohttp.TCPConnector(
                    resolver=resolver, use_dns_cache=False, limit=2, force_close=True, ssl=self._trust or True
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=3.0),
                auto_decompress=False,
                trust_env=False,
                headers={"User-Agent": "swarm-orchestrator", "Accept-Encoding": "identity"},
            )
        return self._session


def may_visit(url: str) -> bool:
    """HTTPS on its own port, to a name or a public address, without a user."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
        host = URL(url, encoded=True).host
    except ValueError:
        return False
    if parts.scheme != "https" or port != 443 or not host or "@" in parts.netloc or "\\" in url:
        return False
    # The connector asks no resolver about what is an address already; odd spellings of one are no names.
    literal = ":" in host or not host.rpartition(".")[2].strip("0123456789") or host.lower().startswith("0x")
    return is_public(host) if literal else "." in host
