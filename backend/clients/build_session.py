"""What BuildKit asks of its caller during a build: credentials for FROM lines, over gRPC.

It ignores `X-Registry-Config` and wants a session: an HTTP/2 connection on which the engine is the client.
Nothing but credentials is offered on it: no files, no secrets, no ssh agent.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import h2.config
import h2.connection
import h2.events
import h2.exceptions

from backend.clients.buildkit_trace import fields
from backend.clients.registry_auth import RegistryAuth
from backend.clients.transport import Transport

CREDENTIALS = "/moby.filesync.v1.Auth/Credentials"
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"
_GRPC_PREFIX = 5
_LONGEST_REQUEST = 64 * 1024
_MOST_STREAMS = 100
_INVALID, _NOT_FOUND, _UNIMPLEMENTED = 3, 5, 12
# The hub has one name in references, another in credentials and a third on the wire.
_HUB = ("registry-1.docker.io", "docker.io", "index.docker.io", "https://index.docker.io/v1/")


@asynccontextmanager
async def build_session(transport: Transport, auths: Mapping[str, RegistryAuth]) -> AsyncIterator[str]:
    """The id of a session that lasts as long as the context; to be named in the build."""
    session_id = uuid.uuid4().hex
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "h2c",
        "X-Docker-Expose-Session-Uuid": session_id,
        "X-Docker-Expose-Session-Name": "swarm-orchestrator",
        "X-Docker-Expose-Session-Sharedkey": "",
        "X-Docker-Expose-Session-Grpc-Method": CREDENTIALS,
    }
    async with transport.post("session", headers=headers, upgrade=True) as response:
        connection = response.connection
        if response.status != 101 or connection is None or connection.protocol is None:
            raise aiohttp.ClientConnectionError("the engine opened no session for the build")
        protocol = connection.protocol
        if (channel := protocol.transport) is None:
            raise aiohttp.ClientConnectionError("the engine broke off the session of the build")
        answers = SessionAnswers(auths)
        channel.write(answers.greeting())

        protocol.set_parser(_Arriving(answers, channel), None)
        yield session_id


class _Arriving:
    """aiohttp hands over to this what arrives after the upgrade."""

    def __init__(self, answers: "SessionAnswers", channel: asyncio.WriteTransport) -> None:
        self._answers = answers
        self._channel = channel

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._channel.write(self._answers.feed(data))
        return False, b""

    def feed_eof(self) -> None:
        return


class SessionAnswers:
    """The server's side of the session, without a socket: bytes in, bytes out."""

    def __init__(self, auths: Mapping[str, RegistryAuth]) -> None:
        self._auths = auths
        self._http = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self._requests: dict[int, tuple[str, bytearray]] = {}

    def greeting(self) -> bytes:
        self._http.initiate_connection()
        return self._http.data_to_send()

    def feed(self, data: bytes) -> bytes:
        try:
            for event in self._http.receive_data(data):
                self._take(event)
        except h2.exceptions.ProtocolError:
            # h2 has put the farewell into what is to be sent; the engine then ends the session and the build.
            self._requests.clear()
        return self._http.data_to_send()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                path = dict(_texts(event.headers)).get(":path", "")
                if len(self._requests) < _MOST_STREAMS:
                    self._requests[event.stream_id] = (path, bytearray())
            case h2.events.DataReceived():
                self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                _, body = self._requests.get(event.stream_id, ("", bytearray()))
                body += event.data[: max(0, _LONGEST_REQUEST - len(body))]
            case h2.events.StreamEnded():
                if event.stream_id in self._requests:
                    path, body = self._requests.pop(event.stream_id)
                    self._answer(event.stream_id, path, bytes(body[_GRPC_PREFIX:]))
            case h2.events.StreamReset():
                self._requests.pop(event.stream_id, None)

    def _answer(self, stream: int, path: str, message: bytes) -> None:
        if path == _HEALTH:
            self._succeed(stream, _SERVING)
        elif path == CREDENTIALS:
            try:
                host = next((value for number, value in fields(message) if number == 1), b"")
            except ValueError:
                self._refuse(stream, _INVALID)
                return
            self._succeed(stream, self._credentials(host.decode() if isinstance(host, bytes) else ""))
        else:
            self._refuse(stream, _UNIMPLEMENTED)

    def _credentials(self, host: str) -> bytes:
        names = _HUB if host in _HUB else (host,)
        auth = next((self._auths[name] for name in names if name in self._auths), None)
        if auth is None:
            # Not an error: the registry is then asked without.
            return b""
        if auth.identity_token:
            return _text_field(2, auth.identity_token)
        return _text_field(1, auth.username) + _text_field(2, auth.password)

    def _succeed(self, stream: int, message: bytes) -> None:
        self._http.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self._http.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message)
        self._http.send_headers(stream, [("grpc-status", "0")], end_stream=True)

    def _refuse(self, stream: int, code: int) -> None:
        headers = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", str(code))]
        self._http.send_headers(stream, headers, end_stream=True)


def _texts(headers: Iterable[tuple[str | bytes, str | bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        yield (
            name.decode() if isinstance(name, bytes) else name,
            value.decode() if isinstance(value, bytes) else value,
        )


def _text_field(number: int, text: str) -> bytes:
    raw = text.encode()
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw if raw else b""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
