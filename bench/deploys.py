"""Writing: a hundred services at once beside `docker stack deploy`, one beside `docker service create`."""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp

from bench.engine import NEVER, Engine
from bench.figures import Figure, median_ms
from bench.processes import say
from bench.server import Server

MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)
AT_ONCE = 20


async def deploys(
    engine: Engine,
    server: Server,
    session: aiohttp.ClientSession,
    registry_url: str,
    *,
    count: int,
    rounds: int,
    runs: int,
) -> list[Figure]:
    host = registry_url.partition("://")[2].rstrip("/")
    await tag(registry_url, count)
    shared = [f"{host}/hello-world:1"] * count
    distinct = [f"{host}/hello-world:bench-{number}" for number in range(count)]
    figures = []
    for what, images, share in (("one image", shared, 0.25), (f"{count} images", distinct, 0.6)):
        say(f"deploying {count} services with {what}, {rounds} times, and as a stack")
        at_once, singly, theirs = [], [], []
        for _ in range(rounds):
            at_once.append(await _ours(engine, server, session, images, _one_call))
            theirs.append(await _stack(engine, images))
            singly.append(await _ours(engine, server, session, images, _a_call_each))
        stack, beside = min(theirs), "`docker stack deploy --resolve-image always`"
        name = f"deploy {count} catalog services, digests resolved, {what}"
        target, ok = f"≤ {share} ×", min(at_once) <= share * stack
        figures += [
            Figure(f"{name}, one call", min(at_once), "s", beside, stack, target, ok),
            Figure(f"{name}, {count} calls, {AT_ONCE} at a time", min(singly), "s", beside, stack),
        ]
    return [*figures, await _create(engine, server, session, shared[0], runs)]


async def tag(registry_url: str, count: int) -> None:
    """The same image under many tags: each of them is a look-up of its own."""
    manifests = f"{registry_url.rstrip('/')}/v2/hello-world/manifests"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{manifests}/1", headers={"Accept": MANIFESTS}) as answer:
            answer.raise_for_status()
            body, kind = await answer.read(), answer.headers["Content-Type"]
        for number in range(count):
            put = session.put(f"{manifests}/bench-{number}", data=body, headers={"Content-Type": kind})
            async with put as answer:
                answer.raise_for_status()


async def _one_call(server: Server, session: aiohttp.ClientSession, names: Sequence[str]) -> None:
    body = {"action": "deploy", "services": names}
    async with session.post(f"{server.url}/api/deployments", json=body) as answer:
        assert answer.status == 202, await answer.text()
        items = (await answer.json())["items"]
    # A digest that was not found would be a deploy with a warning, and quicker.
    unfit = [item for item in items if item["problem"] or not item["deployment"]["to_digest"]]
    assert not unfit, unfit[0]


async def _a_call_each(server: Server, session: aiohttp.ClientSession, names: Sequence[str]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def deploy(name: str) -> None:
        async with gate, session.post(f"{server.url}/api/services/{name}/deploy") as answer:
            assert answer.status == 202, await answer.text()

    await asyncio.gather(*(deploy(name) for name in names))


async def _ours(
    engine: Engine,
    server: Server,
    session: aiohttp.ClientSession,
    images: Sequence[str],
    deploy: Callable[[Server, aiohttp.ClientSession, Sequence[str]], Awaitable[None]],
) -> float:
    names = [f"ours-{number}" for number in range(len(images))]
    for name, image in zip(names, images, strict=True):
        definition = {"image": image, "constraints": [NEVER]}
        body = {"name": name, "definition": definition}
        async with session.post(f"{server.url}/api/services", json=body) as answer:
            assert answer.status == 201, await answer.text()
    began = time.perf_counter()
    await deploy(server, session, names)
    took = time.perf_counter() - began
    there = [service.name for service in await engine.client.services() if service.name in set(names)]
    assert len(there) == len(names), f"{len(there)} of {len(names)} services are there"
    for name in names:
        async with session.delete(f"{server.url}/api/services/{name}?force=true") as answer:
            assert answer.status == 204, await answer.text()
    await engine.remove("ours-")
    await asyncio.sleep(1)
    return took


async def _stack(engine: Engine, images: Sequence[str]) -> float:
    deploy = {"placement": {"constraints": [NEVER]}}
    services = {f"s{number}": {"image": image, "deploy": deploy} for number, image in enumerate(images)}
    # A network of its own per stack is not what is compared.
    networks = {"default": {"external": True, "name": "host"}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stack.json"
        file.write_text(json.dumps({"version": "3.8", "services": services, "networks": networks}))
        began = time.perf_counter()
        await engine.command(
            "docker",
            "stack",
            "deploy",
            "--detach=true",
            "--resolve-image",
            "always",
            "-c",
            str(file),
            "bench-stack",
        )
        took = time.perf_counter() - began
    await engine.remove("bench-stack_")
    await asyncio.sleep(1)
    return took


async def _create(
    engine: Engine, server: Server, session: aiohttp.ClientSession, image: str, runs: int
) -> Figure:
    numbers = iter(range(10_000))

    async def ours() -> None:
        name = f"single-{next(numbers)}"
        body = {"name": name, "definition": {"image": image, "constraints": [NEVER]}}
        async with session.post(f"{server.url}/api/services", json=body) as answer:
            assert answer.status == 201, await answer.text()
        async with session.post(f"{server.url}/api/services/{name}/deploy") as answer:
            assert answer.status == 202, await answer.text()

    async def theirs() -> None:
        name = f"single-{next(numbers)}"
        await engine.command(
            "docker", "service", "create", "-d", "-q", "--name", name, "--constraint", NEVER, image
        )

    ours_ms, theirs_ms = await median_ms(ours, runs), await median_ms(theirs, runs)
    await engine.remove("single-")
    return Figure(
        "register and deploy one service, p50", ours_ms, "ms", "`docker service create -d`", theirs_ms,
        "≤ 20 ms more", ours_ms - theirs_ms <= 20,
    )  # fmt: skip
