"""Log answers of the fake: frames or raw text, with times, details, tails and the engine's own errors."""

from collections.abc import Iterable
from datetime import datetime

from tests.fakes.engine_store import FakeTask, LogEntry, Spec

SYSTEM_ERROR = 3


def frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


def is_tty(task: FakeTask) -> bool:
    return bool((task.spec.get("ContainerSpec") or {}).get("TTY"))


def selected(entries: list[LogEntry], query: "LogQuery") -> list[LogEntry]:
    chosen = [e for e in entries if e.stream in query.streams and _stamp(e) >= query.since]
    if query.tail is None:
        return chosen
    # The tail counts lines; a long line is several pieces.
    start, lines = len(chosen), 0
    while start > 0 and lines <= query.tail:
        start -= 1
        lines += chosen[start].text.endswith(b"\n")
    if lines > query.tail:
        start += 1
    return chosen[start:]


class LogQuery:
    def __init__(self, query: "dict[str, str]") -> None:
        self.streams = {
            number for number, name in ((1, "stdout"), (2, "stderr")) if query.get(name, "") in {"1", "true"}
        }
        tail = query.get("tail", "all")
        self.tail = None if tail in {"all", ""} else int(tail)
        self.since = float(query.get("since") or 0)
        self.timestamps = query.get("timestamps") in {"1", "true"}
        self.details = query.get("details") in {"1", "true"}
        self.follow = query.get("follow") in {"1", "true"}


def written(entry: LogEntry, task: FakeTask, query: LogQuery) -> bytes:
    prefix = f"{entry.stamp} ".encode() if query.timestamps else b""
    if query.details:
        prefix += (
            f"com.docker.swarm.node.id={task.node_id},com.docker.swarm.service.id={task.service_id},"
            f"com.docker.swarm.task.id={task.id} "
        ).encode()
    if is_tty(task):
        return prefix + entry.text.replace(b"\n", b"\r\n")
    return frame(entry.stream, prefix + entry.text)


def grabbing_failed(reasons: Iterable[str], *, tty: bool) -> bytes:
    text = (
        "Error grabbing logs: rpc error: code = Unknown desc = warning: incomplete log stream. some logs "
        f"could not be retrieved for the following reasons: {', '.join(reasons)}\n"
    ).encode()
    return text if tty else frame(SYSTEM_ERROR, text)


def _stamp(entry: LogEntry) -> float:
    return datetime.fromisoformat(entry.stamp).timestamp()


def wants_tty(spec: Spec) -> bool:
    return bool((spec["TaskTemplate"].get("ContainerSpec") or {}).get("TTY"))
