"""Our log: one line an event, whatever the event's text holds."""

import logging
import sys
from datetime import UTC, datetime

_QUIET = ("uvicorn.access", "asyncio", "aiosqlite")


class OneLine(logging.Formatter):
    """`2026-11-23T20:09:28.123Z WARNING backend.services.access what happened`, controls escaped."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = record.getMessage()
        if record.exc_info:
            text = f"{text} | {self.formatException(record.exc_info)}"
        return f"{moment.replace('+00:00', 'Z')} {record.levelname} {record.name} {escape(text)}"


class WithoutQuery(logging.Filter):
    """Cuts the query string off uvicorn's access lines: what people search for is nobody else's business."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, version, status = record.args
            record.args = (client, method, str(path).partition("?")[0], version, status)
        return True


def escape(text: str) -> str:
    """Show line ends, escape sequences and invisible characters (bidirectional ones too), not obey them."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def install() -> None:
    """Log to stderr; leaves alone what a server or a test has set up already. Safe to call twice."""
    access = logging.getLogger("uvicorn.access")
    if not any(isinstance(known, WithoutQuery) for known in access.filters):
        access.addFilter(WithoutQuery())
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
