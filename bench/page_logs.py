"""How smooth a log of 100,000 lines is in a real browser: how long frames take while it is read."""

from pathlib import Path

from playwright.async_api import Browser, Page, Route

from bench.browser import opened, visitor
from bench.figures import Figure, percentile
from bench.processes import say
from bench.server import Server

LINES, RATE = 100_000, 400
FEED = (Path(__file__).parent / "page_log_feed.js").read_text()
WITHIN = 60_000
FRAME = 50.0
"""Milliseconds a frame may take for what moves to look as if it did."""
SERVICE = "service-00000"


async def log_frames(browser: Browser, server: Server, cookie: str, *, during: int) -> list[Figure]:
    """Lines go on coming all the while, `during` milliseconds for each figure."""
    async with visitor(browser, server, cookie) as context:
        shown = await context.new_page()
        await shown.add_init_script(FEED)
        await shown.route(f"**/api/services/{SERVICE}/logs?*", _nothing_earlier)
        await opened(shown, f"{server.url}/services/{SERVICE}?tab=logs")
        await _until(shown, "() => window.__feed.stream?.readyState === 1")
        await shown.evaluate("(lines) => window.__feed.fill(lines)", LINES + 5_000)
        await _until(shown, "() => window.__feed.ends()")
        await shown.evaluate("(rate) => window.__feed.write(rate)", RATE)
        figures = [await _figure(shown, "followed", during)]
        await shown.evaluate("() => window.__feed.scroll(-100)")
        await shown.get_by_text("held still").wait_for(timeout=WITHIN)
        figures.append(await _figure(shown, "scrolled back by 100 pixels a frame", during))
        await shown.evaluate("() => window.__feed.scroll(0)")
        levels = shown.get_by_role("group", name="Levels")
        await levels.get_by_role("button", name="Error").click()
        figures.append(await _figure(shown, "narrowed to one level", during))
        return figures


async def _nothing_earlier(route: Route) -> None:
    await route.fulfill(json={"items": [], "reaches_back_to": None, "incomplete": []})


async def _until(shown: Page, look: str) -> None:
    await shown.wait_for_function(look, timeout=WITHIN, polling=100)


async def _figure(shown: Page, how: str, during: int) -> Figure:
    took = sorted(await shown.evaluate("(during) => window.__feed.frames(during)", during))
    p95 = percentile(took, 0.95)
    say(f"{how}: p50 {percentile(took, 0.5):.0f} ms, longest {took[-1]:.0f} ms")
    return Figure(
        f"a log of {LINES:,} lines, {RATE} more a second, {how}: frame, p95 of {len(took)}"
        f" (p50 {percentile(took, 0.5):.0f} ms)",
        p95, "ms", "the longest one", took[-1], f"≤ {FRAME:.0f} ms", p95 <= FRAME,
    )  # fmt: skip
