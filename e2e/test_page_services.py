"""The list of services: found, grouped, changed one by one and many at once, by mouse and by keys alone."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.screen import signed_in
from e2e.server import Server, eventually
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

ROLLOUT = 60_000
IMAGE = "${REGISTRY_HOST}/hello-world:1"
DEFINITIONS = {
    "shop-web": f"image: {IMAGE}\nreplicas: 2\nports:\n  - 8085:80\n",
    "shop-api": f"image: {IMAGE}\n",
    "agent": f"image: {IMAGE}\nmode: global\n",
    "nowhere": "image: ${REGISTRY_HOST}/no-such-image:1\n",
}


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    ).with_token("services-token-0123456789abcdef0")
    server.definitions.mkdir(parents=True)
    for name, text in DEFINITIONS.items():
        (server.definitions / f"{name}.yaml").write_text(f"name: {name}\n{text}")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def page(server: Server, browser: Browser) -> Iterator[Page]:
    with signed_in(browser, server, viewport={"width": 1440, "height": 900}) as screen:
        yield screen.page


def visit(page: Page, server: Server, path: str = "/services") -> None:
    page.goto(server.url + path)
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Filter services")).to_be_visible()


def row(page: Page, service: str) -> Locator:
    header = page.get_by_role("rowheader", name=service, exact=True)
    return page.get_by_role("row").filter(has=header)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))


def results(page: Page) -> Locator:
    return page.get_by_role("region", name="Results for each service")


def choose(page: Page, *services: str) -> Locator:
    for service in services:
        page.get_by_role("checkbox", name=f"Select {service}", exact=True).check()
    return page.get_by_role("region", name="Selection")


def focused_row(page: Page) -> str:
    return str(page.evaluate("document.activeElement?.dataset.line ?? ''"))


def test_many_are_deployed_at_once_and_the_one_that_fails_is_on_top_with_its_cause(
    page: Page, server: Server
) -> None:
    visit(page, server)
    page.get_by_role("checkbox", name=re.compile("^Select all")).first.check()
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_contain_text("selected")
    bar.get_by_role("button", name="Clear the selection").click()
    expect(bar).to_have_count(0)
    bar = choose(page, *DEFINITIONS)
    expect(bar).to_contain_text("4 services selected")
    bar.get_by_role("button", name="Deploy").click()
    expect(dialog(page)).to_contain_text("4 services are not in the swarm and will be created")
    dialog(page).get_by_role("button", name="Deploy 4").click()
    expect(results(page)).to_contain_text("1 failed", timeout=ROLLOUT)
    expect(results(page)).to_contain_text("3 done", timeout=ROLLOUT)
    first = results(page).get_by_role("listitem").first
    expect(first).to_contain_text("nowhere")
    expect(first).to_contain_text("no-such-image")
    expect(row(page, "shop-web")).to_contain_text("2 / 2", timeout=ROLLOUT)
    results(page).get_by_role("button", name="Retry 1 failed").click()
    expect(results(page)).to_contain_text("1 failed", timeout=ROLLOUT)
    expect(results(page)).to_contain_text("3 done")
    results(page).get_by_role("button", name="Dismiss the results").click()
    expect(results(page)).to_have_count(0)


def test_many_are_scaled_at_once_and_what_cannot_be_is_left_out_by_name(page: Page, server: Server) -> None:
    visit(page, server)
    bar = choose(page, "shop-web", "shop-api", "agent")
    bar.get_by_role("button", name="Scale").click()
    expect(dialog(page)).to_contain_text("1 service left out")
    expect(dialog(page)).to_contain_text("agent: A global service runs once on every node.")
    dialog(page).get_by_label("Replicas of each").fill("3")
    dialog(page).get_by_text("With the docker command").click()
    expect(dialog(page)).to_contain_text("docker service scale")
    expect(dialog(page)).to_contain_text("shop-web=3")
    dialog(page).get_by_role("button", name="Scale 2").click()
    expect(results(page)).to_contain_text("2 done", timeout=ROLLOUT)
    for service in ("shop-web", "shop-api"):
        expect(row(page, service)).to_contain_text("3 / 3", timeout=ROLLOUT)
    results(page).get_by_role("button", name="Dismiss the results").click()


def test_a_number_of_replicas_shows_at_once_and_is_undone_from_its_notice(page: Page, server: Server) -> None:
    visit(page, server)
    row(page, "shop-api").hover()
    page.get_by_role("button", name="One more shop-api").dblclick()
    expect(row(page, "shop-api")).to_contain_text("/ 5", timeout=1_000)
    toast = page.get_by_role("region", name="Results", exact=True)
    expect(toast).to_contain_text("Scale to 5", timeout=10_000)
    toast.get_by_role("button", name="Undo").click()
    expect(row(page, "shop-api")).to_contain_text("3 / 3", timeout=ROLLOUT)

    def asked() -> list[int]:
        changes = server.get("/api/deployments?service=shop-api&limit=2")["items"]
        return [change["replicas"] for change in changes]

    eventually(lambda: asked() == [3, 5], within=10)  # two clicks are one change, the way back another


def test_what_someone_else_changed_meanwhile_is_not_overwritten_by_undo(page: Page, server: Server) -> None:
    visit(page, server)
    row(page, "shop-api").hover()
    page.get_by_role("button", name="One fewer shop-api").click()
    toast = page.get_by_role("region", name="Results", exact=True)
    expect(toast.get_by_role("button", name="Undo")).to_be_visible(timeout=10_000)
    server.call("POST", "/api/services/shop-api/scale", {"replicas": 1})
    expect(row(page, "shop-api")).to_contain_text("/ 1", timeout=20_000)
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Someone else changed shop-api meanwhile")
    assert server.get("/api/services/shop-api")["desired"] == 1
    toast.get_by_role("button", name="Scale to 3 all the same").click()
    expect(row(page, "shop-api")).to_contain_text("3 / 3", timeout=ROLLOUT)


def test_a_refused_number_goes_back_with_the_server_s_sentence(page: Page, server: Server) -> None:
    visit(page, server)
    sentence = "The swarm has no leader."
    problem = {
        "type": "about:blank",
        "title": "x",
        "status": 503,
        "code": "swarm_no_leader",
        "detail": sentence,
    }
    page.route(
        "**/api/services/shop-web/scale",
        lambda route: route.fulfill(
            status=503, content_type="application/problem+json", body=json.dumps(problem)
        ),
    )
    row(page, "shop-web").hover()
    page.get_by_role("button", name="One more shop-web").click()
    expect(row(page, "shop-web")).to_contain_text("/ 4")
    toast = page.get_by_role("region", name="Results", exact=True)
    expect(toast).to_contain_text("shop-web was not scaled to 4")
    expect(toast).to_contain_text(sentence)
    expect(row(page, "shop-web")).to_contain_text("3 / 3")
    page.unroute("**/api/services/shop-web/scale")


def test_many_are_restarted_at_once(page: Page, server: Server) -> None:
    before = {task["id"] for task in server.get("/api/services/shop-web")["tasks"]}
    visit(page, server)
    choose(page, "shop-web", "shop-api").get_by_role("button", name="Restart").click()
    dialog(page).get_by_role("button", name="Restart 2").click()
    expect(results(page)).to_contain_text("2 done", timeout=ROLLOUT)
    results(page).get_by_role("button", name="Dismiss the results").click()

    def replaced() -> bool:
        tasks = server.get("/api/services/shop-web")["tasks"]
        return before.isdisjoint(task["id"] for task in tasks if task["state"] == "running")

    assert eventually(replaced, within=30)


def test_filters_sort_and_groups_are_in_the_address_and_survive_a_reload(page: Page, server: Server) -> None:
    visit(page, server)
    page.keyboard.press("/")
    page.keyboard.type("name:shop !status:failed")
    page.get_by_role("button", name="Service", exact=True).click()
    page.get_by_role("button", name="Service", exact=True).click()
    page.get_by_label("Group by").select_option("node")
    page.wait_for_url(re.compile(r"sort=-name.*group=node|group=node.*sort=-name"))
    assert "q=name" in page.url
    page.reload()
    expect(page.get_by_role("searchbox", name="Filter services")).to_have_value("name:shop !status:failed")
    expect(page.get_by_label("Group by")).to_have_value("node")
    group = page.get_by_role("button", name=re.compile("^worker-1"))
    expect(group).to_have_attribute("aria-expanded", "true")
    expect(row(page, "agent")).to_have_count(0)
    names = page.locator("tr[data-line*='/']").evaluate_all("rows => rows.map(row => row.dataset.line)")
    under_first = [name.split("/")[1] for name in names if name.startswith("worker-1/")]
    assert under_first == sorted(under_first, reverse=True)
    before = len(names)
    group.click()
    expect(group).to_have_attribute("aria-expanded", "false")
    assert page.locator("tr[data-line*='/']").count() < before


def test_columns_are_remembered(page: Page, server: Server) -> None:
    visit(page, server)
    expect(page.get_by_role("columnheader", name="Revision")).to_have_count(0)
    page.get_by_role("button", name="View").click()
    page.get_by_role("checkbox", name="Revision").check()
    page.get_by_role("checkbox", name="Image").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("columnheader", name="Revision")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Image")).to_have_count(0)


def test_the_list_is_saved_as_it_is_filtered(page: Page, server: Server) -> None:
    visit(page, server, "/services?q=shop-web")
    page.get_by_role("button", name="View").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["name", "shop-web"]


def test_a_service_from_the_command_line_is_added_to_the_catalog(
    page: Page, server: Server, lab: Lab
) -> None:
    image = f"{lab.registry.host}/hello-world:1"
    command = ["docker", "service", "create", "--detach", "--name", "by-hand", image]
    subprocess.run(lab.node("manager-1").machine.inside(command), check=True, timeout=60, capture_output=True)
    visit(page, server)
    expect(row(page, "by-hand")).to_contain_text("not ours", timeout=20_000)
    page.get_by_role("button", name="More for by-hand").click()
    page.get_by_role("menuitem", name="Add to catalog").click()
    expect(dialog(page)).to_contain_text("docker service inspect")
    dialog(page).get_by_role("button", name="Add to the catalog").click()
    expect(page.get_by_role("heading", level=1, name="by-hand")).to_be_visible()
    assert server.get("/api/services/by-hand")["in_catalog"]


def test_deploy_scale_and_stop_by_keys_alone(page: Page, server: Server) -> None:
    visit(page, server, "/services?q=shop-web")
    expect(row(page, "shop-web")).to_be_visible()
    page.keyboard.press("j")
    assert focused_row(page) == "shop-web"
    page.keyboard.press("s")
    expect(dialog(page)).to_contain_text("Scale shop-web")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_have_count(0)
    expect(row(page, "shop-web")).to_contain_text("1 / 1", timeout=ROLLOUT)

    page.keyboard.press("j")
    page.keyboard.press("Shift+S")
    expect(dialog(page)).to_contain_text("Published port 8085 goes away on every node.")
    page.get_by_role("button", name="Stop", exact=True).focus()
    page.keyboard.press("Enter")
    expect(row(page, "shop-web")).to_contain_text("stopped", timeout=ROLLOUT)

    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(row(page, "shop-web")).to_contain_text("1 / 1", timeout=ROLLOUT)
    page.keyboard.press("j")
    page.keyboard.press("l")
    expect(page.get_by_role("tab", name="Logs")).to_have_attribute("aria-selected", "true")


def test_rows_are_walked_and_chosen_by_keys(page: Page, server: Server) -> None:
    visit(page, server, "/services?sort=name")
    expect(row(page, "agent")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_contain_text("3 services selected")
    page.keyboard.press("*")
    expect(bar).to_contain_text("5 services selected")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    page.keyboard.press("k")
    at = focused_row(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=at)).to_be_visible()


def test_many_are_stopped_at_once_and_it_is_said_what_goes_away(page: Page, server: Server) -> None:
    visit(page, server)
    choose(page, "shop-web", "shop-api", "agent").get_by_role("button", name="Stop").click()
    expect(dialog(page)).to_contain_text("Published port 8085 (shop-web) goes away on every node.")
    expect(dialog(page)).to_contain_text("running tasks")
    dialog(page).get_by_role("button", name="Stop 3").click()
    expect(results(page)).to_contain_text("3 done", timeout=ROLLOUT)
    expect(row(page, "agent")).to_contain_text("stopped", timeout=ROLLOUT)


def test_at_phone_width_the_acts_lie_in_a_sheet(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, server)
    page.get_by_role("button", name="More for agent").click()
    menu = page.get_by_role("menu")
    expect(menu).to_be_visible()
    page.wait_for_timeout(300)
    box = menu.bounding_box()
    assert box is not None
    assert box["width"] == 390
    assert round(box["y"] + box["height"]) == 844
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_at_phone_width_the_map_is_one_tap_from_the_nodes(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, server)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Nodes").click()
    views = page.get_by_role("navigation", name="Nodes as")
    views.get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", level=1, name="Map")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    views.get_by_role("link", name="List").click()
    expect(page.get_by_role("heading", level=1, name="Nodes")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
