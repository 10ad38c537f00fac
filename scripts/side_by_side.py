"""A pytest plugin: test files side by side, each lab in one process, and what measures time at the end.

Most tests wait: for engines, for rollouts, for nodes to be given up. `make test` therefore runs several
processes (pytest-xdist). A unit of work is a file, or all tests of one lab. The groups are ours, because
`--dist loadgroup` does not group with pytest 9.2 (pytest-dev/pytest-xdist#1386).
"""

import json
import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import override

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from lab import Lab
from lab.state import known_labs

ALONE = "alone"
SHARED = "shared-swarm"
"""The group of the tests on the one lab that tests/fakes/lab_fixture.py keeps for a whole run."""
LONGEST_FIRST = (
    SHARED,
    "tests/lab",
    "tests/ship/test_ship_it.py",
    "e2e/test_page_acts.py",
    "e2e/test_page_walk.py",
    "e2e/test_build_project_by_curl.py",
    "e2e/test_first_service.py",
    "e2e/test_first_service_by_curl.py",
    "tests/api/test_events.py",
    "tests/api/test_rollouts.py",
    "e2e/test_crash_during_writes.py",
)
"""What takes a minute or more, so that it does not begin when everything else is done."""

_GROUPS = pytest.StashKey[Path]()
_SUMMARIES: list[tuple[str, str]] = []


class LongestFirstAloneLast(LoadScopeScheduling):
    """Hands out whole groups in the order they were collected in; `ALONE` to the last process, at the end."""

    def __init__(self, config: pytest.Config, log: Producer, groups: Path) -> None:
        super().__init__(config, log)
        self._file = groups
        self._groups: dict[str, str] = {}

    @override
    def schedule(self) -> None:
        self._groups = json.loads(self._file.read_text())
        super().schedule()

    @override
    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid) or nodeid.partition("::")[0]

    @override
    def _reschedule(self, node: WorkerController) -> None:
        if ALONE in self.workqueue:
            # After a process died its work is here again, and comes first.
            self.workqueue.move_to_end(ALONE)
        if list(self.workqueue) != [ALONE]:
            super()._reschedule(node)
            return
        # A process keeps its last test until it knows what comes next.
        if node.shutting_down or self._pending_of(self.assigned_work[node]) > 1:
            return
        if any(not other.shutting_down for other in self.nodes if other is not node):
            node.shutdown()
        elif self.nodes == [node]:
            self._assign_work_unit(node)

    @override
    def remove_node(self, node: WorkerController) -> str | None:
        # Only now have its labs gone down.
        crashed = super().remove_node(node)
        for other in self.nodes:
            self._reschedule(other)
        return crashed


def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["groups"] = str(_groups_file(node.config))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return LongestFirstAloneLast(config, log, _groups_file(config))


def _groups_file(config: pytest.Config) -> Path:
    """The first process sees no markers: the others tell it by a file which test is in which group."""
    if _GROUPS not in config.stash:
        folder = tempfile.TemporaryDirectory(prefix="tests-")
        config.add_cleanup(folder.cleanup)
        config.stash[_GROUPS] = Path(folder.name) / "groups.json"
    return config.stash[_GROUPS]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests into the order to begin with, and say which of them belong together."""
    if not hasattr(config, "workerinput"):
        return
    items.sort(key=_place)
    file = Path(config.workerinput["groups"])
    own = file.with_name(config.workerinput["workerid"])
    own.write_text(json.dumps({item.nodeid: group for item in items if (group := _group(item))}))
    own.replace(file)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Take labs down after the last test of their group: session fixtures would keep them to the end."""
    yield
    several = hasattr(item.config, "workerinput")
    if several and nextitem is not None and _group(item) != _group(nextitem):
        for name in known_labs():
            if name.startswith(f"test-{os.getpid()}-"):
                Lab(name).down()


def pytest_testnodedown(node: WorkerController) -> None:
    """Keep what a process has to say at the end, e.g. the table of faults."""
    if told := getattr(node, "workeroutput", {}).get("summary"):
        _SUMMARIES.append(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for title, text in _SUMMARIES:
        terminalreporter.section(title)
        terminalreporter.write_line(text)


def _group(item: pytest.Item) -> str | None:
    """The tests that must run in one process, one after the other; None is a file as any other."""
    path = Path(_file(item))
    if item.get_closest_marker("alone"):
        return ALONE
    if not item.get_closest_marker("lab"):
        return None
    if path.parent.name == "lab":
        return "tests/lab"
    shared = path.parent.name == "contract" or "real_swarm" in getattr(item, "fixturenames", ())
    return SHARED if shared else str(path)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _place(item: pytest.Item) -> tuple[int, int]:
    group = _group(item)
    if group == ALONE:
        return (3, 0)
    if (unit := group or _file(item)) in LONGEST_FIRST:
        return (0, LONGEST_FIRST.index(unit))
    return (1 if group else 2, 0)
