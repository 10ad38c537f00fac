"""Stops callers that run in circles: the same call again and again, or too many at all."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

ANY: Final = RateLimitItemPerMinute(240)
THE_SAME: Final = RateLimitItemPerMinute(10)


class CallLimits:
    """Per caller, who is known by the hash of what it came with."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def admit(self, caller: str, tool: str, arguments: Mapping[str, Any]) -> str | None:
        """Return what to tell the model when it should stop."""
        who = _hash(caller)
        same = _hash(json.dumps([tool, arguments], sort_keys=True, default=str))
        if not self._limiter.hit(THE_SAME, who, same):
            return (
                f"{tool} was called with the same arguments {THE_SAME.amount} times within a minute. Stop "
                "and tell the person what you are waiting for; wait_service waits for a rollout in one call."
            )
        if not self._limiter.hit(ANY, who):
            return f"More than {ANY.amount} calls within a minute. Wait a minute."
        return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
