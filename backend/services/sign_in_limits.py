"""Slows down guessing of passwords without locking the owner out."""

import ipaddress
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import TooManyAttempts

WINDOW_MINUTES = 5
PER_ACCOUNT = RateLimitItemPerMinute(5, WINDOW_MINUTES, namespace="account")
PER_ADDRESS = RateLimitItemPerMinute(10, WINDOW_MINUTES, namespace="address")
# Bounds guessing of many names from many addresses.
IN_ALL = RateLimitItemPerMinute(30, WINDOW_MINUTES, namespace="all")


class SignInLimits:
    def __init__(self) -> None:
        storage = MemoryStorage()
        # It clears away what has expired while others go on, and stumbles over a key that went meanwhile
        # (limits 5.8): such a key has no events.
        storage.events = defaultdict(list)
        self._windows = MovingWindowRateLimiter(storage)

    async def admit(self, account: str, address: str | None, *, familiar: bool) -> None:
        """Count an attempt before its password is looked at; raise TooManyAttempts when there were too many.

        A `familiar` address is one where this account is signed in already: it has a count of its own, so
        that strangers who guess at an account cannot keep its owner out.
        """
        for item, key in self._keys(account, address, familiar=familiar):
            if not await self._windows.hit(item, key):
                stats = await self._windows.get_window_stats(item, key)
                seconds = max(1, ceil(stats.reset_time - datetime.now(UTC).timestamp()))
                msg = f"too many attempts to sign in; try again in {seconds} seconds"
                raise TooManyAttempts(msg, retry_after=seconds)

    async def succeeded(self, account: str, address: str | None, *, familiar: bool) -> None:
        """Only failures shall count."""
        for item, key in self._keys(account, address, familiar=familiar):
            if item is not IN_ALL:
                await self._windows.clear(item, key)

    def _keys(
        self, account: str, address: str | None, *, familiar: bool
    ) -> Sequence[tuple[RateLimitItem, str]]:
        if familiar:
            return [(PER_ACCOUNT, f"{account} at {address}")]
        return [(PER_ADDRESS, _network(address)), (PER_ACCOUNT, account), (IN_ALL, "")]


def _network(address: str | None) -> str:
    # One IPv6 customer has a /64 of addresses to guess from.
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
