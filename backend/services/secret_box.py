"""Encrypts what we have to keep but nobody may read from the database: with a key in a file beside it."""

import asyncio
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from backend.errors import Conflict
from backend.services.key_file import HOW_TO_MAKE_A_KEY, read_key
from backend.storage_errors import from_os_error

KEY_UNREADABLE = "secret_key_unreadable"


class UnreadableSecret(Conflict):
    """The key is lost or another one; `detail` says which, as the end of a sentence."""

    code = "credentials_unreadable"


class SecretBox:
    """The key is read at each use, so that one that comes back is good at once.

    `configured` is a file that somebody else keeps; without it `own` is made, mode 0600, on first need.
    """

    def __init__(self, own: Path, configured: Path | None = None) -> None:
        self._path = configured or own
        self._is_own = configured is None
        self._turn = asyncio.Lock()

    async def seal(self, content: bytes) -> bytes:
        """Raises Conflict `secret_key_unreadable` or StorageFailed."""
        async with self._turn:
            return await asyncio.to_thread(self._seal, content)

    async def open(self, sealed: bytes) -> bytes:
        return await asyncio.to_thread(self._open, sealed)

    def _seal(self, content: bytes) -> bytes:
        try:
            key = read_key(self._path)
            if key is None and self._is_own:
                key = self._make_key()
        except ValueError as error:
            raise Conflict(f"Nothing can be stored in secret: {error}.", code=KEY_UNREADABLE) from None
        if key is None:
            msg = f"Nothing can be stored in secret: {self._path.name} is missing; {HOW_TO_MAKE_A_KEY}."
            raise Conflict(msg, code=KEY_UNREADABLE)
        return Fernet(key).encrypt(content)

    def _open(self, sealed: bytes) -> bytes:
        try:
            key = read_key(self._path)
        except ValueError as error:
            raise UnreadableSecret(str(error)) from None
        if key is None:
            raise UnreadableSecret(f"the key file {self._path.name} is missing")
        try:
            return Fernet(key).decrypt(sealed)
        except InvalidToken:
            raise UnreadableSecret(f"{self._path.name} holds another key than at that time") from None

    def _make_key(self) -> bytes:
        key = Fernet.generate_key()
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key + b"\n")
                file.flush()
                os.fsync(file.fileno())
            # Whole or not at all: half a key would read as a wrong one for ever.
            new.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise from_os_error(error, f"The key {self._path.name} cannot be made", new.parent) from error
        return key
