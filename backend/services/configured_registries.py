"""The registries that environment and REGISTRIES_FILE name; raises ValueError for what cannot be meant."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from backend.config import Settings
from backend.domain.registry_address import WrittenAddress, read_address, read_host
from backend.domain.registry_list import ListedRegistry, read_list
from backend.errors import Conflict, InvalidInput
from backend.models.registries import Credentials, RegistryAddress, RegistrySource

UNREADABLE = "credentials_unreadable"
_MAX_FILE = 256 * 1024
_MAX_PASSWORD = 64 * 1024


@dataclass(frozen=True, slots=True)
class ConfiguredRegistry:
    address: RegistryAddress
    source: RegistrySource
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None

    @property
    def has_credentials(self) -> bool:
        return bool(self.username)

    def credentials(self) -> Credentials:
        """Reads the password's file anew, for secrets rotate. Blocks. Conflict `credentials_unreadable`."""
        if self.password_file is None:
            return Credentials(self.username, self.password)
        try:
            return Credentials(self.username, read_password(self.password_file))
        except ValueError as error:
            raise Conflict(
                f"The password of the registry {self.address.host} cannot be read: {error}.", code=UNREADABLE
            ) from None


def configured_registries(settings: Settings) -> tuple[ConfiguredRegistry, ...]:
    """REGISTRY_URL's first, then those of REGISTRIES_FILE in their order."""
    found = [_from_environment(settings)]
    if settings.registries_file is not None:
        known = {found[0].address.host: "REGISTRY_URL"}
        for item in read_list(_text(settings.registries_file)):
            if (first := known.get(item.address.host)) is not None:
                msg = f"REGISTRIES_FILE: line {item.line}: {item.address.host} is there already, in {first}"
                raise ValueError(msg)
            known[item.address.host] = f"line {item.line}"
            found.append(_from_list(item, settings.registries_file.parent))
    return tuple(found)


def default_image_prefix(settings: Settings, default: RegistryAddress) -> str:
    """What `${REGISTRY_HOST}` stands for in a definition's image."""
    return settings.registry_host.strip("/") or default.host


def read_password(path: Path) -> str:
    """The first and only line of the file; ValueError says what is wrong without showing any of it."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_PASSWORD + 1).decode()
    except UnicodeDecodeError:
        msg = f"{path} holds no text"
        raise ValueError(msg) from None
    except OSError as error:
        msg = f"{path}: {(error.strerror or type(error).__name__).lower()}"
        raise ValueError(msg) from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or len(text) > _MAX_PASSWORD:
        msg = f"{path} is {'too long for a password' if password else 'empty'}"
        raise ValueError(msg)
    if any(ord(character) < 32 for character in password):
        msg = f"{path} has more than one line or a control character"
        raise ValueError(msg)
    return password


def _from_environment(settings: Settings) -> ConfiguredRegistry:
    written = _address("REGISTRY_URL", settings.registry_url)
    if settings.registry_host:
        # A prefix such as `ghcr.io/team` may follow; the registry is the host alone.
        try:
            host = read_host(settings.registry_host.strip("/").partition("/")[0])
        except InvalidInput as error:
            msg = f"REGISTRY_HOST: {error.detail}"
            raise ValueError(msg) from None
        written = WrittenAddress(
            RegistryAddress(host, written.address.url, is_default=True), written.username, written.password
        )
    username = settings.registry_username or written.username
    password = _secret(settings.registry_password)
    file = settings.registry_password_file
    if settings.registry_username and written.username not in {"", settings.registry_username}:
        msg = "REGISTRY_USERNAME names another user than REGISTRY_URL; leave one of them out"
        raise ValueError(msg)
    if sum((bool(password), bool(written.password), file is not None)) > 1:
        msg = (
            "the registry's password is given more than once; keep one of REGISTRY_PASSWORD_FILE, "
            "REGISTRY_PASSWORD and the one in REGISTRY_URL"
        )
        raise ValueError(msg)
    password = password or written.password
    if username and not password and file is None:
        msg = "REGISTRY_USERNAME has no password; set REGISTRY_PASSWORD_FILE or REGISTRY_PASSWORD"
        raise ValueError(msg)
    if not username and (password or file is not None):
        msg = "the registry's password has no user; set REGISTRY_USERNAME"
        raise ValueError(msg)
    if file is not None:
        try:
            read_password(file)
        except ValueError as error:
            msg = f"REGISTRY_PASSWORD_FILE: {error}"
            raise ValueError(msg) from None
    return ConfiguredRegistry(written.address, "environment", username, password, file)


def _from_list(item: ListedRegistry, folder: Path) -> ConfiguredRegistry:
    if item.password_file is None:
        return ConfiguredRegistry(item.address, "file", item.username, item.password)
    path = folder / item.password_file
    try:
        read_password(path)
    except ValueError as error:
        msg = f"REGISTRIES_FILE: line {item.line}: password_file: {error}"
        raise ValueError(msg) from None
    return ConfiguredRegistry(item.address, "file", item.username, password_file=path)


def _address(name: str, url: str) -> WrittenAddress:
    try:
        return read_address(url, is_default=True)
    except InvalidInput as error:
        msg = f"{name}: {error.detail}"
        raise ValueError(msg) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
        if len(content) > _MAX_FILE:
            msg = f"REGISTRIES_FILE: {path} has more than {_MAX_FILE // 1024} KiB"
            raise ValueError(msg)
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = f"REGISTRIES_FILE: {path} is not UTF-8 text"
        raise ValueError(msg) from None
    except OSError as error:
        msg = f"REGISTRIES_FILE: {path}: {(error.strerror or type(error).__name__).lower()}"
        raise ValueError(msg) from None


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""
