"""YAML text → a tree of values with their places, within limits that no input can exceed.

The tree is built from parser events in a loop. PyYAML's composer recurses, and its C part ends the process
at some ten thousand nested brackets.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

from backend.errors import FieldError, InvalidInput, PayloadTooLarge
from backend.models.compose_values import WrittenFloat, WrittenInt

SUFFIXES: Final = (".yaml", ".yml")
"""Of the files that are read as definitions."""
MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 50
MAX_NODES: Final = 20_000

# How go-yaml, and so Compose and the docker CLI, read a plain scalar: `on`, `no` and `22:22` are texts,
# `0440` is octal, dates are left alone.
_INT: Final = re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

Kind = Literal["scalar", "mapping", "list"]
Path = tuple[str | int, ...]


@dataclass(slots=True)
class Entry:
    """One `key: value` of a mapping."""

    key: "Node"
    value: "Node"


@dataclass(slots=True)
class Node:
    """A value and where it stands: offsets in characters, lines and columns from 0."""

    kind: Kind
    start: int
    end: int
    line: int
    column: int
    flow: bool = False
    """Written with brackets or braces."""
    text: str = ""
    plain: bool = False
    entries: list[Entry] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    def get(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key.text == key), None)


def plain_value(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "0123456789+-.":
        return text
    # Longer ones are no number anybody meant, and Python refuses to convert very long ones.
    if len(text) <= 40:
        if _INT.fullmatch(text):
            return _whole(text)
        if _FLOAT.fullmatch(text):
            number = WrittenFloat(text)
            number.written = text
            return number if abs(number) != float("inf") else text
    return text


def _whole(text: str) -> Any:
    digits = text.replace("_", "").lower().lstrip("+")
    if re.fullmatch(r"-?0[0-7]+", digits):
        digits = digits.replace("0", "0o", 1)
    try:
        number = WrittenInt(digits, 0)
    except ValueError:
        return text
    number.written = text
    return number


def problem(reason: str, *, line: int | None = None, column: int | None = None) -> InvalidInput:
    """An error about the text itself; `line` and `column` count from 0 here and from 1 in the answer."""
    where = f"line {line + 1}: " if line is not None else ""
    error = FieldError(
        "yaml",
        reason,
        line=None if line is None else line + 1,
        column=None if column is None else column + 1,
    )
    return InvalidInput(
        f"the definition cannot be read: {where}{reason}", code="invalid_yaml", errors=(error,)
    )


def read_list(text: str) -> Node | None:
    """The tree of the one list that `text` holds, None when it is empty; raises as `read`."""
    root = _tree(text)
    if root is not None and root.kind != "list":
        raise problem("a list is expected: each item begins with '- '", line=root.line, column=root.column)
    return root


def read(text: str) -> Node:
    """The tree of the one mapping that `text` holds; raises InvalidInput or PayloadTooLarge."""
    root = _tree(text)
    if root is None:
        raise problem("the text is empty; a definition has at least 'name' and 'image'", line=0, column=0)
    if root.kind != "mapping":
        raise problem(
            "a definition is a mapping of keys such as 'name: web', not a "
            + ("list" if root.kind == "list" else "single value"),
            line=root.line,
            column=root.column,
        )
    return root


def _tree(text: str) -> Node | None:
    _check_text(text)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(filter(None, (error.context, error.problem))) or "this is no YAML"
        raise problem(
            f"not valid YAML: {reason}",
            line=mark.line if mark else None,
            column=mark.column if mark else None,
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise problem(f"not valid YAML: {' '.join(str(error).split())[:200]}") from None
    root = builder.root
    if root is not None and root.kind == "scalar" and root.plain and root.text in {"", "~", "null"}:
        return None
    return root


def _check_text(text: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PayloadTooLarge(
            f"a definition may have {MAX_BYTES // 1024} KiB of text, and this one has more",
            errors=(FieldError("yaml", f"is longer than {MAX_BYTES // 1024} KiB"),),
        )
    if found := _FORBIDDEN.search(text):
        before = text[: found.start()]
        line = before.count("\n")
        raise problem(
            f"the character U+{ord(found[0]):04X} cannot be part of a definition",
            line=line,
            column=found.start() - (before.rfind("\n") + 1),
        )


class _Builder:
    """Takes parser events one by one; what is open lies on a stack instead of in recursion."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._keys: list[Node | None] = []
        self._seen: list[set[str]] = []
        self._count = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        # By exact type, commonest first: this runs once for every value of the text.
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._begin(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._open.pop().end = event.end_mark.index
            self._keys.pop()
            self._seen.pop()
        elif kind is yaml.AliasEvent:
            raise self._refuse(event, f"an alias (*{event.anchor[:40]}); write the value out")
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                raise problem(
                    "there is more than one document; a file holds one definition",
                    line=event.start_mark.line,
                    column=event.start_mark.column,
                )
            if event.tags or event.version:
                raise self._refuse(event, "a directive (%…)")

    def _refuse(self, event: Any, what: str) -> InvalidInput:
        mark = event.start_mark
        return problem(f"a definition cannot have {what}", line=mark.line, column=mark.column)

    def _checked(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._refuse(event, f"an anchor (&{event.anchor[:40]})")
        if event.tag is not None:
            raise self._refuse(event, f"a tag ({event.tag[:40]})")
        self._count += 1
        if self._count > MAX_NODES:
            raise self._refuse(event, f"more than {MAX_NODES} values")

    def _scalar(self, event: Any) -> None:
        self._checked(event)
        start, end = event.start_mark, event.end_mark
        node = Node("scalar", start.index, end.index, start.line, start.column)
        node.text = event.value
        node.plain = event.style in {None, ""}
        self._place(node)

    def _begin(self, event: Any) -> None:
        self._checked(event)
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse(event, f"more than {MAX_DEPTH} levels")
        start = event.start_mark
        node = Node(
            "mapping" if isinstance(event, yaml.MappingStartEvent) else "list",
            start.index,
            start.index,
            start.line,
            start.column,
            flow=bool(event.flow_style),
        )
        self._place(node)
        self._open.append(node)
        self._keys.append(None)
        self._seen.append(set())

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if parent.kind == "list":
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = self._as_key(node)
        else:
            parent.entries.append(Entry(key, node))
            self._keys[-1] = None

    def _as_key(self, node: Node) -> Node:
        if node.kind != "scalar":
            raise problem("a key must be a text, not a list or mapping", line=node.line, column=node.column)
        if node.plain and node.text == "<<":
            raise problem(
                "a definition cannot have a merge key (<<); write the values out",
                line=node.line,
                column=node.column,
            )
        if node.text in self._seen[-1]:
            raise problem(f"the key '{node.text[:60]}' is there twice", line=node.line, column=node.column)
        self._seen[-1].add(node.text)
        return node


def value_of(node: Node) -> Any:
    """Plain data; numbers keep how they were written. The depth is bounded, so recursion is safe here."""
    if node.kind == "scalar":
        return plain_value(node.text) if node.plain else node.text
    if node.kind == "list":
        return [value_of(item) for item in node.items]
    return {entry.key.text: value_of(entry.value) for entry in node.entries}


# Under these keys a number is a text, so the way it was written is what it says.
TEXTUAL: Final = frozenset(
    {
        *("env", "labels", "container_labels", "build_args", "sysctls", "options", "driver_opts"),
        *("command", "entrypoint", "test"),
    }
)


def plain_data(node: Node, key: str = "") -> Any:
    """As JSON has it; a number that must keep its writing (`VERSION: 1.10`) becomes a text.

    `key` is the key under which the node stands.
    """
    return _plain(value_of(node), key)


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item, key if key in TEXTUAL else name) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, key) for item in value]
    if isinstance(value, WrittenInt):
        as_written = key in TEXTUAL and str(int(value)) != value.written
        return value.written if as_written else int(value)
    if isinstance(value, WrittenFloat):
        return float(value) if repr(float(value)) == value.written else value.written
    return value


def place_of(root: Node, path: Path) -> Node:
    """The node at `path`, or the nearest one above it that exists; for a key, where the key stands."""
    node = found = root
    for step in path:
        if node.kind == "mapping" and isinstance(step, str):
            entry = node.get(step)
            if entry is None:
                break
            node, found = entry.value, entry.key
        elif node.kind == "list" and isinstance(step, int) and step < len(node.items):
            node = found = node.items[step]
        else:
            break
    return found
