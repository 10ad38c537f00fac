"""Arguments as agents write them: ports and environment in each of the usual spellings."""

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema


def _port(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        msg = "a port is written '8080:80', '8080:80/udp' or 80"
        raise ValueError(msg)
    text = str(value).strip()
    return f"{text}:{text}" if text.isdecimal() else text


def _as_list(value: Any) -> Any:
    """One port is a list of one."""
    return [value] if isinstance(value, str | int) else value


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        msg = f"write it as text, '{str(value).lower()}'"
        raise ValueError(msg)
    return str(value) if isinstance(value, int | float) else value


def _as_mapping(value: Any) -> Any:
    """`["KEY=value"]`, as Compose also has it."""
    if isinstance(value, list) and all(isinstance(item, str) and "=" in item for item in value):
        return dict(item.split("=", 1) for item in value)
    return value


PortText = Annotated[
    str,
    BeforeValidator(_port),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "integer"}], "description": "8080:80, 8080:80/udp or 80"}
    ),
]
Ports = Annotated[list[PortText], BeforeValidator(_as_list)]
Env = Annotated[dict[str, Annotated[str, BeforeValidator(_value)]], BeforeValidator(_as_mapping)]
EnvChanges = Annotated[
    dict[str, Annotated[str | None, BeforeValidator(_value)]], BeforeValidator(_as_mapping)
]


def published(port: str) -> range:
    """The ports of the nodes that `port` takes, as far as it names any."""
    outside, colon, _ = port.partition("/")[0].partition(":")
    first, dash, last = outside.partition("-")
    if not (colon and first.isdecimal() and (not dash or last.isdecimal())):
        return range(0)
    return range(int(first), min(int(last or first), 65_535) + 1)
