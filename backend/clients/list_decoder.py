"""Long JSON lists, decoded piece by piece while they arrive."""

from collections.abc import Callable

import msgspec

_PIECE = 256 * 1024
_BETWEEN = b'},{"ID":'


class ListDecoder[W: msgspec.Struct, T]:
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
