"""The calls that deploy/socket-filter.conf lets through, so that a FakeEngine refuses all others, too."""

import os
import re
from functools import cache
from pathlib import Path

CONF = Path(__file__).resolve().parent.parent.parent / "deploy" / "socket-filter.conf"
RECORD_TO = os.environ.get("ENGINE_CALLS_FILE")
"""Where `make engine-calls` wants to read what was asked for; nothing is refused then."""
_LINE = re.compile(r'^ *"~(.+)" 1;$', re.MULTILINE)
_COLLECTIONS = frozenset({"nodes", "services", "tasks", "networks", "configs", "secrets"})
_recorded: set[str] = set()


@cache
def _lines() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(line) for line in _LINE.findall(CONF.read_text()))


def lets_through(method: str, uri: str) -> bool:
    """Whether the filter would hand this request, as it was sent, to the engine."""
    if RECORD_TO:
        _record(Path(RECORD_TO), f"{method} {template(uri.partition('?')[0])}")
        return True
    return any(line.search(f"{method} {uri}") for line in _lines())


def template(path: str) -> str:
    """The path with `{version}` for the API's version and `{id}` or `{name}` for what is its object."""
    version, parts = "", path.strip("/").split("/")
    if re.fullmatch(r"v\d+\.\d+", parts[0]):
        version, parts = "/{version}", parts[1:]
    if parts[0] in {"images", "distribution"}:
        tail = parts[-1:] if parts[-1] in {"json", "push", "tag"} else []
        parts = [parts[0], "{name}", *tail]
    elif parts[0] in _COLLECTIONS and len(parts) > 1 and parts[1] not in {"create", "host"}:
        parts[1] = "{id}"
    return "/".join((version, *parts))


def _record(file: Path, call: str) -> None:
    if call not in _recorded:
        _recorded.add(call)
        with file.open("a") as lines:
            lines.write(f"{call}\n")
