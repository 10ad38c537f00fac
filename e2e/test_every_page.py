"""Every page on a swarm where a bit of everything goes on: nothing that axe calls serious, in both themes; no
complaint of the browser; nothing wider than a phone."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize, expect

from e2e.conftest import OUTPUT
from e2e.places import DRAWN, PLACES, Place, in_theme
from e2e.scene import Scene
from e2e.screen import PASSWORD
from e2e.server import ROOT
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
DARK = "rgb(14, 17, 20)"
"""Of the token `bg`."""
SETTLED = 10.0
EVERYTHING: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""All that a theme changes."""
RUN = """async options => {
    const lean = { preload: false, resultTypes: ["violations"] };
    const { violations } = await axe.run(document, { ...lean, ...options });
    return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => ({ id, where: nodes.slice(0, 5).map(({ html, failureSummary }) =>
            `${html.slice(0, 300)} ${failureSummary}`) }));
}"""


WIDEST = """() => [...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 8)
    .map(each => `${each.tagName.toLowerCase()}.${each.className}`.slice(0, 120))"""
"""What reaches beyond the screen."""


@dataclass
class Reader:
    """One tab, and what the browser complained about since it was last asked."""

    page: Page
    scene: Scene
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)

    def look(self, name: str) -> list[str]:
        """What is wrong with the page as it is, in both themes and at both widths."""
        page = self.page
        found = [f"axe: {each}" for each in self._axe(EVERYTHING)]
        in_theme(page, "dark")
        expect(page.locator("html")).to_have_css("background-color", DARK)
        found += [f"axe in the dark: {each}" for each in self._axe_at_last(COLOURS)]
        in_theme(page, "light")
        page.set_viewport_size(PHONE)
        try:
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                page.screenshot(path=OUTPUT / f"too-wide-{name}.png")
                found.append(f"{width} pixels wide on a phone of {PHONE['width']}: {page.evaluate(WIDEST)}")
        finally:
            page.set_viewport_size(WIDE)
        found += self.complaints
        self.complaints.clear()
        return found

    def _axe(self, options: dict[str, Any]) -> list[str]:
        # Not a script element: the policy would refuse it.
        if not self.page.evaluate("'axe' in globalThis"):
            self.page.evaluate(AXE.read_text())
        return [json.dumps(each, indent=1) for each in self.page.evaluate(RUN, options)]

    def _axe_at_last(self, options: dict[str, Any]) -> list[str]:
        """On a busy machine the browser draws a page anew part by part."""
        deadline = time.monotonic() + SETTLED
        while (found := self._axe(options)) and time.monotonic() < deadline:
            self.page.evaluate(DRAWN)
        return found

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends its streams.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")


@pytest.fixture(scope="module")
def scene(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    scene = Scene(lab, tmp_path_factory.mktemp("server"))
    try:
        scene.build()
        yield scene
    finally:
        scene.server.kill()


@pytest.fixture(scope="module")
def reader(scene: Scene, browser: Browser) -> Iterator[Reader]:
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    yield Reader(context.new_page(), scene)
    context.close()


def test_the_pages_before_one_is_signed_in(reader: Reader) -> None:
    page = reader.page
    page.goto(reader.scene.server.sign_in_link())
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert reader.look("setup") == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin and sign in").click()
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    page.goto(reader.scene.server.url + "/sign-in")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert reader.look("sign-in") == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_page(reader: Reader, place: Place) -> None:
    place.visit(reader.page, reader.scene)
    assert reader.look(place.name) == []
