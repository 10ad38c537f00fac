"""What the app can see of the server that runs it: its signals, its address, whether it listens yet."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    scheme: str

    @property
    def url(self) -> str:
        """The address to open on this machine."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


class Serving:
    """Found through the signal handler that uvicorn installed, so that it works under plain `uvicorn` too.

    Under another server, or in a test, there is none: `host` is None then and the rest does nothing.
    """

    def __init__(self) -> None:
        owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        self._server = owner if isinstance(owner, uvicorn.Server) else None

    @property
    def host(self) -> str | None:
        """The address it is told to bind; None when that is not known or a file descriptor."""
        if self._server is None or self._server.config.uds or self._server.config.fd is not None:
            return None
        return self._server.config.host or "0.0.0.0"  # noqa: S104

    async def address(self) -> Address | None:
        """Where it listens, as soon as it does."""
        server, host = self._server, self.host
        if server is None or host is None:
            return None
        while not server.started:  # noqa: ASYNC110 (a plain flag of uvicorn's)
            await asyncio.sleep(0.02)
        port = server.config.port
        for listening in getattr(server, "servers", []):
            for socket in listening.sockets:
                port = socket.getsockname()[1]
        return Address(host, port, "https" if server.config.ssl else "http")

    def cut_off(self, client: tuple[str, int]) -> None:
        """End that client's connection at once, with what is not sent yet.

        One that is merely closed stays until its client has taken everything, and the server with it.
        """
        for connection in self._connections():
            if getattr(connection, "client", None) == client:
                _abort(connection)

    def cut_off_all(self) -> None:
        for connection in self._connections():
            _abort(connection)

    def _connections(self) -> list[object]:
        return [] if self._server is None else list(self._server.server_state.connections)

    def stop(self) -> None:
        """End the server in good order."""
        if self._server is not None:
            self._server.should_exit = True


def _abort(connection: object) -> None:
    transport = getattr(connection, "transport", None)
    if transport is not None:
        transport.abort()


@contextmanager
def on_stop_signal(first: Callable[[], None], again: Callable[[], None]) -> Iterator[None]:
    """Call `first` in the loop when SIGINT or SIGTERM comes, `again` at the next; then the server's own.

    The lifespan's end comes too late to end streams: a server waits for its connections before it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    former = {number: signal.getsignal(number) for number in _SIGNALS}
    calls = [again, first]

    def handle(number: int, frame: FrameType | None) -> None:
        call = calls.pop() if len(calls) > 1 else calls[0]
        loop.call_soon_threadsafe(call)
        before = former[signal.Signals(number)]
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in _SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in _SIGNALS:
            if signal.getsignal(number) is handle:
                signal.signal(number, former[number])
