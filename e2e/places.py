"""Every page there is, on the scene of `e2e/scene.py`: where it is, and what shows that it is ready."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from e2e.scene import Scene

PLACEHOLDER = "[role=status][aria-label^=Loading]"
READY = 20_000
DRAWN = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    await frame();
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
    await frame();
}"""


@dataclass(frozen=True)
class Place:
    name: str
    path: str
    """`{deployment}` and `{build}` stand for the newest of `of`."""
    heading: str
    shows: str
    """A text that stands there once the data has come."""
    of: str = ""

    def visit(self, page: Page, scene: Scene) -> None:
        """Open it and wait until nothing is a placeholder any more."""
        path = self.path
        for kind in ("deployment", "build"):
            if f"{{{kind}}}" in path:
                path = path.replace(f"{{{kind}}}", scene.newest(f"{kind}s", service=self.of))
        page.goto(scene.server.url + path)
        heading = page.get_by_role("heading", level=1).filter(has_text=self.heading)
        expect(heading).to_be_visible(timeout=READY)
        expect(page.get_by_role("main")).to_contain_text(self.shows, timeout=READY)
        expect(page.locator(PLACEHOLDER)).to_have_count(0, timeout=READY)
        page.evaluate("document.fonts.ready.then(() => undefined)")


def in_theme(page: Page, theme: str) -> None:
    """Choose it as the page's own switch does, and wait until all of it is drawn: colours change in steps."""
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    page.evaluate(DRAWN)


PLACES = [
    # What moves comes first, while it does.
    Place("dashboard", "/", "Dashboard", "Recent changes"),
    Place("rollout", "/deployments/{deployment}", "api", "Slot 6", of="api"),
    Place("services", "/services", "Services", "storefront"),
    Place("services-by-stack", "/services?group=stack", "Services", "storefront"),
    Place("service", "/services/api", "api", "8000"),
    Place("service-tasks", "/services/search?tab=tasks", "search", "search.3"),
    Place("service-logs", "/services/api?tab=logs", "api", "GET /orders"),
    Place("service-definition", "/services/api?tab=definition", "api", "REGISTRY_HOST"),
    Place("service-form", "/services/storefront?tab=definition&as=form", "storefront", "Replicas"),
    Place("service-builds", "/services/handbook?tab=builds", "handbook", "succeeded"),
    Place("service-deployments", "/services/checkout?tab=deployments", "checkout", "rolled back"),
    Place("service-timeline", "/services/payments?tab=timeline", "payments", "exit 1"),
    Place("new-service", "/new-service", "New service", "Image"),
    Place("new-service-yaml", "/new-service?as=yaml", "New service", "Create"),
    Place("nodes", "/nodes", "Nodes", "worker-2"),
    Place("node", "/nodes/worker-1", "worker-1", "node-exporter"),
    Place("map", "/map", "Map", "worker-2"),
    Place("registry", "/registry", "Registry", "storefront"),
    Place("repository", "/registry/images/shop/storefront?tag=1.4.0", "shop/storefront", "1.3.9"),
    Place("projects", "/projects", "Projects", "thumbnailer"),
    Place("project", "/projects/handbook", "handbook", "Dockerfile"),
    Place("builds", "/builds", "Builds", "thumbnailer"),
    Place("build", "/builds/{build}", "handbook", "chapter: Orders", of="handbook"),
    Place("build-failed", "/builds/{build}", "thumbnailer", "64x64 is missing", of="thumbnailer"),
    Place("deployments", "/deployments", "Deployments", "checkout"),
    Place("rolled-back", "/deployments/{deployment}", "checkout", "Slot 2", of="checkout"),
    Place("deployment-failed", "/deployments/{deployment}", "payments", "FATAL: password", of="payments"),
    Place("approvals", "/approvals", "Approvals", "night-watch"),
    Place("connect-agent", "/connect-agent", "Connect an agent", "What it may do"),
    Place("activity", "/activity", "Activity", "storefront"),
    Place("settings", "/settings", "Settings", "laptop"),
    Place("not-found", "/no/such/page", "no such page", "mistyped"),
]
"""All that is behind the sign-in."""
