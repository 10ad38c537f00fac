"""Counting attempts to sign in, where several things happen at once."""

import asyncio

import anyio.lowlevel
import pytest

from backend.services.sign_in_limits import SignInLimits

pytestmark = pytest.mark.anyio


async def test_a_success_while_old_attempts_are_cleared_away_is_no_error() -> None:
    limits = SignInLimits()
    others = asyncio.all_tasks()
    await limits.admit("ada", "10.0.0.7", familiar=False)
    # The storage looks for what has expired in a task of its own, one key after the other, in threads.
    [clearing] = asyncio.all_tasks() - others
    await anyio.lowlevel.checkpoint()
    await limits.succeeded("ada", "10.0.0.7", familiar=False)
    with anyio.fail_after(10):
        await clearing
    for _ in range(5):
        await limits.admit("ada", "10.0.0.7", familiar=False)
