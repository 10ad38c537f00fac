"""What a person sees of the page and does with it, by the names the page gives things (docs/design/ui.md)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from e2e.server import Server, eventually

PASSWORD = "correct horse battery staple"
ROLLOUT = 90_000
"""Milliseconds until a change of a service is through, on a busy machine."""


@dataclass(frozen=True)
class Screen:
    """One tab and the server it looks at."""

    page: Page
    server: Server

    def set_up(self) -> None:
        """The first sign-in, with the link the server printed."""
        self.page.goto(self.server.sign_in_link())
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Create admin and sign in").click()
        self.is_signed_in()

    def sign_in(self) -> None:
        """On the page that asks for it."""
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()
        self.page.get_by_label("User name").fill("admin")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.is_signed_in()

    def is_signed_in(self) -> None:
        expect(self.page.get_by_role("navigation", name="Main").first).to_be_visible()

    def visit(self, path: str, heading: str | None = None) -> None:
        self.page.goto(self.server.url + path)
        if heading is not None:
            self.shows(heading)

    def shows(self, heading: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def leave_for(self, place: str) -> None:
        """Want to go there: the page may ask first."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=place).first.click()

    def go_to(self, place: str) -> None:
        self.leave_for(place)
        self.shows(place)

    def open_service(self, name: str, tab: str | None = None) -> None:
        self.visit(f"/services/{name}", name)
        if tab is not None:
            self.open_tab(tab)

    def open_tab(self, name: str) -> None:
        tab = self.page.get_by_role("tab", name=re.compile(f"^{name}"))
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")

    def row(self, name: str) -> Locator:
        """The row of a list that is headed by this name."""
        header = self.page.get_by_role("rowheader", name=re.compile(rf"^{re.escape(name)}(\s|$)"))
        return self.page.get_by_role("row").filter(has=header)

    def card(self, title: str) -> Locator:
        return self.page.get_by_role("region", name=title, exact=True)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog").or_(self.page.get_by_role("alertdialog"))

    def confirm(self, button: str) -> None:
        """Agree to what the open dialog says, and see it close."""
        self.dialog.get_by_role("button", name=button, exact=True).click()
        expect(self.dialog).to_have_count(0, timeout=20_000)

    def choose(self, menu: str, entry: str) -> None:
        """Take an entry of the menu behind a button."""
        self.button(menu).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def notices(self) -> Locator:
        """What the page tells of one's own acts."""
        return self.page.get_by_role("region", name="Results", exact=True)

    @property
    def banner(self) -> Locator:
        """What it says when the picture is an old one."""
        return self.page.get_by_role("alert").filter(has_text="last picture")

    def at_url(self, pattern: str) -> None:
        expect(self.page).to_have_url(re.compile(pattern))

    def editor(self, name: str) -> Locator:
        """The text of a service's definition, on its page."""
        return self.page.get_by_role("textbox", name=f"Definition of {name}")

    def write_definition(self, text: str, *, of: str | None = None) -> None:
        """Put `text` in place of what the open editor holds, as somebody who selects all and pastes.

        The editor is that of a service's page, or the one for a new service.
        """
        editor = self.editor(of) if of else self.page.get_by_label("Definition as YAML")

        def emptied() -> bool:
            editor.click()
            # Not `fill`: it selects in the document, and what the server tells the editor undoes that.
            self.page.keyboard.press("ControlOrMeta+a")
            # Over a selection Chromium gives the new text the old colour, by a style the policy forbids.
            self.page.keyboard.press("Delete")
            return not editor.inner_text().strip()

        # A newer revision that arrives in between takes the selection away.
        eventually(emptied, within=20)
        self.page.keyboard.insert_text(text)
        expect(editor).to_contain_text(text.splitlines()[-1].strip())


@contextmanager
def signed_in(browser: Browser, server: Server, **options: Any) -> Iterator[Screen]:
    """A tab of the admin, whom the first sign-in makes; `options` are those of Playwright's `new_context`."""
    context = browser.new_context(reduced_motion="reduce", **options)
    screen = Screen(context.new_page(), server)
    screen.set_up()
    yield screen
    context.close()
