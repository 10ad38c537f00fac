"""Reads the text of REGISTRIES_FILE; whatever is wrong is a ValueError with line and key."""

from dataclasses import dataclass, field
from typing import Final

from backend.domain import yaml_tree
from backend.domain.registry_address import read_address, read_host
from backend.domain.yaml_tree import Node
from backend.errors import OrchestratorError
from backend.models.registries import RegistryAddress

KEYS: Final = ("url", "host", "username", "password_file", "password")


@dataclass(frozen=True, slots=True)
class ListedRegistry:
    address: RegistryAddress
    line: int
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: str | None = None


def read_list(text: str) -> list[ListedRegistry]:
    try:
        root = yaml_tree.read_list(text)
    except OrchestratorError as error:
        first = error.errors[0]
        # What YAML takes for an anchor or a tag may be a password without quotes: never repeat it.
        reason = first.reason.partition(" (")[0].replace("a definition", "the list")
        raise _wrong(first.line, "", reason) from None
    return [_registry(item) for item in (root.items if root is not None else [])]


def _registry(item: Node) -> ListedRegistry:
    line = item.line + 1
    if item.kind != "mapping":
        raise _wrong(line, "", "a registry is a mapping with 'url', not a single value or list")
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    for entry in item.entries:
        name, value = entry.key, entry.value
        if name.text not in KEYS:
            raise _wrong(
                name.line + 1, name.text[:60], f"is no key of a registry; known are {', '.join(KEYS)}"
            )
        if value.kind != "scalar" or not value.text:
            raise _wrong(name.line + 1, name.text, "needs a text")
        values[name.text] = value.text
        lines[name.text] = value.line + 1
    if "url" not in values:
        raise _wrong(line, "url", "is missing, as in 'url: https://registry.example.com'")
    if "password" in values and "password_file" in values:
        raise _wrong(line, "password", "and password_file are both there; keep one")
    has_password = "password" in values or "password_file" in values
    if has_password != ("username" in values):
        missing, other = ("username", "a password") if has_password else ("password_file", "a username")
        raise _wrong(line, missing, f"is missing beside {other}")
    key = "url"
    try:
        written = read_address(values["url"])
        if written.username:
            raise _wrong(line, "url", "holds a user; use the keys username and password_file")
        key = "host"
        host = read_host(values["host"]) if "host" in values else written.address.host
    except OrchestratorError as error:
        raise _wrong(lines[key], key, error.detail) from None
    return ListedRegistry(
        RegistryAddress(host, written.address.url),
        line,
        values.get("username", ""),
        values.get("password", ""),
        values.get("password_file"),
    )


def _wrong(line: int | None, key: str, reason: str) -> ValueError:
    where = f"line {line}: " if line is not None else ""
    return ValueError(f"REGISTRIES_FILE: {where}{key and key + ' '}{reason}")
