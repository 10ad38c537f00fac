"""JSON as strict as we need it: refuses what Python accepts but no field, file or engine could hold."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from backend.errors import FieldError, InvalidInput

MAX_DEPTH = 64
MAX_INTEGER = 2**63 - 1
MAX_REPORTED = 20
_ALLOWED_CONTROLS = frozenset("\t\n\r")


def check_json(body: bytes) -> None:
    """Raise InvalidInput that names the position of broken JSON, or the fields with impossible values."""
    try:
        data = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        raise _broken(f"it is not UTF-8 (byte {error.start})", None, None) from None
    except json.JSONDecodeError as error:
        raise _broken(
            f"{error.msg} at line {error.lineno}, column {error.colno}", error.lineno, error.colno
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except _Refused as error:
        raise _broken(str(error), None, None) from None
    wrong = [FieldError(field=path or "body", reason=reason) for path, reason in _impossible(data)]
    if wrong:
        raise InvalidInput(f"{wrong[0].field}: {wrong[0].reason}", errors=tuple(wrong[:MAX_REPORTED]))


def check_text_of_url(path: str, query: bytes) -> None:
    """Raise InvalidInput for control characters, which nothing we name can hold."""
    if _fault(path):
        msg = "the address holds a control character"
        raise InvalidInput(msg, code="malformed_request")
    if b"%" not in query:
        return
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if fault := _fault(name) or _fault(value):
            raise InvalidInput(
                f"a query parameter {fault}",
                errors=(FieldError(field=name if not _fault(name) else "query", reason=fault),),
            )


class _Refused(ValueError):
    pass


def _broken(reason: str, line: int | None, column: int | None) -> InvalidInput:
    return InvalidInput(
        f"the body is not valid JSON: {reason}",
        code="invalid_json",
        errors=(FieldError(field="body", reason=reason, line=line, column=column),),
    )


def _too_deep() -> InvalidInput:
    return _broken(f"it is nested deeper than {MAX_DEPTH} levels", None, None)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        msg = f"the key {twice!r} is there twice"
        raise _Refused(msg)
    return found


def _integer(digits: str) -> int:
    # Python refuses to read thousands of digits; nobody downstream wants more than 63 bits.
    return int(digits) if len(digits) <= 20 else MAX_INTEGER + 1


def _no_constant(name: str) -> float:
    msg = f"{name} is not JSON"
    raise _Refused(msg)


def _impossible(data: Any) -> Iterator[tuple[str, str]]:
    """Walk with a stack of our own: the data may be nested as deep as the parser allowed."""
    todo: list[tuple[str, Any, int]] = [("", data, 0)]
    while todo:
        path, value, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(value, str):
            if fault := _fault(value):
                yield path, fault
        elif isinstance(value, dict):
            for key, item in value.items():
                if fault := _fault(key):
                    yield path, f"a key {fault}"
                else:
                    todo.append((f"{path}.{key}" if path else key, item, depth + 1))
        elif isinstance(value, list):
            todo.extend((f"{path}[{index}]", item, depth + 1) for index, item in enumerate(value))
        elif isinstance(value, float):
            if value in (float("inf"), float("-inf")):
                yield path, "is a number too large"
        elif isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
            yield path, "is a whole number beyond 63 bits"


def _fault(text: str) -> str | None:
    if text.isprintable():
        return None
    for char in text:
        if "\ud800" <= char <= "\udfff":
            return "holds half of a surrogate pair, which is no character"
        if (char < " " and char not in _ALLOWED_CONTROLS) or char == "\x7f":
            return f"holds the control character U+{ord(char):04X}"
    return None
