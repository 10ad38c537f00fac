"""The engine's streams of JSON, one object a line, read with a bound on what a line may be."""

from collections.abc import Iterator

import msgspec

_LONGEST = 4 << 20
"""BuildKit packs what it has into one object; what a step writes between two of them stays far below."""


class Progress(msgspec.Struct):
    current: int = 0
    total: int = 0


class ErrorDetail(msgspec.Struct):
    message: str = ""
    code: int = 0


class JsonLine(msgspec.Struct, rename={"progress": "progressDetail", "detail": "errorDetail"}):
    """Any line of a build, a push or a pull."""

    id: str = ""
    stream: str = ""
    status: str = ""
    error: str = ""
    progress: Progress | None = None
    detail: ErrorDetail | None = None
    aux: msgspec.Raw = msgspec.Raw()

    @property
    def has_aux(self) -> bool:
        return bytes(self.aux) not in {b"", b"null"}

    @property
    def failure(self) -> str:
        return self.error or (self.detail.message if self.detail else "")


class JsonLines:
    """Feed it chunks as they arrive. Lines that are too long are dropped and counted; garbage is an error."""

    def __init__(self, longest: int = _LONGEST) -> None:
        self._longest = longest
        self._decoder = msgspec.json.Decoder(JsonLine)
        self._pending = bytearray()
        self._skipping = False
        self.dropped = 0

    def feed(self, chunk: bytes) -> Iterator[JsonLine]:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._take(chunk[start:end])
            start = end + 1
            line = b"" if self._skipping else bytes(self._pending)
            self._pending.clear()
            self._skipping = False
            if line.strip():
                yield self._decoder.decode(line)
        self._take(chunk[start:])

    def finish(self) -> Iterator[JsonLine]:
        """The last line, which need not end."""
        if self._pending.strip():
            yield self._decoder.decode(bytes(self._pending))
        self._pending.clear()

    def _take(self, part: bytes) -> None:
        if self._skipping:
            return
        self._pending += part
        if len(self._pending) > self._longest:
            self._pending.clear()
            self._skipping = True
            self.dropped += 1
