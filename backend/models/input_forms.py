"""How the values of a definition may be written, told to editors by the JSON Schema; readers say the rest."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Union

from pydantic import BeforeValidator, WithJsonSchema


def form(**schema: object) -> Any:
    """A form of input that `schema` describes."""
    return Annotated[Any, WithJsonSchema(schema)]


def reads(reader: Callable[[Any], Any], written: Any) -> BeforeValidator:
    """`reader`, with what the schema says of what it takes."""
    return BeforeValidator(reader, json_schema_input_type=written)


def either(*kinds: Any) -> Any:
    return Union[kinds]  # noqa: UP007 - of as many as are given


def several(kind: Any) -> Any:
    return list[kind]


def words(*allowed: object) -> Any:
    return form(enum=list(allowed))


def text(pattern: str | None = None, **more: object) -> Any:
    return form(type="string", **({} if pattern is None else {"pattern": pattern}), **more)


def whole(low: int, high: int) -> Any:
    return form(
        anyOf=[
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"},
        ]
    )


_ANY_TEXT: Final[dict[str, object]] = {"type": ["string", "number", "boolean"]}
_PAIR: Final[dict[str, object]] = {"type": "string", "pattern": "^[^=]+="}
_TMPFS: Final[list[dict[str, object]]] = [
    {"type": "string", "pattern": "^/"},
    {
        "type": "object",
        "properties": {
            "target": {"type": "string", "pattern": "^/"},
            "size": {"type": ["string", "integer"]},
            "mode": {"type": ["string", "integer"]},
        },
        "required": ["target"],
        "additionalProperties": False,
    },
]

TEXT: Final = form(**_ANY_TEXT)
"""Numbers and booleans count as written, as in Compose."""
FILLED: Final = form(type=["string", "number", "boolean"], pattern=r"\S")
TEXTS: Final = form(anyOf=[_ANY_TEXT, {"type": "array", "items": _ANY_TEXT}])
ONE_OR_MORE: Final = form(
    anyOf=[
        {**_ANY_TEXT, "pattern": r"\S"},
        {"type": "array", "items": {**_ANY_TEXT, "pattern": r"\S"}},
    ]
)
PAIRS: Final = form(
    anyOf=[{"type": "object", "additionalProperties": _ANY_TEXT}, {"type": "array", "items": _PAIR}]
)
HOSTS: Final = form(
    anyOf=[
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "array", "items": {"type": "string", "pattern": "^[^:=]+[:=]"}},
    ]
)
DURATION: Final = form(
    anyOf=[
        {"type": "string", "pattern": r"^\s*([0-9]*\.?[0-9]*(ns|us|µs|μs|ms|s|m|h))+\s*$|^0$"},
        {"const": 0},
    ],
    examples=["5s", "10s", "30s", "1m", "1m30s"],
)
_SIZE_TEXT: Final = r"^\s*[0-9]+(\.[0-9]+)? ?[kmgtpKMGTP]?[iI]?[bB]?\s*$"
SIZE: Final = form(
    anyOf=[{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _SIZE_TEXT}],
    examples=["64m", "256m", "512m", "1g", "4g"],
)
MEMORY: Final = form(
    anyOf=[{"type": "integer", "minimum": 4 * 1024**2}, {"type": "string", "pattern": _SIZE_TEXT}],
    examples=["64m", "256m", "512m", "1g", "4g"],
)
CORES: Final = form(
    anyOf=[
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^\s*[0-9]*\.?[0-9]+\s*$"},
    ],
    examples=['"0.25"', '"0.5"', "1", "2"],
)
RATIO: Final = form(
    anyOf=[
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^[0-9.]+(e-?[0-9]+)?$"},
    ],
    examples=["0", "0.25", "0.5"],
)
FILE_MODE: Final = form(
    anyOf=[
        {"type": "integer", "minimum": 0, "maximum": 0o7777},
        {"type": "string", "pattern": "^0?o?[0-7]{1,4}$"},
    ],
    examples=["0440", "0400", "0444"],
)
PORT_NUMBER: Final = form(
    anyOf=[
        {"type": "integer", "minimum": 1, "maximum": 65535},
        {"type": "string", "pattern": r"^\s*[0-9]{1,5}\s*$"},
    ]
)
PUBLISHED_PORT: Final = form(
    anyOf=[
        {"type": "integer", "minimum": 0, "maximum": 65535},
        {"type": "string", "pattern": r"^\s*[0-9]{1,5}\s*$"},
    ]
)
SHORT_PORT: Final = form(
    anyOf=[
        {"type": "integer", "minimum": 1, "maximum": 65535},
        {
            "type": "string",
            "pattern": r"^\s*([0-9]+(-[0-9]+)?:)?[0-9]+(-[0-9]+)?\s*(/(tcp|udp|sctp))?$",
        },
    ],
    examples=['"8080:80"', '"5353:53/udp"'],
)
SHORT_MOUNT: Final = text(
    r"^/|^[^./~:][^:]*:[/{]", examples=["data:/data", "/srv/data:/data", "/srv/data:/data:ro"]
)
TMPFS: Final = form(anyOf=[*_TMPFS, {"type": "array", "items": {"anyOf": _TMPFS}}])
NETWORK_NAME: Final = text("^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$")
NETWORKS_BY_NAME: Final = form(
    type="object",
    additionalProperties={
        "anyOf": [
            {"type": "null"},
            {
                "type": "object",
                "properties": {"aliases": {"type": "array", "items": _ANY_TEXT}},
                "additionalProperties": False,
            },
        ]
    },
)
OBJECT_NAME: Final = text("^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?$")
COUNTED: Final = text("^[^=]+=[0-9]+$", examples=['"gpu=1"'])
INNER_PATH: Final = text(r"^[A-Za-z0-9_][A-Za-z0-9_. +@-]*(/[A-Za-z0-9_][A-Za-z0-9_. +@-]*)*$")
_PLATFORM: Final[dict[str, object]] = {
    "type": "string",
    "pattern": r"^\s*[A-Za-z]+/[A-Za-z0-9_]+(/[A-Za-z0-9.]+)?\s*$",
}
PLATFORMS: Final = form(
    anyOf=[_PLATFORM, {"type": "array", "items": _PLATFORM, "maxItems": 16}],
    examples=["linux/amd64", "linux/arm64", "[linux/amd64, linux/arm64]"],
)
