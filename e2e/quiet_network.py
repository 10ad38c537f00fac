"""A network of its own for the browser, because labs that come and go beside it break what it loads.

Chromium ends requests with ERR_NETWORK_CHANGED when an address appears on the machine; in here none does.
It leaves through a SOCKS proxy, so that what it says and hears is what it would be without. There the way out
can be cut, too.
"""

import asyncio
import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PORT = 1080
LINKS = (
    "link set lo up",
    # With nothing but loopback the browser would call itself offline.
    "link add up0 type veth peer name up1",
    # Addresses of IPv6 would be announced a second or, on a busy machine, half a minute later.
    "link set up0 addrgenmode none",
    "link set up1 addrgenmode none",
    "address add 192.0.2.1/24 dev up0",
    "link set up0 up",
    "link set up1 up",
)


class Proxy:
    """Carries what the browser says out of its network, while there is a way."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Every connection breaks, and none is made, until the block is left."""
        self._loop.call_soon_threadsafe(self._break)
        try:
            yield
        finally:
            self._is_cut = False

    def serve(self, listening: socket.socket) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(asyncio.start_server(self._connection, sock=listening))
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _break(self) -> None:
        self._is_cut = True
        for writer in self._open:
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SOCKS 5 (RFC 1928) as Chromium speaks it: no authentication, CONNECT to a name."""
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            _, methods = await reader.readexactly(2)
            await reader.readexactly(methods)
            writer.write(b"\x05\x00")
            *asked, length = await reader.readexactly(5)
            assert asked == [5, 1, 0, 3], asked
            host = (await reader.readexactly(length)).decode()
            port = int.from_bytes(await reader.readexactly(2))
            try:
                if self._is_cut:
                    raise ConnectionRefusedError
                there, out = await asyncio.open_connection(host, port)
            except OSError:
                writer.write(b"\x05\x05\x00\x01" + bytes(6))
            else:
                writer.write(b"\x05\x00\x00\x01" + bytes(6))
                await asyncio.gather(_copy(reader, out), _copy(there, writer))
        self._open.discard(writer)
        writer.close()


@dataclass(frozen=True)
class QuietNetwork:
    program: Path
    """Runs what it was made for in that network."""
    proxy: Proxy = field(default_factory=Proxy)
    arguments: tuple[str, ...] = (
        f"--proxy-server=socks5://127.0.0.1:{PORT}",
        "--proxy-bypass-list=<-loopback>",
    )


@contextmanager
def quiet_network(program: str, folder: Path) -> Iterator[QuietNetwork]:
    """Needs root. `program` is the browser, `folder` a place for its starter."""
    made, done = threading.Event(), threading.Event()
    inside: list[tuple[int, socket.socket]] = []

    def hold() -> None:
        # A namespace belongs to a thread: only this one, and what it starts, is in there.
        os.unshare(os.CLONE_NEWNET)
        for link in LINKS:
            subprocess.run(["ip", *link.split()], check=True, timeout=10)
        inside.append((threading.get_native_id(), socket.create_server(("127.0.0.1", PORT))))
        made.set()
        done.wait()

    holder = threading.Thread(target=hold, name="quiet-network", daemon=True)
    holder.start()
    assert made.wait(20), "no network of its own for the browser"
    thread, listening = inside[0]
    starter = folder / "browser"
    entry = f"nsenter --net=/proc/{os.getpid()}/task/{thread}/ns/net -- {shlex.quote(program)}"
    starter.write_text(f'#!/bin/sh\nexec {entry} "$@"\n')
    starter.chmod(0o755)
    network = QuietNetwork(starter)
    serving = threading.Thread(
        target=network.proxy.serve, args=(listening,), name="quiet-network-proxy", daemon=True
    )
    serving.start()
    try:
        yield network
    finally:
        network.proxy.stop()
        serving.join(10)
        done.set()
        holder.join(10)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
