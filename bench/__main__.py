"""`python -m bench [--quick] [--only …]`: the figures that speed is judged by, as one table."""

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.agents import agents
from bench.builds import builds
from bench.deploys import deploys
from bench.engine import Engine, engine
from bench.figures import Figure, table
from bench.idle import calls, load
from bench.lists import first_answer, lists
from bench.page import page
from bench.processes import daemon_of, say
from bench.server import Server
from bench.sizes import sizes
from bench.streams import few_changes, many_changes
from lab import Lab

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
PARTS = ("agents", "builds", "lists", "deploys", "idle", "streams", "page", "sizes")
WITHOUT_LAB = {"page", "sizes"}
REPLICAS = 10

type Part = Callable[[], Awaitable[list[Figure] | Figure]]


class Run:
    """Collects figures; a part that fails is said and does not cost the others theirs."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []
        self.failures: list[str] = []

    async def add(self, name: str, part: Part) -> None:
        try:
            found = await part()
        except Exception as error:  # noqa: BLE001
            self.failures.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
            say(self.failures[-1])
        else:
            self.figures += found if isinstance(found, list) else [found]
            say(f"{name}: done")
            for figure in found if isinstance(found, list) else [found]:
                say(table([figure]).splitlines()[-1])


async def on_lab(run: Run, lab: Lab, parts: Sequence[str], *, quick: bool) -> None:
    sizes_of_lab = (10, 100) if quick else (10, 100, 1_000)
    image = f"{lab.registry_url.partition('://')[2]}/hello-world:1"
    daemon = daemon_of(lab.name, lab.nodes[0].name)
    async with engine(lab.docker_host) as on:
        if "builds" in parts:
            await run.add("builds", lambda: _builds(on, lab, rounds=3 if quick else 9))
        if "agents" in parts:
            await run.add("agents", lambda: agents(lab.docker_host, lab.registry_url))
        if set(parts) <= {"agents", "builds", *WITHOUT_LAB}:
            return
        for services in sizes_of_lab:
            say(f"filling the lab with {services} services")
            await on.fill(image, services, replicas=REPLICAS)
            await asyncio.sleep(3)
            if "idle" in parts:
                seconds = 10.0 if quick else 45.0 if services == 1_000 else 15.0
                await run.add("idle", lambda seconds=seconds: load(on, daemon, seconds=seconds))  # type: ignore[misc]
            if services != 100:
                continue
            if "idle" in parts:
                await run.add("calls", lambda: calls(on, browsers=200, seconds=12 if quick else 20))
            if "streams" in parts:
                await run.add("streams", lambda: few_changes(on, pages=200, changes=20 if quick else 60))
        if "lists" in parts:
            say(f"reading {on.filled} services")
            await run.add("start", lambda: first_answer(on))
        async with Server(lab.docker_host, lab.registry_url) as server, server.session() as session:
            await server.sees(session, on.filled)
            if "lists" in parts:
                await run.add("lists", lambda: lists(on, server, session, 60 if quick else 200))
            if "deploys" in parts:
                await run.add("deploys", lambda: _deploys(on, server, lab, quick=quick))


async def _builds(on: Engine, lab: Lab, *, rounds: int) -> list[Figure]:
    async with Server(lab.docker_host, lab.registry_url) as server, server.session() as session:
        await server.sees(session, 0)
        return await builds(on, server, lab.registry_url, rounds=rounds)


async def _deploys(on: Engine, server: Server, lab: Lab, *, quick: bool) -> list[Figure]:
    count, rounds, runs = (30, 1, 5) if quick else (100, 3, 15)
    async with server.session() as session:
        return await deploys(on, server, session, lab.registry_url, count=count, rounds=rounds, runs=runs)


async def measure(run: Run, lab: Lab | None, parts: Sequence[str], *, quick: bool) -> None:
    if lab is not None:
        await on_lab(run, lab, parts, quick=quick)
    if "streams" in parts:
        await run.add(
            "streams", lambda: many_changes(pages=300 if quick else 995, seconds=5 if quick else 15)
        )
    if "page" in parts:
        await run.add("page", lambda: page(quick=quick))
    if "sizes" in parts:
        await run.add("sizes", lambda: sizes(quick=quick))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    parser.add_argument("--quick", action="store_true", default=quick, help="smaller and shorter (QUICK=1)")
    parser.add_argument("--only", action="append", choices=PARTS, help="these parts only")
    parser.add_argument("--document", action="store_true", help=f"write the table to docs/{DOCUMENT.name}")
    arguments = parser.parse_args()
    parts = arguments.only or PARTS
    began, busy = time.monotonic(), os.getloadavg()[0]
    lab = Lab("bench") if set(parts) - WITHOUT_LAB else None
    run = Run()
    try:
        if lab is not None:
            lab.up(managers=1, workers=0)
        asyncio.run(measure(run, lab, parts, quick=arguments.quick))
    finally:
        if lab is not None:
            lab.down()
    text = report(run, quick=arguments.quick, seconds=time.monotonic() - began, busy=busy)
    print(text)
    written = keep(run, quick=arguments.quick)
    if arguments.document:
        DOCUMENT.write_text(text + _by_hand(), encoding="utf-8")
    print(f"also in {written}")
    return 1 if run.failures else 0


def report(run: Run, *, quick: bool, seconds: float, busy: float) -> str:
    """The page that docs/performance.md is."""
    missed = sum(1 for figure in run.figures if figure.ok is False)
    aimed = sum(1 for figure in run.figures if figure.ok is not None)
    command = "make bench QUICK=1" if quick else "make bench"
    lines = [
        "# Performance",
        "",
        (
            f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC in {seconds:.0f} s: "
            f"{platform.machine()}, {os.cpu_count()} cores shared by engine, server and clients, "
            f"Python {platform.python_version()}."
        ),
        f"Load average at the start: {busy:.1f}"
        + (", so the machine was not quiet and times are longer than need be." if busy > 0.7 else "."),
        f"{aimed - missed} of {aimed} targets are met.",
        "",
        table(run.figures),
        *([""] if run.failures else []),
        *(f"Not measured: {failure}" for failure in run.failures),
    ]
    return "\n".join(lines) + "\n"


def _by_hand() -> str:
    """What people wrote below the table."""
    if not DOCUMENT.exists():
        return ""
    _, mark, rest = DOCUMENT.read_text(encoding="utf-8").partition("\n## ")
    return mark + rest


def keep(run: Run, *, quick: bool) -> Path:
    RESULTS.mkdir(exist_ok=True)
    written = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    document = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "quick": quick,
        "figures": [figure.as_json() for figure in run.figures],
        "failures": run.failures,
    }
    written.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return written


if __name__ == "__main__":
    raise SystemExit(main())
