"""Reasons not to start, as exit codes of sysexits.h."""

EX_TEMPFAIL = 75
EX_CONFIG = 78
EX_CANTCREAT = 73


class StartRefused(Exception):
    """The server cannot start; `reason` is one line for whoever started it."""

    def __init__(self, reason: str, exit_code: int = EX_CONFIG) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_code = exit_code
