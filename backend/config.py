"""Settings, from the environment and `.env`; every variable of the README's table is a field here."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
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
    registry_url: str = Field(default="http://127.0.0.1:5000", repr=False)  # may hold a password
    registry_host: str = ""
    registry_username: str = ""
    registry_password: SecretStr | None = None
    registry_password_file: Path | None = None
    registries_file: Path | None = None
    """More registries, as a YAML list."""
    app_port: int = Field(default=8080, ge=0, le=65535)
    app_host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("ORCHESTRATOR_BIND", "app_host"))
    database_path: Path = Path("data/orchestrator.db")
    definitions_dir: Path = Path("definitions")
    projects_dir: Path = Path("projects")
    build_context_max_bytes: int = Field(default=2 * 1024**3, ge=1, le=2**50)
    """How many bytes of source one build may send."""
    build_context_max_files: int = Field(default=100_000, ge=1, le=10_000_000)
    build_concurrency: int = Field(default=1, ge=1, le=32)
    build_queue: int = Field(default=50, ge=1, le=1000)
    build_timeout: float = Field(default=1800.0, ge=1.0, le=86_400.0)
    """Seconds that one build may take, from its context to the registry's digest."""
    build_memory_bytes: int | None = Field(default=None, ge=4 * 1024**2, le=2**50)
    """What a step of a build may use; a limit selects the engine's classic builder, which alone takes one."""
    build_cpus: float | None = Field(default=None, ge=0.01, le=10_000)
    build_tags_kept: int = Field(default=10, ge=0, le=90)
    """So many builds of each service keep their own tag in the registry; 0: all."""
    health_check_interval: float = Field(default=30.0, ge=1.0, le=3600.0)
    """Longest time in seconds between two full looks at the cluster."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), validation_alias=AliasChoices("ORCHESTRATOR_ALLOWED_HOSTS", "allowed_hosts")
    )
    """Host names, beyond loopback, under which browsers may reach us."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1", "::1"),
        validation_alias=AliasChoices("ORCHESTRATOR_TRUSTED_PROXIES", "trusted_proxies"),
    )
    """Addresses and networks of reverse proxies whose `X-Forwarded-For` and `-Proto` count."""
    seed_examples: bool = Field(
        default=False, validation_alias=AliasChoices("ORCHESTRATOR_SEED_EXAMPLES", "seed_examples")
    )
    """Copy the example definitions into an empty catalog, once."""
    # Without aliases: an alias "token" would let an unrelated variable TOKEN become the admin's.
    orchestrator_token: SecretStr | None = None
    orchestrator_token_file: Path | None = None
    orchestrator_remote_setup: bool = False
    """Let the one-time link of the first start work from other machines, too."""
    orchestrator_secret_key_file: Path | None = None
    """The key of the credentials that are stored through the API; None: `secret.key` in `state_dir`."""
    orchestrator_state_key_file: Path | None = None
    """The key of the copy of our state in the swarm; None: there is no copy."""
    backup_interval: float = Field(default=24.0, ge=0.0, le=8760.0)
    """Hours between two backups that are made by themselves; 0: none are."""
    backups_kept: int = Field(default=7, ge=1, le=1000)
    """So many of each kind that is made by itself stay."""

    @field_validator("docker_host", mode="before")
    @classmethod
    def _accept_a_bare_socket_path(cls, value: object) -> object:
        # The brief calls DOCKER_HOST a "socket path"; Docker itself expects a URL.
        if isinstance(value, str) and not value:
            return DEFAULT_DOCKER_HOST
        if isinstance(value, str) and value.startswith("/"):
            return f"unix://{value}"
        return value

    @model_validator(mode="before")
    @classmethod
    def _reach_the_registry_by_its_name(cls, values: dict[str, Any]) -> dict[str, Any]:
        # The stack file has to name the registry for its own image anyway. A path may follow: `host/team`.
        if not values.get("registry_url") and (host := values.get("registry_host")):
            return values | {"registry_url": f"http://{str(host).strip('/').partition('/')[0]}"}
        return values

    @field_validator("allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each)
            except ValueError:
                # A star would let anybody say whom they are: the limits on sign-ins count addresses.
                msg = f"{each!r} is no address or network such as 10.0.0.7 or 10.0.0.0/24"
                raise ValueError(msg) from None
        return value

    @property
    def state_dir(self) -> Path:
        """The folder that holds the database and the one-time sign-in code."""
        return self.database_path.parent
