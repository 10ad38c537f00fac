"""Memory, and how long a look holds up the event loop, on swarms of a size no lab can have."""

import asyncio
import time

from bench.fake import fake_engine
from bench.figures import Figure, median_ms
from bench.processes import memory_mb, say
from bench.server import Server


async def sizes(*, quick: bool) -> list[Figure]:
    small = (100, 1_000, 10_000)
    big = (200, 2_000, 20_000) if quick else (1_000, 10_000, 100_000)
    figures: list[Figure] = []
    say(f"a fake swarm of {small[2]} tasks")
    few = await _size(*small, figures, watch=10 if quick else 25)
    figures.append(
        Figure(f"resident memory at {small[2]:,} tasks", few, "MB", target="≤ 150 MB", ok=few <= 150)
    )
    say(f"a fake swarm of {big[2]} tasks")
    many = await _size(*big, figures, watch=12 if quick else 60)
    each = (many - few) * 1024 / (big[2] - small[2])
    figures.append(Figure(f"resident memory at {big[2]:,} tasks", many, "MB"))
    figures.append(Figure("memory for each task more", each, "KB", target="≤ 1.5 KB", ok=each <= 1.5))
    return figures


async def _size(nodes: int, services: int, tasks: int, figures: list[Figure], *, watch: float) -> float:
    size = f"{nodes:,} nodes, {services:,} services, {tasks:,} tasks"
    async with (
        fake_engine(nodes=nodes, services=services, tasks=tasks) as docker_host,
        Server(docker_host, watched=True) as server,
        server.session() as session,
    ):
        await server.sees(session, services)

        async def get(path: str) -> bytes:
            async with session.get(server.url + path) as answer:
                answer.raise_for_status()
                return await answer.read()

        began = time.perf_counter()
        await get("/api/services/live?limit=10000")
        first_ms = (time.perf_counter() - began) * 1000
        listing_ms = await median_ms(lambda: get("/api/services/live?limit=10000"), 20)
        figures.append(
            Figure(f"whole list, {size}, p50", listing_ms, "ms", "the first time, made anew", first_ms)
        )
        await get("/api/nodes?limit=10000")
        await server.forget_turns()
        await _looks(server, watch)
        turn, wall = await server.turns()
        figures.append(
            Figure(
                f"longest turn of the event loop by looks, {size} (processor time)",
                turn,
                "ms",
                "by the clock, with what else ran here",
                wall,
                "≤ 50 ms",
                turn <= 50,
            )
        )
        await get("/api/services/live?limit=10000")
        return memory_mb(server.pid)


async def _looks(server: Server, seconds: float) -> None:
    """Wait until the picture was made anew at least three times, or for so many seconds."""
    seen: set[str] = set()
    deadline = time.monotonic() + seconds
    async with server.session() as asking:
        while len(seen) < 4 and time.monotonic() < deadline:
            async with asking.get(f"{server.url}/api/services/live?limit=1") as answer:
                seen.add((await answer.json())["as_of"])
            await asyncio.sleep(0.5)
