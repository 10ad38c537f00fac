"""What a start needs: reasons not to, as exit codes of sysexits.h, and room for many connections."""

import resource
from contextlib import suppress

EX_TEMPFAIL = 75
EX_CONFIG = 78
EX_CANTCREAT = 73


class StartRefused(Exception):
    """The server cannot start; `reason` is one line for whoever started it."""

    def __init__(self, reason: str, exit_code: int = EX_CONFIG) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_code = exit_code


def allow_open_files(wanted: int) -> None:
    """Raise this process's own limit of open files as far as its owner lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
