"""Blobs that lie elsewhere: fetched from the open internet only, and never with credentials."""

import socket
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from backend.clients.registry_client import RegistryClient
from backend.clients.registry_elsewhere import Elsewhere, PublicOnly, is_public, may_visit
from backend.errors import RegistryFailed
from backend.models.registries import Credentials
from tests.clients.certificates import Authority
from tests.fakes.fake_registry import FakeRegistry, digest_of

pytestmark = pytest.mark.anyio

CRED = Credentials("tester", "correct horse")


class LeadsTo(AbstractResolver):
    """Every name leads to one place, which real resolvers would not say."""

    def __init__(self, address: str, port: int) -> None:
        self._found = ResolveResult(
            hostname="any", host=address, port=port, family=socket.AF_INET, proto=0, flags=0
        )

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [self._found]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.5", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("2001:0:0:0:0:0:80ff:fffe", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", ""),
    ],
)
def test_what_is_not_on_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "52.216.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_what_is_on_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://bucket.example.com/x",
        "https://bucket.example.com:8443/x",
        "https://user:pw@bucket.example.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://0x7f000001/x",
        "https://127.1/x",
        "https://0177.0.0.1/x",
        "https://localhost/x",
        "https://registry/x",
        "https://bucket.example.com\\@127.0.0.1/x",
        "file:///etc/passwd",
        "ftp://bucket.example.com/x",
        "//bucket.example.com/x",
        "/relative",
        "https://",
        "https://a b.example.com:x/",
        "",
    ],
)
def test_where_we_do_not_go(url: str) -> None:
    assert not may_visit(url)


async def test_a_name_that_leads_inside_is_not_visited() -> None:
    async with FakeRegistry() as canary:
        elsewhere = Elsewhere(resolver=PublicOnly(LeadsTo("127.0.0.1", canary.port)))
        assert await elsewhere.fetch("https://bucket.example.com/x", 1000) is None
        await elsewhere.close()
        assert canary.seen == []


async def test_a_configuration_that_lies_elsewhere_is_fetched_without_credentials_and_checked(
    tmp_path: Path,
) -> None:
    Authority(tmp_path).issue("server")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem", tmp_path / "server-key.pem")
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    trust.check_hostname = False
    async with FakeRegistry(auth="basic") as registry, FakeRegistry(tls=serving) as storage:
        registry.add_image("web", "1", labels={"a": "b"})
        blobs = registry.repositories["web"].blobs

        async def away(request: web.Request) -> web.StreamResponse | None:
            if "/blobs/" not in request.path or "Authorization" not in request.headers:
                return None
            target = f"https://bucket.example.com/{request.path.rpartition('/')[2]}?signature=x"
            return web.Response(status=307, headers={"Location": target})

        async def stored(request: web.Request) -> web.StreamResponse:
            return web.Response(body=blobs[request.path.strip("/")])

        registry.misbehaviour, storage.misbehaviour = away, stored
        client = RegistryClient(elsewhere=Elsewhere(resolver=LeadsTo("127.0.0.1", storage.port), trust=trust))
        manifest = await client.manifest(registry.address, CRED, "web", "1")
        assert manifest.config is not None
        config = await client.image_config(registry.address, CRED, "web", manifest.config)
        assert config.labels == {"a": "b"}
        assert [seen.authorization for seen in storage.seen] == [None]

        blobs[manifest.config] += b" "
        with pytest.raises(RegistryFailed) as changed:
            await client.image_config(registry.address, CRED, "web", manifest.config)
        assert changed.value.code == "registry_wrong_digest"
        blobs[manifest.config] = b"x" * (5 * 2**20)
        with pytest.raises(RegistryFailed) as huge:
            await client.image_config(registry.address, CRED, "web", manifest.config)
        assert huge.value.code == "registry_redirected"
        assert digest_of(b"") not in huge.value.detail
        await client.close()
