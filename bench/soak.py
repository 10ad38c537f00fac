"""`make soak`: open pages while twenty things a second change in the swarm, for ten minutes.

Does anything grow?

`python -m bench.soak [--minutes M] [--document]`; QUICK=1 is one minute.
"""

import argparse
import asyncio
import itertools
import os
import platform
import re
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.async_api import CDPSession, Page

from bench.__main__ import DOCUMENT
from bench.browser import chromium, opened, own_network, sign_in, visitor
from bench.engine import Engine, engine
from bench.fake import fake_engine
from bench.figures import Figure, table
from bench.processes import memory_mb, say
from bench.server import Server

RATE = 20
SERVICES, TASKS = 1_000, 10_000
TOUCHED = 200
"""So many services change, again and again: more than a page shows at a time."""
SAMPLES = 20
WARM_UP = 0.2
"""Share of the time after which caches and pools should have their size."""
WITHIN = 60.0
HEADING = "## Ten minutes of changes"
VIEWS = {"the list": "/services", "the dashboard": "/"}
HEAP_MB, SERVER_MB, NODES = 1.0, 5.0, 200


@dataclass
class Watched:
    """One open page: its heap after a forced collection, and what its document holds."""

    view: str
    page: Page
    devtools: CDPSession
    heaps: list[float]
    nodes: list[float]
    listeners: list[float]

    async def sample(self) -> None:
        await self.devtools.send("HeapProfiler.collectGarbage")
        heap = await self.devtools.send("Runtime.getHeapUsage")
        holds = await self.devtools.send("Memory.getDOMCounters")
        self.heaps.append(heap["usedSize"] / 1024**2)
        self.nodes.append(holds["nodes"])
        self.listeners.append(holds["jsEventListeners"])


def grown(samples: list[float]) -> tuple[float, float]:
    """The middle of the first and of the last quarter of what came after the warm-up."""
    after = samples[int(len(samples) * WARM_UP) :]
    quarter = max(1, len(after) // 4)
    return statistics.median(after[:quarter]), statistics.median(after[-quarter:])


async def soak(seconds: float) -> list[Figure]:
    async with (
        fake_engine(nodes=50, services=SERVICES, tasks=TASKS) as docker_host,
        engine(docker_host) as on,
        Server(docker_host) as server,
        server.session() as session,
        chromium() as browser,
    ):
        await server.sees(session, SERVICES)
        cookie = await sign_in(server)
        async with visitor(browser, server, cookie) as context:
            watched = []
            for view, path in VIEWS.items():
                page = await context.new_page()
                await opened(page, server.url + path)
                await page.get_by_role("link", name="Services").first.wait_for(timeout=WITHIN * 1000)
                devtools = await context.new_cdp_session(page)
                watched.append(Watched(view, page, devtools, [], [], []))
            rss: list[float] = []
            changing = asyncio.create_task(change(on, seconds))
            for number in range(SAMPLES):
                await asyncio.sleep(seconds / SAMPLES)
                for one in watched:
                    await one.sample()
                rss.append(memory_mb(server.pid))
                heaps = ", ".join(f"{one.view} {one.heaps[-1]:.1f} MB" for one in watched)
                say(f"{(number + 1) * seconds / SAMPLES:.0f} s: {heaps}, server {rss[-1]:.0f} MB")
            changes = await changing
            await follows(on, watched[0].page)
    return figures(watched, rss, changes, seconds)


async def change(on: Engine, seconds: float) -> int:
    """Scale services up and down, by turns; the number of changes made."""
    services = [service for service in await on.client.services() if service.name < f"service-{TOUCHED:05}"]
    began, made = time.monotonic(), 0
    running: set[asyncio.Task[None]] = set()
    for number, service in enumerate(itertools.cycle(services)):
        if time.monotonic() - began >= seconds:
            break
        # Bounded: an engine that is behind makes the rate lower, which is told.
        if len(running) < RATE:
            task = asyncio.create_task(on.scale(service.id, 10 + number // len(services) % 2))
            running.add(task)
            task.add_done_callback(running.discard)
            made += 1
        await asyncio.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
    await asyncio.gather(*running)
    return made


async def follows(on: Engine, page: Page) -> None:
    """A page that fell asleep would not grow either."""
    name = "service-00500"
    [service] = [one for one in await on.client.services() if one.name == name]
    await page.get_by_label("Filter services").fill(f"name:{name}")
    await on.scale(service.id, 17)
    row = page.get_by_role("row").filter(has_text=name).filter(has_text=re.compile(r"\b17\b"))
    await row.wait_for(timeout=WITHIN * 1000)


def figures(watched: list[Watched], rss: list[float], changes: int, seconds: float) -> list[Figure]:
    rate = changes / seconds
    found = [
        Figure(
            "changes made in the engine, each second",
            rate,
            "",
            target=f"≥ {0.95 * RATE:g}",
            ok=rate >= 0.95 * RATE,
        )
    ]
    for what, unit, most, samples in (
        *((f"{one.view}: JavaScript heap after collection", "MB", HEAP_MB, one.heaps) for one in watched),
        *((f"{one.view}: nodes of the document", "", float(NODES), one.nodes) for one in watched),
        *((f"{one.view}: listeners", "", float(NODES), one.listeners) for one in watched),
        ("our server: resident memory", "MB", SERVER_MB, rss),
    ):
        early, late = grown(samples)
        target = " ".join(f"≤ {most:g} {unit} more".split())
        found.append(Figure(what, late, unit, "soon after the start", early, target, late - early <= most))
    return found


def circumstances(minutes: float, busy: float) -> str:
    return (
        f"Written by `make soak` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {minutes:g} minutes of {RATE} "
        f"changes a second on a fake engine of {SERVICES:,} services and {TASKS:,} tasks, before two open "
        f"pages in Chromium; {platform.machine()}, {os.cpu_count()} cores, load average at the start "
        f"{busy:.1f}. Heaps are read {SAMPLES} times, after a forced collection; beside the last quarter "
        f"stands the first one after a warm-up of {WARM_UP:.0%}."
    )


def document(text: str) -> None:
    """Put it in the place of what an earlier run wrote."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)
    _, mark, after = rest.partition("\n## ")
    DOCUMENT.write_text(f"{before.rstrip()}\n\n{text}{mark}{after}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    parser.add_argument("--minutes", type=float, default=1.0 if quick else 10.0)
    parser.add_argument("--document", action="store_true", help=f"write the table to docs/{DOCUMENT.name}")
    arguments = parser.parse_args()
    busy = os.getloadavg()[0]
    own_network()
    found = asyncio.run(soak(arguments.minutes * 60))
    text = f"{HEADING}\n\n{circumstances(arguments.minutes, busy)}\n\n{table(found)}\n"
    print(text)
    if arguments.document:
        document(text)
    return 1 if any(figure.ok is False for figure in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
