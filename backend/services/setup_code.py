"""The one-time code of the first start, which only who can read the server's files or output knows."""

import asyncio
import contextlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from backend.errors import Conflict, Denied

VALID_FOR = 30 * 60.0
MAX_WRONG = 5


class SetupCode:
    """Lives in memory and in one file of mode 0600; dies by use, age, wrong tries or with the process."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._code: str | None = None
        self._issued = 0.0
        self._wrong = 0

    @property
    def code(self) -> str | None:
        """The code while it is good."""
        alive = self._code is not None and self._monotonic() - self._issued < VALID_FOR
        return self._code if alive and self._wrong < MAX_WRONG else None

    async def issue(self) -> str:
        """Make a new code of 128 bits and write it for the machine's owner to read."""
        code = secrets.token_urlsafe(16)
        await asyncio.to_thread(_write_private, self._path, code)
        self._code, self._issued, self._wrong = code, self._monotonic(), 0
        return code

    async def check(self, code: str) -> None:
        """Raise Denied unless `code` is right and still good."""
        if self._code is None:
            msg = "the setup is over; sign in instead"
            raise Conflict(msg, code="setup_done")
        right = hmac.compare_digest(code.strip().encode(), self._code.encode())
        good = self.code is not None
        if right and good:
            return
        self._wrong += not right
        if self.code is None:
            await self._remove_file()
            msg = "the setup code is no longer good; restart the server to get a new one"
            raise Denied(msg, code="setup_code_expired")
        msg = f"this is not the setup code; it is in {self._path.name} in the server's data folder"
        raise Denied(msg, code="wrong_setup_code")

    async def forget(self) -> None:
        self._code = None
        await self._remove_file()

    async def _remove_file(self) -> None:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._path.unlink, missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # O_EXCL: never into a file or through a link that somebody else has put there.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
