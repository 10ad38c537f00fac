"""Somebody who knows Docker but not us: what breaks, on a first day or a bad day, is said and is mended."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from e2e.quiet_network import QuietNetwork
from e2e.screen import PASSWORD, ROLLOUT, Screen
from e2e.server import Server, eventually
from lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.browser]

TOKEN = "walk-token-0123456789abcdef012345"


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("server"), docker_host=lab.docker_host, registry_url=lab.registry_url
    ).with_token(TOKEN)
    server.set("ORCHESTRATOR_SEED_EXAMPLES", "true")
    server.start()
    yield server
    server.kill()


TALKER = """\
# Talks without end.
name: talker
image: ${REGISTRY_HOST}/hello-world:1
stop_grace_period: 1s
entrypoint:
  - sh
  - -c
  - |
    i=0
    while :; do
      i=$((i+1))
      echo "level=info tick $i"
      [ $((i % 5)) != 0 ] || echo "level=error tock $i" >&2
      sleep 0.2
    done
"""
LINES = 100_000
FLOOD = f"""\
name: flood
image: ${{REGISTRY_HOST}}/hello-world:1
stop_grace_period: 1s
entrypoint: ["sh", "-c", "seq 1 {LINES} | sed 's/^/line /'; exec sleep 3600"]
"""
LIVE = re.compile(r"^live, \d+ s ago")
TOLD = 30_000
"""Milliseconds until the page has noticed what happened to its server or session, on a busy machine."""


@pytest.fixture(scope="module")
def screen(server: Server, browser: Browser) -> Iterator[Screen]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield Screen(context.new_page(), server)
    context.close()


def test_a_newcomer_deploys_breaks_understands_and_repairs_a_service(screen: Screen) -> None:
    """Only what stands on the page is used: no documentation, no API, no address typed."""
    page = screen.page

    # The link that the server printed leads to a password, and that to a cluster with nothing on it.
    screen.set_up()
    steps = screen.card("First steps")
    expect(steps).to_contain_text("nothing is deployed")
    steps.get_by_role("link", name="Deploy one").click()
    screen.shows("Services")

    # An example runs after one click, and its port is a link to what it serves.
    screen.button("Deploy hello-world").click()
    expect(screen.notices).to_contain_text("succeeded", timeout=ROLLOUT)
    expect(screen.row("hello-world")).to_contain_text("1 / 1")
    with page.expect_popup() as opened:
        screen.row("hello-world").get_by_role("link", name="8081").click()
    expect(opened.value.get_by_role("heading", name="Hello, world!")).to_be_visible()
    opened.value.close()

    # A tag that does not exist: the swarm takes the change back, and the page says why.
    screen.row("hello-world").get_by_role("link", name="hello-world", exact=True).click()
    screen.open_tab("Definition")
    screen.open_tab("Form")
    page.get_by_label("Image", exact=True).fill("${REGISTRY_HOST}/hello-world:thrid")
    screen.button("Save and deploy").click()
    expect(screen.notices).to_contain_text("rolled back", timeout=ROLLOUT)
    expect(screen.notices).to_contain_text("No such image")
    expect(screen.notices).to_contain_text("The registry has no image")
    expect(page.get_by_text("running, rolled back")).to_be_visible(timeout=ROLLOUT)
    expect(page.get_by_text("Revision 2 failed and was taken back")).to_be_visible()

    # Whoever comes to the dashboard sees that what was wanted does not run, why, and the way there.
    screen.go_to("Dashboard")
    attention = screen.card("Needs attention")
    expect(attention).to_contain_text("rolled back")
    expect(attention).to_contain_text("No such image")
    expect(attention.get_by_role("link", name="Last change of hello-world")).to_be_visible()
    attention.get_by_role("link", name="Mend hello-world").click()
    screen.open_tab("Form")

    # What runs is the old version; rolled back, the definition says so, too.
    screen.button("Roll back to revision 1").click()
    screen.confirm("Roll back")
    expect(page.get_by_text("Revision 2 failed and was taken back")).to_have_count(0, timeout=ROLLOUT)
    expect(page.get_by_label("Image", exact=True)).to_have_value("${REGISTRY_HOST}/hello-world:latest")

    # A service of one's own, from the form.
    screen.go_to("Services")
    page.get_by_role("button", name="New service").click()
    page.get_by_label("Name", exact=True).fill("shop")
    screen.open_tab("Form")
    page.get_by_label("Image", exact=True).fill("${REGISTRY_HOST}/hello-world:1")
    page.get_by_label("Replicas", exact=True).fill("2")
    screen.button("Create and deploy").click()
    screen.shows("shop")
    expect(page.get_by_text("2 / 2").first).to_be_visible(timeout=ROLLOUT)

    # Its new version ends as soon as it starts, and this time nobody takes it back.
    screen.open_tab("Definition")
    screen.open_tab("Form")
    page.get_by_label("Image", exact=True).fill("${REGISTRY_HOST}/crasher:latest")
    screen.button("Save and deploy").click()
    expect(screen.notices).to_contain_text("failed", timeout=ROLLOUT)
    expect(screen.notices).to_contain_text(re.compile(r"Exited with code 3 on (manager|worker)-\d"))

    # The dashboard has it first, and leads to what the failed tasks left behind.
    screen.go_to("Dashboard")
    trouble = screen.card("Needs attention").get_by_role("listitem").first
    expect(trouble).to_contain_text("shop")
    # The swarm paused after the first of them, or was quick enough to begin with both.
    expect(trouble).to_contain_text(re.compile("[01] of 2 running"))
    expect(trouble).to_contain_text("Exited with code 3")
    trouble.get_by_role("link", name="Last change of shop").click()
    screen.shows("shop: deploy revision 2")
    expect(screen.card("Evidence")).to_contain_text("fatal: the flux capacitor is missing")
    slots = screen.card("Slots")
    failed = slots.get_by_role("row").filter(has_text="exit code 3").first
    expect(failed).to_be_visible()
    expect(failed).to_contain_text("shutdown")

    # From there it is rolled back; what that changes is said before it happens.
    screen.button("Roll back to revision 1").click()
    changed = screen.dialog.get_by_role("region", name="What changes in the definition")
    expect(changed).to_contain_text("- image: ${REGISTRY_HOST}/crasher:latest")
    expect(changed).to_contain_text("+ image: ${REGISTRY_HOST}/hello-world:1")
    screen.confirm("Roll back to revision 1")
    expect(screen.notices).to_contain_text("Roll back shop")
    screen.go_to("Dashboard")
    expect(page.get_by_text("Everything runs as wanted.")).to_be_visible(timeout=ROLLOUT)
    screen.go_to("Services")
    expect(screen.row("shop")).to_contain_text("2 / 2")
    expect(screen.row("shop")).to_contain_text("hello-world:1")


# Bad days: the network, the server, the session, the permission.


@pytest.fixture(scope="module")
def talking(server: Server) -> None:
    """Two services whose logs are worth reading."""
    for name, text in (("talker", TALKER), ("flood", FLOOD)):
        answer = server.call("POST", "/api/services", {"name": name, "yaml": text})
        assert answer.status == 201, answer
        server.call("POST", f"/api/services/{name}/deploy")


@pytest.fixture(scope="module")
def tab(server: Server, browser: Browser, talking: None) -> Iterator[Screen]:
    """Another browser of the same person, signed in, with two services that talk."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    tab = Screen(context.new_page(), server)
    tab.visit("/")
    tab.page.wait_for_url(re.compile("/(setup|sign-in)"))
    if "/setup" in tab.page.url:
        tab.set_up()
    else:
        tab.sign_in()
    tab.visit("/services", "Services")
    for name in ("talker", "flood"):
        expect(tab.row(name)).to_contain_text("1 / 1", timeout=ROLLOUT)
    yield tab
    context.close()


