"""A copy of our state as swarm configs: encrypted, in parts, and of several copies the newest whole one.

Configs are readable for everybody who reaches an engine, so each part is sealed with AES-256-GCM. Its key is
the copy's own, derived from the state key and the copy's random id; what is sealed with it says which part of
how many of which copy it is, so that parts cannot be exchanged, left out or renumbered.
"""

import base64
import hashlib
import secrets
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.errors import Conflict
from backend.models.cluster import STATE_LABEL, StoredConfig
from backend.services.key_file import HOW_TO_MAKE_A_KEY, read_key

FORMAT: Final = "1"
PART_BYTES: Final = 480 * 1024
"""Engines before 25.0 take configs below 500 KiB."""
MAX_PARTS: Final = 8
"""Every manager holds them in memory, and each look at the swarm's configs reads them."""
MAX_CONTENT: Final = 512 * 1024 * 1024
_TAG: Final = 16
_SEQUENCE: Final = f"{STATE_LABEL}.sequence"
_COPY: Final = f"{STATE_LABEL}.copy"
_PART: Final = f"{STATE_LABEL}.part"
_PARTS: Final = f"{STATE_LABEL}.parts"
_SHA256: Final = f"{STATE_LABEL}.sha256"
_KEY: Final = f"{STATE_LABEL}.key"


class TooBig(Exception):
    """Compressed, the content is `bytes` long."""

    def __init__(self, bytes_: int) -> None:
        super().__init__(bytes_)
        self.bytes = bytes_


class Unfit(Exception):
    """This copy cannot be used; `reason` says why, as the end of a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Part:
    """One config to be."""

    name: str
    labels: Mapping[str, str]
    data: bytes


@dataclass(slots=True)
class Copy:
    """One copy as the swarm has it, whole or not."""

    sequence: int
    id: str
    key_id: str
    parts: int
    found: dict[int, StoredConfig] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return set(self.found) == set(range(1, self.parts + 1))

    @property
    def bytes(self) -> int:
        return sum(len(part.data) for part in self.found.values())


class StateKey:
    """`key` is 32 bytes in URL-safe base64."""

    def __init__(self, key: bytes) -> None:
        self._key = base64.urlsafe_b64decode(key)
        self.id = self._derived(b"", b"id").hex()[:12]
        """Tells copies of this key from others'; says nothing about the key."""

    def seal(self, content: bytes, *, sequence: int, copy: str) -> list[Part]:
        """Raises TooBig for what does not fit into the parts that one copy may have."""
        compressed = zlib.compress(content, 6)
        size = PART_BYTES - _TAG
        pieces = [compressed[start : start + size] for start in range(0, len(compressed), size)]
        if len(pieces) > MAX_PARTS:
            raise TooBig(len(compressed))
        cipher = self._cipher(copy)
        parts = []
        for number, piece in enumerate(pieces, start=1):
            about = _about(sequence, copy, number, len(pieces))
            data = cipher.encrypt(_nonce(number), piece, about)
            labels = {
                STATE_LABEL: FORMAT,
                _KEY: self.id,
                _SEQUENCE: str(sequence),
                _COPY: copy,
                _PART: str(number),
                _PARTS: str(len(pieces)),
                _SHA256: hashlib.sha256(data).hexdigest(),
            }
            parts.append(Part(f"orchestrator-state-{sequence}-{copy[:8]}-{number}", labels, data))
        return parts

    def open(self, copy: Copy) -> bytes:
        """Raises Unfit when a part is missing, damaged or not sealed with this key."""
        if copy.key_id != self.id:
            raise Unfit("was sealed with another key")
        if not copy.whole:
            raise Unfit(f"is torn: {len(copy.found)} of its {copy.parts} parts are there")
        pieces = [self._opened(copy, number) for number in range(1, copy.parts + 1)]
        unpacking = zlib.decompressobj()
        try:
            content = unpacking.decompress(b"".join(pieces), MAX_CONTENT)
        except zlib.error:
            raise Unfit("is damaged: it cannot be unpacked") from None
        if not unpacking.eof:
            raise Unfit("is damaged: it cannot be unpacked")
        return content

    def _opened(self, copy: Copy, number: int) -> bytes:
        part = copy.found[number]
        if hashlib.sha256(part.data).hexdigest() != part.labels.get(_SHA256):
            raise Unfit(f"is damaged: part {number} of {copy.parts} is not what was written")
        about = _about(copy.sequence, copy.id, number, copy.parts)
        try:
            return self._cipher(copy.id).decrypt(_nonce(number), part.data, about)
        except (InvalidTag, ValueError):
            raise Unfit(f"was changed: part {number} of {copy.parts} is not sealed with the key") from None

    def _cipher(self, copy: str) -> AESGCM:
        return AESGCM(self._derived(copy.encode(), b"content"))

    def _derived(self, salt: bytes, purpose: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt, b"swarm-orchestrator state " + purpose).derive(self._key)


def load_key(path: Path) -> StateKey:
    """Raises Conflict `state_key_unreadable`. Blocks."""
    try:
        key = read_key(path)
    except ValueError as error:
        msg = f"The state key cannot be used: {error}."
        raise Conflict(msg, code="state_key_unreadable") from None
    if key is None:
        msg = f"There is no state key at {path} (ORCHESTRATOR_STATE_KEY_FILE); {HOW_TO_MAKE_A_KEY}."
        raise Conflict(msg, code="state_key_unreadable")
    return StateKey(key)


def new_id() -> str:
    return secrets.token_hex(16)


def copies_in(configs: Iterable[StoredConfig]) -> list[Copy]:
    """Newest first. What is labelled as nothing of ours would be is left out."""
    found: dict[tuple[int, str, str, int], dict[int, StoredConfig]] = defaultdict(dict)
    for config in configs:
        labels = config.labels
        try:
            if labels[STATE_LABEL] != FORMAT:
                continue
            whose = int(labels[_SEQUENCE]), labels[_COPY], labels[_KEY], int(labels[_PARTS])
            found[whose][int(labels[_PART])] = config
        except (KeyError, ValueError):
            continue
    copies = [Copy(*whose, parts) for whose, parts in found.items()]
    return sorted(copies, key=lambda copy: (copy.sequence, copy.id), reverse=True)


def _nonce(number: int) -> bytes:
    # Unique for its key, which no other copy has.
    return number.to_bytes(12)


def _about(sequence: int, copy: str, number: int, parts: int) -> bytes:
    return f"{FORMAT} {sequence} {copy} {number} {parts}".encode()
