"""Says in plain words why a registry does not give an image, where trying to run it would be in vain."""

from backend.clients.registry_auth import RegistryAuth
from backend.domain.image_reference import DEFAULT_REGISTRY, registry_of
from backend.errors import EngineRefused, OrchestratorError
from backend.services.configured_registries import UNREADABLE

DENIED = "registry_denied"


def refusal(image: str, error: OrchestratorError, auth: RegistryAuth | None) -> OrchestratorError | None:
    """None when `error`, met with `auth`, does not mean that nodes cannot get the image."""
    if error.code == UNREADABLE:
        return error
    if error.code != DENIED:
        return None
    host = registry_of(image)
    # The hub says the same of images that it does not have, such as those built on the node itself.
    if host == DEFAULT_REGISTRY and "incorrect username or password" not in error.detail:
        return None
    where = f"with PUT /api/registries/{host}, on the page under Registry or where the server is configured"
    if auth is None:
        return EngineRefused(
            f"The registry {host} wants credentials for {image}. Add them {where}, then deploy again.",
            code=DENIED,
        )
    who = f"the user '{auth.username}'" if auth.username else "our identity token"
    return EngineRefused(
        f"The registry {host} does not give {image} to {who}: the credentials are wrong or do not reach that "
        f"far. Correct them {where}, then deploy again.",
        code=DENIED,
    )
