"""A definition's text: reading it with places for every error, and writing it as a person would."""

from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import ValidationError

from backend.domain import yaml_tree
from backend.domain.definition_errors import Problem, invalid, problems_of
from backend.domain.definition_rules import broken_rules
from backend.domain.yaml_tree import MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, Path
from backend.errors import FieldError, InvalidInput, PayloadTooLarge
from backend.models.compose_values import WrittenFloat, WrittenInt
from backend.models.definitions import PLACEMENT_KEYS, Definition

BOM: Final = "\ufeff"


def parse(text: str, *, name: str) -> Definition:
    """Read a definition; `name` is its file's name, which the text must agree with.

    Raises InvalidInput with every problem found, each with line and column, or PayloadTooLarge.
    """
    root = yaml_tree.read(text.removeprefix(BOM))
    definition, problems = _checked(yaml_tree.value_of(root), name)
    if definition is None:
        raise invalid((path, reason, _at(root, path)) for path, reason in problems)
    return definition


def from_mapping(data: Mapping[str, object], *, name: str) -> Definition:
    """Read a definition given as plain data, as in the API's JSON."""
    check_limits(data)
    definition, problems = _checked(dict(data), name)
    if definition is None:
        raise invalid((path, reason, None) for path, reason in problems)
    return definition


def _checked(data: dict[str, Any], name: str) -> tuple[Definition | None, list[Problem]]:
    problems: list[Problem] = []
    written = data.get("name")
    if written is not None and written != name:
        problems.append((("name",), f"is '{str(written)[:70]}', but this definition is called '{name[:70]}'"))
    try:
        definition = Definition.model_validate({**data, "name": name})
    except ValidationError as error:
        return None, problems + problems_of(error)
    problems += broken_rules(definition)
    return (None, problems) if problems else (definition, [])


def _at(root: Node, path: Path) -> tuple[int, int]:
    if path and path[0] in PLACEMENT_KEYS and root.get(str(path[0])) is None and root.get("placement"):
        path = ("placement", *path)
    node = yaml_tree.place_of(root, path)
    return node.line, node.column


def check_limits(data: object) -> None:
    """The limits a text has, for data that never was one; iterative, for it may be nested deeply."""
    left: list[tuple[object, int]] = [(data, 1)]
    nodes = size = 0
    while left:
        value, depth = left.pop()
        nodes += 1
        if depth > MAX_DEPTH + 1:
            raise InvalidInput(
                f"the definition has more than {MAX_DEPTH} levels",
                code="invalid_definition",
                errors=(FieldError("definition", f"has more than {MAX_DEPTH} levels"),),
            )
        if nodes > MAX_NODES:
            raise InvalidInput(
                f"the definition has more than {MAX_NODES} values",
                code="invalid_definition",
                errors=(FieldError("definition", f"has more than {MAX_NODES} values"),),
            )
        if isinstance(value, Mapping):
            size += sum(len(key) for key in value if isinstance(key, str))
            left += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list | tuple):
            left += [(item, depth + 1) for item in value]
        elif isinstance(value, str):
            size += len(value)
        if size > MAX_BYTES:
            raise PayloadTooLarge(
                f"a definition may have {MAX_BYTES // 1024} KiB of text, and this one has more"
            )


# Under these keys a number is a text, so the way it was written is what it says.
_TEXT_KEYS: Final = frozenset(
    {"env", "labels", "container_labels", "build_args", "sysctls", "options", "driver_opts", "command",
     "entrypoint", "test"}
)  # fmt: skip


def as_mapping(text: str) -> dict[str, Any]:
    """The file's own keys as plain data; raises InvalidInput when the text is no mapping."""
    plain = _plain(yaml_tree.value_of(yaml_tree.read(text.removeprefix(BOM))), "")
    return dict(plain)


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item, key if key in _TEXT_KEYS else name) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, key) for item in value]
    if isinstance(value, WrittenInt):
        as_written = key in _TEXT_KEYS and str(int(value)) != value.written
        return value.written if as_written else int(value)
    if isinstance(value, WrittenFloat):
        return float(value) if repr(float(value)) == value.written else value.written
    return value


# The order in which people expect the keys; what is not named here follows in the model's order.
_FIRST: Final = (
    "name",
    "image",
    "mode",
    "replicas",
    "max_concurrent",
    "command",
    "entrypoint",
    "ports",
    "env",
)


def to_text(data: Mapping[str, object], *, name: str) -> str:
    """A definition given as plain data as YAML text; what YAML would misread is quoted."""
    check_limits(data)
    order = [*_FIRST, *(key for key in Definition.model_fields if key not in _FIRST)]
    keys = [key for key in order if key in data] + [key for key in data if key not in order]
    ordered: dict[str, object] = {"name": name}
    ordered |= {key: data[key] for key in keys if key != "name" and data[key] is not None}
    if data.get("name") is not None:
        ordered["name"] = data["name"]
    return dump(ordered)


def dump(value: object, *, flow: bool = False) -> str:
    """`value` as block YAML (or one line of flow YAML), ending with a line break."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True if flow else None if value == {} or value == [] else False,
        width=2**20 if flow else 110,
    )
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        # Lists are set in under their key, as Docker's own documentation writes them.
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None
    if (
        "\n" in text
        and not text.startswith((" ", "\n", "\t"))
        and all(line == line.rstrip() for line in text.split("\n"))
    ):
        style = "|"
    elif text and (yaml_tree.plain_value(text) is not text or text == "<<"):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(WrittenInt, lambda dumper, value: dumper.represent_int(int(value)))
_Dumper.add_representer(WrittenFloat, lambda dumper, value: dumper.represent_float(float(value)))


def with_replicas(text: str, replicas: int) -> str:
    """`text` with another number of replicas and nothing else touched."""
    return with_changes(text, {**as_mapping(text), "replicas": replicas})


def with_changes(text: str, new: Mapping[str, object]) -> str:
    """`text` changed to say `new`, with comments and layout kept where it says the same."""
    return to_text(new, name=str(as_mapping(text).get("name") or new.get("name")))
