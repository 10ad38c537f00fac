"""Waiting for a state under a deadline, instead of sleeping and hoping."""

import inspect
from collections.abc import Awaitable, Callable
from typing import overload

import anyio


@overload
async def eventually[T](
    look: Callable[[], Awaitable[T]], *, within: float = 5.0, every: float = 0.02
) -> T: ...
@overload
async def eventually[T](look: Callable[[], T], *, within: float = 5.0, every: float = 0.02) -> T: ...
async def eventually[T](
    look: Callable[[], T | Awaitable[T]], *, within: float = 5.0, every: float = 0.02
) -> T:
    """Return the first truthy answer of `look`; raise AssertionError with the last one after `within` s."""
    last: object = None
    with anyio.move_on_after(within):
        while True:
            found = look()
            value: T = await found if inspect.isawaitable(found) else found
            if value:
                return value
            last = value
            await anyio.sleep(every)
    msg = f"not so within {within} s; last seen: {last!r}"
    raise AssertionError(msg)
