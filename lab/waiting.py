"""Waiting for a state to come true, always under a deadline."""

import time
from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25


def wait_until[T](probe: Callable[[], T], *, seconds: float, what: str, log: Path | None = None) -> T:
    """Ask `probe` until it gives something true, and return that.

    An `OSError` (nobody listens yet, no such file yet) counts as "not yet"; any other error ends the wait.
    Raises `LabError` saying that `what` did not happen within `seconds`, with the last reason and the log.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    reason = ""
    while True:
        try:
            answer = probe()
        except OSError as error:
            reason = f": {error}"
        else:
            if answer:
                return answer
            reason = ""
        if time.monotonic() + pause > deadline:
            where = f"; see {log}" if log else ""
            raise LabError(f"{what} did not happen within {seconds:g} s{reason}{where}")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
