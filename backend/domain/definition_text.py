"""A definition's text: reading it with places for every error, and writing it as a person would."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from backend.domain import yaml_tree
from backend.domain.definition_edit import TooIntricate, edited, same
from backend.domain.definition_errors import Problem, invalid, problems_of
from backend.domain.definition_rules import broken_rules
from backend.domain.yaml_dump import dump
from backend.domain.yaml_tree import MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, Path
from backend.errors import FieldError, InvalidInput, PayloadTooLarge
from backend.models.definitions import PLACEMENT_KEYS, Definition

BOM: Final = "\ufeff"


def parse(text: str, *, name: str) -> Definition:
    """Read a definition; `name` is its file's name, which the text must agree with.

    Raises InvalidInput with every problem found, each with line and column, or PayloadTooLarge.
    """
    root = yaml_tree.read(text.removeprefix(BOM))
    definition, problems = _checked(yaml_tree.value_of(root), name)
    if definition is None:
        placed = ((_at(root, path), path, reason) for path, reason in problems)
        by_line = sorted(placed, key=lambda one: one[0][0])
        raise invalid((path, reason, at) for at, path, reason in by_line)
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


def as_mapping(text: str) -> dict[str, Any]:
    """The file's own keys as plain data; raises InvalidInput when the text is no mapping."""
    return dict(yaml_tree.plain_data(yaml_tree.read(text.removeprefix(BOM))))


_FIRST: Final = ("name", "image", "mode", "replicas", "max_concurrent", "command", "ports", "env")
ORDER: Final = (*_FIRST, *(key for key in Definition.model_fields if key not in _FIRST))
"""The order in which people expect the keys."""


def to_text(data: Mapping[str, object], *, name: str) -> str:
    """A definition given as plain data as YAML text; what YAML would misread is quoted."""
    check_limits(data)
    return dump(_in_order({"name": name, **{key: value for key, value in data.items() if value is not None}}))


def _in_order(data: Mapping[str, object]) -> dict[str, object]:
    keys = [key for key in ORDER if key in data] + [key for key in data if key not in ORDER]
    return {key: data[key] for key in keys}


def with_replicas(text: str, replicas: int) -> str:
    """`text` with another number of replicas, and nothing else touched.

    Raises InvalidInput for a global service, which has no such number.
    """
    data = as_mapping(text)
    if str(data.get("mode", "")).startswith("global"):
        reason = f"cannot be given: mode is {data['mode']}, which runs one task on every node"
        raise InvalidInput(
            f"replicas {reason}", code="global_not_scalable", errors=(FieldError("replicas", reason),)
        )
    return with_changes(text, {**data, "replicas": replicas})


def with_changes(text: str, new: Mapping[str, object]) -> str:
    """`text` changed to say `new`; comments and layout stay wherever it says the same.

    `new` is the whole definition, not a patch; without `name`, the text's own stays.
    """
    check_limits(new)
    text = text.removeprefix(BOM)
    root = yaml_tree.read(text)
    old = yaml_tree.plain_data(root)
    wanted = {key: value for key, value in new.items() if value is not None}
    if "name" in old:
        wanted.setdefault("name", old["name"])
    if same(old, wanted):
        return text
    try:
        changed = edited(text, root, wanted, order=ORDER)
        if same(as_mapping(changed), wanted):
            return changed
    except (TooIntricate, InvalidInput):
        pass
    # Rare layouts only; what it says matters more than how it looked.
    return dump(_in_order(wanted))
