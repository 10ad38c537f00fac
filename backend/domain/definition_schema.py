"""The JSON Schema of definitions, for editors; what a schema cannot say, the validator does."""

from functools import cache
from typing import Any, Final

from backend.models.definition_words import WORDS
from backend.models.definitions import Definition

ID: Final = "urn:swarm-orchestrator:service-definition"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_OWN_FORM: Final = (0o444,)
"""Defaults that are written otherwise than they are kept."""


@cache
def service_definition() -> dict[str, Any]:
    """Everything a file may say, in every form it may be written."""
    raw = Definition.model_json_schema(mode="validation")
    parts = raw.pop("$defs")
    # The file's name is the service's, so a text may leave it out.
    raw["required"] = ["image"]
    for name, part in {"Definition": raw, **parts}.items():
        _tell(part, WORDS[name])
    for part in parts.values():
        part.pop("description", None)
    return {
        "$schema": DIALECT,
        "$id": ID,
        "title": "Service definition",
        "description": "One service as it is wanted in a Docker Swarm.",
        **{key: raw[key] for key in ("type", "additionalProperties", "required", "properties")},
        "$defs": dict(sorted(parts.items())),
    }


def _tell(part: dict[str, Any], words: dict[str, str]) -> None:
    part.pop("title", None)
    required = part.get("required", [])
    for key, schema in part["properties"].items():
        schema.pop("title", None)
        default = schema.pop("default", None)
        says: dict[str, object] = {"description": words[key]}
        if isinstance(default, str | int | float) and default not in _OWN_FORM and default is not False:
            says["default"] = default
        # A key with nothing behind it counts as left out.
        empty = [] if key in required else [{"type": "null"}]
        kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        if kinds and len(rest) == len([name for name in rest if name == "examples"]):
            part["properties"][key] = {**says, **rest, "anyOf": kinds + empty}
        elif empty:
            part["properties"][key] = {**says, "anyOf": [schema, *empty]}
        else:
            part["properties"][key] = {**says, **schema}