def test_a_page_whose_program_did_not_arrive_says_so_and_tries_again(screen: Screen) -> None:
    page = screen.page
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route)
            route.abort("connectionreset")

    page.route("**/assets/*.js", lose_the_first)
    page.goto(screen.server.url)
    expect(page.get_by_role("alert")).to_contain_text("did not arrive whole. Trying again")
    screen.is_signed_in()
    page.unroute("**/assets/*.js")


def test_without_a_network_the_last_picture_stays_and_nothing_is_lost(
    tab: Screen, network: QuietNetwork
) -> None:
    page = tab.page
    tab.visit("/services", "Services")
    tab.row("talker").get_by_role("link", name="talker").click()
    tab.open_tab("Definition")
    tab.write_definition(TALKER.replace("Talks", "Chatters"), of="talker")
    expect(tab.button("Save")).to_be_enabled()
    with network.proxy.cut():
        expect(tab.banner).to_contain_text("server does not answer", timeout=TOLD)
        tab.write_definition(TALKER.replace("Talks", "Chatters on"), of="talker")
        expect(page.get_by_text("What you wrote is kept here.")).to_be_visible()

        # Parts of the page that were never needed so far wait, and are said to.
        tab.leave_for("Map")
        expect(tab.notices).to_contain_text("A part of the page could not be loaded", timeout=TOLD)
        expect(tab.banner).to_be_visible()
    tab.dialog.get_by_role("button", name="Cancel").click(timeout=TOLD)
    expect(tab.banner).to_have_count(0, timeout=TOLD)
    expect(page.get_by_text(LIVE)).to_be_visible(timeout=TOLD)
    expect(page.get_by_text("What you wrote is kept here.")).to_have_count(0)
    expect(tab.editor("talker")).to_contain_text("Chatters on without end.")
    tab.button("Revert").click()


