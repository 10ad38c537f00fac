"""Builds and pushes when the engine, the registry or the credentials are not as they should be."""

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator

import pytest

from backend.clients.docker_client import Deadlines, RegistryAuth, SwarmClient
from backend.clients.engine_images import BuildFailed, BuildLine, BuildOptions, BuiltImage, Pushed, PushFailed
from backend.errors import Conflict, DockerUnavailable, EngineRefused
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine(nodes=1) as engine:
        yield engine


@pytest.fixture
async def client(engine: FakeEngine) -> AsyncIterator[SwarmClient]:
    client = SwarmClient(engine.docker_host, deadlines=Deadlines(quiet=0.2))
    yield client
    await client.close()


async def tar(dockerfile: str) -> AsyncIterator[bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        archive.addfile(entry, io.BytesIO(dockerfile.encode()))
    yield packed.getvalue()


async def build(client: SwarmClient, dockerfile: str, options: BuildOptions | None = None) -> str:
    events = [event async for event in client.images.build(tar(dockerfile), options or BuildOptions())]
    last = events[-1]
    assert isinstance(last, BuiltImage)
    return last.id


async def push(client: SwarmClient, reference: str, auth: RegistryAuth | None = None) -> Pushed:
    events = [event async for event in client.images.push(reference, auth)]
    last = events[-1]
    assert isinstance(last, Pushed)
    return last


async def test_a_silent_step_of_a_living_engine_goes_on(engine: FakeEngine, client: SwarmClient) -> None:
    engine.builder.hold("slow")
    under_way = asyncio.create_task(build(client, "FROM scratch\nRUN echo slow\n"))
    pings = [("GET", "/_ping")] * 4
    await eventually(lambda: engine.requests.count(pings[0]) >= len(pings))
    assert not under_way.done()
    engine.builder.release()
    assert await under_way


async def test_a_frozen_engine_ends_a_build(engine: FakeEngine, client: SwarmClient) -> None:
    engine.builder.hold("slow")
    under_way = asyncio.create_task(build(client, "FROM scratch\nRUN echo slow\n"))
    await eventually(lambda: engine.builder.containers)
    engine.freeze()
    with pytest.raises(DockerUnavailable) as failure:
        await asyncio.wait_for(under_way, 10)
    assert failure.value.code == "docker_frozen"


async def test_an_engine_that_goes_away_ends_a_build(engine: FakeEngine, client: SwarmClient) -> None:
    engine.builder.hold("slow")
    under_way = asyncio.create_task(build(client, "FROM scratch\nRUN echo slow\n"))
    await eventually(lambda: engine.builder.containers)
    await engine.stop()
    with pytest.raises(DockerUnavailable):
        await asyncio.wait_for(under_way, 10)


async def test_a_cancelled_build_leaves_no_container_and_the_client_usable(
    engine: FakeEngine, client: SwarmClient
) -> None:
    for _ in range(5):
        engine.builder.hold("slow")
        under_way = asyncio.create_task(build(client, "FROM scratch\nRUN echo slow\n"))
        await eventually(lambda: engine.builder.containers)
        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        await eventually(lambda: not engine.builder.containers)
    engine.builder.release()
    assert await build(client, "FROM scratch\nRUN echo slow\n")


async def test_what_is_no_builder_is_refused_as_such(engine: FakeEngine, client: SwarmClient) -> None:
    engine.fail_next("POST", "/build", status=500, message="no space left on device")
    with pytest.raises(BuildFailed, match="no space left"):
        await build(client, "FROM scratch\n")
    engine.cut_next("POST", "/build")
    with pytest.raises(DockerUnavailable, match="broke off in the middle of an answer"):
        await build(client, "FROM scratch\n")


@pytest.mark.parametrize("buildkit", [True, False])
async def test_credentials_reach_the_registry_of_a_from_line(
    engine: FakeEngine, client: SwarmClient, buildkit: bool
) -> None:
    engine.builder.buildkit = buildkit
    host = engine.registry_host
    right, wrong = RegistryAuth(host, "ci", "open sesame"), RegistryAuth(host, "ci", "guess")
    engine.registry_auth = right.header()
    text = f"FROM {engine.image('hello-world')}\nRUN echo built\n"
    for auths in ({}, {host: wrong}, {"other:5000": right}):
        with pytest.raises(BuildFailed) as failure:
            await build(client, text, BuildOptions(auths=auths))
        assert failure.value.code == "build_denied"
        assert "sesame" not in failure.value.detail
    assert await build(client, text, BuildOptions(auths={host: right, "other:5000": wrong}))


async def test_credentials_are_in_no_address(engine: FakeEngine, client: SwarmClient) -> None:
    auth = RegistryAuth(engine.registry_host, "ci", "open sesame")
    await build(client, "FROM scratch\n", BuildOptions(auths={engine.registry_host: auth}))
    assert not [path for _, path in engine.requests if "sesame" in path]


async def test_a_push_without_the_password_is_refused_and_the_image_stays(
    engine: FakeEngine, client: SwarmClient
) -> None:
    reference = f"{engine.registry_host}/mine:1"
    auth = RegistryAuth(engine.registry_host, "ci", "open sesame")
    engine.registry_auth = auth.header()
    await build(client, "FROM scratch\n", BuildOptions(tags=(reference,)))
    with pytest.raises(PushFailed) as failure:
        await push(client, reference)
    assert failure.value.code == "push_denied"
    assert await client.images.inspect(reference) is not None
    pushed = await push(client, reference, auth)
    assert (await client.image_digest(reference, auth=auth)).digest == pushed.digest


async def test_the_digest_is_read_from_engines_that_only_write_it(
    engine: FakeEngine, client: SwarmClient
) -> None:
    reference = f"{engine.registry_host}/mine:1"
    engine.builder.containerd_store = True
    await build(client, "FROM scratch\n", BuildOptions(tags=(reference,)))
    pushed = await push(client, reference)
    assert pushed == Pushed((await client.image_digest(reference)).digest, 528)


@pytest.mark.parametrize(
    ("version", "api", "buildkit"), [("26.1.5", "1.45", False), ("27.5.1", "1.47", True)]
)
async def test_an_engine_that_keeps_contexts_from_buildkit_builds_with_its_classic_builder(
    version: str, api: str, buildkit: bool
) -> None:
    async with FakeEngine(nodes=1, engine_version=version, api_version=api) as engine:
        engine.builder.containerd_store = True
        client = SwarmClient(engine.docker_host)
        assert await build(client, "FROM scratch\nRUN echo built\n")
        assert engine.builder.requests[-1].buildkit is buildkit
        await client.close()


async def test_a_push_that_hangs_ends_at_its_limit(engine: FakeEngine, client: SwarmClient) -> None:
    reference = f"{engine.registry_host}/mine:1"
    await build(client, "FROM scratch\n", BuildOptions(tags=(reference,)))
    engine.builder.hold_pushes()
    with pytest.raises(PushFailed) as failure:
        [event async for event in client.images.push(reference, within=0.5)]
    assert failure.value.code == "push_timeout"
    engine.builder.release_pushes()
    assert (await push(client, reference)).digest


async def test_names_that_are_gone_are_said_to_be(engine: FakeEngine, client: SwarmClient) -> None:
    with pytest.raises(EngineRefused) as failure:
        await client.images.tag("absent:1", f"{engine.registry_host}/mine:1")
    assert failure.value.code == "image_not_local"
    await client.images.remove("absent:1")
    engine.fail_next("DELETE", "/images", status=409, message="image is being used by running container 1")
    with pytest.raises(Conflict, match="being used"):
        await client.images.remove("used:1")


async def test_the_same_context_makes_the_same_image(client: SwarmClient) -> None:
    text = "FROM scratch\nRUN echo same\nCMD echo hello; sleep infinity\n"
    first = await build(client, text)
    assert await build(client, text) == first
    assert await build(client, text.replace("hello", "goodbye")) != first


async def test_an_abandoned_build_frees_its_connection(engine: FakeEngine, client: SwarmClient) -> None:
    engine.builder.hold("slow")
    for _ in range(3):
        events = client.images.build(tar("FROM scratch\nRUN echo first\nRUN echo slow\n"), BuildOptions())
        async for event in events:
            if isinstance(event, BuildLine):
                break
        await events.aclose()
        engine.builder._cache.clear()
    await eventually(lambda: not engine.builder.containers)
    assert not [t for t in asyncio.all_tasks() if t.get_name() == "request-body"]
