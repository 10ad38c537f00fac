"""Agents: what twelve tasks cost with our tools, beside a peer from PyPI against the same engine."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from bench.figures import Figure
from bench.processes import say
from bench.replay import Measured, Step, clean, ours, plant, replay
from bench.server import Server

PEER = "container-manager-mcp"
VERSION = "3.3.7"
INSTALL_WITHIN = 600.0
RUN = "agents"


async def agents(docker_host: str, registry_url: str) -> list[Figure]:
    """The figures; the whole table goes to the terminal."""
    registry = registry_url.partition("://")[2].rstrip("/")
    with tempfile.TemporaryDirectory(prefix="orchestrator-bench-") as folder:
        peer = await asyncio.to_thread(installed, Path(folder))
        async with Server(docker_host, registry_url) as server, server.session() as session:
            await server.sees(session, 0)
            async with over_http(server) as client:
                await plant(client, RUN, registry)
                try:
                    cost = await list_cost(client)
                    mine = await replay(client, ours(RUN, registry))
                    theirs, their_cost = await _peer(peer, Path(folder), docker_host, registry)
                finally:
                    await clean(client, RUN)
    say(table(mine, theirs, cost, their_cost, "" if peer else f"{PEER} could not be installed here"))
    return figures(mine, theirs, cost, their_cost)


@asynccontextmanager
async def over_http(server: Server) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {server.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=180) as http,
        Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
    ):
        yield client


async def list_cost(client: Client) -> tuple[int, int]:
    """Tools, and bytes of what a model is given of them before anything else."""
    tools = (await client.list_tools()).tools
    seen = [
        {"name": one.name, "description": one.description, "input_schema": one.input_schema} for one in tools
    ]
    return len(tools), len(json.dumps(seen, separators=(",", ":"), ensure_ascii=False).encode())


def installed(folder: Path) -> Path | None:
    """The peer in an environment of its own; None, said in words, when it cannot be had."""
    environment = folder / "peer"
    try:
        subprocess.run([sys.executable, "-m", "venv", environment], check=True, capture_output=True)
        subprocess.run(
            [environment / "bin" / "pip", "install", "--quiet", f"{PEER}=={VERSION}"],
            check=True,
            capture_output=True,
            timeout=INSTALL_WITHIN,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", b"") or b""
        say(f"agents: {PEER} {VERSION} is left out, it cannot be installed: {error} {said.decode()[-200:]}")
        return None
    return environment / "bin" / PEER


async def _peer(
    command: Path | None, folder: Path, docker_host: str, registry: str
) -> tuple[list[Measured], tuple[int, int] | None]:
    if command is None:
        return [], None
    parameters = StdioServerParameters(
        command=str(command),
        args=[],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DOCKER_HOST": docker_host,
            "CONTAINER_MANAGER_TYPE": "docker",
        },
        cwd=folder,
    )
    with (folder / "peer.log").open("w") as log:
        async with Client(stdio_client(parameters, errlog=log), mode="legacy") as client:
            cost = await list_cost(client)
            return await replay(client, theirs(RUN, registry)), cost


def theirs(run: str, registry: str) -> list[tuple[str, list[Step]]]:
    """The same tasks with the peer's tools, by the shortest way its descriptions suggest."""
    web, crashy, late = f"web-{run}", f"crashy-{run}", f"peer-{run}"
    image = f"{registry}/hello-world"

    def step(tool: str, **arguments: Any) -> Step:
        return Step(f"docker_{tool}", arguments)

    services = [f"{name}-{run}" for name in ("web", "crashy", "missing", "pinned", "late")]
    return [
        # Its list says nothing of what runs, so each service has to be asked about.
        (
            "T1 what is broken and why",
            [step("list_services"), *(step("service_ps", service_id=name) for name in services)],
        ),
        (
            "T2 why does crashy fail",
            [step("service_ps", service_id=crashy), step("service_logs", service_id=crashy, tail=20)],
        ),
        (
            "T3 scale web to 3, confirm",
            [step("scale_service", service_id=web, replicas=3), step("service_ps", service_id=web)],
        ),
        ("T4 web's log, 100 lines", [step("service_logs", service_id=web, tail=100)]),
        (
            "T5 deploy on a taken port, fix, confirm",
            [
                step("create_service", name=late, image=f"{image}:1", replicas=1, ports={"80/tcp": "18080"}),
                step("create_service", name=late, image=f"{image}:1", replicas=1),
                step("service_ps", service_id=late),
            ],
        ),
        (
            "T6 update to a bad image, see why, go back",
            [
                step("update_service", service_id=late, image=f"{registry}/nothing:2"),
                step("service_ps", service_id=late),
                step("remove_service", service_id=late),
            ],
        ),
        ("T7 capacity of the nodes", [step("list_nodes")]),
        ("T8 settings of web", [step("inspect_service", service_id=web)]),
        ("T9 tags of an image", [step("list_images")]),
        ("T10 overview of all services", [step("list_services")]),
        ("T11 a misspelt name", [step("scale_service", service_id=f"wbe-{run}", replicas=2)]),
        ("T12 a misspelt argument", [step("scale_service", service_id=web, replica=2)]),
    ]


def table(
    mine: list[Measured],
    peers: list[Measured],
    cost: tuple[int, int],
    their_cost: tuple[int, int] | None,
    left_out: str,
) -> str:
    beside = f"{PEER} {VERSION}" if peers else left_out
    lines = [
        f"| task: calls / text / data / time | ours | {beside} |",
        "| --- | ---: | ---: |",
        f"| the list of tools | {cost[0]} tools, {cost[1]:,} B | "
        + (f"{their_cost[0]} tools, {their_cost[1]:,} B |" if their_cost else "|"),
    ]
    by_task = {one.task: one.line for one in peers}
    lines += [f"| {one.task} | {one.line} | {by_task.get(one.task, '')} |" for one in mine]
    return "\n".join(lines)


def figures(
    mine: list[Measured], peers: list[Measured], cost: tuple[int, int], their_cost: tuple[int, int] | None
) -> list[Figure]:
    beside = f"{PEER} {VERSION}" if peers else "–"
    first = mine[0]
    wrong = sum(len(one.wrong) for one in mine)

    def total(of: list[Measured], name: str) -> float | None:
        return float(sum(getattr(one, name) for one in of)) if of else None

    return [
        Figure(
            "MCP: what a model is given of the tools",
            cost[1],
            "B",
            beside,
            their_cost[1] if their_cost else None,
            "≤ 8,500 B",
            cost[1] <= 8_500,
        ),
        Figure(
            "MCP: what is broken and why, calls",
            first.calls,
            "calls",
            beside,
            float(peers[0].calls) if peers else None,
            "1",
            first.calls == 1,
        ),
        Figure(
            "MCP: what is broken and why, text",
            first.text,
            "B",
            beside,
            float(peers[0].text) if peers else None,
            "≤ 450 B",
            first.text <= 450,
        ),
        Figure(
            "MCP: twelve tasks, calls",
            total(mine, "calls") or 0,
            "calls",
            beside,
            total(peers, "calls"),
            "≤ 20",
            (total(mine, "calls") or 0) <= 20,
        ),
        Figure(
            "MCP: twelve tasks, text", total(mine, "text") or 0, "B", beside, total(peers, "text"), "–", None
        ),
        Figure("MCP: answers of ours that lack something", wrong, "answers", "–", None, "0", wrong == 0),
    ]
