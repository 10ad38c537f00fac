"""Hashes passwords with argon2id, off the event loop and never many at once."""

import asyncio
import secrets

from pwdlib.hashers.argon2 import Argon2Hasher

# OWASP's floor for argon2id: 19 MiB, 2 passes, 1 lane. Fifty hashes at once would take a gigabyte: hence 2.
_HASHER = Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
_AT_ONCE = 2


class Passwords:
    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def verify(self, password: str, known_hash: str | None) -> bool:
        """Compare; without a hash (no such user) take as long and say no."""
        if self._nobodys is None:
            self._nobodys = await self.hash(secrets.token_hex())
        async with self._turn:
            right = await asyncio.to_thread(_HASHER.verify, password, known_hash or self._nobodys)
        return right and known_hash is not None
