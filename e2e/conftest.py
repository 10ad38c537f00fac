"""A lab of its own, a server of its own and a real Chromium for the end-to-end tests."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.browser import NO_CHROMIUM, browser_in, chromium
from e2e.quiet_network import QuietNetwork, quiet_network
from e2e.server import Server
from lab import Lab
from lab.host import unsuitable
from tests.fakes.lab_fixture import clear_dead_runs

OUTPUT = Path(__file__).parent / "output"

# Labs of other files, engines and builds share two cores with the browser: what is not wrong may be slow.
expect.set_options(timeout=40_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the browser shows when a test fails."""
    report = yield
    if report.failed:
        for open_one in getattr(item, "funcargs", {}).values():
            page = getattr(open_one, "page", open_one)
            if isinstance(page, Page) and not page.is_closed():
                page.screenshot(path=OUTPUT / f"failed-{item.name[:80]}.png")
    return report


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Three nodes that belong to one file of tests: they may be drained, cut off and switched off."""
    if reason := unsuitable():
        pytest.skip(reason)
    clear_dead_runs()
    with Lab(f"test-{os.getpid()}-e2e") as lab:
        yield lab


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    ).with_token("end-to-end-token-0123456789abcdef")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuietNetwork]:
    """Where the browser is."""
    program = chromium()
    if program is None:
        pytest.skip(NO_CHROMIUM)
    if unsuitable():
        pytest.skip("a browser without a lab has nothing to look at")
    with quiet_network(program, tmp_path_factory.mktemp("browser")) as network:
        yield network


# For one file only: while Playwright is open an event loop of its own runs in this thread, and asyncio tests
# that come after these in the same process could have none.
@pytest.fixture(scope="module")
def browser(network: QuietNetwork) -> Iterator[Browser]:
    OUTPUT.mkdir(exist_ok=True)
    with browser_in(network) as browser:
        yield browser
