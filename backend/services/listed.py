"""One page of a list as encoded pieces, kept as long as it stays true."""

import zlib
from collections.abc import Hashable, Sequence
from struct import pack

import anyio.to_thread

LISTS_KEPT = 32
LEVEL = 6
AT_ONCE = 64 * 1024
"""Bytes that are compressed where we stand; more takes a thread, for tens of milliseconds of work."""
JOINED_KEPT = 1024 * 1024
"""Bytes up to which a list is kept in one piece too; joining more is cheaper than holding it twice."""
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_STORED_AND_LAST = 1


class Listed:
    """`pieces` are JSON values; `total` counts what matched before the page was cut."""

    __slots__ = ("_begun", "_joined", "pieces", "total")

    def __init__(self, pieces: Sequence[bytes], total: int) -> None:
        self.pieces = pieces
        self.total = total
        self._begun: _Begun | None = None
        self._joined: bytes | None = None

    def json(self, rest: bytes) -> bytes:
        """`{"items":[…],` and then `rest`, which closes the object."""
        return self._items() + rest

    async def gzip(self, rest: bytes) -> bytes:
        """The same, compressed. The items are compressed once, however often `rest` is another."""
        if self._begun is None:
            items = self._items()
            if len(items) <= AT_ONCE:
                self._begun = _Begun(items)
            else:
                self._begun = await anyio.to_thread.run_sync(_Begun, items)
        return self._begun.ended_by(rest)

    def _items(self) -> bytes:
        if self._joined is not None:
            return self._joined
        joined = b"".join((b'{"items":[', b",".join(self.pieces), b"],"))
        if len(joined) <= JOINED_KEPT:
            self._joined = joined
        return joined


class _Begun:
    """The beginning of a gzip stream that may be ended in many ways."""

    __slots__ = ("_checksum", "_compressed", "_size")

    def __init__(self, text: bytes) -> None:
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        # A full flush ends on a byte and is followed by blocks that refer to nothing before them.
        self._compressed = deflate.compress(text) + deflate.flush(zlib.Z_FULL_FLUSH)
        self._checksum = zlib.crc32(text)
        self._size = len(text)

    def ended_by(self, rest: bytes) -> bytes:
        block = pack("<BHH", _STORED_AND_LAST, len(rest), len(rest) ^ 0xFFFF) + rest
        trailer = pack("<LL", zlib.crc32(rest, self._checksum), (self._size + len(rest)) & 0xFFFFFFFF)
        return b"".join((_GZIP, self._compressed, block, trailer))


class KeptLists:
    """Lists by what was asked for, all of one generation."""

    def __init__(self) -> None:
        self._generation: Hashable = None
        self._lists: dict[Hashable, Listed] = {}

    def get(self, asked: Hashable, generation: Hashable) -> Listed | None:
        return self._lists.get(asked) if generation == self._generation else None

    def keep(self, asked: Hashable, generation: Hashable, listed: Listed) -> None:
        if generation != self._generation:
            self._lists.clear()
            self._generation = generation
        if len(self._lists) >= LISTS_KEPT:
            del self._lists[next(iter(self._lists))]
        self._lists[asked] = listed
