"""`python -m bench [--quick]`: our reads and deploys beside the engine's calls and the CLI, on a lab."""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from backend.clients.docker_client import SwarmClient
from bench.server import Server
from lab import Lab

RESULTS = Path(__file__).parent / "results"
NEVER = "node.labels.never == yes"


@dataclass(frozen=True)
class Figure:
    """One line of the table; times in milliseconds, the median of `runs`."""

    what: str
    ours_ms: float
    beside: str
    beside_ms: float
    runs: int

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.beside_ms


async def median_ms(call: Callable[[], Awaitable[object]], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        await call()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def measure(lab: Lab, *, services: int, replicas: int, runs: int) -> list[Figure]:
    client = SwarmClient(lab.docker_host)
    image = f"{lab.registry_url.removeprefix('http://')}/hello-world:1"
    await fill(client, image, services, replicas)
    figures = []
    socket = lab.docker_host.removeprefix("unix://")
    async with (
        Server(lab) as server,
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket)) as engine,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {server.token}"}) as session,
    ):
        await server.sees(session, services)

        async def ours(path: str) -> None:
            async with session.get(server.url + path) as answer:
                answer.raise_for_status()
                await answer.read()

        async def engines(*paths: str) -> None:
            for path in paths:
                async with engine.get(f"http://docker/v1.41{path}") as answer:
                    answer.raise_for_status()
                    await answer.read()

        async def command(*argv: str) -> None:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdout=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "DOCKER_HOST": lab.docker_host},
            )
            assert await process.wait() == 0, argv

        both = ("/services?status=true", "/tasks")
        engine_ms = await median_ms(lambda: engines(*both), max(3, runs // 10))
        listing_ms = await median_ms(lambda: ours(f"/api/services/live?limit={services}"), runs)
        figures.append(
            Figure(f"list of {services} services", listing_ms, "engine: services and tasks", engine_ms, runs)
        )
        page_ms = await median_ms(lambda: ours("/api/services/live?limit=50"), runs)
        empty_ms = await median_ms(lambda: ours("/api/health"), runs)
        figures.append(Figure("one page of 50", page_ms, "engine: services and tasks", engine_ms, runs))
        figures.append(Figure("one page of 50", page_ms, "our route that does nothing", empty_ms, runs))
        one = 'filters={"service":{"bench-0":true}}'
        one_engine_ms = await median_ms(lambda: engines("/services/bench-0", f"/tasks?{one}"), runs)
        one_ms = await median_ms(lambda: ours("/api/services/live/bench-0"), runs)
        figures.append(
            Figure(
                "one service with its tasks", one_ms, "engine: one service, its tasks", one_engine_ms, runs
            )
        )
        cli_ms = await median_ms(lambda: command("docker", "service", "ls", "-q"), max(3, runs // 20))
        figures.append(
            Figure(
                f"list of {services} services", listing_ms, "docker service ls", cli_ms, max(3, runs // 20)
            )
        )
        figures.append(await deploys(session, server, command, image, max(3, runs // 20)))
    await client.close()
    return figures


async def fill(client: SwarmClient, image: str, services: int, replicas: int) -> None:
    """Services whose tasks stay pending: as dear in the engine's lists as running ones."""

    def spec(number: int) -> dict[str, Any]:
        return {
            "Name": f"bench-{number}",
            "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {"Constraints": [NEVER]}},
            "Mode": {"Replicated": {"Replicas": replicas}},
        }

    for start in range(0, services, 20):
        numbers = range(start, min(start + 20, services))
        await asyncio.gather(*(client.create_service(spec(number)) for number in numbers))


async def deploys(
    session: aiohttp.ClientSession,
    server: Server,
    command: Callable[..., Awaitable[None]],
    image: str,
    runs: int,
) -> Figure:
    names = iter(range(10_000))

    async def ours() -> None:
        name = f"ours-{next(names)}"
        definition = {"image": image, "constraints": [NEVER]}
        async with session.post(
            f"{server.url}/api/services", json={"name": name, "definition": definition}
        ) as answer:
            assert answer.status == 201, await answer.text()
        async with session.post(f"{server.url}/api/services/{name}/deploy") as answer:
            assert answer.status == 202, await answer.text()

    async def theirs() -> None:
        argv = ("docker", "service", "create", "-d", "-q", "--name", f"cli-{next(names)}")
        await command(*argv, "--constraint", NEVER, image)

    ours_ms, theirs_ms = await median_ms(ours, runs), await median_ms(theirs, runs)
    return Figure("register and deploy a service", ours_ms, "docker service create -d", theirs_ms, runs)


def table(figures: list[Figure]) -> str:
    lines = ["| figure | ours, ms | beside | its ms | ratio |", "| --- | ---: | --- | ---: | ---: |"]
    lines += [
        f"| {f.what} | {f.ours_ms:.2f} | {f.beside} | {f.beside_ms:.2f} | {f.ratio:.3f} |" for f in figures
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    parser.add_argument("--quick", action="store_true", default=quick, help="a tenth of the size (QUICK=1)")
    arguments = parser.parse_args()
    services, runs = (100, 40) if arguments.quick else (1000, 200)
    lab = Lab("bench")
    lab.up(managers=1, workers=0)
    try:
        figures = asyncio.run(measure(lab, services=services, replicas=10, runs=runs))
    finally:
        lab.down()
    print(table(figures))
    RESULTS.mkdir(exist_ok=True)
    written = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    document = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "services": services,
        "figures": [asdict(figure) | {"ratio": figure.ratio} for figure in figures],
    }
    written.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"\nalso in {written.relative_to(Path.cwd()) if written.is_relative_to(Path.cwd()) else written}")


if __name__ == "__main__":
    main()
