"""Long JSON lists, decoded piece by piece while they arrive."""

from collections.abc import Callable
from typing import Protocol

import msgspec

_PIECE = 256 * 1024
_BETWEEN = b'},{"ID":'


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


class ListDecoder[W: msgspec.Struct | msgspec.Raw, T]:
    """Decodes a JSON array while it arrives, so that no single step holds up the event loop.

    A hundred thousand tasks are 75 MB: neither the text as a whole nor its typed form ever exists.
    """

    def __init__(self, kind: type[W], convert: Callable[[W], T]) -> None:
        self._decoder = msgspec.json.Decoder(list[kind] | None)  # type: ignore[valid-type]
        self._convert = convert
        self._text = bytearray()
        self._enough = _PIECE
        self._items: list[T] = []

    def feed(self, chunk: bytes) -> None:
        self._text += chunk
        if len(self._text) < self._enough:
            return
        # Quotes inside JSON strings are escaped, so this can only stand between two objects: ours, or
        # nested ones. Then the piece does not parse, and is tried again when there is more of it.
        cut = self._text.rfind(_BETWEEN)
        start = 0 if self._items else 1
        if cut > 0 and self._take(b"[" + self._text[start : cut + 1] + b"]"):
            del self._text[: cut + 2]
            self._enough = _PIECE
        else:
            self._enough = 2 * len(self._text)

    def finish(self) -> list[T]:
        self._items += map(self._convert, self._decode((b"[" if self._items else b"") + self._text))
        return self._items

    def _take(self, piece: bytes) -> bool:
        try:
            wire = self._decode(piece)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return False
        self._items += map(self._convert, wire)
        return True

    def _decode(self, text: bytes) -> list[W]:
        # Go writes an empty list as null.
        return self._decoder.decode(text) or []


class KnownFirst[W: msgspec.Struct, T: Versioned]:
    """Converts an object of a list unless it is known: the same id at the same version is the same thing.

    Of most looks nearly everything is known. Then nothing is made twice, and only ids and versions are read.
    """

    def __init__(self, kind: type[W], convert: Callable[[W], T], known: Callable[[str], T | None]) -> None:
        self._heads = msgspec.json.Decoder(_Head)
        self._decoder = msgspec.json.Decoder(kind)
        self._convert = convert
        self._known = known

    def __call__(self, raw: msgspec.Raw) -> T:
        head = self._heads.decode(raw)
        known = self._known(head.id)
        if known is not None and known.version == head.version.index:
            return known
        return self._convert(self._decoder.decode(raw))


class _HeadVersion(msgspec.Struct, gc=False):
    index: int = msgspec.field(default=-1, name="Index")


class _Head(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="ID")
    version: _HeadVersion = msgspec.field(default_factory=_HeadVersion, name="Version")
