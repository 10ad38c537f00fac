"""Credentials for a registry, in the header form engines take."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, slots=True)
class RegistryAuth:
    """Credentials an engine hands to the nodes that pull. The secrets stay out of every repr."""

    server_address: str
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    def header(self) -> str:
        """The value of `X-Registry-Auth`: JSON in base64, in its URL-safe alphabet."""
        return _packed(self.fields())

    def fields(self) -> dict[str, str]:
        fields = {
            "username": self.username,
            "password": self.password,
            "identitytoken": self.identity_token,
            "serveraddress": self.server_address,
        }
        return {key: value for key, value in fields.items() if value}

    def stored(self) -> dict[str, str]:
        """As an entry of the docker client's `config.json`."""
        if self.identity_token:
            return {"identitytoken": self.identity_token}
        return {"auth": base64.b64encode(f"{self.username}:{self.password}".encode()).decode()}


def auth_headers(auth: RegistryAuth | None) -> dict[str, str]:
    return {} if auth is None else {"X-Registry-Auth": auth.header()}


def auths_header(auths: Mapping[str, RegistryAuth]) -> dict[str, str]:
    """`X-Registry-Config`: what a build may need for its FROM lines, by registry host."""
    if not auths:
        return {}
    return {"X-Registry-Config": _packed({host: auth.fields() for host, auth in auths.items()})}


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode()
