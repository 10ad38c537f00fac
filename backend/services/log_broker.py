"""Keeps one feed a service for all who follow it, and bounds how many do."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable

from backend.clients.docker_client import SwarmClient
from backend.errors import Overloaded
from backend.services.cluster_state import ClusterState
from backend.services.log_allowance import Allowance
from backend.services.log_feed import LogFeed
from backend.services.log_reader import LogReader, LogSelection
from backend.services.service_views import ServiceViews

log = logging.getLogger(__name__)

READERS_AT_MOST = 100
READERS_OF_ONE_CALLER = 20
LINES_PER_SECOND = 10_000
BYTES_PER_SECOND = 8 * 1024 * 1024
LINGER = 10.0
"""Seconds a feed outlives its last reader, so that one who comes back misses nothing."""


class LogBroker:
    def __init__(self, *, cluster: ClusterState, client: SwarmClient, views: ServiceViews) -> None:
        self._cluster = cluster
        self._client = client
        self._views = views
        self._allowance = Allowance(lines=LINES_PER_SECOND, size=BYTES_PER_SECOND)
        self._feeds: dict[str, tuple[LogFeed, asyncio.Task[None]]] = {}
        self._ends: dict[str, asyncio.TimerHandle] = {}
        self._callers: Counter[str] = Counter()

    def followed(self) -> Iterable[str]:
        """Names of the services that somebody follows now."""
        return [name for name, (feed, _) in self._feeds.items() if feed.readers]

    def join(
        self, name: str, selection: LogSelection, *, tail: int, caller: str, last_id: str | None
    ) -> LogReader:
        """A new reader of that service's lines; close it. `last_id` is that of the last event it has had."""
        self._require_room(caller)
        feed = self._feed(name)
        reader = LogReader(selection, feed=feed.id, on_close=lambda gone: self._leave(feed, gone, caller))
        self._callers[caller] += 1
        feed.join(reader, tail=tail, after=_number(last_id, feed.id))
        return reader

    async def close(self) -> None:
        for handle in self._ends.values():
            handle.cancel()
        tasks = [task for _, task in self._feeds.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _require_room(self, caller: str) -> None:
        if self._callers.total() >= READERS_AT_MOST or self._callers[caller] >= READERS_OF_ONE_CALLER:
            msg = (
                f"too many log streams are open ({READERS_OF_ONE_CALLER} for one caller, {READERS_AT_MOST} "
                "in all); close one, or read the lines without following"
            )
            raise Overloaded(msg, code="too_many_streams", retry_after=5)

    def _feed(self, name: str) -> LogFeed:
        if (ending := self._ends.pop(name, None)) is not None:
            ending.cancel()
        if name not in self._feeds:
            feed = LogFeed(
                name, cluster=self._cluster, client=self._client, views=self._views, shared=self._allowance
            )
            task = asyncio.create_task(feed.run(), name=f"log feed of {name}")
            task.add_done_callback(lambda done: self._ended(feed, done))
            self._feeds[name] = (feed, task)
        return self._feeds[name][0]

    def _leave(self, feed: LogFeed, reader: LogReader, caller: str) -> None:
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]
        feed.readers.discard(reader)
        if not feed.readers and self._is_current(feed):
            loop = asyncio.get_running_loop()
            self._ends[feed.name] = loop.call_later(LINGER, self._let_go, feed)

    def _let_go(self, feed: LogFeed) -> None:
        self._ends.pop(feed.name, None)
        if self._is_current(feed) and not feed.readers:
            self._feeds.pop(feed.name)[1].cancel()

    def _ended(self, feed: LogFeed, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("following the log of %s failed", feed.name, exc_info=error)
        if self._is_current(feed):
            del self._feeds[feed.name]
        for reader in feed.readers:
            reader.end()

    def _is_current(self, feed: LogFeed) -> bool:
        return self._feeds.get(feed.name, (None,))[0] is feed


def _number(last_id: str | None, feed_id: str) -> int | None:
    feed, _, number = (last_id or "").partition("-")
    return int(number) if feed == feed_id and number.isdecimal() and len(number) < 20 else None
