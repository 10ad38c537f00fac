"""Lines that one task has written: its newest, or those before a moment, looked for ever further back.

Swarm's logs know a tail and a beginning, but no end: what lies before a moment is found by a longer tail.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from backend.clients.docker_client import SwarmClient
from backend.clients.log_frames import CUT_MARK
from backend.models.cluster import LogGap, LogLine
from backend.services.log_reader import LogSelection

TASK_SECONDS = 5.0
"""A node that says nothing for so long does not answer."""
SEARCH_SECONDS = 5.0
"""After so long no further reading is begun, if the ones before it led further back."""
LONGEST_SECONDS = 30.0
"""How long one task's node may go on handing over lines: a hundred thousand take a busy one a while."""
SEARCHED_LINES = 10_000
"""One reading looks at so many of a task's lines for those that are wanted."""
FIRST_TAIL = 2_000
GROWTH = 4
LONGEST_TAIL = 200_000
PIECE = 16 * 1024
"""Engines keep longer lines in pieces, and some count those."""


@dataclass(slots=True)
class Looked:
    """`after` is the moment after which every line was looked at; None when there is none before it."""

    after: datetime | None = None
    answered: bool = True


class _Attempt:
    """One reading of a tail."""

    def __init__(self) -> None:
        self.oldest: datetime | None = None
        self.first: list[LogLine] = []
        """Those of the oldest moment: the tail may have cut others off."""
        self.pieces = 0
        self.lines = 0
        self.is_sure = True
        self.searched = 0
        self.found = 0
        self.failed = False

    def take(self, line: LogLine, selection: LogSelection, add: Callable[[LogLine], None]) -> None:
        self.searched += selection.until is None or line.time <= selection.until
        if selection.wants_text(line.time, line.stream, line.line):
            self.found += 1
            add(line)

    def hand_over_first(self, selection: LogSelection, add: Callable[[LogLine], None]) -> None:
        for line in self.first:
            self.take(line, selection, add)
        self.first.clear()


class LogHistory:
    def __init__(self, client: SwarmClient) -> None:
        self._client = client

    async def look_back(
        self, task_id: str, selection: LogSelection, *, tail: int, add: Callable[[LogLine], None]
    ) -> Looked:
        """Hand the newest `tail` lines that are wanted to `add`, and perhaps some more."""
        if not selection.is_choosy:
            return await self._plain(task_id, selection, tail, add)
        if selection.since is not None and selection.until is None:
            attempt = await self._attempt(task_id, selection, None, None, add)
            attempt.hand_over_first(selection, add)
            return Looked(answered=not attempt.failed)
        return await self._deep(task_id, selection, tail, add)

    async def look_ahead(
        self, task_id: str, selection: LogSelection, *, tail: int, add: Callable[[LogLine], None]
    ) -> Looked:
        """Hand the oldest `tail` lines that are wanted to `add`."""
        found = 0
        lines = self._client.task_logs(
            task_id,
            since=selection.since,
            stream=selection.stream,
            deadline=LONGEST_SECONDS,
            silence=TASK_SECONDS,
        )
        async with aclosing(lines):
            async for item in lines:
                if isinstance(item, LogGap):
                    return Looked(selection.since, answered=False)
                if isinstance(item, LogLine) and selection.wants_text(item.time, item.stream, item.line):
                    add(item)
                    found += 1
                    if found == tail:
                        break
        return Looked(selection.since)

    async def _plain(
        self, task_id: str, selection: LogSelection, tail: int, add: Callable[[LogLine], None]
    ) -> Looked:
        attempt = await self._attempt(task_id, selection, tail, None, add)
        attempt.hand_over_first(selection, add)
        everything = attempt.is_sure and attempt.pieces < tail
        return Looked(None if everything else attempt.oldest, answered=not attempt.failed)

    async def _deep(
        self, task_id: str, selection: LogSelection, wanted: int, add: Callable[[LogLine], None]
    ) -> Looked:
        clock = asyncio.get_running_loop().time
        ends = clock() + SEARCH_SECONDS
        most = max(wanted, SEARCHED_LINES)
        tail = most if selection.test is not None else max(2 * wanted, FIRST_TAIL)
        found = searched = lines = 0
        after: datetime | None = None
        while True:
            attempt = await self._attempt(task_id, selection, tail, after, add)
            if attempt.failed:
                # Its lines have a hole behind them: they count as not looked at.
                return Looked(after, answered=after is not None)
            found, searched = found + attempt.found, searched + attempt.searched
            at_edge = sum(selection.until is None or line.time <= selection.until for line in attempt.first)
            reached_start = (attempt.is_sure and attempt.pieces < tail) or (
                after is not None and attempt.lines == lines and attempt.oldest == after
            )
            if reached_start or attempt.oldest is None:
                attempt.hand_over_first(selection, add)
                return Looked()
            after, lines = attempt.oldest, attempt.lines
            # Whoever asks on from here must not be told the moment they came from, however slow a node is.
            further = selection.until is None or after < selection.until
            over = further and clock() >= ends
            if found >= wanted or searched + at_edge >= most or tail >= LONGEST_TAIL or over:
                return Looked(after)
            tail = min(tail * GROWTH, LONGEST_TAIL)

    async def _attempt(
        self,
        task_id: str,
        selection: LogSelection,
        tail: int | None,
        known_after: datetime | None,
        add: Callable[[LogLine], None],
    ) -> _Attempt:
        """`known_after`: later lines were handed over before."""
        attempt = _Attempt()
        lines = self._client.task_logs(
            task_id, tail=tail, since=selection.since, deadline=LONGEST_SECONDS, silence=TASK_SECONDS
        )
        async with aclosing(lines):
            async for item in lines:
                if isinstance(item, LogGap):
                    attempt.failed = True
                    continue
                if not isinstance(item, LogLine):
                    continue
                attempt.lines += 1
                attempt.pieces += 1 + len(item.line) // PIECE
                attempt.is_sure = attempt.is_sure and not item.line.endswith(CUT_MARK)
                if known_after is not None and item.time > known_after:
                    continue
                if attempt.oldest is None or item.time <= attempt.oldest:
                    if attempt.oldest is not None and item.time < attempt.oldest:
                        attempt.hand_over_first(selection, add)
                    attempt.oldest = item.time
                    attempt.first.append(item)
                else:
                    attempt.take(item, selection, add)
        return attempt
