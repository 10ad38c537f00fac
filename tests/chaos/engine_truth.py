"""What the engine itself says, asked past our server, and since when it says it again."""

import http.client
import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

Truth = dict[str, Any]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class EngineRefusal(Exception):
    """The engine answered, and it was an error: `status` and its sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text.strip()}")
        self.status = status


def ask(path: Path, method: str, target: str, body: object = None, *, seconds: float = 30.0) -> Any:
    """One call. Raises OSError when nothing answers in time, EngineRefusal for 4xx and 5xx."""
    connection = _UnixConnection(path, seconds)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, target, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
    except http.client.HTTPException as error:
        raise OSError(f"{path} broke off: {error!r}") from error
    finally:
        connection.close()
    if response.status >= 400:
        raise EngineRefusal(response.status, text)
    return json.loads(text) if text and "json" in (response.headers["Content-Type"] or "") else text


def truth(path: Path) -> Truth:
    """Nodes with their states, and services with the tasks that run on nodes that answer."""
    nodes = {node["ID"]: node for node in ask(path, "GET", "/nodes")}
    services = {service["ID"]: service for service in ask(path, "GET", "/services")}
    ready = {key for key, node in nodes.items() if node["Status"]["State"] == "ready"}
    running = Counter(
        task["ServiceID"]
        for task in ask(path, "GET", "/tasks")
        if task["Status"]["State"] == "running"
        and task["DesiredState"] == "running"
        and task.get("NodeID") in ready
        and task["ServiceID"] in services
        and task["Spec"].get("ForceUpdate", 0)
        == services[task["ServiceID"]]["Spec"]["TaskTemplate"].get("ForceUpdate", 0)
        and task["Spec"]["ContainerSpec"]
        == services[task["ServiceID"]]["Spec"]["TaskTemplate"]["ContainerSpec"]
    )
    return {
        "nodes": {
            node["Description"]["Hostname"]: (
                node["Status"]["State"],
                node["Spec"]["Availability"],
                node.get("ManagerStatus", {}).get("Leader", False),
                node.get("ManagerStatus", {}).get("Reachability"),
            )
            for node in nodes.values()
        },
        "services": {
            service["Spec"]["Name"]: (service["Spec"]["Mode"]["Replicated"]["Replicas"], running[key])
            for key, service in services.items()
        },
    }


def leader(path: Path) -> str | None:
    nodes = ask(path, "GET", "/nodes", seconds=5)
    names = [n["Description"]["Hostname"] for n in nodes if n.get("ManagerStatus", {}).get("Leader")]
    return names[0] if names else None


def node_state(path: Path, hostname: str) -> str:
    nodes = ask(path, "GET", "/nodes", seconds=5)
    return next(str(n["Status"]["State"]) for n in nodes if n["Description"]["Hostname"] == hostname)


@dataclass
class EngineProbe:
    """Asks the engine for its nodes twice a second: whether a fault bit, and when it was over."""

    path: Path
    failures: list[str] = field(default_factory=list)
    failing_for: float = 0.0
    """Seconds without an answer, all together."""
    answered_at: float = 0.0
    """When it answered for the first time after its last failure."""
    answers_now: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.answered_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        failing_since = None
        while not self._stop.is_set():
            began_at = time.monotonic()
            try:
                ask(self.path, "GET", "/nodes", seconds=2)
            except (OSError, EngineRefusal) as error:
                failing_since = failing_since or began_at
                self.failures.append(str(error))
                self.answers_now = False
            else:
                if failing_since is not None:
                    self.answered_at = time.monotonic()
                    self.failing_for += self.answered_at - failing_since
                    failing_since = None
                self.answers_now = True
            self._stop.wait(0.5 if self.answers_now else 0.1)
