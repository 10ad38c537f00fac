"""Who uses the server while something breaks: one who reads, one who writes and remembers what was taken."""

import http.client
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from e2e.server import Server

READS = ("/api/services/live", "/api/nodes", "/api/health/detailed")
READS_A_SECOND = 10
TOO_SLOW = 10.0


class Reader:
    """Reads over one kept connection, as a page does, and keeps every duration and every failure."""

    def __init__(self, server: Server, paths: tuple[str, ...] = READS) -> None:
        self._server = server
        self._paths = paths
        self._stop = threading.Event()
        self._open = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._reconnect = False
        self.milliseconds: list[float] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._open.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._open.set()
        self._thread.join(TOO_SLOW + 5)

    def pause(self) -> None:
        """No more reads once this returns: who kills the server may not blame it for being dead."""
        self._open.clear()
        with self._turn:
            self._reconnect = True

    def go_on(self) -> None:
        self._open.set()

    @property
    def p99(self) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[max(0, -(-len(ordered) * 99 // 100) - 1)] if ordered else 0.0

    @property
    def slowest(self) -> float:
        return max(self.milliseconds, default=0.0)

    def _run(self) -> None:
        connection = self._connection()
        number = 0
        while not self._stop.is_set():
            self._open.wait()
            with self._turn:
                if self._stop.is_set() or not self._open.is_set():
                    connection.close()
                    continue
                if self._reconnect:
                    self._reconnect = False
                    connection.close()
                path = self._paths[number % len(self._paths)]
                number += 1
                began_at = time.monotonic()
                try:
                    connection.request("GET", path, headers={"Authorization": f"Bearer {self._server.token}"})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        self.failures.append(f"{path}: {answer.status}")
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(f"{path}: {error!r}")
                    connection.close()
                self.milliseconds.append((time.monotonic() - began_at) * 1000)
            self._stop.wait(1 / READS_A_SECOND)
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=TOO_SLOW)


def definition(image: str, replicas: int, mark: str = "") -> dict[str, object]:
    """A small service whose rollouts are judged soon; `mark` makes a revision tell itself from others."""
    return {
        "image": image,
        "replicas": replicas,
        "env": {"MARK": mark},
        "update_config": {"parallelism": 1, "monitor": "1s", "delay": "1s"},
        "resources": {"limits": {"memory": "64m"}},
    }


@dataclass
class Acknowledged:
    """What the server said it has taken, and therefore may never lose."""

    marks: dict[int, str] = field(default_factory=dict)
    """Revision of the noted service → its mark."""
    deployments: list[str] = field(default_factory=list)
    replicas: int | None = None
    """Of the scaled service; None while the last answer was not a yes."""
    refused: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.marks) + len(self.deployments)


class Writer:
    """Edits one service's definition and scales another, about twice a second, through thick and thin."""

    def __init__(self, server: Server, *, edited: str, scaled: str, image: str, dice: random.Random) -> None:
        self._server = server
        self._edited = edited
        self._scaled = scaled
        self._image = image
        self._dice = dice
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.acknowledged = Acknowledged()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        # The engine answers a leaderless write after 20 s, and our server gives up after 25.
        self._thread.join(40)

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            self._edit(f"mark-{number}")
            if number % 4 == 1:
                self._scale(self._dice.choice((1, 2)))
            self._stop.wait(0.5)

    def _edit(self, mark: str) -> None:
        body = {"definition": definition(self._image, 1, mark)}
        try:
            answer = self._server.call("PUT", f"/api/services/{self._edited}", body)
        except OSError as error:
            self.acknowledged.refused.append(f"edit: {error!r}")
            return
        if answer.status == 200:
            self.acknowledged.marks[answer.body["revision"]] = mark
        else:
            self.acknowledged.refused.append(f"edit: {answer.status} {answer.body}")

    def _scale(self, replicas: int) -> None:
        self.acknowledged.replicas = None
        try:
            answer = self._server.call("POST", f"/api/services/{self._scaled}/scale", {"replicas": replicas})
        except OSError as error:
            self.acknowledged.refused.append(f"scale: {error!r}")
            return
        if answer.status in {200, 202}:
            self.acknowledged.deployments.append(answer.body["id"])
            self.acknowledged.replicas = replicas
        else:
            self.acknowledged.refused.append(f"scale: {answer.status} {answer.body.get('code')}")


def lost_writes(server: Server, acknowledged: Acknowledged, *, edited: str, scaled: str) -> list[str]:
    """Acknowledged writes that the server no longer knows or did not carry out, in words."""
    lost = []
    for revision, mark in acknowledged.marks.items():
        answer = server.call("GET", f"/api/services/{edited}/revisions/{revision}")
        if answer.status != 200 or mark not in answer.body["text"]:
            lost.append(f"revision {revision} of {edited}: {answer.status} {answer.body}")
    for deployment in acknowledged.deployments:
        answer = server.call("GET", f"/api/deployments/{deployment}")
        if answer.status != 200:
            lost.append(f"deployment {deployment}: {answer.status} {answer.body}")
    if acknowledged.replicas is not None:
        found = server.get(f"/api/services/{scaled}")
        wanted = (acknowledged.replicas, acknowledged.replicas)
        if (found["definition"]["replicas"], found["desired"]) != wanted:
            lost.append(f"{scaled} scaled to {acknowledged.replicas}: the catalog says {found}")
    return lost
