"""What level a line was logged at, read from what loggers write; a line that does not say has none.

The page reads levels by the same rules (frontend/src/lib/lineLevel.ts): tests/domain/log_levels.json
binds both.
"""

import re
from collections.abc import Callable, Iterable
from typing import Literal, get_args

import msgspec

type LogLevel = Literal["error", "warn", "info", "debug"]
LEVELS: tuple[LogLevel, ...] = get_args(LogLevel.__value__)
LOOKED_AT = 200
SHOUTED_WITHIN = 100
"""Where a level stands in a line that is not JSON; a bare word counts only near its beginning."""
JSON_AT_MOST = 65_536

_WORDS: dict[str, LogLevel] = {
    **dict.fromkeys(
        ("error", "err", "erro", "fatal", "critical", "crit", "panic", "alert", "emerg", "emergency"), "error"
    ),
    **dict.fromkeys(("warn", "warning", "wrn"), "warn"),
    **dict.fromkeys(("info", "inf", "notice", "information", "log"), "info"),
    **dict.fromkeys(("debug", "dbg", "trace", "trc", "verbose"), "debug"),
}
_KEYS = ("level", "severity", "lvl", "loglevel", "log.level", "levelname", "@l")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]?)")
_LOGFMT = re.compile(
    r'(?:^|[\s,{])(?:level|lvl|severity|loglevel)=["\']?([A-Za-z]+)(?![A-Za-z0-9_])', re.I | re.A
)
_SURE = r"ERROR|FATAL|CRITICAL|PANIC|WARN(?:ING)?|INFO|NOTICE|DEBUG|TRACE"
_BRACKETED = re.compile(r"[\[<(]\s*(?:[\w.-]+:)?([A-Za-z]+)\s*[\])>]", re.A)
_SHOUTED = re.compile(rf"(?<![\w/.-])({_SURE}|ERR|WRN|INF|DBG)(?![\w/=-]|\.\w)", re.A)
_LABELLED = re.compile(rf"^(?:\S+\s+){{0,3}}?({_SURE}):(?:\s|$)", re.I | re.A)
_GLOG = re.compile(r"^([EWIF])\d{4} \d\d:\d\d:\d\d", re.A)
_GLOG_WORDS: dict[str, LogLevel] = {"E": "error", "F": "error", "W": "warn", "I": "info"}


def level_of(line: str) -> LogLevel | None:
    text = _ESCAPES.sub("", line).strip() if "\x1b" in line else line.strip()
    if text.startswith("{") and text.endswith("}") and len(text) <= JSON_AT_MOST:
        try:
            data = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            data = None
        if isinstance(data, dict):
            return _of_mapping(data)
    head = text[:LOOKED_AT]
    if (found := _LOGFMT.search(head)) is not None and (level := _WORDS.get(found[1].lower())) is not None:
        return level
    if (found := _GLOG.match(head)) is not None:
        return _GLOG_WORDS[found[1]]
    for bracketed in _BRACKETED.finditer(head):
        if (level := _WORDS.get(bracketed[1].lower())) is not None and bracketed[1].lower() != "log":
            return level
    if (found := _SHOUTED.search(head, 0, SHOUTED_WITHIN)) is not None or (
        found := _LABELLED.match(head)
    ) is not None:
        return _WORDS[found[1].lower()]
    return None


def level_test(levels: Iterable[LogLevel]) -> Callable[[str], bool] | None:
    """Whether a line has one of those levels; None when none is asked for."""
    wanted = frozenset(levels)
    return (lambda line: level_of(line) in wanted) if wanted else None


def _of_mapping(data: dict[str, object]) -> LogLevel | None:
    for key in _KEYS:
        if (value := data.get(key)) is not None:
            return _of_value(value)
    inner = data.get("log")
    return _of_value(inner.get("level")) if isinstance(inner, dict) else None


def _of_value(value: object) -> LogLevel | None:
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # The numbers of bunyan and pino; syslog's go the other way, from 0 to 7.
    if value >= 10:
        return "error" if value >= 50 else "warn" if value >= 40 else "info" if value >= 30 else "debug"
    if 0 <= value <= 7:
        return "error" if value <= 3 else "warn" if value <= 4 else "info" if value <= 6 else "debug"
    return None
