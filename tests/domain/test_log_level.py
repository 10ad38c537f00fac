"""Levels of log lines, by the examples that bind the page as well."""

import json
from pathlib import Path

import pytest

from backend.domain.log_level import level_of, level_test

EXAMPLES = json.loads(Path(__file__).with_name("log_levels.json").read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["line"][:40])
def test_a_level_is_read_from_what_loggers_write_and_not_from_prose(example: dict[str, str | None]) -> None:
    assert level_of(str(example["line"])) == example["level"]


def test_one_of_several_levels_may_be_wanted_and_none_wants_all() -> None:
    test = level_test(["error", "warn"])
    assert test is not None
    assert [test(line) for line in ("WARN x", "ERROR x", "INFO x", "x")] == [True, True, False, False]
    assert level_test([]) is None


def test_a_line_nested_without_end_has_no_level() -> None:
    assert level_of('{"a":' * 50_000 + "1" + "}" * 50_000) is None
    assert level_of('{"a":' * 9_000 + "1" + "}" * 9_000) is None
