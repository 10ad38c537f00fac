"""A registry on loopback that speaks the OCI Distribution API, with ways to sign in and ways to misbehave."""

import asyncio
import base64
import hashlib
import json
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

from backend.domain.registry_manifest import OCI_INDEX, OCI_MANIFEST
from backend.models.registries import RegistryAddress

IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

Auth = Literal["none", "basic", "token"]
type Misbehaviour = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Repository:
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: str
    authorization: str | None


class FakeRegistry:
    """Use it in `async with`. Everything may be changed while it runs."""

    def __init__(self, *, auth: Auth = "none", tls: ssl.SSLContext | None = None) -> None:
        self.auth: Auth = auth
        self.username, self.password = "tester", "correct horse"
        self.identity_token = ""
        self.page = 1_000
        self.deletes = True
        self.announces = True
        """Whether it sends `Docker-Content-Digest`."""
        self.token_lives = 300
        self.realm: str | None = None
        """Where it says that tokens are, when not at itself."""
        self.repositories: dict[str, Repository] = {}
        self.seen: list[Seen] = []
        self.misbehaviour: Misbehaviour | None = None
        """Asked first, for every request; None goes on as usual."""
        self.tokens: set[str] = set()
        self.tokens_given = 0
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self.port = 0
        self._released = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def start_again(self) -> None:
        """On the same port."""
        self._released.clear()
        await self.__aenter__()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    @property
    def address(self) -> RegistryAddress:
        return RegistryAddress(self.host, self.url)

    def paths(self, method: str = "GET") -> list[str]:
        return [one.path for one in self.seen if one.method == method]

    # What it holds ----------------------------------------------------------------------------------------

    def add_image(
        self,
        repository: str,
        *tags: str,
        architecture: str = "amd64",
        labels: dict[str, str] | None = None,
        created: str = "2026-11-01T10:00:00.123456789Z",
        layers: tuple[bytes, ...] | None = None,
        media_type: str = OCI_MANIFEST,
    ) -> str:
        """Store an image of one platform; its digest."""
        blobs = layers or (secrets.token_bytes(40),)
        config = json.dumps(
            {
                "architecture": architecture,
                "os": "linux",
                "created": created,
                "config": {"Labels": labels or {}},
                "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in blobs]},
            }
        ).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": self._descriptor(repository, IMAGE_CONFIG, config),
            "layers": [self._descriptor(repository, LAYER, one) for one in blobs],
        }
        return self.add_manifest(repository, media_type, json.dumps(manifest).encode(), *tags)

    def add_index(
        self, repository: str, *tags: str, architectures: tuple[str, ...], media_type: str = OCI_INDEX
    ) -> str:
        """Store an image of several platforms, with the attestation that builders add; the index's digest."""
        children = [
            {
                "mediaType": OCI_MANIFEST,
                "digest": self.add_image(repository, architecture=one),
                "size": 400,
                "platform": {"os": "linux", "architecture": one},
            }
            for one in architectures
        ]
        children.append(
            {
                "mediaType": OCI_MANIFEST,
                "digest": digest_of(b"attestation"),
                "size": 400,
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            }
        )
        index = {"schemaVersion": 2, "mediaType": media_type, "manifests": children}
        return self.add_manifest(repository, media_type, json.dumps(index).encode(), *tags)

    def add_manifest(self, repository: str, media_type: str, content: bytes, *tags: str) -> str:
        digest = digest_of(content)
        kept = self.repositories.setdefault(repository, Repository())
        kept.manifests[digest] = (media_type, content)
        kept.tags |= dict.fromkeys(tags, digest)
        return digest

    def _descriptor(self, repository: str, media_type: str, content: bytes) -> dict[str, Any]:
        kept = self.repositories.setdefault(repository, Repository())
        kept.blobs[digest_of(content)] = content
        return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}

    # What it answers --------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        authorization = request.headers.get("Authorization")
        self.seen.append(Seen(request.method, request.path, request.query_string, authorization))
        if self.misbehaviour is not None:
            answer = await self.misbehaviour(request)
            if answer is not None:
                return answer
        if request.path == "/token":
            return await self._give_token(request)
        if not self._let_in(authorization):
            return self._challenge(request)
        return self._answer(request)

    def _let_in(self, authorization: str | None) -> bool:
        if self.auth == "basic":
            return authorization == self._basic()
        if self.auth == "token":
            return (authorization or "").removeprefix("Bearer ") in self.tokens
        return True

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def _challenge(self, request: web.Request) -> web.Response:
        if self.auth == "basic":
            return _error(401, "UNAUTHORIZED", {"WWW-Authenticate": 'Basic realm="registry"'})
        scope = "registry:catalog:*"
        if "/_catalog" not in request.path and request.path != "/v2/":
            name = request.path.removeprefix("/v2/")
            for mark in ("/tags/", "/manifests/", "/blobs/"):
                name = name.partition(mark)[0]
            scope = f"repository:{name}:{'delete' if request.method == 'DELETE' else 'pull'}"
        realm = self.realm or f"{self.url}/token"
        asked = f'Bearer realm="{realm}",service="the registry",scope="{scope}"'
        return _error(401, "UNAUTHORIZED", {"WWW-Authenticate": asked})

    async def _give_token(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            form = await request.post()
            right = bool(self.identity_token) and form.get("refresh_token") == self.identity_token
        else:
            right = request.headers.get("Authorization") == self._basic()
        if not right:
            return _error(401, "UNAUTHORIZED")
        token = secrets.token_hex(8)
        self.tokens.add(token)
        self.tokens_given += 1
        return web.json_response({"token": token, "expires_in": self.token_lives})

    def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        if path == "/v2/":
            return _json({})
        if path == "/v2/_catalog":
            return self._page(request, "repositories", sorted(self.repositories))
        name, _, rest = path.removeprefix("/v2/").rpartition("/")
        name, _, kind = name.rpartition("/")
        repository = self.repositories.get(name)
        if repository is None:
            return _error(404, "NAME_UNKNOWN")
        if (kind, rest) == ("tags", "list"):
            return self._page(request, "tags", sorted(repository.tags), name=name)
        if kind == "manifests":
            return self._manifest(request, repository, rest)
        if kind == "blobs" and rest in repository.blobs:
            return web.Response(body=repository.blobs[rest], content_type="application/octet-stream")
        return _error(404, "BLOB_UNKNOWN")

    def _manifest(self, request: web.Request, repository: Repository, reference: str) -> web.Response:
        digest = repository.tags.get(reference, reference)
        if digest not in repository.manifests:
            return _error(404, "MANIFEST_UNKNOWN")
        if request.method == "DELETE":
            if not self.deletes:
                return _error(405, "UNSUPPORTED")
            if reference != digest:
                return _error(400, "DIGEST_INVALID")
            del repository.manifests[digest]
            repository.tags = {tag: to for tag, to in repository.tags.items() if to != digest}
            return web.Response(status=202)
        media_type, content = repository.manifests[digest]
        headers = {"Docker-Content-Digest": digest} if self.announces else {}
        return web.Response(body=content, headers={**headers, "Content-Type": media_type})

    def _page(self, request: web.Request, key: str, names: list[str], **more: str) -> web.Response:
        size = min(self.page, int(request.query.get("n", self.page)))
        names = [name for name in names if name > request.query.get("last", "")]
        headers = {}
        if len(names) > size:
            names = names[:size]
            headers["Link"] = f'<{request.path}?last={names[-1]}&n={size}>; rel="next"'
        return _json({**more, key: names}, headers)


def _json(body: object, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        body, headers={"Docker-Distribution-Api-Version": "registry/2.0", **(headers or {})}
    )


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"errors": [{"code": code, "message": "as the registry says it"}]}
    more = {"Docker-Distribution-Api-Version": "registry/2.0", **(headers or {})}
    return web.json_response(body, status=status, headers=more)


