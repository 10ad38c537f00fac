"""What a registry is to us: how images name it, where it answers, and who we are there."""

from dataclasses import dataclass, field
from typing import Literal

type RegistrySource = Literal["environment", "file", "stored"]


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    host: str
    """As in image references, "10.0.0.5:5000": the identity of a registry everywhere."""
    url: str
    """Scheme, host and port of its API, never with credentials; plain HTTP only where configured so."""
    is_default: bool = False
    """What REGISTRY_URL says, and what `${REGISTRY_HOST}` stands for."""

    @property
    def insecure(self) -> bool:
        return self.url.startswith("http://")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name with a password, or an identity token. The secrets stay out of every repr."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StoredRegistry:
    """A row: a registry added through the API, or credentials for one that the configuration names."""

    host: str
    url: str
    """Empty where the configuration says it."""
    username: str
    sealed: bytes | None = field(repr=False)
    """The encrypted secrets; None: none were given."""
