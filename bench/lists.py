"""Reading: the list, a page, one service and the first answer, beside the engine's calls and the CLI."""

import gzip
import time

import aiohttp

from bench.engine import Engine
from bench.figures import Figure, median_ms
from bench.server import Server


async def lists(engine: Engine, server: Server, session: aiohttp.ClientSession, runs: int) -> list[Figure]:
    services = engine.filled
    await server.sees(session, services)

    async def get(path: str, encoding: str = "identity") -> bytes:
        # Not unpacked: the engine's answers are not decoded either.
        async with session.get(server.url + path, headers={"Accept-Encoding": encoding}) as answer:
            answer.raise_for_status()
            return await answer.read()

    whole = f"/api/services/live?limit={services}"
    both = ("/services?status=true", "/tasks")
    few = max(3, runs // 20)
    engine_ms = await median_ms(lambda: engine.get(*both), few)
    cli_ms = await median_ms(lambda: engine.command("docker", "service", "ls"), few)
    plain_ms = await median_ms(lambda: get(whole), runs)
    packed_ms = await median_ms(lambda: get(whole, "gzip"), runs)
    health_ms = await median_ms(lambda: get("/api/health"), runs)
    page_ms = await median_ms(lambda: get("/api/services/live?limit=50"), runs)
    one_ms = await median_ms(lambda: get("/api/services/live/bench-0"), runs)
    mine = 'filters={"service":{"bench-0":true}}'
    one_engine_ms = await median_ms(lambda: engine.get("/services/bench-0", f"/tasks?{mine}"), runs)
    theirs = sum(len(gzip.compress(body)) for body in await engine.get(*both)) / 1024
    ours = len(await get(whole, "gzip")) / 1024
    plain = len(await get(whole)) / 1024
    what = f"list of {services:,} services, p50"
    calls = "engine: `/services?status=true` + `/tasks`"
    return [
        Figure(f"{what}, as browsers ask (gzip)", packed_ms, "ms", calls, engine_ms, "≤ 1/100",
               packed_ms <= engine_ms / 100),
        Figure(f"{what}, not compressed", plain_ms, "ms", calls, engine_ms, "≤ 1/100",
               plain_ms <= engine_ms / 100),
        Figure(f"{what}, as browsers ask (gzip)", packed_ms, "ms", "`docker service ls`, wall", cli_ms),
        Figure("one page of 50, p50", page_ms, "ms", "our route that does nothing", health_ms, "≤ 1 ms more",
               page_ms - health_ms <= 1),
        Figure("one service with its tasks, p50", one_ms, "ms", "our route that does nothing", health_ms,
               "≤ 1 ms more", one_ms - health_ms <= 1),
        Figure("one service with its tasks, p50", one_ms, "ms", "engine: the service, its tasks",
               one_engine_ms),
        Figure(f"bytes of the list, gzip (plain {plain:,.0f} KB)", ours, "KB", "engine's JSON, gzip", theirs,
               "≤ 1/10", ours <= theirs / 10),
    ]  # fmt: skip


async def first_answer(engine: Engine) -> Figure:
    """From the start of the process."""
    began = time.perf_counter()
    async with Server(engine.docker_host) as server, server.session() as session:
        await server.sees(session, engine.filled)
        took = time.perf_counter() - began
    return Figure(
        f"start to the first answered list, {engine.filled:,} services",
        took, "s", target="≤ 1.5 s", ok=took <= 1.5,
    )  # fmt: skip
