"""Real labs for the tests of the lab, under names of their own, and none left over."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab, Shape
from lab.host import unsuitable
from lab.state import known_labs

_OURS = re.compile(r"test-(\d+)-.*")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = unsuitable()
    if reason:
        for item in items:
            if item.get_closest_marker("lab"):
                item.add_marker(pytest.mark.skip(reason=reason))


def lab_name(purpose: str) -> str:
    """A name that no other run of the tests uses, and that tells whose run it was."""
    return f"test-{os.getpid()}-{purpose}"


@pytest.fixture(scope="session", autouse=True)
def no_lab_of_a_dead_run() -> Iterator[None]:
    """Take down what an interrupted run left behind, and whatever a failed test of this run did."""
    if unsuitable():
        yield
        return
    for name in known_labs():
        owner = _OURS.fullmatch(name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            Lab(name).down()
    yield
    for name in known_labs():
        if name.startswith(lab_name("")):
            Lab(name).down()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A running lab with one manager and two workers, shared by the tests that leave it as it was."""
    with Lab(lab_name("shared"), shape=Shape(managers=1, workers=2)) as running:
        yield running
