"""The ways to an engine besides its socket: plain TCP, TLS with certificates, and SSH."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import asyncssh
import pytest

from backend.clients.docker_client import Deadlines, SwarmClient
from backend.errors import DockerUnavailable
from tests.clients.certificates import Authority
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine(nodes=3) as fake:
        yield fake


async def exercise(client: SwarmClient, engine: FakeEngine) -> None:
    """A list, a write, logs and events."""
    assert len(await client.nodes()) == 3
    spec = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": engine.image("hello-world")}}}
    service_id = await client.create_service(spec)
    await eventually(lambda: engine.store.logs)
    assert [line async for line in client.service_logs(service_id, deadline=5)]
    async with aclosing(client.events()) as events:  # type: ignore[type-var]
        assert (await anext(events)).kind == "gap"


async def test_plain_tcp(engine: FakeEngine) -> None:
    client = SwarmClient(await engine.listen_tcp())
    await exercise(client, engine)
    await client.close()


async def test_a_port_where_nothing_listens_is_unreachable() -> None:
    client = SwarmClient("tcp://127.0.0.1:9")
    with pytest.raises(DockerUnavailable) as refused:
        await client.nodes()
    await client.close()
    assert refused.value.code == "docker_unreachable"
    assert "refused" in refused.value.detail


async def test_tls_with_a_client_certificate_from_dockers_folder(engine: FakeEngine, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certs")
    authority.issue("cert")
    host = await engine.listen_tcp(authority.server_context())
    client = SwarmClient(host, cert_path=tmp_path / "certs", tls_verify=True)
    await exercise(client, engine)
    await client.close()


async def test_a_server_of_another_authority_is_not_trusted(engine: FakeEngine, tmp_path: Path) -> None:
    theirs, ours = Authority(tmp_path / "theirs"), Authority(tmp_path / "ours")
    ours.issue("cert")
    host = await engine.listen_tcp(theirs.server_context())
    client = SwarmClient(host, cert_path=tmp_path / "ours", tls_verify=True)
    with pytest.raises(DockerUnavailable) as refused:
        await client.nodes()
    await client.close()
    assert refused.value.code == "docker_unreachable"
    assert "certificate" in refused.value.detail.lower()


async def test_missing_certificates_are_named(tmp_path: Path) -> None:
    client = SwarmClient("tcp://127.0.0.1:9", cert_path=tmp_path / "nowhere", tls_verify=True)
    with pytest.raises(DockerUnavailable) as refused:
        await client.nodes()
    await client.close()
    assert "ca.pem" in refused.value.detail


class _Commands(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return username != "ops"

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        del conn


@pytest.fixture
async def ssh_host(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[str, list[str]]]:
    """An SSH server whose only command is `docker system dial-stdio`, and the environments it was sent."""
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ORCHESTRATOR_TOKEN", "top-secret")
    key = asyncssh.generate_private_key("ssh-ed25519")
    socket = engine.docker_host.removeprefix("unix://")
    seen: list[str] = []

    async def command(process: asyncssh.SSHServerProcess[bytes]) -> None:
        seen.append(f"{process.command} {dict(process.env)}")
        reader, writer = await asyncio.open_unix_connection(socket)

        async def up() -> None:
            while data := await process.stdin.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()

        async def down() -> None:
            while data := await reader.read(65536):
                process.stdout.write(data)

        try:
            await asyncio.wait(
                [asyncio.ensure_future(up()), asyncio.ensure_future(down())],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            writer.close()
            process.exit(0)

    server = await asyncssh.create_server(
        _Commands, "127.0.0.1", 0, server_host_keys=[key], process_factory=command, encoding=None
    )
    port = server.get_port()
    (home / "known_hosts").write_bytes(b"[127.0.0.1]:" + str(port).encode() + b" " + key.export_public_key())
    yield f"ssh://ops@127.0.0.1:{port}", seen
    server.close()
    await server.wait_closed()


async def test_ssh_through_dial_stdio_without_sending_our_environment(
    engine: FakeEngine, ssh_host: tuple[str, list[str]]
) -> None:
    host, seen = ssh_host
    client = SwarmClient(host)
    await exercise(client, engine)
    await client.close()
    assert all(line.startswith("docker system dial-stdio") for line in seen)
    assert "top-secret" not in str(seen)


async def test_ssh_to_a_host_nobody_vouches_for_is_refused(
    ssh_host: tuple[str, list[str]], tmp_path: Path
) -> None:
    host, seen = ssh_host
    (tmp_path / "home" / ".ssh" / "known_hosts").write_text("")
    client = SwarmClient(host, deadlines=Deadlines(read=3))
    with pytest.raises(DockerUnavailable) as refused:
        await client.nodes()
    assert refused.value.code == "docker_unreachable"
    assert seen == []
    await client.close()
