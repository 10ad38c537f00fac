"""`make screenshots`: the pictures under docs/images, of the shop in `e2e/scene.py` on a real swarm."""

import sys
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from e2e.browser import NO_CHROMIUM, chromium, open_browser
from e2e.places import DRAWN, PLACES, Place, in_theme
from e2e.scene import Scene
from e2e.screen import PASSWORD
from e2e.server import ROOT
from lab import Lab, Shape
from lab.host import unsuitable

IMAGES = ROOT / "docs" / "images"
NODES = Shape(managers=3, workers=2)
WIDE: ViewportSize = {"width": 1440, "height": 960}
PHONE: ViewportSize = {"width": 390, "height": 844}
IN_THE_DARK = ("dashboard", "services", "service-logs", "rollout", "map", "nodes")


def main() -> int:
    if reason := unsuitable():
        print(reason, file=sys.stderr)
        return 1
    program = chromium()
    if program is None:
        print(NO_CHROMIUM, file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="shop-") as folder,
        Lab("screenshots", shape=NODES, say=print) as lab,
    ):
        scene = Scene(lab, Path(folder) / "server")
        try:
            scene.build()
            print("the shop is open")
            with open_browser(program, Path(folder)) as browser:
                _take_all(browser, scene)
        finally:
            scene.server.kill()
    sizes = [file.stat().st_size for file in IMAGES.glob("*.webp")]
    print(f"{len(sizes)} pictures, {sum(sizes) / 1e6:.1f} MB in {IMAGES.relative_to(ROOT)}")
    return 0


def _take_all(browser: Browser, scene: Scene) -> None:
    IMAGES.mkdir(exist_ok=True)
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    page.goto(scene.server.sign_in_link())
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    _take(page, "setup", (WIDE, PHONE))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin and sign in").click()
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    for place in PLACES:
        _take_place(page, scene, place)
    context.clear_cookies()
    page.goto(scene.server.url + "/sign-in")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    _take(page, "sign-in", (WIDE, PHONE))
    context.close()


def _take_place(page: Page, scene: Scene, place: Place) -> None:
    place.visit(page, scene)
    _take(page, place.name, (WIDE, PHONE))
    if place.name in IN_THE_DARK:
        in_theme(page, "dark")
        _take(page, f"{place.name}-dark", (WIDE, PHONE))


def _take(page: Page, name: str, sizes: Iterable[ViewportSize]) -> None:
    for size in sizes:
        page.set_viewport_size(size)
        page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
        page.evaluate(DRAWN)
        picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
        picture.save(IMAGES / f"{name}-{size['width']}.webp", lossless=True, method=4)
        print(f"  {name} at {size['width']}")
    page.set_viewport_size(WIDE)


if __name__ == "__main__":
    sys.exit(main())
