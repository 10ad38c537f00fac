"""One call to a registry: bounded in bytes and time, never redirected, and let in by password or token."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

import aiohttp
import msgspec
from yarl import URL

from backend.clients.registry_elsewhere import Elsewhere
from backend.clients.registry_errors import (
    HOW_TO_SIGN_IN,
    explained,
    failed,
    is_html,
    judge_status,
    refusal_code,
)
from backend.domain.registry_challenge import Challenge, origin, read_challenges
from backend.domain.registry_manifest import Malformed, decode
from backend.errors import RegistryFailed
from backend.models.registries import Credentials, RegistryAddress

MAX_ANSWER: Final = 4 * 1024 * 1024
MAX_REFUSAL: Final = 64 * 1024
MAX_TOKEN: Final = 16 * 1024
FREE: Final = 256 * 1024
"""Bytes of one answer that need no turn; what is bigger is read one at a time, so that memory stays flat."""
AT_ONCE: Final = 8
TOKENS_KEPT: Final = 1_000
TOKEN_LIVES: Final = 60.0
"""Seconds, where the server that gave it does not say."""
_HUB: Final = {("https", "registry-1.docker.io", 443): ("https", "auth.docker.io", 443)}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    asked: bool = False
    """Whether it wanted to know who we are before it said this."""


@dataclass(frozen=True, slots=True)
class _Token:
    header: str
    until: float


class _TokenAnswer(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    expires_in: float = TOKEN_LIVES


type _Key = tuple[RegistryAddress, Credentials | None, str]


class RegistryHttp:
    """Opens nothing before the first call. `realms` gives addresses, beyond a registry's own, for tokens."""

    def __init__(
        self,
        *,
        deadline: float,
        realms: Callable[[], Collection[str]] = tuple,
        now: Callable[[], float] = time.monotonic,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.deadline = deadline
        self._realms = realms
        self._now = now
        self._elsewhere = elsewhere or Elsewhere()
        self._session: aiohttp.ClientSession | None = None
        self._tokens: dict[_Key, _Token] = {}
        self._token_turns: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()
        self._big_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        await self._elsewhere.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def whole_call(self, reg: RegistryAddress) -> AsyncIterator[None]:
        """All that belongs to one question: it ends within the deadline, with an error that says why."""
        with explained(reg, self.deadline):
            async with asyncio.timeout(self.deadline):
                yield

    async def call(
        self,
        reg: RegistryAddress,
        cred: Credentials | None,
        method: str,
        url: str,
        *,
        scope: str,
        accept: str = "application/json",
        limit: int = MAX_ANSWER,
        may_lie_elsewhere: bool = False,
    ) -> Reply:
        """The answer, with a status below 500 that is neither a redirect nor a question of who we are.

        What `may_lie_elsewhere` is fetched from there if that is safe: it has to be checked by its digest.
        """
        key = (reg, cred, scope)
        header = self._known(key)
        reply = await self._send(reg, method, url, header, accept=accept, limit=limit)
        if reply.status == 401:
            header = await self._let_in(key, reply, header)
            reply = await self._send(reg, method, url, header, accept=accept, limit=limit)
        if reply.status == 401:
            self._tokens.pop(key, None)
        if may_lie_elsewhere and reply.status in {301, 302, 303, 307, 308}:
            found = await self._elsewhere.fetch(reply.headers.get("Location", ""), limit)
            if found is not None:
                return Reply(200, reply.headers, found, url)
        judge_status(reg, reply.status, reply.headers, reply.body)
        return replace(reply, asked=header is not None)

    async def _send(
        self,
        reg: RegistryAddress,
        method: str,
        url: str,
        authorization: str | None,
        *,
        accept: str,
        limit: int,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        # Compressed answers could be a thousand times what they look like.
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        if authorization:
            headers["Authorization"] = authorization
        response = await self._open().request(
            method, URL(url, encoded=True), headers=headers, data=form, allow_redirects=False
        )
        try:
            if response.status < 300:
                body = await self._read(reg, response, limit)
            else:
                body = await self._beginning(response)
        finally:
            # After a whole read the connection is back in the pool already.
            response.close()
        return Reply(response.status, response.headers, body, url)

    async def _read(self, reg: RegistryAddress, response: aiohttp.ClientResponse, limit: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}:
            raise failed(
                reg, "registry_bad_answer", f"compresses its answers at {reg.url} though we ask it not to."
            )
        if (response.content_length or 0) > limit and response.method != "HEAD":
            raise self._too_large(reg, limit)
        content = bytearray()
        async for piece in response.content.iter_any():
            content += piece
            if len(content) > min(limit, FREE):
                break
        else:
            return bytes(content)
        async with self._big_turns.setdefault(reg.url, asyncio.Lock()):
            async for piece in response.content.iter_any():
                content += piece
                if len(content) > limit:
                    break
        if len(content) > limit:
            raise self._too_large(reg, limit)
        return bytes(content)

    async def _beginning(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for piece in response.content.iter_any():
            content += piece
            if len(content) > MAX_REFUSAL:
                break
        return bytes(content)

    def _too_large(self, reg: RegistryAddress, limit: int) -> RegistryFailed:
        return failed(
            reg,
            "registry_answer_too_large",
            f"sent more than {limit // 1024} KiB in one answer at {reg.url}, which no registry needs to.",
        )

    def _known(self, key: _Key) -> str | None:
        token = self._tokens.get(key)
        return token.header if token is not None and token.until > self._now() else None

    async def _let_in(self, key: _Key, reply: Reply, tried: str | None) -> str:
        """The header that answers a 401; raises when there is none that could."""
        reg, cred, scope = key
        asked = reply.headers
        values = asked.getall("WWW-Authenticate", []) if hasattr(asked, "getall") else []
        challenge = read_challenges(list(values))
        if challenge is None:
            raise failed(
                reg,
                "not_a_registry" if is_html(asked) else "registry_unauthorized",
                f"refuses us at {reg.url} without saying how to sign in; is something else in front of it?",
            )
        async with self._token_turns.setdefault(key, asyncio.Lock()):
            known = self._known(key)
            if known is not None and known != tried:
                return known
            if challenge.scheme == "basic":
                if cred is None or not cred.username:
                    raise failed(
                        reg,
                        "registry_unauthorized",
                        "wants a user name and a password; " + HOW_TO_SIGN_IN.format(host=reg.host) + ".",
                    )
                token = _Token(_basic(cred), float("inf"))
            else:
                token = await self._token(reg, cred, challenge, scope)
            self._keep(key, token)
            return token.header

    def _keep(self, key: _Key, token: _Token) -> None:
        self._tokens.pop(key, None)
        while len(self._tokens) >= TOKENS_KEPT:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[key] = token

    async def _token(
        self, reg: RegistryAddress, cred: Credentials | None, challenge: Challenge, scope: str
    ) -> _Token:
        self._require_trusted(reg, challenge.realm)
        fields = {"service": challenge.service, "scope": challenge.scope or scope}
        fields = {name: value for name, value in fields.items() if value}
        if cred is not None and cred.identity_token:
            form = {
                **fields,
                "grant_type": "refresh_token",
                "refresh_token": cred.identity_token,
                "client_id": "swarm-orchestrator",
            }
            reply = await self._send(
                reg, "POST", challenge.realm, None, accept="application/json", limit=MAX_REFUSAL, form=form
            )
        else:
            basic = _basic(cred) if cred is not None and cred.username else None
            url = str(URL(challenge.realm).update_query(fields))
            reply = await self._send(reg, "GET", url, basic, accept="application/json", limit=MAX_REFUSAL)
        if reply.status in {400, 401, 403}:
            who = (
                f"the credentials of {cred.username or 'its token'}"
                if cred
                else "callers without credentials"
            )
            word = refusal_code(reply.body)
            raise failed(
                reg,
                "registry_unauthorized",
                f"gives no token to {who}{f' ({word})' if word else ''}; "
                + HOW_TO_SIGN_IN.format(host=reg.host)
                + ".",
            )
        judge_status(reg, reply.status, reply.headers, reply.body)
        return self._read_token(reg, reply)

    def _read_token(self, reg: RegistryAddress, reply: Reply) -> _Token:
        try:
            answer = decode(reply.body, _TokenAnswer, "the token")
        except Malformed:
            answer = _TokenAnswer()
        token = answer.token or answer.access_token
        if (
            reply.status != 200
            or not 0 < len(token) <= MAX_TOKEN
            or not token.isascii()
            or not token.isprintable()
        ):
            raise failed(reg, "registry_bad_answer", "did not give a usable token where it sent us for one.")
        lives = answer.expires_in if 0 < answer.expires_in < 10**9 else TOKEN_LIVES
        return _Token(f"Bearer {token}", self._now() + lives * 0.9)

    def _require_trusted(self, reg: RegistryAddress, realm: str) -> None:
        place, own = origin(realm), origin(reg.url)
        trusted = {own, *(origin(url) for url in self._realms()), _HUB.get(own) if own else None} - {None}
        if place is None or place not in trusted:
            where = f"{place[0]}://{place[1]}:{place[2]}" if place else "an address that cannot be used"
            raise failed(
                reg,
                "registry_token_realm",
                f"sends us for a token to {where}, which is not its own address; if that is right, add that "
                "address as a registry too.",
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, limit_per_host=AT_ONCE),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(3.0, self.deadline)),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("User-Agent",),
                headers={"User-Agent": "swarm-orchestrator"},
            )
        return self._session


def _basic(cred: Credentials) -> str:
    return "Basic " + b64encode(f"{cred.username}:{cred.password}".encode()).decode("ascii")
