"""Every act of the page beside those of the list: one service, its definition and rollouts, nodes, settings.

One lab, one server and one tab; each test brings what it needs.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.screen import ROLLOUT, Screen, signed_in
from e2e.server import Server, eventually
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

IMAGE = "${REGISTRY_HOST}/hello-world"
SHOP = f"""\
# What the shop shows.
name: shop
image: {IMAGE}:1 # the version
replicas: 2

# All at once, with an early verdict.
update_config:
  parallelism: 0
  monitor: 1s
"""
# One task after the other, so that one can watch.
WEB = f"name: web\nimage: {IMAGE}:1 # the version\nreplicas: 3\nupdate_config: {{delay: 2s, monitor: 1s}}\n"
DEFINITIONS = {
    "shop": SHOP,
    "web": WEB,
    "pinned": f"name: pinned\nimage: {IMAGE}:1\nconstraints: [node.labels.zone == a]\n",
    "nowhere": f"name: nowhere\nimage: {IMAGE}:1\nconstraints: [node.labels.zone == nirvana]\n",
}
NODE_GONE = 60_000
"""Milliseconds until the managers have noticed, on a busy machine."""


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    ).with_token("acts-token-0123456789abcdef012345")
    server.definitions.mkdir(parents=True)
    for name, text in DEFINITIONS.items():
        (server.definitions / f"{name}.yaml").write_text(text)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def screen(server: Server, browser: Browser) -> Iterator[Screen]:
    with signed_in(browser, server, viewport={"width": 1440, "height": 1000}) as screen:
        yield screen


@pytest.fixture
def page(screen: Screen) -> Page:
    return screen.page


def docker(lab: Lab, *arguments: str, on: str = "manager-1") -> str:
    command = lab.node(on).machine.inside(["docker", *arguments])
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    return done.stdout.strip()


def reachability(lab: Lab, manager: str) -> str:
    """What the engine says of a manager; empty while a raft of two has no leader and answers nothing."""
    with suppress(subprocess.CalledProcessError):
        return docker(lab, "node", "inspect", manager, "--format", "{{.ManagerStatus.Reachability}}")
    return ""


def running(server: Server, name: str) -> set[str]:
    """Ids of its running tasks."""
    tasks = server.get(f"/api/services/{name}")["tasks"]
    return {task["id"] for task in tasks if task["state"] == "running"}


def deployed(server: Server, name: str, text: str | None = None) -> None:
    """Bring a definition into the swarm, without the page."""
    if text is not None:
        answer = server.call("PUT", f"/api/services/{name}", {"yaml": text})
        assert answer.status == 200, answer
    answer = server.call("POST", f"/api/services/{name}/deploy?wait=25")
    assert answer.status in (200, 202), answer
    wanted = server.get(f"/api/services/{name}")["desired"]
    eventually(lambda: len(running(server, name)) == wanted, within=60)


# A service and its rollouts


def test_a_rollout_is_watched_slot_by_slot_and_rolled_back_in_place(
    screen: Screen, page: Page, server: Server
) -> None:
    deployed(server, "web")
    screen.open_service("web", tab="Definition")
    screen.write_definition(WEB.replace(":1", ":2"), of="web")
    screen.button("Save and deploy").click()
    expect(screen.notices).to_contain_text("Deploy web")
    screen.go_to("Dashboard")
    in_flight = screen.card("Rollouts in flight")
    expect(in_flight).to_contain_text(re.compile(r"[012] of 3 new"), timeout=ROLLOUT)
    in_flight.get_by_role("link", name="deploy revision 2 of web").click()

    screen.shows("web: deploy revision 2")
    slots = screen.card("Slots")
    expect(slots).to_contain_text("live")
    for word in ("waits its turn", "running"):
        expect(slots.get_by_role("row").filter(has_text=word).first).to_be_visible(timeout=ROLLOUT)
    expect(slots).to_contain_text("3 of 3 new", timeout=ROLLOUT)
    expect(page.locator("main")).to_contain_text("succeeded", timeout=ROLLOUT)
    expect(slots).to_contain_text("as they are now")
    for slot in (1, 2, 3):
        row = slots.get_by_role("row", name=f"Slot {slot}")
        expect(row).to_contain_text("shutdown")  # the old task
        expect(row).to_contain_text("running")  # the one in its place
    expect(screen.card("What changed")).to_contain_text("TaskTemplate.ContainerSpec.Image")

    screen.button("Roll back to revision 1").click()
    expect(screen.dialog).to_contain_text("3 running tasks")
    expect(screen.dialog).to_contain_text(f"+ image: {IMAGE}:1")
    screen.confirm("Roll back to revision 1")
    page.get_by_role("link", name=re.compile("^roll back to revision 1")).click()
    screen.shows("web: roll back to revision 1")
    expect(screen.card("Slots")).to_contain_text("3 of 3 back", timeout=ROLLOUT)
    expect(page.locator("main")).to_contain_text("succeeded", timeout=ROLLOUT)
    assert server.get("/api/services/web")["image"].endswith("hello-world:1")
    assert "# the version" in (server.definitions / "web.yaml").read_text()


def test_deployments_are_found_by_service_state_and_kind(screen: Screen, page: Page) -> None:
    screen.go_to("Deployments")
    page.get_by_label("Service").fill("web")
    page.get_by_label("Kind").select_option("rollback")
    screen.at_url(r"kind=rollback")
    items = page.locator("main").get_by_role("listitem")
    expect(items).to_have_count(1)
    expect(items).to_contain_text("roll back to revision 1")
    page.reload()
    expect(page.get_by_label("Kind")).to_have_value("rollback")
    expect(items).to_have_count(1)
    page.get_by_label("State").select_option("failed")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    screen.button("Show all deployments").click()
    expect(items.filter(has_text="deploy revision 2")).to_have_count(1)


def test_restart_replaces_every_task(screen: Screen, page: Page, server: Server) -> None:
    deployed(server, "shop")
    before = running(server, "shop")
    screen.open_service("shop")
    screen.choose("More", "Restart")
    expect(screen.dialog).to_contain_text("Restart shop?")
    expect(screen.dialog).to_contain_text("docker service update --force")
    screen.confirm("Restart")
    expect(screen.notices).to_contain_text("succeeded", timeout=ROLLOUT)
    after = running(server, "shop")
    assert len(after) == 2
    assert before.isdisjoint(after)


def test_a_service_scales_by_steps_and_by_number_on_its_own_page(
    screen: Screen, page: Page, server: Server
) -> None:
    deployed(server, "shop")
    screen.open_service("shop")
    now = screen.card("Now")
    screen.button("One fewer shop").click()
    expect(now).to_contain_text("/ 1", timeout=2_000)
    screen.notices.get_by_role("button", name="Undo").click(timeout=20_000)
    expect(now).to_contain_text("2 / 2", timeout=ROLLOUT)
    screen.button("Scale").click()
    screen.dialog.get_by_label("Replicas").fill("1")
    expect(screen.dialog).to_contain_text("1 task will end.")
    screen.confirm("Scale")
    expect(now).to_contain_text("1 / 1", timeout=ROLLOUT)
    assert "replicas: 1" in (server.definitions / "shop.yaml").read_text()
    assert "# What the shop shows." in (server.definitions / "shop.yaml").read_text()


def test_an_earlier_revision_is_read_and_brought_back_from_the_menu(
    screen: Screen, page: Page, server: Server
) -> None:
    deployed(server, "shop", SHOP)
    deployed(server, "shop", SHOP.replace(":1", ":2"))
    screen.open_service("shop", tab="Definition")
    screen.button("View revision 1").click()
    expect(page.get_by_label("Text of revision 1")).to_contain_text("hello-world:1")
    screen.choose("More", "Roll back")
    expect(screen.dialog).to_contain_text("Roll back shop?")
    screen.dialog.get_by_label("Back to").select_option("1")
    screen.confirm("Roll back")
    expect(screen.notices).to_contain_text("succeeded", timeout=ROLLOUT)
    assert server.get("/api/services/shop")["image"].endswith("hello-world:1")


def test_stop_says_what_ends_and_delete_takes_the_definition(
    screen: Screen, page: Page, server: Server
) -> None:
    server.call("POST", "/api/services", {"name": "brief", "yaml": f"name: brief\nimage: {IMAGE}:1\n"})
    deployed(server, "brief")
    screen.open_service("brief")
    screen.choose("More", "Delete")
    expect(screen.dialog).to_contain_text("It is in the swarm with 1 running task")
    screen.dialog.get_by_role("button", name="Cancel").click()
    screen.button("Stop").click()
    expect(screen.dialog).to_contain_text("1 running task")
    expect(screen.dialog).to_contain_text("docker service rm brief")
    screen.confirm("Stop")
    expect(page.get_by_text("stopped").first).to_be_visible(timeout=ROLLOUT)
    screen.choose("More", "Delete")
    screen.confirm("Delete")
    screen.shows("Services")
    expect(screen.row("shop")).to_be_visible()
    expect(screen.row("brief")).to_have_count(0)
    assert not (server.definitions / "brief.yaml").exists()


# Its definition


def test_an_error_stands_at_its_line_and_is_the_one_a_deploy_would_tell(
    screen: Screen, page: Page, server: Server
) -> None:
    wrong = SHOP.replace("replicas: 2", "replicas: many").replace("monitor: 1s", "monitro: 1s")
    answer = server.call("PUT", "/api/services/shop", {"yaml": wrong})
    assert answer.status == 422
    screen.open_service("shop", tab="Definition")
    screen.write_definition(wrong, of="shop")
    problems = page.get_by_role("list", name="Problems in the text")
    for error in answer.body["errors"]:
        line = f"Line {error['line']}"
        item = problems.get_by_role("listitem").filter(has=page.get_by_role("button", name=line, exact=True))
        expect(item).to_contain_text(error["reason"].replace("`", ""))
    assert {error["line"] for error in answer.body["errors"]} == {4, 9}

    # From the problem to its place, and mended there.
    problems.get_by_role("button", name="Line 4").click()
    page.keyboard.press("End")
    for _ in "many":
        page.keyboard.press("Backspace")
    page.keyboard.type("2")
    expect(problems.get_by_role("listitem")).to_have_count(1)
    problems.get_by_role("button", name="Line 9").click()
    page.keyboard.press("Shift+End")
    page.keyboard.type("monitor: 1s")
    expect(problems).to_have_count(0)
    expect(screen.button("Save")).to_be_disabled()  # the text is again what it was


def test_form_and_text_are_one_draft_and_comments_survive_both(
    screen: Screen, page: Page, server: Server
) -> None:
    server.call("PUT", "/api/services/shop", {"yaml": SHOP})
    screen.open_service("shop", tab="Definition")
    screen.open_tab("Form")
    page.get_by_label("Replicas", exact=True).fill("3")
    page.get_by_role("button", name="Add variable").click()
    page.get_by_label("Variable 1: name").fill("COLOUR")
    page.get_by_label("Variable 1: value").fill("blue")
    page.get_by_role("button", name="Add port").click()
    page.get_by_label("Port 1: published").fill("8090")
    page.get_by_label("Port 1: in the container").fill("80")
    screen.open_tab("YAML")
    expect(screen.editor("shop")).to_contain_text("COLOUR: blue")
    expect(screen.editor("shop")).to_contain_text("# What the shop shows.")
    screen.button("Save").click()
    expect(page.get_by_role("status").filter(has_text=re.compile(r"^Revision \d+$"))).to_be_visible()
    text = (server.definitions / "shop.yaml").read_text()
    for line in (
        "# What the shop shows.",
        "# the version",
        "# All at once, with an early verdict.",
        "replicas: 3",
    ):
        assert line in text
    definition = server.get("/api/services/shop")["definition"]
    assert definition["env"] == {"COLOUR": "blue"}
    assert "8090:80" in json.dumps(definition["ports"])


def test_a_change_by_somebody_else_is_merged_and_not_overwritten(
    screen: Screen, page: Page, server: Server
) -> None:
    server.call("PUT", "/api/services/shop", {"yaml": SHOP})
    screen.open_service("shop", tab="Definition")
    expect(screen.editor("shop")).to_contain_text("hello-world:1")
    screen.write_definition(SHOP.replace("replicas: 2", "replicas: 3"), of="shop")
    server.call("PUT", "/api/services/shop", {"yaml": SHOP.replace("monitor: 1s", "monitor: 2s")})
    conflict = page.get_by_role("alert", name="Changed meanwhile")
    expect(conflict).to_contain_text("The changes are in different places, so both can be kept.")
    expect(screen.button("Save")).to_be_disabled()
    conflict.get_by_role("button", name="Merge both").click()
    screen.button("Save").click()
    expect(page.get_by_role("status").filter(has_text=re.compile(r"^Revision \d+$"))).to_be_visible()
    text = (server.definitions / "shop.yaml").read_text()
    assert "replicas: 3" in text
    assert "monitor: 2s" in text


def test_what_is_not_saved_is_not_lost_without_being_asked(screen: Screen, page: Page) -> None:
    screen.open_service("shop", tab="Definition")
    screen.write_definition(SHOP.replace("the shop", "the whole shop"), of="shop")
    screen.leave_for("Nodes")
    expect(screen.dialog).to_contain_text("Leave without saving?")
    screen.dialog.get_by_role("button", name="Cancel").click()
    expect(screen.editor("shop")).to_contain_text("whole shop")
    screen.leave_for("Nodes")
    screen.confirm("Discard and leave")
    screen.shows("Nodes")


# Nodes and the map


def test_a_node_is_paused_and_activated(screen: Screen, lab: Lab) -> None:
    screen.visit("/nodes", "Nodes")
    screen.choose("More for worker-1", "Pause")
    expect(screen.dialog).to_contain_text("docker node update --availability pause worker-1")
    screen.confirm("Pause")
    expect(screen.row("worker-1")).to_contain_text("paused")
    assert docker(lab, "node", "inspect", "worker-1", "--format", "{{.Spec.Availability}}") == "pause"
    screen.button("Activate worker-1").click()
    screen.confirm("Activate")
    expect(screen.row("worker-1")).to_contain_text("ready")


def test_labels_say_what_they_move_and_group_the_map(
    screen: Screen, page: Page, server: Server, lab: Lab
) -> None:
    screen.visit("/nodes", "Nodes")
    screen.row("worker-1").get_by_role("link", name="worker-1").click()
    screen.shows("worker-1")
    expect(screen.card("Certificates")).to_contain_text("the swarm's root")
    screen.button("Edit labels of worker-1").click()
    screen.dialog.get_by_label("Key of label 1").fill("zone")
    screen.dialog.get_by_label("Value of label 1").fill("a")
    expect(screen.dialog).to_contain_text("nothing moves")
    expect(screen.dialog).to_contain_text("docker node update --label-add zone=a worker-1")
    screen.confirm("Save labels")
    expect(screen.card("Labels")).to_contain_text("zone")

    deployed(server, "pinned")
    screen.button("Edit labels of worker-1").click()
    screen.dialog.get_by_label("Value of label 1").fill("b")
    expect(screen.dialog).to_contain_text("pinned")
    screen.dialog.get_by_role("button", name="Cancel").click()

    screen.go_to("Map")
    page.get_by_label("Group", exact=True).select_option("zone")
    screen.at_url("group=zone")
    expect(page.get_by_role("heading", level=2, name=re.compile("^a|zone.*a"))).to_be_visible()
    tile = page.get_by_role("region", name=re.compile("^worker-1:"))
    expect(tile.get_by_role("link", name=re.compile(r"^pinned\.1, running, worker-1"))).to_be_visible()
    docker(lab, "node", "update", "--label-rm", "zone", "worker-1")
    expect(page.get_by_role("region", name=re.compile("^No node yet"))).to_contain_text(
        "pinned", timeout=ROLLOUT
    )
    server.call("POST", "/api/services/pinned/stop")


def test_the_map_shows_every_task_live_and_is_walked_by_keys(
    screen: Screen, page: Page, server: Server
) -> None:
    deployed(server, "shop", SHOP)
    screen.visit("/map", "Map")
    squares = page.get_by_role("link", name=re.compile(r"^shop\.\d, running"))
    expect(squares).to_have_count(2, timeout=ROLLOUT)
    server.call("POST", "/api/services/shop/scale", {"replicas": 3})
    expect(squares).to_have_count(3, timeout=ROLLOUT)
    server.call("POST", "/api/services/nowhere/deploy")
    waiting = page.get_by_role("region", name=re.compile("^No node yet: 1 task"))
    expect(waiting).to_contain_text("nowhere", timeout=ROLLOUT)
    expect(waiting).to_contain_text("no suitable node")
    page.get_by_label("Filter tasks").fill("nowhere")
    screen.at_url("q=nowhere")
    expect(squares).to_have_count(0)
    page.get_by_label("Filter tasks").fill("shop")
    expect(squares).to_have_count(3)
    squares.first.focus()
    first = page.evaluate("document.activeElement.dataset.task")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.task") not in (first, None)
    page.keyboard.press("Enter")
    screen.shows("shop")
    expect(page.get_by_role("tab", name=re.compile("^Tasks"))).to_have_attribute("aria-selected", "true")
    server.call("POST", "/api/services/nowhere/stop")


def test_a_worker_is_promoted_and_demoted_and_what_that_means_is_said(screen: Screen, lab: Lab) -> None:
    screen.visit("/nodes", "Nodes")
    screen.choose("More for worker-1", "Promote")
    expect(screen.dialog).to_contain_text("Then: 2 managers, none may fail")
    expect(screen.dialog).to_contain_text("docker node promote worker-1")
    screen.confirm("Promote")
    expect(screen.row("worker-1")).to_contain_text("manager", timeout=NODE_GONE)
    eventually(lambda: reachability(lab, "worker-1") == "reachable", within=60)
    expect(screen.row("worker-1")).not_to_contain_text("unreachable", timeout=NODE_GONE)
    screen.choose("More for worker-1", "Demote")
    expect(screen.dialog).to_contain_text("Then: 1 manager")
    screen.confirm("Demote")
    expect(screen.row("worker-1")).not_to_contain_text("manager", timeout=NODE_GONE)
    assert docker(lab, "node", "inspect", "worker-1", "--format", "{{.Spec.Role}}") == "worker"


def test_a_node_leaves_is_removed_and_joins_again_with_the_command_of_the_page(
    screen: Screen, page: Page, server: Server, lab: Lab
) -> None:
    deployed(server, "shop", SHOP.replace("replicas: 2", "replicas: 3"))
    screen.visit("/nodes", "Nodes")
    screen.button("Drain worker-2").click()
    expect(screen.dialog).to_contain_text("shop")
    expect(screen.dialog).to_contain_text("Starts again on other nodes")
    screen.confirm("Drain")
    expect(screen.row("worker-2")).to_contain_text("drained")
    docker(lab, "swarm", "leave", on="worker-2")
    expect(screen.row("worker-2")).to_contain_text("down", timeout=NODE_GONE)
    screen.choose("More for worker-2", "Remove")
    expect(screen.dialog).to_contain_text("docker node rm worker-2")
    screen.confirm("Remove")
    expect(screen.row("worker-2")).to_have_count(0)

    screen.button("Add node").click()
    command = screen.dialog.get_by_test_id("join-command")
    expect(command).to_contain_text("SWMTKN-•")
    screen.dialog.get_by_role("button", name="Show").click()
    expect(command).to_contain_text("SWMTKN-1-")
    words = command.inner_text().split()
    assert words[:3] == ["docker", "swarm", "join"]
    screen.dialog.get_by_role("button", name="New token").click()
    screen.dialog.get_by_role("button", name="Make a new token").click()
    expect(screen.dialog).to_contain_text("earlier commands for workers no longer work")
    expect(command).not_to_contain_text(words[words.index("--token") + 1])
    with pytest.raises(subprocess.CalledProcessError):
        docker(lab, *words[1:], on="worker-2")
    docker(lab, *command.inner_text().split()[1:], on="worker-2")
    page.keyboard.press("Escape")
    expect(screen.row("worker-2")).to_contain_text("ready", timeout=NODE_GONE)


# Activity and settings


def test_acts_are_on_record_with_who_did_them(screen: Screen, page: Page, server: Server) -> None:
    screen.visit("/settings", "Settings")
    screen.go_to("Activity")
    for words, target in (
        ("paused", "worker-1"),
        ("promoted to manager", "worker-1"),
        ("read how to join as", "worker"),
        ("rolled back", "web"),
    ):
        page.get_by_label("Target").fill(target)
        row = page.get_by_role("row").filter(has_text=words).first
        expect(row).to_contain_text("admin")
        expect(row).to_contain_text("done")
    page.get_by_label("Target").fill("")
    page.get_by_label("Action").select_option("node.")
    screen.at_url(r"action=node\.")
    page.reload()
    expect(page.get_by_label("Action")).to_have_value("node.")
    with page.expect_download() as download:
        screen.button("Export CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert "node.pause" in "".join(lines)
    assert "service." not in "".join(lines)
    server.call("POST", "/api/session", {"username": "admin", "password": "a wrong guess"})
    page.get_by_label("Action").select_option("sign_in")
    page.get_by_label("Outcome").select_option("denied")
    expect(page.get_by_role("row").filter(has_text="signed in as").first).to_contain_text("denied")


def test_a_token_is_shown_once_works_and_is_revoked(screen: Screen, page: Page, server: Server) -> None:
    screen.visit("/settings", "Settings")
    page.get_by_role("button", name="New token").first.click()
    screen.dialog.get_by_label("Name").fill("ci")
    screen.dialog.get_by_label("Expires").select_option(label="in 7 days")
    screen.dialog.get_by_role("button", name="Create token").click()
    token = screen.dialog.get_by_role("status", name="Token").inner_text()
    screen.confirm("I have copied it")
    caller = Server(server.folder, docker_host="").with_token(token)
    caller.url = server.url
    assert caller.call("GET", "/api/services").status == 200
    page.reload()
    expect(screen.row("ci")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(token)
    screen.button("Revoke ci").click()
    screen.confirm("Revoke")
    expect(screen.row("ci")).to_have_count(0)
    assert caller.call("GET", "/api/services").status == 401


def test_theme_density_and_times_are_chosen_and_kept(screen: Screen, page: Page) -> None:
    screen.visit("/settings", "Settings")
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("radio", name="UTC").check(force=True)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("radio", name="UTC")).to_be_checked()
    page.get_by_role("button", name=re.compile("^Theme: dark")).click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
