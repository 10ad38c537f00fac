"""BuildKit's progress: the few protobuf messages of its status stream, without a protobuf library."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}

Field = tuple[int, int | bytes]


@dataclass(frozen=True, slots=True)
class Vertex:
    """A step of the build, or a part of it as it is now."""

    digest: str
    name: str = ""
    cached: bool = False
    started: datetime | None = None
    completed: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class VertexStatus:
    """Something under way within a step: a layer that is pulled, an image that is named."""

    id: str
    vertex: str
    name: str
    current: int
    total: int
    completed: bool


@dataclass(frozen=True, slots=True)
class VertexLog:
    vertex: str
    stream: int
    text: bytes


@dataclass(frozen=True, slots=True)
class VertexWarning:
    vertex: str
    text: str
    url: str


TraceItem = Vertex | VertexStatus | VertexLog | VertexWarning


def trace_items(message: bytes) -> Iterator[TraceItem]:
    """The items of one StatusResponse; ValueError for bytes that are none. Unknown fields are passed over."""
    for number, value in fields(message):
        if not isinstance(value, bytes):
            continue
        parts = list(fields(value)) if number in {1, 2, 3, 4} else []
        if number == 1:
            yield Vertex(
                digest=_text(parts, 1),
                name=_text(parts, 3),
                cached=bool(_number(parts, 4)),
                started=_time(parts, 5),
                completed=_time(parts, 6),
                error=_text(parts, 7),
            )
        elif number == 2:
            yield VertexStatus(
                id=_text(parts, 1),
                vertex=_text(parts, 2),
                name=_text(parts, 3),
                current=_number(parts, 4),
                total=_number(parts, 5),
                completed=_time(parts, 8) is not None,
            )
        elif number == 3:
            yield VertexLog(_text(parts, 1), _number(parts, 3), _bytes(parts, 4))
        elif number == 4:
            yield VertexWarning(_text(parts, 1), _text(parts, 3), _text(parts, 5))


def fields(message: bytes) -> Iterator[Field]:
    """Number and value of each field: varints as int, texts and messages as bytes, the rest left out."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise ValueError(f"field {number} has the unknown wire type {kind}")
        if at + length > end:
            raise ValueError(f"field {number} is cut off")
        if kind == _BYTES:
            yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is cut off or too long")


def _bytes(parts: list[Field], number: int) -> bytes:
    return next((value for key, value in parts if key == number and isinstance(value, bytes)), b"")


def _text(parts: list[Field], number: int) -> str:
    return _bytes(parts, number).decode(errors="replace")


def _number(parts: list[Field], number: int) -> int:
    return next((value for key, value in parts if key == number and isinstance(value, int)), 0)


def _time(parts: list[Field], number: int) -> datetime | None:
    stamp = list(fields(_bytes(parts, number)))
    if not stamp:
        return None
    try:
        return _EPOCH + timedelta(seconds=_number(stamp, 1), microseconds=_number(stamp, 2) // 1000)
    except OverflowError as error:
        raise ValueError("a time lies outside the calendar") from error
