"""Plain data → YAML as a person would write it; what any YAML reader could misread is quoted."""

import re
from typing import Any, Final

import yaml

from backend.domain.yaml_tree import plain_value
from backend.models.compose_values import WrittenFloat, WrittenInt

# Ports and times: Docker's documentation quotes them, because YAML 1.1 reads some as numbers to base 60.
_NUMBER_LIKE: Final = re.compile(r"[0-9]+([:/-][0-9]+)+")


def dump(value: object) -> str:
    """Block YAML, ending with a line break."""
    return _dump(value, default_flow_style=False)


def dump_inline(value: object) -> str:
    """The same on one line, without a line break."""
    return _dump(value, default_flow_style=True).removesuffix("\n")


def _dump(value: object, *, default_flow_style: bool) -> str:
    dumper = _InlineDumper if default_flow_style else _Dumper
    text: str = yaml.dump(
        value,
        Dumper=dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=default_flow_style,
        # Never folded: a folded text is hard to read back, and harder to edit.
        width=2**30,
    )
    return text.removesuffix("...\n")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        # Lists are set in under their key, as Docker's own documentation writes them.
        super().increase_indent(flow, False)


class _InlineDumper(_Dumper):
    pass


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None
    if "\n" in text:
        style = "|" if not isinstance(dumper, _InlineDumper) and _fits_a_block(text) else '"'
    elif plain_value(text) is not text or text in {"<<", "="} or _NUMBER_LIKE.fullmatch(text):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _fits_a_block(text: str) -> bool:
    lines = text.split("\n")
    return (
        bool(lines[0])
        and not lines[0].startswith((" ", "\t"))
        and all(line == line.rstrip() for line in lines)
    )


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(WrittenInt, lambda dumper, value: dumper.represent_int(int(value)))
_Dumper.add_representer(WrittenFloat, lambda dumper, value: dumper.represent_float(float(value)))
_InlineDumper.add_representer(str, _represent_text)
