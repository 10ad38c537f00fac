"""What is said of a task that waits: what its service asks of a node."""

import msgspec
import pytest

from backend.domain.attention import asks
from tests.cluster_objects import service


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({}, ""),
        (
            {"Placement": {"Constraints": ["node.labels.gpu==true"]}},
            "may only run where node.labels.gpu==true",
        ),
        (
            {"Resources": {"Reservations": {"NanoCPUs": 500_000_000, "MemoryBytes": 2**30}}},
            "needs 0.5 cores and 1024 MiB of memory that nobody has reserved",
        ),
        (
            {
                "Resources": {
                    "Reservations": {
                        "GenericResources": [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 2}}]
                    }
                },
                "Placement": {"MaxReplicas": 1},
            },
            "needs gpu 2 that nobody has reserved, has room for 1 on each node",
        ),
    ],
)
def test_what_a_node_must_have_is_said_in_words(template: dict[str, object], said: str) -> None:
    asking = service()
    asking = msgspec.structs.replace(asking, spec={**asking.spec, "TaskTemplate": template})
    assert asks(asking) == said