# Ways to misbehave ----------------------------------------------------------------------------------------


def always(status: int, body: bytes = b"", content_type: str = "text/plain", **headers: str) -> Misbehaviour:
    """The same answer to everything."""

    async def answer(request: web.Request) -> web.StreamResponse:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, content_type=content_type, headers=more)

    return answer


async def silence(request: web.Request) -> web.StreamResponse:
    """Takes the request and says nothing."""
    await asyncio.Event().wait()
    raise AssertionError


async def dripping(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for ever: no single read takes long."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def flood(request: web.Request) -> web.StreamResponse:
    """One answer without an end, as fast as it is taken."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"repositories":["')
    while True:
        await response.write(b"a" * 65_536)


async def endless_catalog(request: web.Request) -> web.StreamResponse:
    """Page after page of names that never were there before."""
    number = int(request.query.get("last") or 0)
    names = [f"r{number + one:09d}" for one in range(1_000)]
    link = f'</v2/_catalog?last={number + 1_000}&n=1000>; rel="next"'
    return _json({"repositories": names}, {"Link": link})


async def circling_catalog(request: web.Request) -> web.StreamResponse:
    """A next page that is always the first one."""
    return _json({"repositories": ["one", "two"]}, {"Link": '</v2/_catalog?n=1000>; rel="next"'})
