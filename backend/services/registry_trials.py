"""Tries credentials when they are stored: a wrong password is known then, and not at the next deploy."""

from backend.clients.registry_client import RegistryClient
from backend.errors import RegistryFailed
from backend.models.actor import Actor
from backend.models.registries import Credentials, RegistryAddress
from backend.models.schemas.registries import RegistryPut, RegistrySaved, RegistryTrial
from backend.services.registries import Registries

REFUSALS = frozenset({"registry_unauthorized", "registry_denied"})


class RegistryTrials:
    def __init__(self, *, registries: Registries, client: RegistryClient) -> None:
        self._registries = registries
        self._client = client

    async def save(self, actor: Actor, host: str, wanted: RegistryPut) -> RegistrySaved:
        """Store what is wanted, then ask the registry; it is stored whatever the registry says."""
        # The use case, with its permission and its audit row, is the storing.
        saved = await self._registries.put(actor, host, wanted)
        address = self._registries.find(saved.host)
        trial = await self._try(address, await self._registries.credentials(saved.host))
        return RegistrySaved(**saved.model_dump(), trial=trial)

    async def _try(self, reg: RegistryAddress, cred: Credentials | None) -> RegistryTrial:
        try:
            asked = await self._client.ping(reg, cred)
        except RegistryFailed as error:
            if error.code not in REFUSALS:
                detail = f"Saved, but not verified. {error.detail}"
                return RegistryTrial(outcome="not_verified", detail=detail, code=error.code)
            if cred is None:
                detail = (
                    f"Saved, but {reg.host} lets nobody in without a user name and a password: enter them."
                )
            else:
                detail = (
                    f"Saved, but {reg.host} refuses {_who(cred)}: nodes cannot pull from it until the "
                    "user name and the password, or the token, are right."
                )
            return RegistryTrial(outcome="refused", detail=detail, code=error.code)
        if asked and cred is not None:
            detail = f"Saved: {reg.host} lets {_who(cred)} in."
        elif cred is not None:
            detail = f"Saved, but not verified: {reg.host} lets everybody in and did not look at who we are."
            return RegistryTrial(outcome="not_verified", detail=detail, code=None)
        else:
            detail = f"Saved: {reg.host} answers without credentials."
        return RegistryTrial(outcome="accepted", detail=detail, code=None)


def _who(cred: Credentials) -> str:
    return cred.username or "the token"
