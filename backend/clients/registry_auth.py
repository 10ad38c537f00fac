"""Credentials for a registry, in the header form engines take."""

import base64
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
        fields = {
            "username": self.username,
            "password": self.password,
            "identitytoken": self.identity_token,
            "serveraddress": self.server_address,
        }
        return base64.urlsafe_b64encode(msgspec.json.encode({k: v for k, v in fields.items() if v})).decode()


def auth_headers(auth: RegistryAuth | None) -> dict[str, str]:
    return {} if auth is None else {"X-Registry-Auth": auth.header()}
