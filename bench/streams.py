"""How soon after the engine's own event open pages hear of a change, however many there are."""

import asyncio
import time

from bench.engine import Engine, engine
from bench.fake import fake_engine
from bench.figures import Figure
from bench.listeners import listeners
from bench.processes import memory_mb, say
from bench.server import Server


async def few_changes(on: Engine, *, pages: int, changes: int) -> list[Figure]:
    """Changes one by one, on the lab."""
    say(f"{changes} changes before {pages} pages")
    async with Server(on.docker_host) as server, server.session() as session:
        await server.sees(session, on.filled)
        lags, _ = await _changed(on, server, pages=pages, changes=changes, each=0.4)
    return [
        Figure(
            f"engine event → SSE client, {pages} clients, p99 (p50 {lags['p50']:.0f} ms)", lags["p99"], "ms",
            "the engine's own event", 0.0, "≤ 50 ms more", lags["p99"] <= 50 and not lags["missed"],
        )
    ]  # fmt: skip


async def many_changes(*, pages: int, seconds: float) -> list[Figure]:
    """Twenty changes a second, on a fake engine of 1,000 services and 10,000 tasks."""
    say(f"20 changes a second before {pages} pages, for {seconds:.0f} s")
    async with (
        fake_engine(nodes=100, services=1_000, tasks=10_000) as docker_host,
        engine(docker_host) as on,
        Server(docker_host) as server,
        server.session() as session,
    ):
        await server.sees(session, 1_000)
        lags, memory = await _changed(on, server, pages=pages, changes=int(20 * seconds), each=0.05)
    missed = f", {lags['missed']} not heard" if lags["missed"] else ""
    what = f"{pages:,} SSE clients, 20 changes a second"
    return [
        Figure(
            f"{what}: lag p99 (p50 {lags['p50']:.0f} ms{missed})", lags["p99"], "ms",
            "the engine's own event", 0.0, "≤ 200 ms", lags["p99"] <= 200 and not lags["missed"],
        ),
        Figure(f"{what}: resident memory", memory, "MB", target="≤ 150 MB", ok=memory <= 150),
    ]  # fmt: skip


async def _changed(
    on: Engine, server: Server, *, pages: int, changes: int, each: float
) -> tuple[dict[str, float], float]:
    services = (await on.client.services())[:changes]
    async with listeners(server.port, server.token, pages) as listening, on.follow():
        # What the start itself had to tell is told by then.
        await asyncio.sleep(2)
        on.arrivals.clear()
        began = time.monotonic()
        touching = []
        for number, service in enumerate(services, 1):
            touching.append(asyncio.create_task(on.touch(service.id, str(time.time_ns()))))
            await asyncio.sleep(max(0.0, began + number * each - time.monotonic()))
        await asyncio.gather(*touching)
        # Late is not lost: who is behind gets time to say so.
        await asyncio.sleep(6)
        memory = memory_mb(server.pid)
        lags = await listening.lags({service.name: on.arrivals[service.name] for service in services})
    return lags, memory
