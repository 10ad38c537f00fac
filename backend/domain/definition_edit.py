"""Changing a YAML text to say something else by splices, so that comments and layout around them stay."""

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from backend.domain.yaml_dump import dump, dump_inline
from backend.domain.yaml_tree import TEXTUAL, Entry, Node, plain_data


class TooIntricate(Exception):
    """This piece cannot be changed in place; write a larger one anew."""


def edited(text: str, root: Node, new: Mapping[str, Any], *, order: Sequence[str]) -> str:
    """`text`, whose tree is `root`, changed to say `new`; new keys go where `order` has them.

    Raises TooIntricate where only writing everything anew would do. The caller checks the outcome.
    """
    edit = _Edit(text, order)
    edit.mapping(root, new, "", top=True)
    return edit.applied()


def same(one: Any, other: Any) -> bool:
    """Equal as YAML would have it: `true` is not 1, but the order of keys does not matter."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


class _Edit:
    def __init__(self, text: str, order: Sequence[str]) -> None:
        self.text = text
        self.order = order
        self.splices: list[tuple[int, int, str]] = []

    def applied(self) -> str:
        line_break = "\r\n" if "\r\n" in self.text else "\n"
        parts: list[str] = []
        at = 0
        # Stable: pieces for the same place stay in the order they were asked for.
        for start, end, piece in sorted(self.splices, key=lambda one: one[0]):
            parts += [self.text[at:start], piece.replace("\n", line_break)]
            at = max(at, end)
        return "".join([*parts, self.text[at:]])

    def mapping(self, node: Node, new: Mapping[str, Any], key: str, *, top: bool = False) -> None:
        old = plain_data(node, key)
        removed = [entry for entry in node.entries if entry.key.text not in new]
        added = [name for name in new if name not in old]
        if not node.entries or len(removed) == len(node.entries) or (node.flow and removed):
            raise TooIntricate
        for entry in removed:
            self._cut_lines(entry.key, entry.value)
        for entry in node.entries:
            name = entry.key.text
            if name in new and not same(old[name], new[name]):
                self._value(node, entry, new[name], key)
        if node.flow:
            self._add_inline(node, {name: new[name] for name in added})
            return
        kept = [entry for entry in node.entries if entry.key.text in new]
        for name in added:
            after = self._predecessor(kept, name) if top else kept[-1]
            piece = dump({name: new[name]})
            self._insert_after(after.value, _indented(piece, node.column))

    def _predecessor(self, entries: list[Entry], name: str) -> Entry:
        """The entry after which a person would expect the key `name`."""
        before = self.order[: self.order.index(name)] if name in self.order else self.order
        places = {entry.key.text: entry for entry in entries}
        return next((places[other] for other in reversed(before) if other in places), entries[-1])

    def _value(self, parent: Node, entry: Entry, new: Any, key: str) -> None:
        value, name = entry.value, entry.key.text
        mark = len(self.splices)
        try:
            self._in_place(value, new, name if key not in TEXTUAL else key, inline=parent.flow)
        except TooIntricate:
            del self.splices[mark:]
            colon = self.text.index(":", entry.key.end)
            if self.text[entry.key.end : colon].strip():
                raise
            end = max(self._end(value), colon + 1)
            if parent.flow or not _is_block(new):
                piece = " " + dump_inline(new)
            else:
                piece = "\n" + _indented(dump(new), parent.column + 2).rstrip("\n")
                if isinstance(new, str):
                    piece = " " + _indented(dump(new), parent.column + 2).lstrip().rstrip("\n")
            broken = "\n" if self.text[colon + 1 : end].endswith("\n") else ""
            self.splices.append((colon + 1, end, piece + broken))

    def _in_place(self, node: Node, new: Any, key: str, *, inline: bool) -> None:
        if node.kind == "mapping" and isinstance(new, Mapping):
            self.mapping(node, new, key)
        elif node.kind == "list" and isinstance(new, list | tuple):
            self._list(node, list(new), key)
        elif node.kind == "scalar" and not _is_block(new) and "\n" not in self.text[node.start : node.end]:
            if node.start == node.end and not inline:
                raise TooIntricate
            self.splices.append((node.start, node.end, dump_inline(new)))
        else:
            raise TooIntricate

    def _list(self, node: Node, new: list[Any], key: str) -> None:
        old = [plain_data(item, key) for item in node.items]
        if node.flow or not old or not new:
            raise TooIntricate
        dashes = [self._dash(item) for item in node.items]
        matcher = difflib.SequenceMatcher(
            None, [_fingerprint(one) for one in old], [_fingerprint(one) for one in new]
        )
        for step, low, high, new_low, new_high in matcher.get_opcodes():
            if step == "equal":
                continue
            both = min(high - low, new_high - new_low)
            for offset in range(both):
                self._item(node.items[low + offset], dashes[low + offset], new[new_low + offset], key)
            for item, dash in zip(node.items[low + both : high], dashes[low + both : high], strict=True):
                self._cut_lines(item, item, start=self._line_start(dash))
            pieces = "".join(dump([one]) for one in new[new_low + both : new_high])
            if not pieces:
                continue
            column = dashes[0] - self._line_start(dashes[0])
            if low + both == 0:
                at = self._line_start(dashes[0])
                self.splices.append((at, at, _indented(pieces, column)))
            else:
                self._insert_after(node.items[low + both - 1], _indented(pieces, column))

    def _item(self, item: Node, dash: int, new: Any, key: str) -> None:
        mark = len(self.splices)
        try:
            self._in_place(item, new, key, inline=False)
        except TooIntricate:
            del self.splices[mark:]
            column = dash - self._line_start(dash)
            end = self._end(item)
            broken = "\n" if self.text[dash:end].endswith("\n") else ""
            piece = _indented(dump([new]), column).strip(" ").rstrip("\n")
            self.splices.append((dash, end, piece + broken))

    def _dash(self, item: Node) -> int:
        before = self.text[self._line_start(item.start) : item.start]
        if before.strip() != "-":
            raise TooIntricate
        return item.start - len(before) + before.index("-")

    def _add_inline(self, node: Node, new: Mapping[str, Any]) -> None:
        end = self._end(node.entries[-1].value)
        for name, value in new.items():
            self.splices.append((end, end, f", {dump_inline({name: value})[1:-1]}"))

    def _insert_after(self, node: Node, piece: str) -> None:
        at = self._line_end(self._end(node))
        if at == len(self.text) and not self.text.endswith("\n"):
            piece = "\n" + piece.removesuffix("\n")
        self.splices.append((at, at, piece))

    def _cut_lines(self, first: Node, last: Node, *, start: int | None = None) -> None:
        begin = self._line_start(first.start) if start is None else start
        if start is None and self.text[begin : first.start].strip():
            # Not alone on its line: the first key behind a dash.
            raise TooIntricate
        self.splices.append((begin, self._line_end(self._end(last)), ""))

    def _end(self, node: Node) -> int:
        """Where the value itself ends; the parser counts following comments in."""
        if node.kind == "scalar" or node.flow:
            return node.end
        last = node.items[-1] if node.items else node.entries[-1].value if node.entries else None
        return node.start if last is None else self._end(last)

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        """The offset behind the line break of this line."""
        if offset and self.text[offset - 1] == "\n":
            return offset
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1


def _is_block(value: Any) -> bool:
    """Whether a person would write it on lines of its own."""
    return (isinstance(value, Mapping | list | tuple) and bool(value)) or (
        isinstance(value, str) and "\n" in value
    )


def _fingerprint(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _indented(piece: str, column: int) -> str:
    return "".join(" " * column + line if line.strip() else line for line in piece.splitlines(keepends=True))
