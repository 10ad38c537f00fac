"""Writing definitions in a real browser: what is written is in sight, is kept, and is sent once."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from e2e.screen import ROLLOUT, Screen, signed_in
from e2e.server import Server

pytestmark = [pytest.mark.lab, pytest.mark.browser]

LINES = "".join(f"  KEY_{number}: value {number}\n" for number in range(60))
LONG = f"name: long\nimage: ${{REGISTRY_HOST}}/hello-world:1\nstop_grace_period: 1s\nenv:\n{LINES}"
WIDE, PHONE = (1440, 900), (390, 844)


@pytest.fixture(scope="module")
def screen(server: Server, browser: Browser) -> Iterator[Screen]:
    assert server.call("POST", "/api/services", {"name": "long", "yaml": LONG}).status == 201
    with signed_in(browser, server) as screen:
        yield screen


@pytest.fixture
def page(screen: Screen) -> Page:
    return screen.page


def at_size(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def edges(page: Page, selector: str) -> tuple[float, float]:
    """Where the thing begins and ends in the window."""
    box: dict[str, Any] = page.locator(selector).first.evaluate("element => element.getBoundingClientRect()")
    return box["top"], box["bottom"]


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_last_line_and_what_completes_it_are_seen_above_the_bar(
    screen: Screen, page: Page, size: tuple[int, int]
) -> None:
    at_size(page, size)
    screen.open_service("long", "Definition")
    screen.editor("long").click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("rep")
    expect(page.get_by_role("option", name="replicas", exact=True)).to_be_visible()
    bar, _ = edges(page, "[data-covers=bottom]")
    _, header = edges(page, "[data-covers=top]")
    for selector in (".cm-cursor-primary", ".cm-tooltip-autocomplete"):
        top, bottom = edges(page, selector)
        assert header <= top < bottom <= bar, (selector, top, bottom, header, bar)
    page.keyboard.press("Escape")
    screen.button("Revert").click()


def test_one_may_leave_right_after_saving_and_the_deploy_goes_on(screen: Screen, page: Page) -> None:
    at_size(page, WIDE)
    screen.open_service("long", "Definition")
    held: list[Route] = []
    page.route("**/api/services/long", lambda route: hold(held, route, "PUT"))
    screen.write_definition(LONG.replace("KEY_1: value 1\n", "KEY_1: another\n"), of="long")
    screen.button("Save and deploy").click()
    expect(screen.button("Save and deploy")).to_have_attribute("aria-busy", "true")
    screen.go_to("Nodes")
    expect(screen.dialog).to_have_count(0)
    for route in held:
        route.continue_()
    expect(screen.notices).to_contain_text("succeeded", timeout=ROLLOUT)
    page.unroute("**/api/services/long")
    assert "KEY_1: another" in screen.server.get("/api/services/long")["yaml"]


def hold(held: list[Route], route: Route, method: str) -> None:
    if route.request.method == method:
        held.append(route)
    else:
        route.continue_()


def test_lines_that_are_the_same_are_folded_below_a_mark_that_can_be_read(screen: Screen, page: Page) -> None:
    at_size(page, WIDE)
    screen.open_service("long", "Definition")
    text = screen.server.get("/api/services/long")["yaml"]
    screen.write_definition(text.replace("value 59", "mine"), of="long")
    expect(screen.button("Save")).to_be_enabled()
    theirs = {"yaml": text.replace("value 2\n", "theirs\n")}
    assert screen.server.call("PUT", "/api/services/long", theirs).status == 200
    folded = page.get_by_role("alert", name="Changed meanwhile").locator(".cm-collapsedLines").first
    expect(folded).to_contain_text(re.compile(r"\d+ unchanged lines"))
    for side in ("::before", "::after"):
        assert folded.evaluate("(mark, side) => getComputedStyle(mark, side).content", side) == '"…"'
    screen.button("Take theirs").click()


def test_a_service_whose_making_lost_its_answer_is_found_and_deployed(screen: Screen, page: Page) -> None:
    made: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        made.append(route.fetch().status)
        route.abort("connectionreset")

    page.route("**/api/services", lose)
    screen.visit("/new-service", "New service")
    page.get_by_label("Name", exact=True).fill("found")
    page.get_by_label("Image", exact=True).fill("${REGISTRY_HOST}/hello-world:1")
    screen.button("Create and deploy").click()
    screen.shows("found")
    expect(screen.notices).to_contain_text("succeeded", timeout=ROLLOUT)
    page.unroute("**/api/services")
    assert made == [201]
    assert screen.server.get("/api/deployments?service=found")["total"] == 1


def test_whoever_may_only_read_is_offered_nothing_that_is_refused(screen: Screen, page: Page) -> None:
    screen.server.give_role("read")
    try:
        screen.visit("/services", "Services")
        expect(page.get_by_text("read only")).to_be_visible()
        expect(screen.button("New service")).to_be_disabled()
        expect(screen.button("Deploy long")).to_be_disabled()
        screen.open_service("long", "Definition")
        screen.write_definition(LONG, of="long")
        expect(page.get_by_text("You may read this definition")).to_be_visible()
        for name in ("Save and deploy", "Save"):
            expect(screen.button(name)).to_be_disabled()
            expect(screen.button(name)).to_have_attribute("title", re.compile("permission “edit”"))
        screen.button("Revert").click()
        for path, heading, act in (
            ("/nodes", "Nodes", "Add node"),
            ("/registry", "Registry", "Add registry"),
        ):
            screen.visit(path, heading)
            expect(screen.button(act)).to_be_disabled()
        screen.visit("/new-service", "New service")
        expect(page.get_by_role("heading", name="You may not write definitions")).to_be_visible()
    finally:
        screen.server.give_role("admin")
