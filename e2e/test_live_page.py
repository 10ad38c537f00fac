"""Two people look at the same list while somebody changes the swarm from the command line."""

import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.screen import Screen
from e2e.server import Server
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

BLINK = 8_000
"""Milliseconds: starting a container on a busy machine takes seconds, telling the page does not."""


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    )
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def pages(server: Server, browser: Browser) -> Iterator[list[Page]]:
    """Two browsers of the same person, each on the list of services."""
    contexts = [browser.new_context(), browser.new_context()]
    first, second = (context.new_page() for context in contexts)
    Screen(first, server).set_up()
    second.goto(server.url + "/sign-in")
    Screen(second, server).sign_in()
    for page in (first, second):
        page.goto(server.url + "/services")
        expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()
    yield [first, second]
    for context in contexts:
        context.close()


def row(page: Page, service: str) -> Locator:
    header = page.get_by_role("rowheader", name=service, exact=True)
    return page.get_by_role("row").filter(has=header)


def docker(lab: Lab, *arguments: str) -> None:
    command = lab.node("manager-1").machine.inside(["docker", *arguments])
    subprocess.run(command, check=True, timeout=60, capture_output=True)


def test_both_pages_follow_a_change_from_the_command_line_without_asking_again(
    pages: list[Page], lab: Lab
) -> None:
    image = f"{lab.registry.host}/hello-world:1"
    docker(lab, "service", "create", "--detach", "--name", "by-hand", image)
    for page in pages:
        expect(row(page, "by-hand")).to_contain_text("1 / 1", timeout=30_000)
    asked: list[str] = []
    for page in pages:
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    docker(lab, "service", "scale", "--detach", "by-hand=3")
    for page in pages:
        expect(row(page, "by-hand")).to_contain_text("3 / 3", timeout=30_000)
    docker(lab, "service", "rm", "by-hand")
    for page in pages:
        expect(row(page, "by-hand")).to_have_count(0, timeout=BLINK)
    lists = [path for path in asked if path in {"/api/services", "/api/services/live", "/api/nodes"}]
    assert lists == [], "the page asked for lists again instead of following the stream"


def test_the_pages_follow_again_after_the_server_was_killed_and_came_back(
    pages: list[Page], server: Server, lab: Lab
) -> None:
    server.kill()
    docker(lab, "service", "create", "--detach", "--name", "meanwhile", f"{lab.registry.host}/hello-world:1")
    server.start()
    for page in pages:
        expect(row(page, "meanwhile")).to_contain_text("1 / 1", timeout=60_000)
    docker(lab, "service", "rm", "meanwhile")
    for page in pages:
        expect(row(page, "meanwhile")).to_have_count(0, timeout=30_000)
