"""One holder at a time, across processes: a lock that the kernel drops when its holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock `file`; waits for as long as somebody else holds it. The file stays behind."""
    # Unix has it and Windows does not, where the lab must still get as far as saying that it needs Linux.
    import fcntl

    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
