"""`.dockerignore`: what stays behind, what is refused, and where nobody needs to look."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ignore_rules import MAX_PATTERNS, IgnoreRules
from backend.errors import InvalidInput


def ignored(text: str, path: str, *, always: tuple[str, ...] = ()) -> bool:
    """As a walk asks: the folders on the way first."""
    rules = IgnoreRules.parse(text, always=always)
    matched, verdict = rules.top, False
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        judged = rules.judge("/".join(parts[:depth]), matched)
        matched, verdict = judged.matched, judged.ignored
    return verdict


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "a", False),
        ("a", "a", True),
        ("a", "b/a", False),  # unlike .gitignore
        ("a", "a/b/c", True),
        ("/a", "a", True),
        ("a/", "a", True),
        ("./a/../b//", "b", True),
        ("../a", "a", False),
        (".", "a", False),
        ("/", "a", False),
        ("  a  ", "a", True),
        ("\ufeffa", "a", True),
        ("# a\na#", "a#", True),
        ("a\r\nb\r\n", "b", True),
        (" # a", "# a", True),
        ("*", "a/b", True),
        ("*/b", "a/b", True),
        ("*/b", "b", False),
        ("*/b", "a/x/b", False),
        ("a*", "abc/d", True),
        ("*.py", "x/y.py", False),
        ("**/*.py", "x/y.py", True),
        ("**/*.py", "y.py", True),
        ("**.py", "x/y.py", True),
        ("a/**", "a", False),
        ("a/**", "a/b/c", True),
        ("**", "a/b", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a?c", "a☃c", True),
        ("a[b-d]e", "ace", True),
        ("a[^b-d]e", "ace", False),
        ("[]]", "]", None),
        ("[\\]]", "]", True),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a.c", "abc", False),
        ("(a|b)+$", "(a|b)+$", True),
        ("*\n!a", "a", False),
        ("*\n!a", "a/b", False),
        ("*\n!a/b", "a/b", False),
        ("*\n!a/b", "a/c", True),
        ("!a\n*", "a", True),
        ("a\n! a", "a", False),
        ("a/b\n!a", "a/b", True),  # the exception was not needed for a, and a/b is not a
        ("a\n!a/b\na/b/c", "a/b/c", True),
        ("*\n!**/x", "a/b/x", False),
        ("a/*\n!a/b", "a/b/c", False),
    ],
)
def test_a_pattern_means_what_it_means_to_docker(text: str, path: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(InvalidInput):
            ignored(text, path)
    else:
        assert ignored(text, path) is expected


@pytest.mark.parametrize(
    "line", ["[", "a[", "[a", "[]a]", "[a-]", "[-a]", "[^", "[^]", "\\", "a\\", "!", "!/", "[z-a]", "!["]
)
def test_what_docker_refuses_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        IgnoreRules.parse(f"ok\n{line}\n")
    assert (refused.value.code, refused.value.errors[0].line) == ("ignore_file_invalid", 2)
    assert "line 2" in refused.value.detail


def test_what_is_always_sent_is_sent() -> None:
    assert not ignored("**", "build/Dockerfile", always=("build/Dockerfile",))
    rules = IgnoreRules.parse("build", always=("build/Dockerfile",))
    assert rules.may_hold_wanted("build")
    assert not rules.may_hold_wanted("buil")


@pytest.mark.parametrize(
    ("text", "folder", "looked_into"),
    [
        ("node_modules", "node_modules", False),
        ("*\n!src", "node_modules", False),
        ("*\n!src/a", "src", True),
        ("*\n!src/a", "src/b", False),
        ("*\n!src/*/a", "src/b", True),
        ("*\n!src/*/a", "src/b/c", False),
        ("*\n!**/a", "any/where", True),
        ("*\n!src/**", "src/b/c", True),
        ("*\n!src/**", "other", False),
        ("*\n![^x]/a", "src/b", True),  # a class may match a slash
    ],
)
def test_an_ignored_folder_is_looked_into_only_for_what_an_exception_could_want(
    text: str, folder: str, looked_into: bool
) -> None:
    assert IgnoreRules.parse(text).may_hold_wanted(folder) is looked_into


NAMES = st.sampled_from(["a", "b", "ab", "a.b", "x"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.sampled_from(["a", "b", "*", "**", "?", "a*", "[ab]", "**b", "a.b", "[^a]"])
PATTERNS = st.builds(
    "{}{}".format, st.sampled_from(["", "!"]), st.lists(PARTS, min_size=1, max_size=4).map("/".join)
)


@given(st.lists(PATTERNS, max_size=6).map("\n".join), PATHS)
def test_nothing_wanted_lies_in_a_folder_that_is_not_looked_into(text: str, path: str) -> None:
    rules = IgnoreRules.parse(text)
    matched, parts = rules.top, path.split("/")
    skipped = False
    for depth in range(1, len(parts) + 1):
        here = "/".join(parts[:depth])
        verdict = rules.judge(here, matched)
        matched = verdict.matched
        assert verdict.ignored or not skipped
        skipped = skipped or (verdict.ignored and not rules.may_hold_wanted(here))


def test_patterns_made_to_be_slow_are_not() -> None:
    begun = time.perf_counter()
    assert not ignored("**/" * 50 + "*a" * 50 + "b", "/".join(["a" * 200] * 20))
    assert not ignored("\n".join(["(a*)*" * 20 + "*b"] * 50), "a" * 4_000)
    assert time.perf_counter() - begun < 2


def test_more_patterns_than_any_file_needs_are_refused() -> None:
    IgnoreRules.parse("a\n" * MAX_PATTERNS)
    with pytest.raises(InvalidInput, match="2,000"):
        IgnoreRules.parse("a\n" * (MAX_PATTERNS + 1))
