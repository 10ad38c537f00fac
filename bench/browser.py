"""A real Chromium with our page, in a network where nothing but server and browser speak."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright

from bench.server import Server
from e2e.quiet_network import LINKS

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # Without it the heap is told in steps of its own, and not at all precisely.
    "--enable-precise-memory-info",
)
SIZE = {"width": 1440, "height": 900}
TRIES = 3


def own_network() -> None:
    """Leave the machine's network, for good and with all we start: labs that come and go break what loads.

    Call it before any thread is started.
    """
    os.unshare(os.CLONE_NEWNET)
    for link in LINKS:
        subprocess.run(["ip", *link.split()], check=True, timeout=10)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    found = (os.environ.get("CHROMIUM"), shutil.which("chromium"), shutil.which("chromium-browser"))
    program = next((path for path in found if path), None)
    if program is None:
        msg = "no Chromium on this machine: install it, or set CHROMIUM to its path"
        raise LookupError(msg)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


async def sign_in(server: Server) -> str:
    """Set the server up as its first visitor would; the session's cookie."""
    body = {"code": server.setup_code(), "password": server.token}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/api/setup", json=body) as answer,
    ):
        assert answer.status == 201, await answer.text()
        return answer.cookies["session"].value


@asynccontextmanager
async def visitor(browser: Browser, server: Server, cookie: str) -> AsyncIterator[BrowserContext]:
    """One who has never been here: nothing is in the cache."""
    context = await browser.new_context(viewport=SIZE, reduced_motion="reduce")  # type: ignore[arg-type]
    await context.add_cookies([{"name": "session", "value": cookie, "url": server.url}])
    try:
        yield context
    finally:
        await context.close()


async def opened(page: Page, url: str) -> None:
    """Go there; on a machine that is busy the browser itself sometimes gives up."""
    for left in reversed(range(TRIES)):
        try:
            await page.goto(url, wait_until="commit")
        except Error:
            if not left:
                raise
        else:
            return
