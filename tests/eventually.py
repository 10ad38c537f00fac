"""Waiting for a state under a deadline, instead of sleeping and hoping."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, overload

import anyio

PATIENCE = 40.0
"""Seconds: longer than the longest pause between two looks at the cluster. Only what fails waits so long;
a test gives `within` where the time itself is what it is about."""


@overload
async def eventually[T](
    look: Callable[[], Awaitable[T]], *, within: float = PATIENCE, every: float = 0.02
) -> T: ...


@overload
async def eventually[T](look: Callable[[], T], *, within: float = PATIENCE, every: float = 0.02) -> T: ...


async def eventually(look: Callable[[], Any], *, within: float = PATIENCE, every: float = 0.02) -> Any:
    """Return the first truthy answer of `look`; raise AssertionError with the last one after `within` s."""
    last: object = None
    with anyio.move_on_after(within):
        while True:
            last = look()
            if inspect.isawaitable(last):
                last = await last
            if last:
                return last
            await anyio.sleep(every)
    msg = f"not so within {within} s; last seen: {last!r}"
    raise AssertionError(msg)
