"""Writing and editing a definition's text: nothing changes its meaning, and comments stay."""

# ruff: noqa: E501  (tables read best with one case on one line)

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.domain.definition_text import (
    as_mapping,
    from_mapping,
    parse,
    to_text,
    with_changes,
    with_replicas,
)
from backend.domain.yaml_tree import plain_value
from backend.errors import InvalidInput

TRAPS = ["no", "on", "yes", "off", "22:22", "1.10", "010", "~", "null", "", " ", "true", "0x10", "0o10", "1_000", "1e3", ".5",
         "-", "- a", "a: b", "a #b", "#a", "'", '"', "@a", "`a`", "%a", "&a", "*a", "!a", "{a}", "[a]", "|", ">", "?", "<<", "=",
         "a\nb", "a\nb\n", "\na", " a\nb", "a \nb", "a\n\n\nb\n\n", "2024-01-02", "12:30:45", "+1", "-0", ".inf", ".NaN", "\t",
         "a\tb", "ü", "日本", "\u2028", "\u00a0", "\U0001f600", "---", "...", "a: |", "x" * 300]  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_texts_that_yaml_could_misread_keep_their_meaning(trap: str) -> None:
    data = {"name": "web", "image": "nginx", "env": {"A": trap}, "command": [trap, "x"]}
    assert as_mapping(to_text(data, name="web")) == data
    assert parse(to_text(data, name="web"), name="web").env == {"A": trap}


text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=12
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | text | st.sampled_from(TRAPS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(text | st.sampled_from(TRAPS), inner, max_size=4)
    ),
    max_leaves=12,
)
mappings = st.dictionaries(
    text | st.sampled_from(["env", "ports", "mounts", "labels", *TRAPS]), values, max_size=6
)


def as_written(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "web",
        **{key: value for key, value in data.items() if value is not None and key != "name"},
    }


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mappings)
def test_whatever_is_written_reads_back_the_same(data: dict[str, Any]) -> None:
    assert as_mapping(to_text({**data, "name": "web"}, name="web")) == as_written(data)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mappings, mappings)
def test_an_edit_says_exactly_what_was_asked_for(before: dict[str, Any], after: dict[str, Any]) -> None:
    old = to_text({**before, "name": "web"}, name="web")
    assert as_mapping(with_changes(old, after)) == as_written(after)


definitions = st.fixed_dictionaries(
    {"image": st.sampled_from(["nginx", "a.example:5000/b/c:1.2"])},
    optional={
        "replicas": st.integers(0, 1000),
        "env": st.dictionaries(st.sampled_from("ABCDE"), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)),
        "ports": st.lists(st.integers(1, 65535), max_size=3),
        "mounts": st.sampled_from([[], ["/a:/b"], ["v1:/c", {"type": "tmpfs", "target": "/d"}]]),
        "labels": st.dictionaries(st.sampled_from(TRAPS[:12]).filter(str.strip), st.sampled_from(TRAPS)),
        "command": st.lists(st.sampled_from(TRAPS), max_size=3),
        "tty": st.booleans(),
        "resources": st.fixed_dictionaries({"limits": st.fixed_dictionaries({"cpus": st.sampled_from(["0.5", 2, 1.5])})}),
    },
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions)
def test_a_definition_means_the_same_as_data_and_as_text(data: dict[str, Any]) -> None:
    assert parse(to_text(data, name="web"), name="web") == from_mapping(data, name="web")


FILE = """\
# Our shop's front.
name: web # also the DNS name
image: nginx:1  # pinned by the release job

# Two are enough at night.
replicas: 2   # scaled by hand

env:
  # the level
  LEVEL: debug   # or info
  ZONE: "no"

ports:
  - "8080:80"   # http
  # admin, only inside
  - target: 9000
    mode: host # not on every node

labels: {a: b, c: d}   # inline
command: |
  first
  second
mounts:
- /a:/b   # without indent
- /c:/d
# the end
"""


def test_scaling_changes_one_number_and_no_other_character() -> None:
    assert with_replicas(FILE, 7) == FILE.replace("replicas: 2 ", "replicas: 7 ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: web\nimage: nginx\n", "name: web\nimage: nginx\nreplicas: 3\n"),
        ("name: web\nimage: nginx", "name: web\nimage: nginx\nreplicas: 3"),
        ("{name: web, image: nginx}", "{name: web, image: nginx, replicas: 3}"),
        ("name: web\nreplicas:\nimage: nginx\n", "name: web\nreplicas: 3\nimage: nginx\n"),
        ("image: nginx # a\n# b\nenv: {}\n", "image: nginx # a\nreplicas: 3\n# b\nenv: {}\n"),
        ("name: web\r\nimage: nginx\r\nreplicas: 1\r\n", "name: web\r\nimage: nginx\r\nreplicas: 3\r\n"),
        (
            "name: web\r\nimage: nginx\r\ntty: true\r\n",
            "name: web\r\nimage: nginx\r\nreplicas: 3\r\ntty: true\r\n",
        ),
        ("\ufeffname: web\nimage: nginx\nreplicas: 1\n", "name: web\nimage: nginx\nreplicas: 3\n"),
        ("replicas: '1'\nimage: nginx\n", "replicas: 3\nimage: nginx\n"),
        ('"replicas": 1\n"image": "日本/x"\n', '"replicas": 3\n"image": "日本/x"\n'),
    ],
)
def test_scaling_adds_or_replaces_the_key_where_people_expect_it(before: str, after: str) -> None:
    assert with_replicas(before, 3) == after


