"""Marks a use case: checks the actor's permission and keeps one audit row of every change."""

import asyncio
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, Protocol

import anyio

from backend.domain.permissions import require
from backend.errors import Denied, OrchestratorError
from backend.models.actor import Actor, Permission
from backend.services.audit import Audit, Outcome

logger = logging.getLogger(__name__)

CLOSE_WITHIN = 5.0
"""Seconds a cancelled use case may take to close its row."""


class Audited(Protocol):
    """What a class with use cases has."""

    @property
    def audit(self) -> Audit: ...


def use_case[S: Audited, **P, R](
    permission: Permission, *, action: str | None = None, target: str = "name"
) -> Callable[
    [Callable[Concatenate[S, Actor, P], Awaitable[R]]],
    Callable[Concatenate[S, Actor, P], Coroutine[Any, Any, R]],
]:
    """Guard an async method whose first argument is the actor.

    Use cases that need READ are checked only. The others open an audit row before they run and close it
    with done, denied or failed, whatever happens. `action` defaults to the method's name; `target` names
    the argument that says what is acted upon (the row's target stays empty when there is none).
    """

    def decorate(
        method: Callable[Concatenate[S, Actor, P], Awaitable[R]],
    ) -> Callable[Concatenate[S, Actor, P], Coroutine[Any, Any, R]]:
        signature = inspect.signature(method)
        if target != "name" and target not in signature.parameters:
            msg = f"{method.__qualname__} has no argument {target!r} to be the audit row's target"
            raise TypeError(msg)
        done = action or method.__name__

        async def guarded(self: S, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if permission is Permission.READ:
                require(actor, permission)
                return await method(self, actor, *args, **kwargs)
            arguments = signature.bind(self, actor, *args, **kwargs).arguments
            row = await self.audit.open(actor, done, str(arguments.get(target, "")))
            try:
                require(actor, permission)
                result = await method(self, actor, *args, **kwargs)
            except Denied as error:
                await _close(self.audit, row, "denied", error.code, error.detail)
                raise
            except OrchestratorError as error:
                await _close(self.audit, row, "failed", error.code, error.detail)
                raise
            except asyncio.CancelledError:
                # The caller went away or we are stopping: what was sent may have happened.
                with anyio.move_on_after(CLOSE_WITHIN, shield=True):
                    await _close(self.audit, row, "failed", "cancelled")
                raise
            except Exception:
                await _close(self.audit, row, "failed", "internal_error", "")
                raise
            await _close(self.audit, row, "done")
            return result

        functools.update_wrapper(guarded, method)
        return guarded

    return decorate


async def _close(audit: Audit, row: int, outcome: Outcome, code: str = "", detail: str = "") -> None:
    # The change has happened or not by now; a full disk must not turn its true outcome into another.
    try:
        await audit.close(row, outcome, code, detail)
    except OrchestratorError as error:
        logger.error("audit row %d stays open, it ended as %s: %s", row, outcome, error.detail)
