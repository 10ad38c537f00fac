"""A lab of its own, a server of its own and a real Chromium for the end-to-end tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from e2e.server import Server
from lab import Lab
from lab.host import unsuitable
from tests.fakes.lab_fixture import clear_dead_runs

OUTPUT = Path(__file__).parent / "output"
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = (os.environ.get("CHROMIUM"), shutil.which("chromium"), shutil.which("chromium-browser"))
    program = next((path for path in found if path), None)
    if program is None:
        pytest.skip("no Chromium on this machine: install it, or set CHROMIUM to its path")
    OUTPUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