def test_what_is_done_without_a_network_is_refused_visibly(tab: Screen, network: QuietNetwork) -> None:
    page = tab.page
    tab.visit("/services", "Services")
    expect(tab.row("talker")).to_contain_text("1 / 1")
    with network.proxy.cut():
        tab.row("talker").hover()
        tab.button("One more talker").click()
        expect(tab.notices).to_contain_text("the answer was lost", timeout=TOLD)
        expect(tab.notices).to_contain_text("Nothing is sent again")
        tab.leave_for("Nodes")
        expect(tab.row("talker")).to_have_count(0)  # on its way, and not gone for good
        expect(tab.banner).to_be_visible(timeout=TOLD)
    tab.shows("Nodes")
    expect(tab.row("worker-1")).to_be_visible(timeout=TOLD)
    expect(page.get_by_text(LIVE)).to_be_visible(timeout=TOLD)
    expect(tab.notices).to_contain_text("talker was not scaled to 2", timeout=TOLD)
    expect(tab.notices).to_contain_text("the server knows of no such change")
    assert tab.server.get("/api/services/talker")["desired"] == 1


def test_a_slow_answer_shows_the_shape_of_what_comes(tab: Screen) -> None:
    page = tab.page
    held: list[Route] = []
    page.route("**/api/nodes?*", lambda route: held.append(route))
    tab.visit("/nodes", "Nodes")
    expect(page.get_by_role("status", name="Loading nodes")).to_be_visible()
    for route in held:
        route.continue_()
    page.unroute("**/api/nodes?*")
    expect(tab.row("worker-1")).to_be_visible()
    expect(page.get_by_role("status", name="Loading nodes")).to_have_count(0)


def test_a_server_that_was_killed_and_came_back_is_followed_again(tab: Screen, server: Server) -> None:
    page = tab.page
    tab.open_service("talker", tab="Definition")
    tab.write_definition(TALKER.replace("Talks", "Gossips"), of="talker")
    expect(tab.button("Save")).to_be_enabled()
    tab.open_tab("Logs")
    expect(lines(page)).to_contain_text("tick", timeout=TOLD)
    server.kill()
    expect(page.get_by_text("the stream broke and is tried again")).to_be_visible(timeout=TOLD)
    expect(tab.banner).to_contain_text("server does not answer", timeout=TOLD)
    expect(lines(page)).to_contain_text("tick")
    server.start()
    expect(tab.banner).to_have_count(0, timeout=TOLD)
    expect(page.get_by_text(LIVE)).to_be_visible(timeout=TOLD)
    expect(page.get_by_text("following", exact=True)).to_be_visible(timeout=TOLD)
    tab.open_tab("Definition")
    expect(tab.editor("talker")).to_contain_text("Gossips without end.")
    tab.button("Save").click()
    expect(tab.notices).to_contain_text("Saved revision 2 of talker")
    assert (server.definitions / "talker.yaml").read_text().startswith("# Gossips")


def test_a_session_that_was_ended_leads_to_the_sign_in_and_back_with_what_was_written(
    tab: Screen, server: Server
) -> None:
    page = tab.page
    tab.open_service("talker", tab="Definition")
    tab.write_definition(TALKER.replace("Talks", "Whispers"), of="talker")
    expect(tab.button("Save")).to_be_enabled()
    for session in server.get("/api/sessions")["items"]:
        assert server.call("DELETE", f"/api/sessions/{session['id']}").status == 204
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=TOLD)
    expect(page.get_by_text("To go on where you were.")).to_be_visible()
    tab.sign_in()
    tab.shows("talker")
    expect(page.get_by_role("tab", name="Definition")).to_have_attribute("aria-selected", "true")
    expect(tab.editor("talker")).to_contain_text("Whispers without end.")
    tab.button("Revert").click()


