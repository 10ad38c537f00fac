"""What exit codes mean, in words."""

_MEANINGS = {
    125: "the engine could not start it",
    126: "the command cannot be executed",
    127: "command not found",
    128: "invalid exit code",
    129: "hung up",
    130: "interrupted",
    131: "quit",
    132: "illegal instruction: built for another processor?",
    134: "aborted by itself",
    135: "bus error",
    136: "arithmetic error",
    137: "killed: out of memory or by hand",
    139: "segmentation fault",
    141: "broken pipe",
    143: "terminated",
    159: "forbidden system call",
    255: "error of the program's own",
}
"""Above 128: 128 and the number of the signal that ended it."""


def meaning(code: int | None) -> str | None:
    """The usual meaning of a code, without capital or full stop; None when only the program knows."""
    if code is None:
        return None
    if code == 0:
        return "ended by itself without an error"
    if code in _MEANINGS:
        return _MEANINGS[code]
    return f"killed by signal {code - 128}" if 128 < code <= 192 else None
