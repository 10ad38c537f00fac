"""Settings, from the environment and `.env`; every variable of the README's table is a field here."""

from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"


class Settings(BaseSettings):
    """How this process runs. Fields take the brief's variable names, in upper case."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # `.env.example` leaves empty what each environment fills in
        extra="ignore",
        frozen=True,
    )

    docker_host: str = DEFAULT_DOCKER_HOST
    docker_cert_path: Path | None = None
    docker_tls_verify: bool = False
    registry_url: str = "http://127.0.0.1:5000"
    registry_host: str = ""
    app_port: int = Field(default=8080, ge=0, le=65535)
    app_host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("ORCHESTRATOR_BIND", "app_host"))
    database_path: Path = Path("data/orchestrator.db")
    definitions_dir: Path = Path("definitions")
    projects_dir: Path = Path("projects")
    health_check_interval: float = Field(default=30.0, ge=1.0, le=3600.0)
    """Longest time in seconds between two full looks at the cluster."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), validation_alias=AliasChoices("ORCHESTRATOR_ALLOWED_HOSTS", "allowed_hosts")
    )
    """Host names, beyond loopback, under which browsers may reach us."""
    seed_examples: bool = Field(
        default=False, validation_alias=AliasChoices("ORCHESTRATOR_SEED_EXAMPLES", "seed_examples")
    )
    """Copy the example definitions into an empty catalog, once."""
    # Without aliases: an alias "token" would let an unrelated variable TOKEN become the admin's.
    orchestrator_token: SecretStr | None = None
    orchestrator_token_file: Path | None = None

    @field_validator("docker_host", mode="before")
    @classmethod
    def _accept_a_bare_socket_path(cls, value: object) -> object:
        # The brief calls DOCKER_HOST a "socket path"; Docker itself expects a URL.
        if isinstance(value, str) and not value:
            return DEFAULT_DOCKER_HOST
        if isinstance(value, str) and value.startswith("/"):
            return f"unix://{value}"
        return value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @cached_property
    def effective_registry_host(self) -> str:
        """What `${REGISTRY_HOST}` stands for in a definition's image: `host:port`."""
        return self.registry_host or urlsplit(self.registry_url).netloc or self.registry_url

    @property
    def state_dir(self) -> Path:
        """The folder that holds the database and the one-time sign-in code."""
        return self.database_path.parent
