"""Single values of a definition, read as Compose writes them: texts, numbers, durations, sizes, cores."""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from backend.models import input_forms as forms

MAX_INT64: Final = 2**63 - 1
NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_SIZE: Final = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?) ?([kmgtp]?)(?:i?b)?", re.IGNORECASE)
# C0, DEL and C1; and halves of surrogate pairs, which no UTF-8 text can carry.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LAYOUT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class WrittenInt(int):
    """A number from a file that still knows how it was written: `0440`, `1_000`."""

    written: str


class WrittenFloat(float):
    """As `WrittenInt`: in `VERSION: 1.10` the last zero counts."""

    written: str


def refuse(reason: str) -> PydanticCustomError:
    """The error a field reader raises; the text reaches the user as it is."""
    # Through the context, because a brace in the text itself would be taken for a placeholder.
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def shown(value: object) -> str:
    """`value` for an error message, short and on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value.encode("unicode_escape").decode("ascii") if _CONTROL.search(value) else value
        return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else str(value)[:40]


def as_text(value: object) -> str:
    """A text; numbers and booleans count as what was written, as in Compose."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.written
    if isinstance(value, int | float):
        return str(value)
    raise refuse(f"is {shown(value)}; a text is expected")


def _line(value: object) -> str:
    text = as_text(value)
    if found := _CONTROL.search(text):
        raise refuse(f"holds the control character U+{ord(found[0]):04X}; one line of plain text is expected")
    return text


def _filled_line(value: object) -> str:
    text = _line(value)
    if not text.strip():
        raise refuse("is empty")
    return text


def _block(value: object) -> str:
    text = as_text(value)
    if found := _CONTROL_BUT_LAYOUT.search(text):
        raise refuse(f"holds the control character U+{ord(found[0]):04X}, which cannot be part of a text")
    return text


def whole_number(low: int, high: int) -> BeforeValidator:
    """A reader of whole numbers from `low` to `high`, both included."""

    def read(value: object) -> int:
        number: int | None = None
        if (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", value)
        ):
            number = int(value)
        if number is None:
            raise refuse(f"is {shown(value)}; a whole number from {low} to {high} is expected")
        if not low <= number <= high:
            raise refuse(f"is {shown(number)}; it must be from {low} to {high}")
        return number

    return forms.reads(read, forms.whole(low, high))


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise refuse(f"is {shown(value)}; true or false is expected")


def _ratio(value: object) -> float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = -1.0
        if 0 <= number <= 1:
            return number
    raise refuse(f"is {shown(value)}; a number from 0 to 1 is expected, such as 0.25")


def duration_ns(value: object) -> int:
    """`1m30s`, `500ms`, `1.5h` in nanoseconds; the unit is never left out, but for 0."""
    if isinstance(value, str):
        text = value.strip()
        total, end = Decimal(0), 0
        while part := _DURATION_PART.match(text, end):
            if part.end() - part.start() > 40:
                break
            total += Decimal(part[1]) * NANOSECONDS[part[2]]
            end = part.end()
        if text and end == len(text):
            if total > MAX_INT64:
                raise refuse(f"is {shown(value)}; that is longer than an engine can count (292 years)")
            return int(total)
    if value == 0 and not isinstance(value, bool | float):
        return 0
    if value == "0":
        return 0
    bare = as_text(value) if isinstance(value, int | str) else ""
    if bare.isdigit():
        raise refuse(f"is {shown(value)}, without a unit; write for instance '{str(value)[:19]}s'")
    raise refuse(f"is {shown(value)}; a duration such as '10s' or '1m30s' is expected")


def size_bytes(value: object) -> int:
    """`512m`, `4g`, `1.5gb` or a number of bytes; k, m, g, t and p are powers of 1024, as in Docker."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
        if 0 <= number <= MAX_INT64:
            return number
    elif isinstance(value, str) and (found := _SIZE.fullmatch(value.strip())):
        power = " kmgtp".index(found[2].lower() or " ")
        number = int(Decimal(found[1]) * 1024**power)
        if number <= MAX_INT64:
            return number
    raise refuse(f"is {shown(value)}; a size such as '512m' or '4g' is expected")


def nano_cpus(value: object) -> int:
    """`'0.5'` or `2` cores in billionths of a core."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            cores = Decimal(as_text(value).strip())
        except InvalidOperation:
            cores = Decimal(-1)
        if cores.is_finite() and 0 < cores <= 1_000_000:
            if cores < Decimal("0.001"):
                raise refuse(f"is {shown(value)}; the engine takes no less than 0.001 of a core")
            return int(cores * 1_000_000_000)
    raise refuse(f"is {shown(value)}; a number of cores such as '0.5' or 2 is expected")


def _memory(value: object) -> int:
    number = size_bytes(value)
    if number < 4 * 1024**2:
        raise refuse(f"is {shown(value)}; the engine takes no less than 4m")
    return number


def _file_mode(value: object) -> int:
    """`0440` as YAML's octal number, or the same as a text."""
    if isinstance(value, str) and re.fullmatch(r"0?o?[0-7]{1,4}", value):
        number = int(value.replace("o", ""), 8)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
    else:
        raise refuse(f"is {shown(value)}; a file mode such as 0440 is expected")
    written = value.written if isinstance(value, WrittenInt) else ""
    # 440 without the leading zero is decimal for every YAML reader, and never what was meant.
    if not 0 <= number <= 0o7777 or (written and re.fullmatch(r"[1-7][0-7]{2}", written)):
        raise refuse(f"is {written or number}; a file mode is written with a leading zero, such as 0440")
    return number


def mapping_from(value: object, *, separators: str = "=", example: str = "KEY=value") -> Any:
    """Compose's list form (`KEY=value`) as a mapping; a mapping stays as it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                raise refuse(
                    f"'{str(key)[:60]}' has no value; write '' for an empty one "
                    "(nothing is taken over from the server's environment)"
                )
        return value
    if not isinstance(value, list | tuple):
        raise refuse(f"is {shown(value)}; a mapping, or a list of '{example}', is expected")
    found: dict[str, str] = {}
    for position, item in enumerate(value):
        text = item if isinstance(item, str) else ""
        at = min((text.find(mark) for mark in separators if mark in text), default=-1)
        if at <= 0:
            raise refuse(f"[{position}] is {shown(item)}; '{example}' is expected")
        key = text[:at].strip()
        if key in found:
            raise refuse(f"has '{key[:60]}' twice")
        found[key] = text[at + 1 :]
    return found


def list_from(value: object) -> Any:
    """One value stands for a list of one."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        raise refuse("is a mapping; a list is expected")
    return [value]


def only_list(value: object) -> Any:
    if isinstance(value, list | tuple):
        return list(value)
    raise refuse(f"is {shown(value)}; a list is expected")


Line = Annotated[str, forms.reads(_line, forms.TEXT)]
"""A text without control characters; may be empty."""
FilledLine = Annotated[str, forms.reads(_filled_line, forms.FILLED)]
Block = Annotated[str, forms.reads(_block, forms.TEXT)]
"""A text that may have line breaks and tabs."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Ratio = Annotated[float, forms.reads(_ratio, forms.RATIO)]
Duration = Annotated[int, forms.reads(duration_ns, forms.DURATION)]
"""Nanoseconds."""
Size = Annotated[int, forms.reads(size_bytes, forms.SIZE)]
Memory = Annotated[int, forms.reads(_memory, forms.MEMORY)]
NanoCpus = Annotated[int, forms.reads(nano_cpus, forms.CORES)]
FileMode = Annotated[int, forms.reads(_file_mode, forms.FILE_MODE)]
