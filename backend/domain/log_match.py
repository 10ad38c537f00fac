"""What a line must hold to be shown: a text in any case, or a regular expression in linear time."""

import re
from collections.abc import Callable
from typing import Any

import re2  # type: ignore[import-untyped]

from backend.errors import FieldError, InvalidInput

_REGEX = re.compile(r"/(.+)/(i?)", re.DOTALL)


def line_test(match: str | None) -> Callable[[str], bool] | None:
    """The test that `match` asks for: `/regex/` or `/regex/i`, else a text; None when it asks for nothing.

    Lines and expressions come from strangers, so RE2 runs them: no backtracking, and bounded memory.
    """
    if not match:
        return None
    if (regex := _REGEX.fullmatch(match)) is None:
        wanted = match.casefold()
        return lambda line: wanted in line.casefold()
    search = _compiled(regex[1], in_any_case=bool(regex[2])).search
    return lambda line: search(line) is not None


def _compiled(pattern: str, *, in_any_case: bool) -> Any:
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not in_any_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        why = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        reason = f"is no regular expression of RE2's kind: {why}"
        raise InvalidInput(f"`match` {reason}.", errors=(FieldError("match", reason),)) from None
