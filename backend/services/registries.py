"""The registries we know and what we say there: from environment and file, and stored through the API."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from backend.clients.registry_auth import RegistryAuth
from backend.domain.image_reference import DEFAULT_REGISTRY, registry_of
from backend.domain.permissions import Permission
from backend.domain.registry_address import read_address, read_host
from backend.errors import Conflict, FieldError, InvalidInput, NotFound, OrchestratorError
from backend.models.actor import Actor
from backend.models.registries import Credentials, RegistryAddress, StoredRegistry
from backend.models.schemas.registries import RegistryInfo, RegistryPut
from backend.repositories.registries import RegistryRows
from backend.services.audit import Audit
from backend.services.configured_registries import UNREADABLE, ConfiguredRegistry
from backend.services.secret_box import SecretBox, UnreadableSecret
from backend.services.use_case import use_case

log = logging.getLogger(__name__)

HUB_SERVER: Final = "https://index.docker.io/v1/"
MAX_STORED: Final = 100


class _Secrets(msgspec.Struct, omit_defaults=True):
    """What is sealed: bound to its place, so that a row moved to another address opens nothing."""

    host: str
    url: str
    password: str = ""
    identity_token: str = ""


class Registries:
    """Configured ones come first and keep their address; credentials can be stored for them, too."""

    def __init__(
        self,
        configured: Sequence[ConfiguredRegistry],
        rows: RegistryRows,
        box: SecretBox,
        *,
        audit: Audit,
    ) -> None:
        self._configured = {one.address.host: one for one in configured}
        self._rows = rows
        self._box = box
        self._stored: dict[str, StoredRegistry] = {}
        self._turn = asyncio.Lock()
        self.audit = audit
        self.on_change: list[Callable[[str], None]] = []
        """Called with the host of a registry that was added, changed or taken away."""

    async def open(self) -> None:
        self._stored = {row.host: row for row in await self._rows.all()}
        for host in self._stored:
            try:
                await self.credentials(host)
            except OrchestratorError as error:
                log.warning("%s", error.detail)

    # -- for the rest of the program -------------------------------------------------------------------

    def all(self) -> tuple[RegistryAddress, ...]:
        """REGISTRY_URL's first, then those of REGISTRIES_FILE, then the stored ones by name."""
        stored = (RegistryAddress(row.host, row.url) for row in self._additions())
        return (*(one.address for one in self._configured.values()), *stored)

    def find(self, host: str) -> RegistryAddress:
        """Raises NotFound `registry_not_configured`, which names the known ones."""
        for address in self.all():
            if address.host == host.lower():
                return address
        raise NotFound(
            f"There is no registry {host} in the configuration; known are "
            + ", ".join(address.host for address in self.all())
            + ".",
            code="registry_not_configured",
        )

    async def credentials(self, host: str) -> Credentials | None:
        """None: anonymous. Raises Conflict `credentials_unreadable` when there are some we cannot read."""
        host = host.lower()
        configured, stored = self._configured.get(host), self._stored.get(host)
        if configured is not None and configured.has_credentials:
            if configured.password_file is None:
                return configured.credentials()
            return await asyncio.to_thread(configured.credentials)
        if stored is None or stored.sealed is None:
            return None
        secrets = await self._opened(stored)
        return Credentials(stored.username, secrets.password, secrets.identity_token)

    async def auth_for(self, image: str) -> RegistryAuth | None:
        """What the engine hands to the nodes that pull `image`; None when nothing is configured for it."""
        return await self._auth(registry_of(image))

    async def auths(self) -> Mapping[str, RegistryAuth]:
        """All that we have, by server address as in X-Registry-Config; what cannot be read is left out."""
        found: dict[str, RegistryAuth] = {}
        for host in {*self._configured, *self._stored}:
            try:
                auth = await self._auth(host)
            except OrchestratorError as error:
                log.warning("a build goes without credentials: %s", error.detail)
                continue
            if auth is not None:
                found[auth.server_address] = auth
        return found

    # -- use cases -------------------------------------------------------------------------------------

    @use_case(Permission.READ)
    async def list_all(self, actor: Actor) -> list[RegistryInfo]:
        return [await self._info(address) for address in self.all()]

    @use_case(Permission.READ)
    async def get(self, actor: Actor, host: str) -> RegistryInfo:
        return await self._info(self.find(read_host(host)))

    @use_case(Permission.ADMIN, action="registry.put", target="host")
    async def put(self, actor: Actor, host: str, wanted: RegistryPut) -> RegistryInfo:
        """Add a registry or change one; for configured ones only credentials that the configuration lacks."""
        host = read_host(host)
        async with self._turn:
            row = await self._row(host, wanted, self._stored.get(host))
            await self._rows.put(row, changed_by=actor.name, now=datetime.now(UTC))
            self._stored[host] = row
        self._changed(host)
        return await self._info(self.find(host))

    @use_case(Permission.ADMIN, action="registry.delete", target="host")
    async def delete(self, actor: Actor, host: str) -> None:
        """Forget a stored registry, or credentials that were stored for a configured one."""
        host = read_host(host)
        async with self._turn:
            if host not in self._stored:
                address = self.find(host)
                raise Conflict(
                    f"The registry {address.host} comes from the configuration of the server "
                    "(REGISTRY_URL or REGISTRIES_FILE); change it there.",
                    code="registry_is_configured",
                )
            await self._rows.delete(host)
            del self._stored[host]
        self._changed(host)

    # -- inside ----------------------------------------------------------------------------------------

    def _additions(self) -> list[StoredRegistry]:
        return sorted(
            (row for row in self._stored.values() if row.host not in self._configured),
            key=lambda row: row.host,
        )

    async def _auth(self, host: str) -> RegistryAuth | None:
        found = await self.credentials(host)
        if found is None:
            return None
        server = HUB_SERVER if host == DEFAULT_REGISTRY else host
        return RegistryAuth(server, found.username, found.password, found.identity_token)

    async def _opened(self, row: StoredRegistry) -> _Secrets:
        assert row.sealed is not None
        try:
            secrets = msgspec.json.decode(await self._box.open(row.sealed), type=_Secrets)
            if (secrets.host, secrets.url) != (row.host, row.url):
                raise UnreadableSecret("they were stored for another address")
        except UnreadableSecret as error:
            raise Conflict(
                f"The credentials of the registry {row.host} cannot be read ({error.detail}); enter them "
                "again.",
                code=UNREADABLE,
            ) from None
        return secrets

    async def _row(self, host: str, wanted: RegistryPut, old: StoredRegistry | None) -> StoredRegistry:
        given = wanted.model_fields_set
        configured = self._configured.get(host)
        if configured is not None and configured.has_credentials:
            raise Conflict(
                f"The credentials of the registry {host} come from the configuration of the server; change "
                "them there.",
                code="registry_is_configured",
            )
        if old is None and len(self._stored) >= MAX_STORED:
            raise Conflict(f"{MAX_STORED} registries are stored already; delete one.", code="too_many")
        url = self._url(host, wanted.url if "url" in given else (old.url if old else None))
        kept_username = old.username if old else ""
        username = (wanted.username or "") if "username" in given else kept_username
        password = wanted.password.get_secret_value() if wanted.password else ""
        token = wanted.identity_token.get_secret_value() if wanted.identity_token else ""
        if password and token:
            raise _wrong("identity_token", "takes the place of a password; give one of them")
        if any(ord(character) < 32 for character in password + token):
            raise _wrong("password" if password else "identity_token", "has a control character")
        if password and not username:
            raise _wrong("username", "is missing beside the password")
        sealed: bytes | None = None
        if password or token:
            secrets = _Secrets(host, url, password, token)
            sealed = await self._box.seal(msgspec.json.encode(secrets))
        elif not {"password", "identity_token"} & given and old is not None and old.sealed is not None:
            # A kept password must never reach an address or a user it was not given for.
            if url != old.url:
                raise _wrong("password", "is needed again, because the address changes")
            if username != old.username and username:
                raise _wrong("password", "is needed again, because the user changes")
            sealed = old.sealed if username == old.username else None
        if username and sealed is None:
            raise _wrong("password", "is missing beside the user name")
        return StoredRegistry(host, url, username, sealed)

    def _url(self, host: str, written: str | None) -> str:
        """What the row says; empty for a configured registry, whose address is not ours to change."""
        configured = self._configured.get(host)
        try:
            found = read_address(written or host)
        except InvalidInput as error:
            raise _wrong("url", error.detail) from None
        if found.username or found.password:
            raise _wrong("url", "holds a user; give username and password as fields of their own")
        if configured is None:
            return found.address.url
        if written and found.address.url != configured.address.url:
            raise Conflict(
                f"The address of the registry {host} comes from the configuration of the server: "
                f"{configured.address.url}.",
                code="registry_is_configured",
            )
        return ""

    async def _info(self, address: RegistryAddress) -> RegistryInfo:
        configured, stored = self._configured.get(address.host), self._stored.get(address.host)
        from_configuration = configured is not None and configured.has_credentials
        problem: str | None = None
        try:
            found = await self.credentials(address.host)
        except OrchestratorError as error:
            found, problem = None, error.detail
        username = configured.username if configured and from_configuration else stored and stored.username
        has_password = from_configuration or bool(stored and stored.sealed is not None)
        has_credentials = found is not None or problem is not None
        return RegistryInfo(
            host=address.host,
            url=address.url,
            is_default=address.is_default,
            source=configured.source if configured else "stored",
            credentials_source=(configured.source if configured and from_configuration else "stored")
            if has_credentials
            else None,
            username=username or None,
            has_password=has_password,
            insecure=address.insecure,
            problem=problem,
        )

    def _changed(self, host: str) -> None:
        for listener in self.on_change:
            try:
                listener(host)
            except Exception:
                log.exception("a listener of registries failed")


def _wrong(field: str, reason: str) -> InvalidInput:
    return InvalidInput(f"{field} {reason}", errors=(FieldError(field, reason),))
