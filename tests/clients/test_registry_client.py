"""Asking registries: the protocol, ways to be let in, and answers that cannot be trusted."""

import asyncio
import contextlib
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from backend.clients.registry_client import RegistryClient
from backend.domain.registry_challenge import next_page, read_challenges
from backend.domain.registry_manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from backend.errors import Conflict, InvalidInput, NotFound, RegistryFailed
from backend.models.registries import Credentials, RegistryAddress
from tests.clients.certificates import Authority
from tests.eventually import eventually
from tests.fakes import fake_registry
from tests.fakes.fake_registry import FakeRegistry, always, digest_of

pytestmark = pytest.mark.anyio

RIGHT = Credentials("tester", "correct horse")
WRONG = Credentials("tester", "battery staple")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def client_with(**options: object) -> AsyncIterator[RegistryClient]:
    made = RegistryClient(**options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def client() -> AsyncIterator[RegistryClient]:
    async with client_with() as made:
        yield made


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as made:
        yield made


# The protocol ---------------------------------------------------------------------------------------------


async def test_every_page_of_a_long_list_is_read(client: RegistryClient, registry: FakeRegistry) -> None:
    registry.page = 100
    registry.add_image("web", *(f"t{number:04d}" for number in range(1_234)))
    assert len(await client.tags(registry.address, None, "web")) == 1_234
    assert len(registry.paths()) == 13


async def test_a_registry_that_gives_less_at_a_time_than_asked_is_asked_for_its_own_measure(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    async def picky(request: web.Request) -> web.StreamResponse | None:
        asked = int(request.query.get("n", 0))
        return web.json_response({}, status=400) if asked > 100 else None

    registry.page = 100
    registry.misbehaviour = picky
    for number in range(150):
        registry.add_image(f"r{number:03d}", "1")
    assert len(await client.repositories(registry.address, None)) == 150


async def test_names_that_cannot_be_names_are_left_out(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    names = ["good", "a/b", "../etc", "Bad", "x" * 300, "a b", "a\u202eb", ""]
    registry.misbehaviour = always(200, json.dumps({"repositories": names}).encode(), "application/json")
    assert await client.repositories(registry.address, None) == ["a/b", "good"]


async def test_a_repository_without_tags_has_none_and_an_unknown_one_is_not_found(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    registry.misbehaviour = always(200, b'{"name":"web","tags":null}', "application/json")
    assert await client.tags(registry.address, None, "web") == []
    registry.misbehaviour = None
    with pytest.raises(NotFound) as error:
        await client.tags(registry.address, None, "web")
    assert error.value.code == "repository_not_found"


@pytest.mark.parametrize("announces", [True, False])
async def test_a_digest_is_told_or_computed(
    client: RegistryClient, registry: FakeRegistry, announces: bool
) -> None:
    registry.announces = announces
    digest = registry.add_image("team/web", "1")
    assert await client.digest(registry.address, None, "team/web", "1") == digest
    assert await client.digest(registry.address, None, "team/web", digest) == digest
    assert await client.digest(registry.address, None, "team/web", "2") is None
    assert await client.digest(registry.address, None, "nothing", "1") is None


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
async def test_a_manifest_is_read_in_both_dialects(
    client: RegistryClient, registry: FakeRegistry, media_type: str
) -> None:
    digest = registry.add_image(
        "web", "1", media_type=media_type, layers=(b"1", b"22"), labels={"a": "b"}, architecture="arm64"
    )
    manifest = await client.manifest(registry.address, None, "web", "1")
    assert (manifest.digest, manifest.media_type) == (digest, media_type)
    assert [layer.size for layer in manifest.layers] == [1, 2]
    assert manifest.config is not None
    config = await client.image_config(registry.address, None, "web", manifest.config)
    assert (config.os, config.architecture, config.labels) == ("linux", "arm64", {"a": "b"})


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
async def test_an_index_is_read_with_its_platforms_and_without_attestations(
    client: RegistryClient, registry: FakeRegistry, media_type: str
) -> None:
    architectures = ("amd64", "arm64", "riscv64", "s390x", "ppc64le")
    registry.add_index("web", "1", architectures=architectures, media_type=media_type)
    manifest = await client.manifest(registry.address, None, "web", "1")
    assert tuple(one.architecture for one in manifest.platforms) == architectures
    assert manifest.size == sum(one.size or 0 for one in manifest.platforms)
    assert manifest.problem is None


async def test_an_index_with_a_missing_platform_says_so_and_shows_the_others(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    registry.add_index("web", "1", architectures=("amd64", "arm64"))
    del registry.repositories["web"].manifests[next(iter(registry.repositories["web"].manifests))]
    manifest = await client.manifest(registry.address, None, "web", "1")
    assert "linux/amd64" in str(manifest.problem)
    assert [one.size is None for one in manifest.platforms] == [True, False]


async def test_what_is_no_image_has_no_configuration(client: RegistryClient, registry: FakeRegistry) -> None:
    descriptor = {
        "mediaType": "application/vnd.cncf.helm.config.v1+json",
        "digest": digest_of(b"x"),
        "size": 1,
    }
    chart = json.dumps({"schemaVersion": 2, "config": descriptor, "layers": [descriptor]}).encode()
    registry.add_manifest("chart", OCI_MANIFEST, chart, "1")
    assert (await client.manifest(registry.address, None, "chart", "1")).config is None


async def test_a_manifest_is_deleted_by_its_digest(client: RegistryClient, registry: FakeRegistry) -> None:
    digest = registry.add_image("web", "1")
    await client.delete_manifest(registry.address, None, "web", digest)
    assert await client.digest(registry.address, None, "web", "1") is None
    with pytest.raises(NotFound):
        await client.delete_manifest(registry.address, None, "web", digest)
    registry.deletes = False
    other = registry.add_image("web", "2")
    with pytest.raises(Conflict) as error:
        await client.delete_manifest(registry.address, None, "web", other)
    assert error.value.code == "registry_delete_disabled"


async def test_no_name_leads_to_another_path(client: RegistryClient, registry: FakeRegistry) -> None:
    for name in ("../v2", "a/../b", "a?b", "a#b", "", "/", "A"):
        with pytest.raises(InvalidInput):
            await client.tags(registry.address, None, name)
    assert await client.digest(registry.address, None, "web", "../../x?y=1") is None
    assert all(seen.path.startswith("/v2/web/manifests/") and not seen.query for seen in registry.seen)


# Being let in ---------------------------------------------------------------------------------------------


async def test_a_password_is_sent_only_where_it_is_asked_for(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    registry.add_image("web", "1")
    await client.tags(registry.address, RIGHT, "web")
    assert [seen.authorization for seen in registry.seen] == [None]
    registry.auth = "basic"
    await client.tags(registry.address, RIGHT, "web")
    await client.tags(registry.address, RIGHT, "web")
    sent = [seen.authorization is not None for seen in registry.seen[1:]]
    assert sent == [False, True, True]


async def test_a_token_is_fetched_once_per_scope_and_again_when_it_is_over() -> None:
    clock = Clock()
    async with FakeRegistry(auth="token") as registry, client_with(now=clock) as client:
        registry.add_image("web", "1")
        registry.token_lives = 100
        for _ in range(5):
            await client.tags(registry.address, RIGHT, "web")
            await client.digest(registry.address, RIGHT, "web", "1")
        assert registry.tokens_given == 1
        await client.repositories(registry.address, RIGHT)
        assert registry.tokens_given == 2
        clock.now += 95
        await client.tags(registry.address, RIGHT, "web")
        assert registry.tokens_given == 3


async def test_a_token_that_was_taken_back_is_replaced() -> None:
    async with FakeRegistry(auth="token") as registry, client_with() as client:
        registry.add_image("web", "1")
        await client.tags(registry.address, RIGHT, "web")
        registry.tokens.clear()
        assert await client.tags(registry.address, RIGHT, "web") == ["1"]
        assert registry.tokens_given == 2


async def test_an_identity_token_is_exchanged() -> None:
    async with FakeRegistry(auth="token") as registry, client_with() as client:
        registry.add_image("web", "1")
        registry.identity_token = "a refresh token"
        cred = Credentials(identity_token=registry.identity_token)
        assert await client.tags(registry.address, cred, "web") == ["1"]


@pytest.mark.parametrize("auth", ["basic", "token"])
@pytest.mark.parametrize("cred", [None, WRONG], ids=["nobody", "wrong password"])
async def test_who_is_not_let_in_is_told_what_to_do_without_the_password(
    auth: fake_registry.Auth, cred: Credentials | None
) -> None:
    async with FakeRegistry(auth=auth) as registry, client_with() as client:
        with pytest.raises(RegistryFailed) as error:
            await client.repositories(registry.address, cred)
        assert error.value.code == "registry_unauthorized"
        assert f"/api/registries/{registry.host}" in error.value.detail
        assert "staple" not in error.value.detail
        assert len(registry.seen) <= 3


@pytest.mark.parametrize(
    "realm", ["http://{canary}/token", "http://u:p@{own}/token", "ftp://{own}/", "nothing", ""]
)
async def test_no_credentials_go_to_a_token_server_elsewhere(realm: str) -> None:
    async with FakeRegistry(auth="token") as registry, FakeRegistry() as canary, client_with() as client:
        registry.realm = realm.format(canary=canary.host, own=registry.host) or " "
        with pytest.raises(RegistryFailed) as error:
            await client.repositories(registry.address, RIGHT)
        assert error.value.code == "registry_token_realm"
        assert canary.seen == []


async def test_a_token_server_that_is_configured_is_used() -> None:
    async with FakeRegistry(auth="token") as registry, FakeRegistry(auth="token") as tokens:
        registry.realm = f"{tokens.url}/token"
        registry.tokens = tokens.tokens
        registry.add_image("web", "1")
        async with client_with(realms=lambda: [tokens.url]) as client:
            assert await client.tags(registry.address, RIGHT, "web") == ["1"]


async def test_redirects_are_not_followed_with_or_without_credentials() -> None:
    async with FakeRegistry(auth="basic") as registry, FakeRegistry() as canary, client_with() as client:
        registry.add_image("web", "1")
        target = f"{canary.url}/secret?token=hunter2"

        async def elsewhere(request: web.Request) -> web.StreamResponse | None:
            return web.Response(status=307, headers={"Location": target}) if "blobs" in request.path else None

        registry.misbehaviour = elsewhere
        manifest = await client.manifest(registry.address, RIGHT, "web", "1")
        assert manifest.config is not None
        with pytest.raises(RegistryFailed) as error:
            await client.image_config(registry.address, RIGHT, "web", manifest.config)
        assert error.value.code == "registry_redirected"
        assert canary.host in error.value.detail
        assert "hunter2" not in error.value.detail
        assert canary.seen == []


async def test_a_next_page_elsewhere_is_not_followed(client: RegistryClient, registry: FakeRegistry) -> None:
    async with FakeRegistry() as canary:
        link = f'<{canary.url}/v2/_catalog?last=a>; rel="next"'
        registry.misbehaviour = always(200, b'{"repositories":["a"]}', "application/json", Link=link)
        with pytest.raises(RegistryFailed) as error:
            await client.repositories(registry.address, None)
        assert error.value.code == "registry_redirected"
        assert canary.seen == []


async def test_a_registry_that_repeats_our_credentials_does_not_get_them_into_an_error(
    client: RegistryClient,
) -> None:
    async with FakeRegistry(auth="basic") as registry:

        async def parrot(request: web.Request) -> web.StreamResponse | None:
            said = request.headers.get("Authorization")
            body = {"errors": [{"code": said, "message": f"{said} correct horse"}]}
            return web.json_response(body, status=500) if said else None

        registry.misbehaviour = parrot
        with pytest.raises(RegistryFailed) as error:
            await client.repositories(registry.address, RIGHT)
        assert error.value.code == "registry_error"
        assert "correct horse" not in error.value.detail
        assert "Basic" not in error.value.detail


def test_challenges_are_read_as_they_are_written() -> None:
    bearer = 'Bearer realm="https://a/t?x=1,2",service="s \\"q\\"",scope="repository:a:pull,push"'
    found = read_challenges(["Negotiate", 'Basic realm="r"', bearer])
    assert found is not None
    assert (found.scheme, found.realm, found.service) == ("bearer", "https://a/t?x=1,2", 's "q"')
    assert found.scope == "repository:a:pull,push"
    assert read_challenges(["Negotiate", ""]) is None


def test_the_next_page_is_found_among_other_links() -> None:
    page = "http://r:5000/v2/_catalog?n=1"
    assert next_page('</v2/_catalog?last=a&n=1>; rel="next"', page) == "http://r:5000/v2/_catalog?last=a&n=1"
    assert next_page('</x>; rel="prev", </y>; rel=next', page) == "http://r:5000/y"
    assert next_page('</x>; rel="prev"', page) is None
    assert next_page(None, page) is None
    for other in ("http://r:5001/x", "https://r:5000/x", "//evil/x", "http://r:5000@evil/x", "file:///etc"):
        with pytest.raises(ValueError, match=r"."):
            next_page(f'<{other}>; rel="next"', page)


# Answers that cannot be right -----------------------------------------------------------------------------


async def test_content_that_does_not_match_its_digest_is_refused(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    digest = registry.add_image("web", "1")
    kept = registry.repositories["web"]
    config = (await client.manifest(registry.address, None, "web", "1")).config
    assert config is not None
    kept.blobs[config] += b" "
    kept.manifests[digest] = (OCI_MANIFEST, kept.manifests[digest][1] + b" ")
    for ask in (
        client.manifest(registry.address, None, "web", "1"),
        client.manifest(registry.address, None, "web", digest),
        client.image_config(registry.address, None, "web", config),
    ):
        with pytest.raises(RegistryFailed) as error:
            await ask
        assert error.value.code == "registry_wrong_digest"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b'{"schemaVersion":2}',
        b'{"schemaVersion":"2"}',
        b'{"schemaVersion":2,"config":{"digest":"sha256:zz","size":1}}',
        b'{"schemaVersion":2,"config":{"digest":"sha256:' + b"0" * 64 + b'","size":-1}}',
        b'{"schemaVersion":2,"manifests":[{"digest":"../x","size":1}]}',
        b'{"schemaVersion":2,"layers":' + b"[" * 1_000_000,
        b"\xff\xfe",
    ],
)
async def test_a_manifest_that_cannot_be_right_is_refused(
    client: RegistryClient, registry: FakeRegistry, content: bytes
) -> None:
    registry.add_manifest("web", OCI_MANIFEST, content, "1")
    with pytest.raises(RegistryFailed) as error:
        await client.manifest(registry.address, None, "web", "1")
    assert error.value.code == "registry_bad_answer"


async def test_schema_1_is_named_as_such(client: RegistryClient, registry: FakeRegistry) -> None:
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    registry.add_manifest("web", kind, b'{"schemaVersion":1,"fsLayers":[]}', "1")
    with pytest.raises(RegistryFailed) as error:
        await client.manifest(registry.address, None, "web", "1")
    assert error.value.code == "registry_schema1"


async def test_a_compressed_answer_is_not_unpacked(client: RegistryClient, registry: FakeRegistry) -> None:
    registry.misbehaviour = always(200, b"\x1f\x8b" + b"x" * 100, "application/json", Content_Encoding="gzip")
    with pytest.raises(RegistryFailed) as error:
        await client.repositories(registry.address, None)
    assert error.value.code == "registry_bad_answer"


@pytest.mark.parametrize(
    ("misbehaviour", "code"),
    [
        (fake_registry.flood, "registry_answer_too_large"),
        (fake_registry.endless_catalog, "registry_endless"),
        (fake_registry.circling_catalog, "registry_endless"),
    ],
)
async def test_an_answer_without_an_end_is_refused_with_memory_flat(
    client: RegistryClient, registry: FakeRegistry, misbehaviour: fake_registry.Misbehaviour, code: str
) -> None:
    registry.misbehaviour = misbehaviour
    tracemalloc.start()
    try:
        with pytest.raises(RegistryFailed) as error:
            await client.repositories(registry.address, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.value.code == code
    assert peak < 24 * 2**20


@pytest.mark.parametrize("misbehaviour", [fake_registry.silence, fake_registry.dripping])
async def test_a_slow_registry_is_given_up_at_the_deadline(
    registry: FakeRegistry, misbehaviour: fake_registry.Misbehaviour
) -> None:
    registry.misbehaviour = misbehaviour
    async with client_with(deadline=0.3) as client:
        with pytest.raises(RegistryFailed) as error:
            await client.repositories(registry.address, None)
    assert error.value.code == "registry_timeout"


async def test_nothing_is_left_running_of_an_index_that_failed_in_one_part(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    registry.add_index("web", "1", architectures=("amd64", "arm64"))
    first = next(iter(registry.repositories["web"].manifests))

    async def partly(request: web.Request) -> web.StreamResponse | None:
        if first in request.path:
            return web.Response(status=500)
        return await fake_registry.dripping(request) if "sha256" in request.path else None

    registry.misbehaviour = partly
    before = asyncio.all_tasks()
    with pytest.raises(RegistryFailed) as error:
        await client.manifest(registry.address, None, "web", "1")
    assert error.value.code == "registry_error"
    await eventually(lambda: not [task for task in asyncio.all_tasks() - before if "_child" in repr(task)])


async def test_nobody_there_a_wrong_name_and_no_http_are_told_apart(
    client: RegistryClient, registry: FakeRegistry
) -> None:
    await registry.stop()
    with pytest.raises(RegistryFailed) as down:
        await client.ping(registry.address, None)
    assert down.value.code == "registry_unreachable"
    with pytest.raises(RegistryFailed) as unnamed:
        await client.ping(RegistryAddress("nowhere.invalid", "http://nowhere.invalid"), None)
    assert unnamed.value.code == "registry_unreachable"
    assert "nowhere.invalid" in unnamed.value.detail


async def test_a_certificate_that_is_not_trusted_and_a_lack_of_tls_are_told_apart(
    client: RegistryClient, registry: FakeRegistry, tmp_path: Path
) -> None:
    with pytest.raises(RegistryFailed) as plain:
        await client.ping(RegistryAddress(registry.host, registry.url.replace("http:", "https:")), None)
    assert plain.value.code == "registry_tls"
    assert "http://" in plain.value.detail
    Authority(tmp_path).issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server-key.pem")
    async with FakeRegistry(tls=context) as secured:
        with pytest.raises(RegistryFailed) as untrusted:
            await client.ping(secured.address, None)
        assert untrusted.value.code == "registry_tls"
        assert "trust" in untrusted.value.detail


@pytest.mark.parametrize(
    "status", [*range(200, 209), 300, 301, 304, 400, 404, 405, 410, 418, 451, 501, 503, 599]
)
async def test_no_status_is_a_bug(client: RegistryClient, registry: FakeRegistry, status: int) -> None:
    registry.add_image("web", "1")
    registry.misbehaviour = always(status, b"", "application/json")
    for ask in (
        client.ping(registry.address, None),
        client.repositories(registry.address, None),
        client.tags(registry.address, None, "web"),
        client.digest(registry.address, None, "web", "1"),
        client.manifest(registry.address, None, "web", "1"),
        client.image_config(registry.address, None, "web", digest_of(b"")),
        client.delete_manifest(registry.address, None, "web", digest_of(b"")),
    ):
        with contextlib.suppress(RegistryFailed, NotFound, Conflict):
            await ask
