"""A newcomer's first hour in a real browser, on the real page, the real server and three real nodes.

The tests tell one story in order, on one lab, one server and one tab.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from e2e.conftest import OUTPUT
from e2e.screen import PASSWORD, Screen
from e2e.server import Server, eventually
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

NODES = ("manager-1", "worker-1", "worker-2")
PORT = 8081
"""Of definitions/examples/hello-world.yaml."""
NO_COMPLAINT = (
    "the server responded with a status of",  # a refusal is an answer, though the browser calls it an error
    "net::ERR_NETWORK_CHANGED",  # a lab beside this one came up or went down
)
ROLLOUT = 90_000
NODE_LOST = 120_000
"""Milliseconds: about 13 s until the managers give a node up, and room for a busy machine."""


@dataclass
class Visitor:
    """One tab, and everything the browser complained about while it was open."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(one in message.text for one in NO_COMPLAINT):
            self.complaints.append(f"{message.text} ({message.location})")

    def visit(self, path: str) -> None:
        self.page.goto(self.server.url + path)

    def go_to(self, place: str) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=place).first.click()
        expect(self.page.get_by_role("heading", level=1, name=place)).to_be_visible()

    def row(self, service: str) -> Locator:
        header = self.page.get_by_role("rowheader", name=service, exact=True)
        return self.page.get_by_role("row").filter(has=header)

    def node(self, hostname: str) -> Locator:
        header = self.page.get_by_role("rowheader", name=re.compile(f"^{hostname}"))
        return self.page.get_by_role("row").filter(has=header)

    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog").or_(self.page.get_by_role("alertdialog"))

    def open_service(self, name: str) -> None:
        self.go_to("Services")
        self.row(name).get_by_role("link", name=name, exact=True).click()
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def photograph(self, name: str) -> None:
        for width, height in ((1440, 900), (390, 844)):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
            self.page.screenshot(path=OUTPUT / f"{name}-{width}.png")
        self.page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A first start as `make run` makes one: no token, no account, the examples in the catalog."""
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    )
    server.set("ORCHESTRATOR_SEED_EXAMPLES", "true")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def visitor(server: Server, browser: Browser) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    visitor = Visitor(page, server)
    page.on("console", visitor.hear)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    yield visitor
    context.close()


def fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return str(answer.read().decode())
    except OSError as problem:
        return f"({problem})"


def test_the_one_time_link_makes_the_admin_and_signs_in(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(visitor.server.sign_in_link())
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert "code=" not in page.url, "the code must not stay in the address"
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin and sign in").click()
    expect(page.get_by_role("navigation", name="Main").first).to_be_visible()


def test_the_nodes_are_there(visitor: Visitor) -> None:
    visitor.go_to("Nodes")
    for hostname in NODES:
        expect(visitor.node(hostname)).to_contain_text("ready")
        expect(visitor.node(hostname)).to_contain_text("free")
    visitor.photograph("nodes")


def test_hello_world_is_deployed_and_scaled_to_three_nodes_and_answers_on_each(
    visitor: Visitor, lab: Lab
) -> None:
    page = visitor.page
    visitor.go_to("Services")
    expect(visitor.row("hello-world")).to_contain_text("stopped")
    page.get_by_role("button", name="Deploy hello-world").click()
    expect(visitor.row("hello-world")).to_contain_text("running", timeout=ROLLOUT)

    page.get_by_role("button", name="Scale hello-world").click()
    page.get_by_label("Replicas").fill("3")
    visitor.dialog().get_by_role("button", name="Scale", exact=True).click()
    expect(visitor.row("hello-world")).to_contain_text("3 / 3", timeout=ROLLOUT)
    for hostname in NODES:
        expect(visitor.row("hello-world")).to_contain_text(hostname)
    visitor.photograph("services")

    for node in lab.swarm_nodes():
        url = f"http://{node['Status']['Addr']}:{PORT}/"
        eventually(lambda url=url: "Hello, world!" in fetch(url), within=10)  # type: ignore[misc]


def test_bad_input_is_named_at_its_field_and_changes_nothing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go_to("Services")
    page.get_by_role("button", name="New service").click()
    page.get_by_label("Name", exact=True).fill("../escape")
    page.get_by_label("Image", exact=True).fill("app")
    page.get_by_label("Replicas").fill("-1")
    page.get_by_role("button", name="Create and deploy").click()
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    assert page.url.endswith("/new-service")
    visitor.photograph("new-service-refused")
    page.get_by_role("button", name="Cancel").click()
    visitor.dialog().get_by_role("button", name="Discard and leave").click()


def test_a_second_service_made_in_the_form_is_scaled_to_five(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go_to("Services")
    page.get_by_role("button", name="New service").click()
    page.get_by_label("Name", exact=True).fill("quiet")
    page.get_by_label("Image", exact=True).fill("${REGISTRY_HOST}/multi:latest")
    page.get_by_role("button", name="Create and deploy").click()
    expect(page.get_by_role("heading", level=1, name="quiet")).to_be_visible()
    expect(page.get_by_text("1 / 1").first).to_be_visible(timeout=ROLLOUT)

    page.get_by_role("button", name="Scale", exact=True).click()
    page.get_by_label("Replicas").fill("5")
    visitor.dialog().get_by_role("button", name="Scale", exact=True).click()
    expect(page.get_by_text("5 / 5").first).to_be_visible(timeout=ROLLOUT)
    visitor.photograph("service")


def test_a_service_is_made_from_yaml(visitor: Visitor) -> None:
    page = visitor.page
    visitor.visit("/new-service?as=yaml")
    page.get_by_label("Name", exact=True).fill("once")
    text = "# runs once\nname: once\nimage: ${REGISTRY_HOST}/batch:latest\nmode: replicated-job\n"
    Screen(page, visitor.server).write_definition(text)
    page.get_by_role("button", name="Create and deploy").click()
    expect(page.get_by_role("heading", level=1, name="once")).to_be_visible()
    expect(page.get_by_text(re.compile("complete", re.I)).first).to_be_visible(timeout=ROLLOUT)
    assert (visitor.server.definitions / "once.yaml").read_text() == text, "comments are kept"
    visitor.go_to("Services")
    visitor.photograph("first-hour")


def test_logs_are_read(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open_service("hello-world")
    page.get_by_role("tab", name="Logs").click()
    lines = page.get_by_label("Log lines of hello-world")
    expect(lines).to_contain_text("listens on port 80", timeout=15_000)
    visitor.photograph("logs")


def test_draining_a_node_says_what_moves_and_moves_it(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go_to("Nodes")
    page.get_by_role("button", name="Drain worker-1").click()
    expect(visitor.dialog()).to_contain_text("quiet")
    expect(visitor.dialog()).to_contain_text("hello-world")
    visitor.photograph("drain")
    visitor.dialog().get_by_role("button", name="Drain", exact=True).click()
    expect(visitor.node("worker-1")).to_contain_text("drained")

    visitor.go_to("Services")
    expect(visitor.row("quiet")).to_contain_text("5 / 5", timeout=ROLLOUT)
    expect(visitor.row("quiet")).not_to_contain_text("worker-1", timeout=ROLLOUT)

    visitor.go_to("Nodes")
    page.get_by_role("button", name="Activate worker-1").click()
    visitor.dialog().get_by_role("button", name="Activate", exact=True).click()
    expect(visitor.node("worker-1")).to_contain_text("ready")
    visitor.go_to("Services")
    expect(visitor.row("hello-world")).to_contain_text("3 / 3", timeout=ROLLOUT)


def test_a_node_without_power_is_shown_as_it_is(visitor: Visitor, lab: Lab) -> None:
    lab.power_off("worker-2")
    try:
        visitor.go_to("Nodes")
        expect(visitor.node("worker-2")).to_contain_text("down", timeout=NODE_LOST)
        visitor.photograph("node-down")
        visitor.go_to("Services")
        # Its port is free on no other node, so one task waits; what the dead node last said does not count.
        expect(visitor.row("hello-world")).to_contain_text("2 / 3", timeout=NODE_LOST)
        expect(visitor.row("hello-world")).not_to_contain_text("worker-2", timeout=ROLLOUT)
        expect(visitor.row("quiet")).to_contain_text("5 / 5", timeout=ROLLOUT)
    finally:
        lab.power_on("worker-2")
    expect(visitor.row("hello-world")).to_contain_text("3 / 3", timeout=NODE_LOST)


def test_every_address_can_be_reloaded(visitor: Visitor) -> None:
    for path, heading in {
        "/services": "Services",
        "/services/hello-world": "hello-world",
        "/services/hello-world?tab=logs": "hello-world",
        "/services?q=hello&show=running": "Services",
        "/new-service?as=yaml": "New service",
        "/nodes": "Nodes",
    }.items():
        visitor.visit(path)
        expect(visitor.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        visitor.page.reload()
        expect(visitor.page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def test_an_unknown_api_address_is_a_problem_and_never_the_page(visitor: Visitor) -> None:
    answer = visitor.page.request.get(f"{visitor.server.url}/api/no/such/thing")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert json.loads(answer.body())["code"] == "not_found"


def test_stop_keeps_the_service_in_the_catalog(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open_service("quiet")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(visitor.dialog()).to_contain_text("definition stays in the catalog")
    visitor.dialog().get_by_role("button", name="Stop", exact=True).click()
    visitor.go_to("Services")
    expect(visitor.row("quiet")).to_contain_text("stopped", timeout=ROLLOUT)


def test_signing_out_and_in_again(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name=re.compile("^Account")).click()
    page.get_by_role("menuitem", name=re.compile("sign out", re.I)).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.visit("/nodes")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Nodes")).to_be_visible()


def test_both_themes_are_photographed(visitor: Visitor) -> None:
    for scheme in ("dark", "light"):
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.visit("/services")
        expect(visitor.row("hello-world")).to_be_visible()
        visitor.photograph(f"services-{scheme}")


def test_the_browser_had_nothing_to_complain_about(visitor: Visitor) -> None:
    assert visitor.complaints == []
