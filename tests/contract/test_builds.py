"""Images through the engine's API: built by either builder, pushed, and what goes wrong with both."""

import io
import os
import tarfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from backend.clients.engine_errors import Call
from backend.clients.engine_images import (
    BuildEvent,
    BuildFailed,
    BuildLine,
    BuildOptions,
    BuildStep,
    BuiltImage,
    Pushed,
    PushEvent,
    PushFailed,
)
from backend.clients.transport import decoded
from backend.errors import InvalidInput
from lab.rootfs import RootfsCache
from tests.contract.swarm_under_test import SwarmUnderTest
from tests.eventually import eventually

pytestmark = pytest.mark.anyio

BASE = "FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/sleep\n"
CLASSIC = 256 << 20
"""A limit is what only the classic builder takes."""
BUILDERS = pytest.mark.parametrize(
    "memory", [pytest.param(None, id="buildkit"), pytest.param(CLASSIC, id="classic")]
)


@pytest.fixture(scope="module")
def busybox() -> bytes:
    """A static shell: what a lab's node has, or a stand-in where only the fake will look at it."""
    for folder in sorted(RootfsCache().folder.glob("*/bin/busybox")):
        return folder.read_bytes()
    return b"\x7fELF"


def packed(files: Mapping[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(raw), 0o755
            tar.addfile(entry, io.BytesIO(raw))
    return packed.getvalue()


async def context(dockerfile: str, busybox: bytes, **files: str | bytes) -> AsyncIterator[bytes]:
    data = packed({"Dockerfile": dockerfile, "busybox": busybox, **files})
    for start in range(0, len(data), 65536):
        yield data[start : start + 65536]


async def built(
    swarm: SwarmUnderTest, tar: AsyncIterator[bytes], options: BuildOptions
) -> tuple[str, list[BuildEvent]]:
    events = [event async for event in swarm.client.images.build(tar, options)]
    assert isinstance(events[-1], BuiltImage)
    return events[-1].id, events


async def failed_build(
    swarm: SwarmUnderTest, tar: AsyncIterator[bytes], options: BuildOptions, seen: list[BuildEvent]
) -> BuildFailed:
    try:
        async for event in swarm.client.images.build(tar, options):
            seen.append(event)  # noqa: PERF401 - what came before the failure is wanted
    except BuildFailed as failure:
        return failure
    raise AssertionError("the build succeeded")


def lines(events: list[BuildEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, BuildLine)]


def reference(swarm: SwarmUnderTest) -> str:
    return f"{swarm.registry_host}/{swarm.name()}:1"


async def containers(swarm: SwarmUnderTest) -> list[str]:
    """Steps that run, and containers of steps that have not been cleared away."""
    if swarm.fake:
        return swarm.fake.builder.containers
    found = await swarm.client._transport.read(
        "containers/json", Call("containers"), decoded(list[dict[str, object]]), params={"all": "1"}
    )
    mine = f"echo {swarm.prefix}"
    return running(mine) + [str(one["Id"]) for one in found if mine in str(one["Command"])]


def running(words: str) -> list[str]:
    return [
        folder.name
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and words in _command_line(folder)
    ]


def _command_line(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@BUILDERS
async def test_a_build_says_its_steps_and_lines_and_leaves_a_named_image(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    name = reference(swarm)
    tar = context(f"{BASE}RUN echo {name}; echo careful >&2\n", busybox)
    image, events = await built(
        swarm, tar, BuildOptions(tags=(name,), labels={"made-by": "test"}, memory_bytes=memory)
    )
    assert name in lines(events)
    assert "careful" in [e.text for e in events if isinstance(e, BuildLine) and e.is_error]
    steps = {event.id: event for event in events if isinstance(event, BuildStep)}
    assert any("RUN echo" in step.name and step.started and step.finished for step in steps.values())
    local = await swarm.client.images.inspect(name)
    assert local is not None
    assert local.id == image
    assert name in local.tags
    assert local.platform.startswith("linux/")
    await swarm.client.images.remove(name)
    assert await swarm.client.images.inspect(name) is None


@BUILDERS
async def test_a_failing_command_is_named_with_its_exit_code_and_leaves_nothing(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    script = f"echo {swarm.prefix}; exit 7"
    with pytest.raises(BuildFailed) as failure:
        await built(swarm, context(f"{BASE}RUN {script}\n", busybox), BuildOptions(memory_bytes=memory))
    assert failure.value.exit_code == 7
    assert script in failure.value.detail
    assert failure.value.step is not None
    assert script in failure.value.step
    assert await containers(swarm) == []


@BUILDERS
async def test_closing_a_build_stops_its_command_and_clears_its_container(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    script = f"echo {swarm.prefix}; sleep 9999; echo {swarm.prefix} ends"
    build = swarm.client.images.build(
        context(f"{BASE}RUN {script}\n", busybox), BuildOptions(memory_bytes=memory)
    )
    async for event in build:
        if isinstance(event, BuildLine) and event.text == swarm.prefix:
            break
    assert await containers(swarm) != []
    await build.aclose()

    async def gone() -> bool:
        return await containers(swarm) == []

    await eventually(gone, within=swarm.patience, every=0.1)


@BUILDERS
async def test_a_build_that_takes_too_long_is_ended_at_its_limit(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    tar = context(f"{BASE}RUN echo {swarm.prefix}; sleep 9999; echo {swarm.prefix} ends\n", busybox)
    build = swarm.client.images.build(tar, BuildOptions(memory_bytes=memory), within=1.5)
    with pytest.raises(BuildFailed) as failure:
        [event async for event in build]
    assert failure.value.code == "build_timeout"

    async def gone() -> bool:
        return await containers(swarm) == []

    await eventually(gone, within=swarm.patience, every=0.1)


@BUILDERS
async def test_target_build_args_and_another_dockerfile_are_obeyed(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    text = f"{BASE}".replace("scratch", "scratch AS first") + (
        "ARG WHO=nobody\nRUN echo hello $WHO\nFROM first AS second\nRUN echo never; exit 1\n"
    )
    data = packed({"Dockerfile": "FROM scratch\nBROKEN\n", "deploy/Dockerfile.app": text, "busybox": busybox})

    async def tar() -> AsyncIterator[bytes]:
        yield data

    options = BuildOptions(
        dockerfile="deploy/Dockerfile.app",
        target="first",
        build_args={"WHO": "a+b &c=%"},
        memory_bytes=memory,
        no_cache=True,
    )
    _, events = await built(swarm, tar(), options)
    assert "hello ${WHO}" in lines(events)
    assert "never" not in lines(events)


@BUILDERS
async def test_values_of_build_args_are_in_nothing_that_a_build_says(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    secret = f"s3cret-{os.urandom(6).hex()}"
    options = BuildOptions(build_args={"TOKEN": secret}, no_cache=True, memory_bytes=memory)
    assert secret not in repr(options)
    text = f"{BASE}ARG TOKEN\nRUN echo with $TOKEN; exit 3\n"
    seen: list[BuildEvent] = []
    failure = await failed_build(swarm, context(text, busybox), options, seen)
    assert "with ${TOKEN}" in lines(seen)
    assert secret not in repr(seen) + failure.detail + str(failure.step)


async def test_buildkit_only_syntax_works_or_says_what_it_needs(
    swarm: SwarmUnderTest, busybox: bytes
) -> None:
    mounted = f"{BASE}RUN --mount=type=cache,target=/cache echo mounted\n"
    _, events = await built(swarm, context(mounted, busybox), BuildOptions(no_cache=True))
    assert "mounted" in lines(events)
    with pytest.raises(BuildFailed) as failure:
        await built(swarm, context(mounted, busybox), BuildOptions(memory_bytes=CLASSIC))
    assert failure.value.code == "build_needs_buildkit"
    assert "BuildKit" in failure.value.detail


@pytest.mark.parametrize(
    "option",
    [
        "--network=host",
        "--security=insecure",
        "--mount=type=ssh,required=true",
        "--mount=type=secret,id=x,required=true",
    ],
)
async def test_a_dockerfile_gets_neither_the_hosts_network_nor_privileges_nor_secrets(
    swarm: SwarmUnderTest, busybox: bytes, option: str
) -> None:
    seen: list[BuildEvent] = []
    tar = context(f"{BASE}RUN {option} echo got it\n", busybox)
    await failed_build(swarm, tar, BuildOptions(no_cache=True), seen)
    assert "got it" not in lines(seen)


async def test_heredocs_work_or_say_which_docker_they_need(swarm: SwarmUnderTest, busybox: bytes) -> None:
    text = f"{BASE}COPY <<EOF /hello\nhere it is\nEOF\nRUN echo after it\n"
    modern = await swarm.client._transport.api_version() >= "1.42"
    if modern:
        _, events = await built(swarm, context(text, busybox), BuildOptions(no_cache=True))
        assert "after it" in lines(events)
        return
    with pytest.raises(BuildFailed) as failure:
        await built(swarm, context(text, busybox), BuildOptions())
    assert failure.value.code == "build_needs_buildkit"
    assert "Docker 23" in failure.value.detail


@BUILDERS
async def test_an_unknown_instruction_and_an_absent_file_are_causes(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    for text, expected in ((f"{BASE}BOGUS x\n", "BOGUS"), (f"{BASE}COPY nothing /x\n", "nothing")):
        with pytest.raises(BuildFailed) as failure:
            await built(swarm, context(text, busybox), BuildOptions(memory_bytes=memory))
        assert expected in failure.value.detail
    with pytest.raises(BuildFailed) as failure:
        await built(
            swarm, context(BASE, busybox), BuildOptions(dockerfile="absent/Dockerfile", memory_bytes=memory)
        )
    assert "absent/Dockerfile" in failure.value.detail
    with pytest.raises(BuildFailed):
        await built(swarm, context(BASE, busybox), BuildOptions(target="absent", memory_bytes=memory))


@BUILDERS
async def test_an_error_in_the_context_ends_the_build_as_itself_without_an_image(
    swarm: SwarmUnderTest, busybox: bytes, memory: int | None
) -> None:
    name = reference(swarm)
    closed = []

    class Changed(Exception):
        pass

    async def tar() -> AsyncIterator[bytes]:
        try:
            yield packed({"Dockerfile": BASE, "busybox": busybox})[:100_000]
            raise Changed
        finally:
            closed.append(True)

    with pytest.raises(Changed):
        await built(swarm, tar(), BuildOptions(tags=(name,), memory_bytes=memory))
    assert closed == [True]
    assert await swarm.client.images.inspect(name) is None


async def test_what_is_pushed_is_in_the_registry_under_the_digest_that_was_said(
    swarm: SwarmUnderTest, busybox: bytes
) -> None:
    name, images = reference(swarm), swarm.client.images
    image, _ = await built(swarm, context(BASE, busybox, note=name), BuildOptions(tags=(name,)))
    again = name.removesuffix(":1") + ":again"
    await images.tag(image, again)
    for reference_ in (name, again):
        events = [event async for event in images.push(reference_)]
        done = events[-1]
        assert isinstance(done, Pushed)
        assert done.size > 100
        assert any(isinstance(event, PushEvent) and event.layer for event in events)
        assert (await swarm.client.image_digest(reference_)).digest == done.digest
        local = await images.inspect(reference_)
        assert local is not None
        assert local.digests == (f"{name.removesuffix(':1')}@{done.digest}",)
    for reference_ in (name, again):
        await images.remove(reference_)


async def test_a_pushed_image_can_be_built_upon(swarm: SwarmUnderTest) -> None:
    text = f"ARG REGISTRY\nFROM $REGISTRY/hello-world:1\nRUN echo on top of {swarm.prefix}\n"
    options = BuildOptions(build_args={"REGISTRY": swarm.registry_host}, dockerfile_text=text)
    _, events = await built(swarm, context(text, b""), options)
    assert f"on top of {swarm.prefix}" in lines(events)


async def test_pushing_what_is_not_there_or_where_nobody_listens_says_so(
    swarm: SwarmUnderTest, busybox: bytes
) -> None:
    images = swarm.client.images
    with pytest.raises(PushFailed) as failure:
        [event async for event in images.push(reference(swarm))]
    assert failure.value.code == "image_not_local"
    nowhere = f"127.0.0.1:1/{swarm.name()}:1"
    if swarm.fake:
        swarm.fake.registry_up = False
    await built(swarm, context(BASE, busybox), BuildOptions(tags=(nowhere,)))
    with pytest.raises(PushFailed) as failure:
        [event async for event in images.push(nowhere)]
    assert "connection refused" in failure.value.detail
    assert await images.inspect(nowhere) is not None
    await images.remove(nowhere)


async def test_a_big_context_is_streamed(swarm: SwarmUnderTest, busybox: bytes) -> None:
    """What was handed over and not taken yet stays small, whatever the size of the whole."""
    big = 256 << 20
    ahead: list[int] = []

    async def tar() -> AsyncIterator[bytes]:
        data = packed({"Dockerfile": "FROM scratch\nCOPY small /small\n", "small": "x"})
        yield data.rstrip(b"\0") + b"\0" * (-len(data.rstrip(b"\0")) % 512)
        entry = tarfile.TarInfo("big")
        entry.size = big
        yield entry.tobuf()
        before = resident()
        for _ in range(big >> 16):
            yield bytes(1 << 16)
            ahead.append(resident() - before)
        yield bytes(1024)

    await built(swarm, tar(), BuildOptions())
    assert max(ahead) < 32 << 20, f"{max(ahead) >> 20} MiB more while 256 MiB were sent"


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_tag_that_is_no_reference_is_refused_before_anything_is_sent(swarm: SwarmUnderTest) -> None:
    read = []

    async def tar() -> AsyncIterator[bytes]:
        read.append(True)
        yield b""

    for bad in ("", "a b", "../x", "x?y=1", "-x", "a//b"):
        with pytest.raises(InvalidInput):
            await built(swarm, tar(), BuildOptions(tags=(bad,)))
        with pytest.raises(InvalidInput):
            await swarm.client.images.inspect(bad)
    assert read == []