def test_a_permission_that_was_taken_away_is_named(tab: Screen, server: Server) -> None:
    page = tab.page
    tab.open_service("talker")
    server.give_role("guest")
    try:
        # The stream that was open ends, and with it what the page offers.
        expect(page.get_by_text(LIVE)).to_have_count(0, timeout=TOLD)
        expect(tab.button("Scale")).to_be_disabled(timeout=TOLD)
        expect(tab.button("Scale")).to_have_attribute("title", re.compile("permission “operate”"))
        expect(page.get_by_text("read only")).to_be_visible()
        answer = page.request.post(
            f"{server.url}/api/services/talker/restart", headers={"Origin": server.url}
        )
        assert answer.status == 403, answer.text()
        assert "it needs the permission 'operate'" in answer.text()
        tab.leave_for("Activity")
        expect(page.get_by_role("alert").filter(has_text="You may not see this")).to_be_visible()
    finally:
        server.give_role("admin")
    tab.visit("/services", "Services")
    expect(tab.row("talker")).to_contain_text("1 / 1")
    expect(page.get_by_text("read only")).to_have_count(0)


# Logs.


def lines(page: Page) -> Locator:
    return page.get_by_role("log")


def foot(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("region", name="Logs").get_by_text(text, exact=True)


def in_sight(page: Page) -> list[str]:
    """The lines one can see now, from top to bottom."""
    return list(
        page.get_by_role("log").evaluate(
            """log => {
                const { top, bottom } = log.getBoundingClientRect();
                return [...log.querySelectorAll("[data-index]")]
                    .map(row => ({ text: row.innerText, box: row.getBoundingClientRect() }))
                    .filter(({ box }) => box.top >= top && box.bottom <= bottom)
                    .sort((a, b) => a.box.top - b.box.top)
                    .map(({ text }) => text.split("\\n").pop());
            }"""
        )
    )


def numbers(texts: list[str]) -> list[int]:
    return [int(found[1]) for text in texts if (found := re.search(r"(?:line|tick|tock) (\d+)", text))]


def test_a_log_is_followed_held_still_while_one_reads_and_followed_again(tab: Screen) -> None:
    page = tab.page
    tab.open_service("talker", tab="Logs")
    expect(lines(page)).to_contain_text("tick", timeout=TOLD)
    newest = max(numbers(in_sight(page)))
    eventually(lambda: max(numbers(in_sight(page))) > newest + 3, within=20)
    expect(foot(page, "following")).to_be_visible()

    # Enough to scroll, then up with the wheel: what is read stays where it is.
    eventually(
        lambda: page.get_by_role("log").evaluate("log => log.scrollHeight > 2 * log.clientHeight"), within=40
    )
    lines(page).hover()
    page.mouse.wheel(0, -300)
    expect(foot(page, "held still")).to_be_visible()
    first = eventually(lambda: in_sight(page)[0], within=5)
    more = page.get_by_role("button", name=re.compile(r"^\d+ new lines?$"))
    expect(more).to_be_visible(timeout=TOLD)
    count = int(more.inner_text().split()[0])
    eventually(lambda: int(more.inner_text().split()[0]) > count + 5, within=20)
    assert in_sight(page)[0] == first
    more.click()
    expect(foot(page, "following")).to_be_visible()
    eventually(lambda: in_sight(page)[0] != first, within=10)


def test_lines_are_found_by_text_level_and_stream_and_the_download_is_what_is_shown(tab: Screen) -> None:
    page = tab.page
    tab.open_service("talker", tab="Logs")
    page.get_by_label("Filter lines").fill("tock")
    tab.at_url("q=tock")
    expect(foot(page, re.compile("^Searched back to")).first).to_be_visible(timeout=TOLD)
    eventually(lambda: all("tock" in text for text in in_sight(page)) and len(in_sight(page)) > 1, within=20)
    page.get_by_label("Filter lines").fill("")
    page.get_by_role("group", name="Levels").get_by_role("button", name=re.compile("^Error")).click()
    tab.at_url("level=error")
    eventually(lambda: all("tock" in text for text in in_sight(page)) and len(in_sight(page)) > 1, within=20)
    page.get_by_role("group", name="Levels").get_by_role("button", name=re.compile("^Error")).click()
    page.get_by_label("Stream").select_option("stdout")
    eventually(lambda: in_sight(page) and not any("tock" in text for text in in_sight(page)), within=20)

    tab.open_service("flood", tab="Logs")
    page.get_by_label("Filter lines").fill("/^line 9999\\d$/")
    expect(foot(page, "10 lines")).to_be_visible(timeout=TOLD)
    eventually(lambda: numbers(in_sight(page)) == list(range(99_990, 100_000)), within=10)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    saved = download.value.path().read_text().splitlines()
    assert numbers(saved) == list(range(99_990, 100_000))


def test_what_lies_far_back_is_searched_for(tab: Screen) -> None:
    page = tab.page
    tab.open_service("flood", tab="Logs")
    page.get_by_label("Filter lines").fill("/^line 77$/")
    button = page.get_by_role("button", name="Search further back")
    expect(button).to_be_visible(timeout=TOLD)
    assert numbers(in_sight(page)) == []
    button.click()
    expect(lines(page)).to_contain_text("line 77", timeout=60_000)
    expect(foot(page, "1 line")).to_be_visible()


def test_a_link_to_a_line_opens_at_that_line(tab: Screen) -> None:
    page = tab.page
    tab.open_service("flood", tab="Logs")
    page.get_by_label("Filter lines").fill("/^line 95123$/")
    line = lines(page).locator("[data-index]").filter(has_text="line 95123")
    expect(line).to_be_visible(timeout=TOLD)
    line.hover()
    line.get_by_role("button", name="Copy link to this line").click()
    expect(line.get_by_role("button", name="Copied")).to_be_visible()
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert link.startswith(f"{tab.server.url}/services/flood?")
    page.goto(link)
    marked = lines(page).locator("[aria-current=true]")
    expect(marked).to_be_visible(timeout=TOLD)
    expect(marked).to_contain_text("line 95123")
    eventually(lambda: {95_122, 95_123} <= set(numbers(in_sight(page))), within=10)
    page.get_by_role("button", name="Newest lines").click()
    expect(lines(page)).to_contain_text(f"line {LINES}", timeout=TOLD)


# By keys alone.


def test_deploy_scale_stop_and_logs_by_keys_alone(tab: Screen, browser: Browser) -> None:
    """From the sign-in on, without one touch of the mouse."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    keys = page.keyboard
    page.goto(tab.server.url)
    expect(page.get_by_label("User name")).to_be_focused()
    keys.type("admin")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    tab_to(page, "Services")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()

    # Deploy: found with the filter, reached with the arrow.
    row = Screen(page, tab.server).row("greeter")
    expect(row).to_be_visible()
    keys.press("/")
    keys.type("greeter")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    keys.press("Tab")
    keys.press("j")
    keys.press("d")
    expect(row).to_contain_text("2 / 2", timeout=ROLLOUT)

    # Scale.
    keys.press("j")
    keys.press("s")
    dialog = Screen(page, tab.server).dialog
    expect(dialog).to_contain_text("Scale greeter")
    keys.type("1")
    keys.press("Enter")
    expect(dialog).to_have_count(0)
    expect(row).to_contain_text("1 / 1", timeout=ROLLOUT)

    # Logs, and back.
    keys.press("j")
    keys.press("l")
    expect(page.get_by_role("tab", name="Logs")).to_have_attribute("aria-selected", "true")
    expect(lines(page)).to_contain_text("listens on port 80", timeout=TOLD)
    keys.press("/")
    keys.type("nothing says this")
    expect(lines(page)).not_to_contain_text("listens on port 80", timeout=TOLD)
    keys.press("Escape")
    expect(lines(page)).to_contain_text("listens on port 80", timeout=TOLD)
    tab_to(page, "Following")  # out of the box, where letters are text
    keys.press("g")
    keys.press("s")
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()
    keys.press("/")
    keys.type("greeter")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    keys.press("Tab")

    # Stop.
    expect(row).to_be_visible()
    keys.press("j")
    keys.press("Shift+S")
    expect(dialog).to_contain_text("Stop greeter?")
    tab_to(page, "Stop")
    keys.press("Enter")
    expect(row).to_contain_text("stopped", timeout=ROLLOUT)
    context.close()


def tab_to(page: Page, name: str, *, most: int = 40) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(here => here.getAttribute('aria-label') ?? here.innerText ?? '')(document.activeElement)"
        )
        if str(here).split("\n")[0].strip() == name:
            return
    pytest.fail(f"{name!r} cannot be reached with the Tab key")
