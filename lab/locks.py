"""One holder at a time, across processes: a lock that the kernel drops when its holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lab.waiting import wait_until


@contextmanager
def locked(file: Path, *, seconds: float, what: str) -> Iterator[None]:
    """Hold the lock `file`, which stays behind. Raises `LabError` when `what` is not free in time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        wait_until(lambda: _taken(lock), seconds=seconds, what=f"the end of another command on {what}")
        yield


def _taken(lock: TextIO) -> bool:
    # Unix has it and Windows does not, where the lab must still get as far as saying that it needs Linux.
    import fcntl

    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