@pytest.mark.parametrize("mode", ["global", "global-job"])
def test_a_global_service_has_no_number_to_change(mode: str) -> None:
    with pytest.raises(InvalidInput, match=mode):
        with_replicas(f"name: web\nimage: nginx\nmode: {mode}\n", 3)


def comments(yaml: str) -> list[str]:
    return [line[line.index("#") :] for line in yaml.splitlines() if "#" in line]


@pytest.mark.parametrize(
    ("change", "removed"),
    [
        (lambda data: data.update(image="nginx:2"), []),
        (lambda data: data["env"].update(LEVEL="info", MORE="yes"), []),
        (lambda data: data["ports"][1].update(target=9001, protocol="udp"), []),
        (lambda data: data["ports"].append("53:53/udp"), []),
        (lambda data: data["ports"].insert(0, "53:53/udp"), []),
        (lambda data: data["labels"].update(e="22:22"), []),
        (lambda data: data["mounts"].append("/e:/f"), []),
        (lambda data: data["mounts"].pop(1), []),
        (lambda data: data.update(command=["a", "b"]), []),
        (
            lambda data: data.update(
                healthcheck={"test": ["CMD", "true"]}, constraints=["node.role == worker"]
            ),
            [],
        ),
        (lambda data: data["mounts"].pop(0), ["# without indent"]),
        (lambda data: data.pop("labels"), ["# inline"]),
        (lambda data: data["env"].pop("LEVEL"), ["# or info"]),
    ],
)
def test_an_edit_keeps_every_comment_but_those_of_removed_lines(change: Any, removed: list[str]) -> None:
    data = as_mapping(FILE)
    change(data)
    edited = with_changes(FILE, data)
    assert as_mapping(edited) == data
    assert comments(edited) == [one for one in comments(FILE) if one not in removed]


def test_an_edit_that_changes_nothing_returns_the_very_text() -> None:
    shuffled = dict(reversed(as_mapping(FILE).items()))
    assert with_changes(FILE, shuffled) == FILE


def test_an_edit_touches_only_the_lines_it_must() -> None:
    data = as_mapping(FILE)
    data["env"]["LEVEL"] = "info"
    data["ports"][1]["target"] = 9001
    before, after = FILE.splitlines(), with_changes(FILE, data).splitlines()
    assert [(one, two) for one, two in zip(before, after, strict=True) if one != two] == [
        ("  LEVEL: debug   # or info", "  LEVEL: info   # or info"),
        ("  - target: 9000", "  - target: 9001"),
    ]


def test_the_name_stays_when_an_edit_does_not_say_one() -> None:
    assert as_mapping(with_changes("name: web\nimage: a\n", {"image": "b"})) == {"name": "web", "image": "b"}


def test_new_text_puts_the_keys_in_the_order_people_expect() -> None:
    written = to_text(
        {"labels": {"a": "b"}, "ports": ["8080:80"], "replicas": 2, "image": "nginx"}, name="web"
    )
    assert written == "name: web\nimage: nginx\nreplicas: 2\nports:\n  - '8080:80'\nlabels:\n  a: b\n"


def test_numbers_in_data_keep_how_they_were_written() -> None:
    data = as_mapping(
        "name: web\nimage: a\nreplicas: 3\nenv: {V: 1.10, O: 010, N: 5}\nsecrets: [{source: a, mode: 0440}]\n"
    )
    assert data["env"] == {"V": "1.10", "O": "010", "N": 5}
    assert (data["replicas"], data["secrets"][0]["mode"]) == (3, 0o440)


@pytest.mark.parametrize(
    ("written", "value"),
    [("no", "no"), ("on", "on"), ("Yes", "Yes"), ("true", True), ("FALSE", False), ("~", None), ("", None), ("0440", 288),
     ("0o17", 15), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("12:30:45", "12:30:45"), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5),
     ("2024-01-02", "2024-01-02"), ("089", 89.0), ("1.2.3", "1.2.3"), ("-5", -5), ("+7", 7), (".inf", ".inf"), ("-", "-"),
     ("0", 0), ("-0", 0), ("_1", "_1"), ("0x", "0x"), ("1__0", 10)],
)  # fmt: skip
def test_plain_scalars_are_read_as_docker_reads_them(written: str, value: object) -> None:
    assert plain_value(written) == value
    assert isinstance(plain_value(written), bool) == isinstance(value, bool)
