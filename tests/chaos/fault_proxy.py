"""A socket in front of the engine's own that loses its events, and counts what it lost."""

import asyncio
import contextlib
import re
import threading
from pathlib import Path
from typing import Self

EVENTS = re.compile(rb"GET /(v[0-9.]+/)?events[? ]")
PIECE = 65_536


class FaultProxy:
    """Runs in a thread of its own. `swallow` keeps events from arriving; `drop` breaks their connections.

    A connection becomes one of events with its first request for them; what passes on others is untouched.
    """

    def __init__(self, listen: Path, engine: Path) -> None:
        self._listen = listen
        self._engine = engine
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self._of_events: set[asyncio.StreamWriter] = set()
        self.swallowing = False
        self.swallowed = 0
        """Pieces of event streams that never arrived, about one for each event."""
        self.dropped = 0
        """Event streams broken off."""

    @property
    def docker_host(self) -> str:
        return f"unix://{self._listen}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def open(self) -> None:
        """Begin to listen: before, there is no engine at this address."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def drop(self) -> int:
        """Break off every stream of events; return how many there were."""

        async def abort() -> int:
            streams = list(self._of_events)
            for stream in streams:
                stream.transport.abort()
            return len(streams)

        count = asyncio.run_coroutine_threadsafe(abort(), self._loop).result(10)
        self.dropped += count
        return count

    async def _open(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self._listen)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            await self._relay(reader, writer)
        finally:
            self._relays.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            engine_reader, engine_writer = await asyncio.open_unix_connection(self._engine)
        except OSError:
            writer.transport.abort()
            return
        there = asyncio.create_task(self._pass_requests(reader, engine_writer, writer))
        back = asyncio.create_task(self._pass_answers(engine_reader, writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            self._of_events.discard(writer)
            for end in (writer, engine_writer):
                end.close()
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await end.wait_closed()

    async def _pass_requests(
        self, reader: asyncio.StreamReader, engine: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(PIECE):
            if EVENTS.search(data):
                self._of_events.add(client)
            engine.write(data)
            await engine.drain()

    async def _pass_answers(self, engine: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await engine.read(PIECE):
            # The head of an answer always arrives: the stream looks alive and is silent.
            if self.swallowing and client in self._of_events and not data.startswith(b"HTTP/"):
                self.swallowed += 1
                continue
            client.write(data)
            await client.drain()
