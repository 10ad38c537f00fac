"""Marks a use case: checks the actor's permission and keeps one audit row of every change."""

import asyncio
import contextlib
import functools
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Concatenate, Protocol

import anyio

from backend.domain.consent import Act
from backend.domain.permissions import require
from backend.errors import Denied, OrchestratorError
from backend.models.actor import Actor, Permission
from backend.services.audit import Audit, End, Outcome

logger = logging.getLogger(__name__)

CLOSE_WITHIN = 5.0
"""Seconds a cancelled use case may take to close its row."""


class Audited(Protocol):
    """What a class with use cases has."""

    @property
    def audit(self) -> Audit: ...


class Ended(Protocol):
    """How one of many changes ended."""

    @property
    def error(self) -> OrchestratorError | None: ...


type Effect = Callable[[Any, Mapping[str, Any]], Awaitable[str | None]]
"""What the act would do, given the object and the arguments by name; see `services/consent.py`."""


def use_case[S: Audited, **P, R](
    permission: Permission, *, action: str | None = None, target: str = "name", effect: Effect | None = None
) -> Callable[
    [Callable[Concatenate[S, Actor, P], Awaitable[R]]],
    Callable[Concatenate[S, Actor, P], Coroutine[Any, Any, R]],
]:
    """Guard an async method whose first argument is the actor.

    Use cases that need READ are checked only. The others open an audit row before they run and close it
    with done, denied or failed, whatever happens. `action` defaults to the method's name; `target` names
    the argument that says what is acted upon (the row's target stays empty when there is none). A caller who
    is told to ask does what `domain/consent.py` names only after a person agreed to it; `effect` says what
    that person is told.
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
            upon = str(arguments.get(target, ""))
            row = await self.audit.open(actor, done, upon)
            async with _closed_when_it_fails(self.audit, [row]):
                require(actor, permission)
                act = Act(done, permission, [upon] if upon else [], _own(arguments))
                agreed = await _consent(self, actor, act, effect)
                result = await method(self, actor, *args, **kwargs)
            await _close(self.audit, [End(row, "done", detail=agreed)])
            return result

        functools.update_wrapper(guarded, method)
        return guarded

    return decorate


def use_case_on_each[S: Audited, **P, E: Ended](
    permission: Permission, *, action: str, targets: str
) -> Callable[
    [Callable[Concatenate[S, Actor, P], Awaitable[list[E]]]],
    Callable[Concatenate[S, Actor, P], Coroutine[Any, Any, list[E]]],
]:
    """As `use_case`, for a method that does the same to many and returns how each of them ended, in order.

    Each has an audit row of its own, opened and closed together with the others. `action` may name
    arguments of the method in braces.
    """

    def decorate(
        method: Callable[Concatenate[S, Actor, P], Awaitable[list[E]]],
    ) -> Callable[Concatenate[S, Actor, P], Coroutine[Any, Any, list[E]]]:
        signature = inspect.signature(method)

        async def guarded(self: S, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> list[E]:
            arguments = signature.bind(self, actor, *args, **kwargs).arguments
            done = action.format(**arguments)
            upon = [str(target) for target in arguments[targets]]
            rows = await self.audit.open_each(actor, done, upon)
            async with _closed_when_it_fails(self.audit, rows):
                require(actor, permission)
                agreed = await _consent(self, actor, Act(done, permission, upon, _own(arguments)), None)
                results = await method(self, actor, *args, **kwargs)
            ends = [
                End(row, *_outcome_of(result.error)) if result.error else End(row, "done", detail=agreed)
                for row, result in zip(rows, results, strict=True)
            ]
            await _close(self.audit, ends)
            return results

        functools.update_wrapper(guarded, method)
        return guarded

    return decorate


def _own(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say what is done; the first two are the object and the actor."""
    return dict(list(arguments.items())[2:])


async def _consent(self: Audited, actor: Actor, act: Act, effect: Effect | None) -> str:
    if not actor.confirm:
        return ""
    if self.audit.consent is None:
        msg = f"{actor.name} has to ask a person first, and nobody can be asked here"
        raise Denied(msg)

    async def said() -> str | None:
        return await effect(self, act.arguments) if effect is not None else ""

    return await self.audit.consent.require(actor, act, said)


@contextlib.asynccontextmanager
async def _closed_when_it_fails(audit: Audit, rows: Sequence[int]) -> AsyncIterator[None]:
    try:
        yield
    except OrchestratorError as error:
        await _close(audit, [End(row, *_outcome_of(error)) for row in rows])
        raise
    except asyncio.CancelledError:
        # The caller went away or we are stopping: what was sent may have happened.
        with anyio.move_on_after(CLOSE_WITHIN, shield=True):
            await _close(audit, [End(row, "failed", "cancelled") for row in rows])
        raise
    except Exception:
        await _close(audit, [End(row, "failed", "internal_error") for row in rows])
        raise


def _outcome_of(error: OrchestratorError) -> tuple[Outcome, str, str]:
    return ("denied" if isinstance(error, Denied) else "failed", error.code, error.detail)


async def _close(audit: Audit, ends: Sequence[End]) -> None:
    # The change has happened or not by now; a full disk must not turn its true outcome into another.
    try:
        await audit.close_each(ends)
    except OrchestratorError as error:
        for end in ends:
            logger.error("audit row %d stays open, it ended as %s: %s", end.row, end.outcome, error.detail)
