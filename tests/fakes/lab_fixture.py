"""Real swarms for tests: one lab per engine generation and test run, shared by all who need it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import Lab
from lab.errors import LabError
from lab.host import unsuitable
from lab.state import known_labs

DEFAULT_SUITE = "trixie"
"""Debian suite whose engine (26.1) the tests use unless told otherwise."""
_OURS = re.compile(r"test-(\d+)-.*")


@dataclass(frozen=True, slots=True)
class RealSwarm:
    """One manager and two workers (manager-1, worker-1, worker-2) with the lab's images in a registry."""

    suite: str
    docker_host: str
    registry_url: str
    lab: Lab | None
    """For faults; None when the lab was given by `LAB_DOCKER_HOST`, which tests must not break."""

    @property
    def registry_host(self) -> str:
        return self.registry_url.partition("://")[2].rstrip("/")


class Labs:
    """Brings labs up when first asked for, under names that tell whose run they belong to."""

    def __init__(self) -> None:
        self._swarms: dict[str, RealSwarm] = {}
        self._failed: dict[str, str] = {}

    def get(self, suite: str = DEFAULT_SUITE) -> RealSwarm:
        """The swarm of that engine generation; skips the test where this machine cannot have one.

        `LAB_DOCKER_HOST` with `LAB_REGISTRY_URL` (and `LAB_SUITE`) names a running lab to use instead.
        """
        known = self._swarms.get(suite)
        # Side by side, a process takes its labs down before it goes on (scripts/side_by_side.py).
        if known and (known.lab is None or known.lab.running):
            return known
        given = os.environ.get("LAB_DOCKER_HOST")
        if given and suite == os.environ.get("LAB_SUITE", DEFAULT_SUITE):
            self._swarms[suite] = RealSwarm(suite, given, os.environ["LAB_REGISTRY_URL"], None)
            return self._swarms[suite]
        if reason := unsuitable():
            pytest.skip(reason)
        # A lab that cannot come up is a failure of each test that needs it, but is tried only once.
        if suite in self._failed:
            pytest.fail(self._failed[suite])
        lab = Lab(f"test-{os.getpid()}-{suite}")
        try:
            lab.up(managers=1, workers=2, engine=suite)
        except LabError as error:
            self._failed[suite] = f"no lab of {suite}: {error}"
            lab.down()
            pytest.fail(self._failed[suite])
        self._swarms[suite] = RealSwarm(suite, lab.docker_host, lab.registry_url, lab)
        return self._swarms[suite]

    def down(self) -> None:
        for swarm in self._swarms.values():
            if swarm.lab is not None:
                swarm.lab.down()
        self._swarms.clear()


# One for the whole run, also when several conftest files import the fixtures below.
_LABS = Labs()


def clear_dead_runs() -> None:
    """Take down what an interrupted run of tests left behind."""
    if unsuitable():
        return
    for name in known_labs():
        owner = _OURS.fullmatch(name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            Lab(name).down()


@pytest.fixture(scope="session")
def labs() -> Iterator[Labs]:
    clear_dead_runs()
    yield _LABS
    _LABS.down()


@pytest.fixture
def real_swarm(labs: Labs) -> RealSwarm:
    """The lab of this test run. Use names of your own in it and leave it as it was."""
    return labs.get()
