"""`python -m bench.page [--quick]`: how fast the page is in a real browser, with 1,000 services.

A process of its own, because it leaves the machine's network; says its figures as JSON.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from bench.browser import chromium, opened, own_network, sign_in, visitor
from bench.engine import Engine, engine
from bench.fake import fake_engine
from bench.figures import Figure, percentile
from bench.page_logs import log_frames
from bench.processes import say
from bench.server import Server

SERVICES, TASKS = 1_000, 10_000
PROBE = (Path(__file__).parent / "page_probe.js").read_text()
STATIC = """<!doctype html><html lang="en"><meta charset="utf-8"><title>static</title>
<style>body { font-family: sans-serif }</style><h1>A page</h1><p>Nothing but text.</p></html>"""
WITHIN = 30_000
JS_BUDGET = 150.0
POLL = 100
"""Milliseconds: to look more often would take time from what is measured, and the page notes it itself."""


async def page(*, quick: bool) -> list[Figure]:
    """Measure in a process that leaves the network."""
    say(f"the page in a real browser, {SERVICES:,} services")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.page", *(["--quick"] if quick else []), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        msg = f"bench.page ended with {process.returncode}"
        raise RuntimeError(msg)
    return [Figure(**one) for one in json.loads(said)]


async def measure(*, loads: int, words: int, changes: int, frames: int) -> list[Figure]:
    async with (
        fake_engine(nodes=50, services=SERVICES, tasks=TASKS) as docker_host,
        engine(docker_host) as on,
        Server(docker_host) as server,
        server.session() as session,
        static_page() as static_url,
        chromium() as browser,
    ):
        await server.sees(session, SERVICES)
        cookie = await sign_in(server)
        say(f"loading the list {loads} times, and a bare page")
        figures = await _loading(browser, server, cookie, static_url, loads)
        async with visitor(browser, server, cookie) as context:
            shown = await context.new_page()
            await shown.add_init_script(PROBE)
            await opened(shown, f"{server.url}/services")
            await _interactive(shown)
            say("typing")
            figures.append(await _typing(shown, words))
            say("changing services in the engine")
            figures.append(await _changing(on, shown, changes))
        say("reading a long log")
        return figures + await log_frames(browser, server, cookie, during=frames)


@dataclass(frozen=True)
class _Load:
    paint: float
    interactive: float
    script_kb: float
    all_kb: float


async def _loading(
    browser: Browser, server: Server, cookie: str, static_url: str, loads: int
) -> list[Figure]:
    cold: list[_Load] = []
    warm: list[_Load] = []
    bare = []
    for _ in range(loads):
        async with visitor(browser, server, cookie) as context:
            for seen in (cold, warm):
                shown = await context.new_page()
                await shown.add_init_script(PROBE)
                await opened(shown, f"{server.url}/services")
                seen.append(await _loaded(shown))
                await shown.close()
        async with visitor(browser, server, cookie) as context:
            shown = await context.new_page()
            await opened(shown, static_url)
            bare.append(await _painted(shown))
    script = max(load.script_kb for load in cold)
    assert script > 50, "the browser's own count of what it loaded is missing"
    beside, static_ms = "a bare static page in the same browser", statistics.median(bare)

    figures = [
        Figure("the page's first load: JavaScript as transferred (brotli)", script, "kB",
               "all it loads, list and fonts included", max(load.all_kb for load in cold),
               f"≤ {JS_BUDGET:.0f} kB", script <= JS_BUDGET)
    ]  # fmt: skip
    for when, loaded in (("never been here", cold), ("been here before", warm)):
        paint = statistics.median(load.paint for load in loaded)
        usable = statistics.median(load.interactive for load in loaded)
        figures += [
            Figure(f"first contentful paint, {when}, p50", paint, "ms", beside, static_ms),
            Figure(f"list of {SERVICES:,} painted and usable, {when}, p50", usable, "ms", beside, static_ms),
        ]
    return figures


async def _interactive(shown: Page) -> float:
    await shown.wait_for_function("() => window.__probe.interactive !== null", timeout=WITHIN, polling=POLL)
    return float(await shown.evaluate("() => window.__probe.interactive"))


async def _painted(shown: Page) -> float:
    """Milliseconds from the start of the navigation to the first thing to be seen."""
    look = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
    await shown.wait_for_function(look, timeout=WITHIN)
    return float(await shown.evaluate(look))


async def _loaded(shown: Page) -> _Load:
    interactive = await _interactive(shown)
    entries: list[dict[str, Any]] = await shown.evaluate(
        "() => [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".map(({ name, encodedBodySize }) => ({ name, encodedBodySize }))"
    )
    scripts = [one["encodedBodySize"] for one in entries if one["name"].endswith(".js")]
    everything = sum(one["encodedBodySize"] for one in entries)
    return _Load(await _painted(shown), interactive, sum(scripts) / 1000, everything / 1000)


async def _typing(shown: Page, words: int) -> Figure:
    """Each key leaves another number of rows, so what is timed is the list, not the letter in the box."""
    box = shown.get_by_label("Filter services")
    # All are named so: what is noted is a number of rows that changes, so few are shown first.
    for start in ("name:service-0012", "name:service-00"):
        await box.fill(start)
        # Its own frame has to be noted, and forgotten, before the first key.
        await shown.wait_for_function("() => window.__probe.keys.length > 0", timeout=WITHIN, polling=POLL)
        await shown.evaluate("() => window.__probe.keys.splice(0)")
    keys = 0
    for number in range(words):
        # service-00123: 100 are left, then 10, one, and back again.
        for key in (*f"{(number * 37 + 123) % 1_000:03}", *["Backspace"] * 3):
            await shown.keyboard.press(key)
            keys += 1
            wanted = f"() => window.__probe.keys.length >= {keys}"
            await shown.wait_for_function(wanted, timeout=WITHIN, polling=POLL)
    times = sorted(await shown.evaluate("() => window.__probe.keys"))
    p95 = percentile(times, 0.95)
    return Figure(
        f"typing in the filter → list painted, {SERVICES:,} services, p95 of {len(times)} keys"
        f" (p50 {percentile(times, 0.5):.0f} ms)",
        p95, "ms", target="≤ 50 ms", ok=p95 <= 50,
    )  # fmt: skip


async def _changing(on: Engine, shown: Page, changes: int) -> Figure:
    services = {service.name: service for service in await on.client.services()}
    names: list[str] = (await shown.evaluate("() => window.__probe.names()"))[:8]
    times = []
    async with on.follow():
        for number in range(changes):
            name = names[number % len(names)]
            await shown.evaluate("(name) => window.__probe.watch(name)", name)
            on.arrivals.clear()
            await on.scale(services[name].id, 3 + number % 5)
            wanted = f"() => window.__probe.rows[{json.dumps(name)}] !== undefined"
            await shown.wait_for_function(wanted, timeout=WITHIN, polling=POLL)
            at = await shown.evaluate("(name) => window.__probe.rows[name]", name)
            # Both clocks are the machine's, read on another scale.
            told = on.arrivals[name] + time.time() - time.monotonic()
            times.append(at - told * 1000)
            # What a change stirs up comes to rest before the next.
            await asyncio.sleep(0.7)
    p95 = percentile(times, 0.95)
    return Figure(
        f"a change in the engine → row painted, p95 of {len(times)} (p50 {percentile(times, 0.5):.0f} ms)",
        p95, "ms", "the engine's own event", 0.0, "≤ 250 ms", p95 <= 250,
    )  # fmt: skip


@asynccontextmanager
async def static_page() -> AsyncIterator[str]:
    """What a browser can show soonest: one small answer without script, from a server that only sends it."""
    body = STATIC.encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as serving:
        yield f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}/"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.page")
    parser.add_argument("--quick", action="store_true")
    sizes = (3, 3, 8, 4_000) if parser.parse_args().quick else (9, 10, 30, 15_000)
    own_network()
    loads, words, changes, frames = sizes
    figures = asyncio.run(measure(loads=loads, words=words, changes=changes, frames=frames))
    print(json.dumps([figure.as_json() for figure in figures]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
