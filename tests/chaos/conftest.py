"""Three managers and a worker of their own, and the results of all faults as one table at the end."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.server import Server, eventually
from lab import Lab
from lab.host import unsuitable
from lab.node import Node
from tests.chaos import report
from tests.chaos.engine_truth import ask, leader
from tests.chaos.report import Row
from tests.chaos.trial import LONG, Trial, empty, log
from tests.fakes.lab_fixture import clear_dead_runs

ROWS: list[Row] = []
WANTED: list[str] = []
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
_ENGINE: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, and say how many were left out, unless this is `make chaos`."""
    long = [] if LONG else [item for item in items if item.get_closest_marker("chaos")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def three_managers() -> Iterator[Lab]:
    if reason := unsuitable():
        pytest.skip(reason)
    clear_dead_runs()
    # By this name the next run knows whose it was, should this one be killed.
    lab = Lab(f"test-{os.getpid()}-chaos")
    try:
        lab.up(managers=3, workers=1)
        _ENGINE.append(ask(lab.nodes[0].socket, "GET", "/version")["Version"])
        yield lab
    finally:
        lab.down()


@pytest.fixture
def lab(three_managers: Lab) -> Iterator[Lab]:
    """The lab, whole and empty before each fault, whatever the one before did."""
    mend(three_managers)
    yield three_managers
    mend(three_managers)


def mend(lab: Lab) -> None:
    for node in lab.nodes:
        if not node.running:
            lab.power_on(node.name)
        elif node.cut:
            lab.join(node.name)
        elif node.frozen:
            lab.thaw(node.name)
    lab.registry_start()
    eventually(
        lambda: {node["Status"]["State"] for node in lab.swarm_nodes()} == {"ready"}, within=120, every=0.5
    )
    eventually(lambda: empty(lab.nodes[0].socket), within=90)


@pytest.fixture
def home(lab: Lab) -> Node:
    """The manager that our server uses: one that does not lead."""
    first = leader(lab.nodes[0].socket)
    return next(node for node in lab.nodes if node.role == "manager" and node.name != first)


@pytest.fixture
def start(lab: Lab, home: Node, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts a server on the home manager, or on another socket in its place."""
    servers: list[Server] = []

    def start(docker_host: str | None = None) -> Server:
        server = Server(
            tmp_path / f"server-{len(servers)}",
            docker_host=docker_host or home.docker_host,
            registry_url=lab.registry_url,
        ).with_token("chaos-token-0123456789abcdef")
        server.folder.mkdir()
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def trial(
    lab: Lab, home: Node, start: Callable[..., Server], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Trial]]:
    """Makes the trial of a fault, with its services running; its row goes into the table."""
    trials: list[Trial] = []

    def begin(fault: str, *, server: Server | None = None, ready: bool = True, **options: object) -> Trial:
        WANTED.append(fault)
        trial = Trial(
            fault=fault,
            server=server or start(),
            socket=home.socket,
            image=f"{lab.registry.host}/hello-world:1",
            seed=SEED,
            **options,  # type: ignore[arg-type]  # the trial's own fields
        )
        trials.append(trial)
        if ready:
            trial.prepare()
        return trial

    yield begin
    for trial in trials:
        if hasattr(trial, "row"):
            ROWS.append(trial.row)
        if not hasattr(trial, "row") or trial.row.unfinished:
            log.error("what the server said:\n%s", trial.server.output[-8000:])


def missing() -> list[str]:
    done = {row.fault for row in ROWS}
    return [fault for fault in WANTED if fault not in done]


def summary() -> tuple[str, str]:
    title = f"faults, seed {SEED}: {len(WANTED)} injected, {len(ROWS)} brought to an end"
    return title, report.table(ROWS, missing())


def pytest_sessionfinish(session: pytest.Session) -> None:
    # One process of several has no terminal: the first one shows this (scripts/side_by_side.py).
    if WANTED and hasattr(session.config, "workeroutput"):
        session.config.workeroutput["summary"] = summary()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not WANTED:
        return
    title, table = summary()
    terminalreporter.section(title)
    terminalreporter.write_line(table)
    # A part of the suite must not take the place of the whole table.
    if LONG and not terminalreporter.config.getoption("keyword"):
        report.write(ROWS, missing(), seed=SEED, engine=_ENGINE[0] if _ENGINE else "?")
