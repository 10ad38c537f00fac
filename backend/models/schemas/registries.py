"""Registries across the API. Secrets come in and never go out."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from backend.models.schemas.common import Input, Schema

type Username = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00-\x1f\x7f:]*$")]


class RegistryInfo(Schema):
    host: str
    """As in image references; the key of a registry everywhere."""
    url: str
    is_default: bool
    """What `${REGISTRY_HOST}` stands for."""
    source: Literal["environment", "file", "stored"]
    """Who says that there is this registry. Only stored ones can be deleted here."""
    credentials_source: Literal["environment", "file", "stored"] | None
    """Null: without credentials."""
    username: str | None
    has_password: bool
    """Whether a password or a token is kept; neither is ever shown."""
    insecure: bool
    """Plain HTTP."""
    problem: str | None
    """Why its credentials cannot be used, such as a lost key or an unreadable file."""


class RegistryTrial(Schema):
    """What a registry said to the credentials that were just stored. They are stored whatever it said."""

    outcome: Literal["accepted", "refused", "not_verified"]
    """`not_verified`: it could not be asked, or lets everybody in without looking."""
    detail: str
    code: str | None
    """Of what went wrong, as in errors."""


class RegistrySaved(RegistryInfo):
    trial: RegistryTrial


class RegistryPut(Input):
    """What is left out stays as it is; null or an empty text takes it away."""

    url: Annotated[str, StringConstraints(max_length=512)] | None = None
    """Needed only where the API does not answer at `https://<host>`; `http://…` for plain HTTP."""
    username: Username | None = None
    password: SecretStr | None = Field(default=None, max_length=16_384)
    identity_token: SecretStr | None = Field(default=None, max_length=16_384)
    """Instead of user name and password."""
