"""What callers see when the engine is away, frozen, silent, replaced, or not an engine at all."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from backend.clients.docker_client import Deadlines, RegistryAuth, SwarmClient
from backend.clients.engine_errors import StaleVersion
from backend.errors import DockerUnavailable, EngineRefused, InvalidInput, NotFound, OutcomeUnknown
from backend.models.cluster import EngineEvent, LogDrop, LogGap, LogLine, Service
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

SHORT = Deadlines(connect=0.3, read=0.4, write=0.5, registry=0.3, events_start=0.4)


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine(nodes=3) as fake:
        yield fake


@pytest.fixture
async def client(engine: FakeEngine) -> AsyncIterator[SwarmClient]:
    client = SwarmClient(engine.docker_host, deadlines=SHORT)
    yield client
    await client.close()


def spec(engine: FakeEngine, name: str = "web", replicas: int = 1) -> dict[str, object]:
    return {
        "Name": name,
        "TaskTemplate": {"ContainerSpec": {"Image": engine.image("hello-world")}},
        "Mode": {"Replicated": {"Replicas": replicas}},
    }


def relabel(service: Service) -> dict[str, object]:
    return {**service.spec, "Labels": {"new": "yes"}}


async def test_an_engine_that_is_not_there_is_unreachable_for_reads_and_writes(tmp_path: Path) -> None:
    client = SwarmClient(f"unix://{tmp_path}/nothing.sock")
    for call in (client.services(), client.info(), client.create_service({"Name": "x"})):
        with pytest.raises(DockerUnavailable) as refused:
            await call
        assert refused.value.code == "docker_unreachable"
        assert "no such file" in refused.value.detail
    await client.close()


async def test_the_client_recovers_by_itself_when_the_engine_returns(
    engine: FakeEngine, client: SwarmClient
) -> None:
    await client.services()
    await engine.stop()
    with pytest.raises(DockerUnavailable):
        await client.services()
    await engine.start()
    assert await client.services() == []
    assert await client.create_service(spec(engine))


async def test_a_write_right_after_a_restart_is_not_in_doubt(engine: FakeEngine, client: SwarmClient) -> None:
    first = await client.create_service(spec(engine, replicas=0))
    await engine.stop()
    await engine.start()
    assert (await client.update_service(first, relabel)).labels == {"new": "yes"}


async def test_a_frozen_engine_ends_reads_in_time_and_says_so(
    engine: FakeEngine, client: SwarmClient
) -> None:
    await client.services()
    engine.freeze()
    started = time.monotonic()
    with pytest.raises(DockerUnavailable) as refused:
        await client.services()
    assert refused.value.code == "docker_frozen"
    assert time.monotonic() - started < 3
    engine.thaw()
    assert await client.services() == []


async def test_a_frozen_engine_leaves_a_sent_write_unknown(engine: FakeEngine, client: SwarmClient) -> None:
    await client.services()
    engine.freeze()
    with pytest.raises(OutcomeUnknown):
        await client.create_service(spec(engine))
    engine.thaw()


async def test_a_write_that_was_never_sent_is_not_in_doubt(engine: FakeEngine, client: SwarmClient) -> None:
    engine.freeze()
    with pytest.raises(DockerUnavailable) as refused:
        await client.create_service(spec(engine))
    assert refused.value.code == "docker_frozen"
    engine.thaw()
    assert engine.store.services == {}


async def test_a_hundred_calls_to_a_frozen_engine_use_few_connections(engine: FakeEngine) -> None:
    client = SwarmClient(engine.docker_host)
    await client.services()
    engine.requests.clear()
    engine.freeze()
    calls = [asyncio.create_task(client.services()) for _ in range(100)]
    await eventually(lambda: len(engine.requests) == 8)
    with pytest.raises(AssertionError, match="not so"):
        await eventually(lambda: len(engine.requests) > 8, within=0.3)
    engine.thaw()
    assert await asyncio.gather(*calls) == [[]] * 100
    await client.close()


async def test_a_hundred_open_streams_do_not_keep_lists_waiting(
    engine: FakeEngine, client: SwarmClient
) -> None:
    service_id = await client.create_service(spec(engine))
    streams = [client.service_logs(service_id, deadline=5, follow=True) for _ in range(120)]
    readers = [asyncio.ensure_future(anext(stream)) for stream in streams]
    await eventually(lambda: all(reader.done() for reader in readers))
    assert len(await client.services()) == 1
    for stream in streams:
        await stream.aclose()


async def test_a_swarm_that_blocks_while_its_engine_answers_has_no_leader(
    engine: FakeEngine, client: SwarmClient
) -> None:
    engine.hang_next("GET", "/services")
    with pytest.raises(DockerUnavailable) as refused:
        await client.services()
    assert refused.value.code == "swarm_no_leader"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FakeEngine.lose_leader, "swarm_no_leader"),
        (FakeEngine.lock, "swarm_locked"),
        (FakeEngine.expire_certificates, "certificates_expired"),
        (FakeEngine.demote, "not_a_manager"),
        (FakeEngine.leave_swarm, "not_a_manager"),
    ],
)
async def test_the_swarms_own_troubles_have_codes_and_pass(
    engine: FakeEngine, client: SwarmClient, fault: object, code: str
) -> None:
    fault(engine)  # type: ignore[operator]
    with pytest.raises(DockerUnavailable) as refused:
        await client.nodes()
    assert refused.value.code == code
    info = await client.info()
    assert not (info.is_manager and not info.error)
    engine.recover()
    assert len(await client.nodes()) == 3
    assert (await client.info()).is_manager


async def test_a_write_cut_off_before_and_after_it_was_done_is_unknown(
    engine: FakeEngine, client: SwarmClient
) -> None:
    for after in (False, True):
        engine.cut_next("POST", "/services/create", after=after)
        with pytest.raises(OutcomeUnknown):
            await client.create_service(spec(engine, name=f"after-{after}".lower()))
    assert [service.name for service in engine.store.services.values()] == ["after-true"]


async def test_stale_writes_are_read_and_edited_again(engine: FakeEngine, client: SwarmClient) -> None:
    service_id = await client.create_service(spec(engine, replicas=0))
    message = "rpc error: code = Unknown desc = update out of sequence"
    engine.fail_next("POST", f"/services/{service_id}/update", status=500, message=message, times=3)
    seen: list[int] = []

    def edit(service: Service) -> dict[str, object]:
        seen.append(service.version)
        return relabel(service)

    assert (await client.update_service(service_id, edit)).labels == {"new": "yes"}
    assert len(seen) == 4


async def test_a_version_that_never_settles_is_a_conflict_in_the_end(
    engine: FakeEngine, client: SwarmClient
) -> None:
    service_id = await client.create_service(spec(engine, replicas=0))
    message = "rpc error: code = Unknown desc = update out of sequence"
    engine.fail_next("POST", f"/services/{service_id}/update", status=500, message=message, times=100)
    with pytest.raises(StaleVersion) as refused:
        await client.update_service(service_id, relabel)
    assert refused.value.code == "changed_meanwhile"


async def test_the_api_version_is_the_newest_both_speak(engine: FakeEngine) -> None:
    for newest, oldest, spoken in (
        ("1.41", "1.12", "1.41"),
        ("1.52", "1.44", "1.52"),
        ("1.99", "1.44", "1.56"),
    ):
        engine.api_version, engine.min_api_version = newest, oldest
        client = SwarmClient(engine.docker_host)
        assert (await client.info()).api_version == spoken
        await client.close()


async def test_an_engine_too_old_or_too_new_is_refused_with_the_versions(engine: FakeEngine) -> None:
    for newest, oldest in (("1.40", "1.12"), ("2.1", "2.0")):
        engine.api_version, engine.min_api_version = newest, oldest
        client = SwarmClient(engine.docker_host)
        with pytest.raises(EngineRefused) as refused:
            await client.services()
        assert refused.value.code == "engine_version"
        assert newest in refused.value.detail
        await client.close()


async def test_an_engine_replaced_by_an_older_or_newer_one_is_asked_again(
    engine: FakeEngine, client: SwarmClient
) -> None:
    await client.services()
    engine.api_version = "1.41"
    assert await client.services() == []
    engine.api_version, engine.min_api_version = "1.52", "1.44"
    assert await client.services() == []
    assert await client.create_service(spec(engine))


async def test_credentials_travel_in_the_header_and_stay_out_of_sight(
    engine: FakeEngine, client: SwarmClient
) -> None:
    auth = RegistryAuth(engine.registry_host, username="ann", password="hunter2?>")
    engine.registry_auth = auth.header()
    assert "+" not in auth.header()
    assert "/" not in auth.header()
    assert "hunter2" not in repr(auth)
    with pytest.raises(EngineRefused) as refused:
        await client.image_digest(engine.image("hello-world"))
    assert refused.value.code == "registry_denied"
    assert (await client.image_digest(engine.image("hello-world"), auth=auth)).digest
    await client.create_service(spec(engine), auth=auth)
    assert engine.headers[-1]["X-Registry-Auth"] == auth.header()


async def test_a_silent_registry_does_not_look_like_a_silent_engine(
    engine: FakeEngine, client: SwarmClient
) -> None:
    engine.hang_next("GET", "/distribution")
    with pytest.raises(EngineRefused) as refused:
        await client.image_digest(engine.image("hello-world"))
    assert refused.value.code == "registry_unreachable"


async def test_what_answers_without_being_an_engine_is_called_so(
    engine: FakeEngine, client: SwarmClient
) -> None:
    engine.fail_next("GET", "/nodes", status=200, message="hello")
    with pytest.raises(EngineRefused) as refused:
        await client.nodes()
    assert refused.value.code == "not_an_engine"


async def test_logs_of_a_dead_node_the_swarm_still_believes_end_with_a_gap(
    engine: FakeEngine, client: SwarmClient
) -> None:
    service_id = await client.create_service(spec(engine, replicas=3))
    await eventually(lambda: sum(task.state == "running" for task in engine.tasks("web")) == 3)
    await eventually(lambda: sum(len(lines) for lines in engine.store.logs.values()) == 3)
    engine.power_off("worker-1", noticed=False)
    started = time.monotonic()
    found = [line async for line in client.service_logs(service_id, deadline=0.5)]
    assert time.monotonic() - started < 2
    assert sum(isinstance(line, LogLine) for line in found) == 2
    assert isinstance(found[-1], LogGap)
    assert "0.5 s" in found[-1].message


async def test_logs_of_a_frozen_engine_end_in_time(engine: FakeEngine, client: SwarmClient) -> None:
    service_id = await client.create_service(spec(engine))
    engine.freeze()
    with pytest.raises(DockerUnavailable) as refused:
        await anext(client.service_logs(service_id, deadline=0.3))
    assert refused.value.code == "docker_frozen"
    engine.thaw()


async def test_a_log_stream_that_breaks_says_so(engine: FakeEngine, client: SwarmClient) -> None:
    service_id = await client.create_service(spec(engine))
    await eventually(lambda: engine.store.logs)
    found: list[LogLine | LogGap | LogDrop] = []
    async with aclosing(client.service_logs(service_id, deadline=5, follow=True)) as lines:
        async for line in lines:
            found.append(line)
            engine.disconnect_streams()
    assert isinstance(found[-1], LogGap)


async def collect(client: SwarmClient, seen: list[EngineEvent]) -> None:
    async with aclosing(client.events()) as events:  # type: ignore[type-var]
        async for event in events:
            seen.append(event)  # noqa: PERF401


async def test_events_resume_after_a_disconnection_with_a_gap_and_what_was_missed(
    engine: FakeEngine, client: SwarmClient
) -> None:
    seen: list[EngineEvent] = []
    reader = asyncio.create_task(collect(client, seen))
    await eventually(lambda: [e.kind for e in seen] == ["gap"])
    engine.add_secret("one")
    await eventually(lambda: len(seen) == 2)
    await engine.stop()
    engine.add_secret("two")
    await engine.start()
    await eventually(lambda: len(seen) == 4)
    assert [(e.kind, e.attributes.get("name")) for e in seen] == [
        ("gap", None),
        ("secret", "one"),
        ("gap", None),
        ("secret", "two"),
    ]
    reader.cancel()


async def test_a_slow_consumer_gets_a_gap_and_the_engine_never_waits(
    engine: FakeEngine, client: SwarmClient
) -> None:
    events = client.events()
    assert (await anext(events)).kind == "gap"
    for number in range(5000):
        engine.store.emit("secret", "create", str(number), {})
        if number % 100 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    engine.store.emit("secret", "create", "last", {})
    left: list[EngineEvent] = []
    while not left or left[-1].object_id != "last":
        left.append(await anext(events))
    assert len(left) <= 1100
    assert "gap" in {event.kind for event in left}
    await events.aclose()  # type: ignore[attr-defined]


async def test_an_event_of_two_megabytes_is_a_gap_and_the_next_one_arrives(
    engine: FakeEngine, client: SwarmClient
) -> None:
    seen: list[EngineEvent] = []
    reader = asyncio.create_task(collect(client, seen))
    await eventually(lambda: seen)
    engine.store.emit("config", "create", "medium", {"x": "m" * 600_000})
    engine.store.emit("config", "create", "big", {"x": "b" * 2_000_000})
    engine.store.emit("config", "create", "after", {})
    await eventually(lambda: seen[-1].object_id == "after")
    assert [event.object_id for event in seen if event.kind == "config"] == ["medium", "after"]
    assert sum(event.kind == "gap" for event in seen) >= 2
    reader.cancel()


async def test_closing_the_events_closes_their_connection(engine: FakeEngine, client: SwarmClient) -> None:
    events = client.events()
    await anext(events)
    assert len(engine.store.listeners) == 1
    await events.aclose()  # type: ignore[attr-defined]
    await eventually(lambda: engine.store.listeners == [])


@pytest.mark.parametrize(
    "host", ["", "docker.sock", "npipe:////./pipe/x", "ftp://h", "tcp://", "ssh://", "unix://x"]
)
def test_what_is_no_address_is_refused_before_anything_is_opened(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        SwarmClient(host)
    assert refused.value.errors[0].field == "DOCKER_HOST"


def test_the_address_shown_has_no_credentials() -> None:
    assert SwarmClient("ssh://ops:secret@swarm.example:2222").host == "ssh://swarm.example:2222"
    assert SwarmClient("tcp://[::1]:2375").host == "tcp://[::1]:2375"


async def test_names_that_could_leave_their_path_are_not_found_without_asking(
    engine: FakeEngine, client: SwarmClient
) -> None:
    for name in ("../info", "a/b", "..", "a?b", "%2e%2e", "ü", "a\nb"):
        with pytest.raises(NotFound):
            await client.service(name)
        with pytest.raises(NotFound):
            await client.remove_service(name)
    assert engine.requests == []


async def test_a_big_swarm_is_read_whole_without_holding_up_the_loop() -> None:
    async with FakeEngine.of_size(nodes=200, services=500, tasks=5_000) as engine:
        client = SwarmClient(engine.docker_host)
        tasks = await client.tasks()
        services = {service.id: service for service in await client.services()}
        assert len({task.id for task in tasks}) == 5_000
        assert len(services) == 500
        assert len(await client.nodes()) == 200
        for task in tasks:
            assert task.spec_digest == services[task.service_id].task_spec_digest
        await client.close()
