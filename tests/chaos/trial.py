"""One fault from its injection to the proof that nothing is left of it, measured from outside."""

import logging
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from e2e.server import Server, eventually
from tests.chaos.engine_truth import EngineProbe, EngineRefusal, Truth, ask, truth
from tests.chaos.load import READS, Acknowledged, Reader, Writer, definition, lost_writes
from tests.chaos.report import Row

log = logging.getLogger("chaos")

LONG = os.environ.get("CHAOS") == "long"
EDITED, SCALED, WEB = "edited", "scaled", "web"
READ_LIMIT = 2000.0
"""Milliseconds no read may take, on a machine that runs other tests too; the table has the real figures."""
TRUE_WITHIN = 20.0
"""The same for the picture: the target is 5 s."""
SETTLED_WITHIN = 90.0
FINAL = {"succeeded", "failed", "stuck", "rolled_back", "superseded"}


@dataclass
class Trial:
    """Use as a context manager around the fault; leaving it checks what must hold and fills in the row.

    Inside, break something, say in `bit` how one saw that it broke, and mend it. Time is counted from the
    engine's first answer after its last failure, or from `count_from_now`.
    """

    fault: str
    server: Server
    socket: Path
    """Of the engine our server uses, for asking it directly."""
    image: str
    seed: int
    reads: tuple[str, ...] = READS
    writes: bool = True
    edited: str = EDITED
    """Whose revisions are acknowledged."""
    bit: str = ""
    recovered_at: float | None = None
    place: str | None = None
    """A constraint for the tasks of the services that run."""
    lost: list[str] = field(default_factory=list)
    """Acknowledged writes that the test itself found lost, in words."""
    slowest_truth: float = 0.0
    """Seconds, of all times that `until_true` was awaited."""
    row: Row = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.reader = Reader(self.server, self.reads)
        self.probe = EngineProbe(self.socket)
        self.writer = Writer(
            self.server, edited=self.edited, scaled=SCALED, image=self.image, dice=random.Random(self.seed)
        )
        log.info("%s: seed %d", self.fault, self.seed)

    def prepare(self) -> None:
        """One service that only the catalog has, and two that run."""
        for name, replicas in ((EDITED, 1), (SCALED, 1), (WEB, 3)):
            wanted = definition(self.image, replicas)
            if self.place:
                wanted["constraints"] = [self.place]
            answer = self.server.call("POST", "/api/services", {"name": name, "definition": wanted})
            assert answer.status == 201, answer
        for name in (SCALED, WEB):
            answer = self.server.call("POST", f"/api/services/{name}/deploy")
            assert answer.status in {200, 202}, answer
        eventually(lambda: not self.unfinished(), within=60)

    def __enter__(self) -> Self:
        self.reader.__enter__()
        self.probe.__enter__()
        if self.writes:
            self.writer.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._measure()
        finally:
            if self.writes:
                self.writer.stop()
            self.probe.__exit__()
            self.reader.__exit__()

    @property
    def acknowledged(self) -> Acknowledged:
        return self.writer.acknowledged

    def hold(self, seconds: float) -> None:
        """Let the fault last."""
        threading.Event().wait(seconds)

    def count_from_now(self) -> None:
        """The fault is over now, or as good as over."""
        self.recovered_at = time.monotonic()

    def until_engine_fails(self, within: float) -> None:
        before = len(self.probe.failures)
        eventually(lambda: len(self.probe.failures) > before, within=within)

    def until_engine_answers(self, within: float) -> None:
        eventually(lambda: self.probe.answers_now, within=within)

    def unfinished(self) -> list[str]:
        """Deployments without a verdict."""
        rows = self.server.get("/api/deployments?limit=1000")["items"]
        return [
            f"{row['id']} ({row['kind']} of {row['service']}): {row['state']}"
            for row in rows
            if row["finished_at"] is None or row["state"] not in FINAL
        ]

    def until_true(self, since: float) -> float:
        """Wait until our answers are newer than `since` and equal the engine's; return the seconds."""
        while True:
            differences = self._differences(since)
            seconds = time.monotonic() - since
            if not differences:
                self.slowest_truth = max(self.slowest_truth, seconds)
                return seconds
            assert seconds < TRUE_WITHIN, f"after {seconds:.0f} s the picture is not true: {differences}"
            self.hold(0.1)

    def _measure(self) -> None:
        recovered_at = self.recovered_at or self.probe.answered_at
        self.until_true(recovered_at)
        if self.writes:
            self.writer.stop()
        settled_from = time.monotonic()
        try:
            eventually(lambda: not self.unfinished(), within=SETTLED_WITHIN)
        except AssertionError:
            log.warning("no verdict: %s", self.unfinished())
        to_verdicts = time.monotonic() - settled_from
        self.until_true(time.monotonic())
        lost = lost_writes(self.server, self.acknowledged, edited=self.edited, scaled=SCALED) + self.lost
        unfinished = self.unfinished()
        self.reader.pause()
        self.row = Row(
            fault=self.fault,
            bit=self.bit,
            silent=self.probe.failing_for,
            reads=len(self.reader.milliseconds),
            p99=self.reader.p99,
            slowest=self.reader.slowest,
            failed=len(self.reader.failures),
            to_truth=self.slowest_truth,
            acknowledged=self.acknowledged.count,
            refused=len(self.acknowledged.refused),
            lost=len(lost),
            to_verdicts=to_verdicts,
            unfinished=len(unfinished),
        )
        log.info("%s; refused: %s", self.row, Counter(self.acknowledged.refused).most_common(5))
        assert self.bit, f"{self.fault}: the fault did not bite"
        assert not self.reader.failures, self.reader.failures[:5]
        assert self.reader.slowest < READ_LIMIT, f"a read took {self.reader.slowest:.0f} ms"
        assert not lost, lost
        assert not unfinished, unfinished

    def _differences(self, since: float) -> list[str]:
        try:
            before = truth(self.socket)
            health = self.server.get("/api/health/detailed")
            seen = picture(self.server)
            after = truth(self.socket)
        except (OSError, EngineRefusal, AssertionError) as error:
            return [f"not to be compared: {error!r}"]
        looked_at = time.monotonic() - (health["stale_seconds"] or 0.0)
        if not health["engine"]["connected"] or looked_at < since:
            return [f"the picture is {health['stale_seconds']} s old, {health['engine']['code']}"]
        if seen in (before, after):
            return []
        return [
            f"{kind}: {seen[kind]}, the engine: {after[kind]}" for kind in seen if seen[kind] != after[kind]
        ]


def picture(server: Server) -> Truth:
    """What our server answers, in the form of `truth`."""
    nodes: list[dict[str, Any]] = server.get("/api/nodes")["items"]
    services: list[dict[str, Any]] = server.get("/api/services/live")["items"]
    return {
        "nodes": {
            node["hostname"]: (node["state"], node["availability"], node["leader"], node["reachability"])
            for node in nodes
        },
        "services": {service["name"]: (service["desired"], service["running"]) for service in services},
    }


def empty(socket: Path) -> bool:
    """Remove every service of the swarm; say whether their tasks are gone too."""
    try:
        for service in ask(socket, "GET", "/services"):
            ask(socket, "DELETE", f"/services/{service['ID']}")
        return not ask(socket, "GET", "/tasks")
    except (OSError, EngineRefusal):
        return False
