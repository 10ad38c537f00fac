"""The Chromium of this machine, in a network of its own, for tests and pictures."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from e2e.quiet_network import QuietNetwork, quiet_network

NO_CHROMIUM = "no Chromium on this machine: install it, or set CHROMIUM to its path"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Where it is, if it is there."""
    found = (os.environ.get("CHROMIUM"), shutil.which("chromium"), shutil.which("chromium-browser"))
    return next((path for path in found if path), None)


@contextmanager
def browser_in(network: QuietNetwork) -> Iterator[Browser]:
    """While it is open an event loop runs in this thread."""
    with sync_playwright() as playwright:
        arguments = [*FLAGS, *network.arguments]
        browser = playwright.chromium.launch(executable_path=network.program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def open_browser(program: str, folder: Path) -> Iterator[Browser]:
    """Needs root; `folder` is a place for its starter."""
    with quiet_network(program, folder) as network, browser_in(network) as browser:
        yield browser
