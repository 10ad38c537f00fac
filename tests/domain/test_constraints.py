"""Constraints are read and judged as swarm's scheduler does."""

from typing import Any

import pytest

from backend.domain.constraints import matches_all, parse
from tests.cluster_objects import node

NODE: dict[str, Any] = {
    "id": "abc123",
    "address": "10.0.0.7",
    "role": "manager",
    "labels": {"zone": "a", "Case": "x"},
    "engine_labels": {"disk": "ssd"},
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("node.id == abc123", True),
        ("node.id==ABC123", True),
        ("node.hostname == one", True),
        ("node.hostname != one", False),
        ("node.hostname == two", False),
        ("NODE.HOSTNAME == ONE", True),
        ("node.ip == 10.0.0.7", True),
        ("node.ip == 10.0.0.0/24", True),
        ("node.ip != 10.0.0.0/24", False),
        ("node.ip == 10.1.0.0/24", False),
        ("node.role == manager", True),
        ("node.role != worker", True),
        ("node.platform.os == linux", True),
        ("node.platform.arch == x86_64", True),
        ("node.platform.arch == aarch64", False),
        ("node.labels.zone == a", True),
        ("node.labels.zone == b", False),
        ("node.labels.gpu == yes", False),
        ("node.labels.gpu != yes", True),
        ("node.labels.case == x", False),
        ("node.labels.Case == X", True),
        ("engine.labels.disk == ssd", True),
        ("engine.labels.disk != ssd", False),
    ],
)
def test_a_constraint_fits_a_node_as_swarm_would_say(text: str, fits: bool) -> None:
    assert parse(text).matches(node("one", **NODE)) is fits


def test_all_constraints_must_hold() -> None:
    wanted = [parse("node.role == manager"), parse("node.labels.zone == a")]
    assert matches_all(wanted, node("one", **NODE))
    assert not matches_all([*wanted, parse("node.hostname == two")], node("one", **NODE))


def test_the_image_s_word_for_an_architecture_is_refused_because_swarm_never_matches_it() -> None:
    with pytest.raises(ValueError, match="write x86_64"):
        parse("node.platform.arch == amd64")


def test_spaces_do_not_matter() -> None:
    assert parse("node.role==worker") == parse("  node.role  ==  worker ")
    assert str(parse("node.role==worker")) == "node.role == worker"
