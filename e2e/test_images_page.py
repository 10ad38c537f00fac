"""From an uploaded folder to a running version by the page alone, and the images it leaves in the registry.

The tests tell one story in order, on one lab, one server and one tab.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e import projects
from e2e.conftest import OUTPUT
from e2e.curl import fetch
from e2e.screen import Screen
from e2e.server import Server, eventually
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

NAME = "greetings"
PORT = 8087
BUILT = 90_000
"""Milliseconds until a build is through and what it made runs, on a busy machine."""


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    )
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / NAME
    projects.write(folder, page="by page, one")
    return folder


@pytest.fixture(scope="module")
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """Signed in, on a wide screen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    Screen(page, server).set_up()
    yield page
    context.close()


def go_to(page: Page, place: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place).first.click()
    expect(page.get_by_role("heading", level=1, name=place)).to_be_visible()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))


def photograph(page: Page, name: str) -> None:
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
        page.screenshot(path=OUTPUT / f"{name}-{width}.png")
    page.set_viewport_size({"width": 1440, "height": 900})


def shown_on_its_port(lab: Lab) -> str:
    pages = {fetch(f"http://{node.address}:{PORT}/page.html").strip() for node in lab.nodes}
    return next((text for text in pages if not text.startswith("(")), "")


def test_an_uploaded_folder_is_listed_as_a_project(page: Page, server: Server, source: Path) -> None:
    projects.upload(source, server.projects)
    go_to(page, "Projects")
    expect(row(page, NAME)).to_contain_text("never built")
    photograph(page, "projects")


def test_a_service_is_made_that_is_built_from_it(page: Page, lab: Lab, server: Server) -> None:
    text = (
        f"name: {NAME}\n"
        f"image: ${{REGISTRY_HOST}}/{NAME}:latest\n"
        f"build_context: {NAME}\n"
        f"build_args:\n  BASE: {lab.registry.host}/hello-world:1\n"
        f"ports:\n  - {{target: 80, published: {PORT}, mode: host}}\n"
    )
    page.goto(f"{server.url}/new-service?as=yaml")
    page.get_by_label("Name", exact=True).fill(NAME)
    Screen(page, server).write_definition(text)
    page.get_by_role("button", name="Create only").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    go_to(page, "Projects")
    expect(row(page, NAME).get_by_role("link", name=NAME)).to_have_count(2)  # the folder and its service


def test_it_is_built_before_ones_eyes_and_deployed(page: Page, lab: Lab) -> None:
    build(page)
    expect(page.get_by_role("heading", level=1, name=f"Build of {NAME}")).to_be_visible()
    log = page.get_by_role("log", name=f"Output of the build of {NAME}")
    expect(log).to_contain_text("built as by page, one", timeout=BUILT)
    photograph(page, "build")
    eventually(lambda: shown_on_its_port(lab) == "by page, one", within=BUILT / 1000)
    expect(page.get_by_role("list", name="Phases")).to_contain_text(re.compile("push", re.I))


def test_a_changed_file_is_built_and_deployed_again(
    page: Page, lab: Lab, server: Server, source: Path
) -> None:
    projects.write(source, page="by page, two")
    projects.upload(source, server.projects)
    go_to(page, "Projects")
    build(page)
    eventually(lambda: shown_on_its_port(lab) == "by page, two", within=BUILT / 1000)
    go_to(page, "Services")
    expect(row(page, NAME)).to_contain_text("1 / 1", timeout=BUILT)


def test_the_registry_shows_what_is_used_and_does_not_delete_it_by_one_click(page: Page) -> None:
    go_to(page, "Registry")
    expect(row(page, NAME)).to_contain_text(NAME)
    page.get_by_role("link", name=NAME, exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    latest = row(page, "latest")
    expect(latest).to_contain_text(re.compile("[0-9a-f]{12}"))
    expect(latest).to_contain_text("linux/amd64")
    expect(latest.get_by_role("link", name=NAME)).to_be_visible()
    photograph(page, "repository")

    latest.get_by_role("button", name="More for latest").click()
    page.get_by_role("menuitem", name="Delete").click()

    expect(dialog(page)).to_contain_text(f"{NAME} runs it now")
    expect(dialog(page).get_by_role("button", name=re.compile("^Delete"))).to_be_disabled()
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(row(page, "latest")).to_be_visible()


def test_an_image_that_nobody_uses_is_deleted(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/registry/images/crasher")
    row(page, "latest").get_by_role("button", name="More for latest").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog(page).get_by_role("button", name="Delete", exact=True).click()
    expect(dialog(page)).to_contain_text("crasher:latest is deleted")
    dialog(page).get_by_role("button", name="Done").click()
    expect(row(page, "latest")).to_have_count(0)


def build(page: Page) -> None:
    page.get_by_role("button", name=f"Build {NAME}", exact=True).click()
    dialog(page).get_by_role("button", name="Build and deploy").click()
