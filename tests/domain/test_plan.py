"""A deploy changes what differs, and nothing that an engine only says in other words."""

# ruff: noqa: E501  (tables read best with one case on one line)

from copy import deepcopy
from typing import Any

import pytest

from backend.domain.definition_text import from_mapping
from backend.domain.plan import OWNED, changes, merge_into
from backend.domain.service_spec import LABEL_IMAGE, LABEL_OPERATION, LABEL_REVISION, References, build_spec
from backend.models.cluster import Platform

SECOND = 1_000_000_000
AMD = [Platform("linux", "amd64")]
KNOWN = References(
    networks={"front": "n1", "back": "n2"}, secrets={"a": "s1", "b": "s2"}, configs={"c": "c1"}
)


def spec(image: str = "nginx:1@sha256:x", platforms: list[Platform] = AMD, **data: Any) -> dict[str, Any]:
    definition = from_mapping({"image": "nginx:1", **data}, name="web")
    return build_spec(
        definition, image=image, platforms=platforms, references=KNOWN, labels={LABEL_REVISION: "1"}
    )


def as_the_engine_keeps_it(wanted: dict[str, Any]) -> dict[str, Any]:
    """What engines were seen to add to a spec without being asked."""
    live = deepcopy(wanted)
    template = live["TaskTemplate"]
    template.setdefault("Resources", {})
    template["Resources"].setdefault("Limits", {})
    template["Resources"].setdefault("Reservations", {})
    template |= {"ForceUpdate": 4, "Runtime": "container"}
    template.setdefault("RestartPolicy", {"Condition": "any", "Delay": 5 * SECOND, "MaxAttempts": 0})
    container = template["ContainerSpec"]
    container |= {"Isolation": "default"}
    container.setdefault("DNSConfig", {})
    container.setdefault("StopGracePeriod", 10 * SECOND)
    container.setdefault("Init", False)
    live.setdefault("EndpointSpec", {}).setdefault("Mode", "vip")
    defaults = {
        "Parallelism": 1,
        "FailureAction": "pause",
        "Monitor": 5 * SECOND,
        "MaxFailureRatio": 0,
        "Order": "stop-first",
    }
    live.setdefault("UpdateConfig", dict(defaults))
    live.setdefault("RollbackConfig", dict(defaults))
    return live


CASES: list[dict[str, Any]] = [
    {},
    {"mode": "global"},
    {"mode": "replicated-job", "replicas": 3},
    {"ports": ["8080:80", {"target": 81, "mode": "host"}], "env": {"A": "1"}, "networks": ["front", "back"]},
    {"secrets": ["a", {"source": "b", "mode": 0o400}], "configs": ["c"], "mounts": ["/a:/b:ro", "v1:/c"]},
    {"update_config": {"parallelism": 0}, "restart_policy": {"delay": "0s"}, "stop_grace_period": "0s", "init": True},
    {"resources": {"reservations": {"generic_resources": ["gpu=1"]}}, "constraints": ["node.role==worker"]},
]  # fmt: skip


@pytest.mark.parametrize("data", CASES, ids=lambda data: ",".join(data) or "bare")
def test_an_unchanged_definition_changes_nothing_whatever_the_engine_wrote_around_it(
    data: dict[str, Any],
) -> None:
    live = as_the_engine_keeps_it(spec(**data))
    plan = changes(live, spec(**data))
    assert plan.changes == ()
    assert plan.restarts_tasks is False
    assert merge_into(live, spec(**data)) == live


def test_what_is_only_ordered_otherwise_keeps_the_live_order() -> None:
    wanted = spec(
        env={"A": "1", "B": "2"},
        ports=["80:80", "81:81"],
        networks=["front", "back"],
        mounts=["/a:/b", "/c:/d"],
    )
    live = deepcopy(wanted)
    live["TaskTemplate"]["ContainerSpec"]["Env"].reverse()
    live["TaskTemplate"]["ContainerSpec"]["Mounts"].reverse()
    live["TaskTemplate"]["Networks"].reverse()
    live["EndpointSpec"]["Ports"].reverse()
    assert changes(live, wanted).changes == ()
    assert merge_into(live, wanted) == live


def test_words_that_mean_the_same_are_the_same() -> None:
    wanted = spec(cap_add=["NET_ADMIN"], constraints=["node.role == worker"])
    live = deepcopy(wanted)
    live["TaskTemplate"]["ContainerSpec"]["CapabilityAdd"] = ["NET_ADMIN"]
    live["TaskTemplate"]["Placement"]["Constraints"] = ["node.role==worker"]
    live["TaskTemplate"]["Placement"]["Platforms"] = [{"OS": "linux", "Architecture": "x86_64"}]
    assert changes(live, wanted).changes == ()
    assert merge_into(live, wanted) == live


# One difference each: where it is seen, and whether swarm restarts tasks for it.
DIFFERENCES: list[tuple[dict[str, Any], dict[str, Any], str, bool]] = [
    ({"replicas": 1}, {"replicas": 2}, "Mode", False),
    ({"replicas": 1}, {"replicas": 0}, "Mode", False),
    ({}, {"labels": {"a": "b"}}, "Labels", False),
    ({"labels": {"a": "b"}}, {}, "Labels", False),
    ({}, {"container_labels": {"a": "b"}}, "TaskTemplate.ContainerSpec.Labels", True),
    ({}, {"env": {"A": "1"}}, "TaskTemplate.ContainerSpec.Env", True),
    ({"env": {"A": "1"}}, {"env": {"A": "2"}}, "TaskTemplate.ContainerSpec.Env", True),
    ({"env": {"A": "1"}}, {}, "TaskTemplate.ContainerSpec.Env", True),
    ({"command": ["a", "b"]}, {"command": ["b", "a"]}, "TaskTemplate.ContainerSpec.Args", True),
    ({}, {"entrypoint": ["a"]}, "TaskTemplate.ContainerSpec.Command", True),
    ({}, {"init": True}, "TaskTemplate.ContainerSpec.Init", True),
    ({}, {"stop_grace_period": "0s"}, "TaskTemplate.ContainerSpec.StopGracePeriod", True),
    ({}, {"healthcheck": {"disable": True}}, "TaskTemplate.ContainerSpec.Healthcheck", True),
    ({"mounts": ["/a:/b"]}, {"mounts": ["/a:/b:ro"]}, "TaskTemplate.ContainerSpec.Mounts", True),
    ({}, {"tmpfs": "/dev/shm:size=4g"}, "TaskTemplate.ContainerSpec.Mounts", True),
    ({"secrets": ["a"]}, {"secrets": [{"source": "a", "mode": 0o400}]}, "TaskTemplate.ContainerSpec.Secrets", True),
    ({}, {"configs": ["c"]}, "TaskTemplate.ContainerSpec.Configs", True),
    ({"networks": ["front"]}, {"networks": ["back"]}, "TaskTemplate.Networks", True),
    ({"networks": ["front"]}, {"networks": {"front": {"aliases": ["x"]}}}, "TaskTemplate.Networks", True),
    ({}, {"resources": {"limits": {"memory": "64m"}}}, "TaskTemplate.Resources.Limits", True),
    ({}, {"resources": {"reservations": {"generic_resources": ["gpu=1"]}}},
     "TaskTemplate.Resources.Reservations.GenericResources", True),
    ({}, {"restart_policy": {"delay": "0s"}}, "TaskTemplate.RestartPolicy", True),
    ({}, {"restart_policy": {"condition": "none"}}, "TaskTemplate.RestartPolicy", True),
    ({}, {"logging": {"driver": "none"}}, "TaskTemplate.LogDriver", True),
    ({}, {"ulimits": {"nofile": 5}}, "TaskTemplate.ContainerSpec.Ulimits", True),
    ({}, {"constraints": ["node.role == worker"]}, "TaskTemplate.Placement.Constraints", False),
    ({}, {"preferences": ["node.labels.zone"]}, "TaskTemplate.Placement.Preferences", False),
    ({}, {"max_replicas_per_node": 1}, "TaskTemplate.Placement.MaxReplicas", False),
    ({}, {"update_config": {"parallelism": 0}}, "UpdateConfig", False),
    ({}, {"update_config": {"monitor": "1s"}}, "UpdateConfig", False),
    ({}, {"rollback_config": {"order": "start-first"}}, "RollbackConfig", False),
    ({}, {"ports": ["80:80"]}, "EndpointSpec.Ports", True),
    ({"ports": ["80:80"]}, {"ports": [{"target": 80, "published": 80, "mode": "host"}]}, "EndpointSpec.Ports", True),
    ({}, {"endpoint_mode": "dnsrr"}, "EndpointSpec.Mode", True),
    ({"mode": "replicated-job"}, {"mode": "replicated-job", "labels": {"a": "b"}}, "Labels", True),
    ({"mode": "replicated-job", "replicas": 2}, {"mode": "replicated-job", "replicas": 2, "max_concurrent": 1}, "Mode", True),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "path", "restarts"), DIFFERENCES)
def test_a_difference_is_found_named_and_carried_over(
    before: dict[str, Any], after: dict[str, Any], path: str, restarts: bool
) -> None:
    live, wanted = as_the_engine_keeps_it(spec(**before)), spec(**after)
    plan = changes(live, wanted)
    assert [one.path for one in plan.changes] == [path]
    assert plan.restarts_tasks is restarts
    merged = merge_into(live, wanted)
    assert changes(merged, wanted).changes == ()
    assert merged["TaskTemplate"]["ForceUpdate"] == 4
    assert merged["TaskTemplate"]["ContainerSpec"]["Isolation"] == "default"


def test_a_new_image_comes_with_its_platforms() -> None:
    wanted = spec(image="nginx:1@sha256:y", platforms=[Platform("linux", "arm64")])
    plan = changes(spec(), wanted)
    assert {one.path for one in plan.changes} == {
        "TaskTemplate.ContainerSpec.Image",
        "TaskTemplate.Placement.Platforms",
    }
    assert plan.restarts_tasks
    assert merge_into(spec(), wanted)["TaskTemplate"]["Placement"]["Platforms"] == [
        {"Architecture": "arm64", "OS": "linux"}
    ]


def test_platforms_that_nobody_asked_for_stay_as_long_as_the_image_does() -> None:
    assert changes(spec(), spec(platforms=[])).changes == ()
    moved = merge_into(spec(), spec(image="other:1", platforms=[]))
    assert "Platforms" not in moved["TaskTemplate"]["Placement"]


def test_our_own_labels_are_no_change_but_are_always_written_anew() -> None:
    live = spec(labels={"a": "b"})
    live["Labels"] |= {LABEL_OPERATION: "old"}
    wanted = spec(labels={"a": "b"})
    wanted["Labels"] |= {LABEL_REVISION: "2", LABEL_IMAGE: "nginx:1"}
    assert changes(live, wanted).changes == ()
    assert merge_into(live, wanted)["Labels"] == {"a": "b", LABEL_REVISION: "2", LABEL_IMAGE: "nginx:1"}


def test_labels_by_which_a_stack_finds_its_services_stay() -> None:
    live = spec()
    live["Labels"]["com.docker.stack.namespace"] = "shop"
    live["TaskTemplate"]["ContainerSpec"]["Labels"] = {"com.docker.stack.namespace": "shop"}
    wanted = spec(container_labels={"x": "y"})
    assert changes(live, spec()).changes == ()
    merged = merge_into(live, wanted)
    assert merged["Labels"]["com.docker.stack.namespace"] == "shop"
    assert merged["TaskTemplate"]["ContainerSpec"]["Labels"] == {
        "x": "y",
        "com.docker.stack.namespace": "shop",
    }


def test_fields_that_we_do_not_know_survive() -> None:
    live = as_the_engine_keeps_it(spec())
    live["TaskTemplate"]["ContainerSpec"] |= {
        "Privileges": {"NoNewPrivileges": True},
        "PullOptions": {"RegistryAuth": "kept"},
        "FromTheFuture": [1],
    }
    live["Invented"] = {"a": 1}
    merged = merge_into(live, spec(env={"A": "1"}))
    for key in ("Privileges", "PullOptions", "FromTheFuture"):
        assert merged["TaskTemplate"]["ContainerSpec"][key] == live["TaskTemplate"]["ContainerSpec"][key]
    assert merged["Invented"] == {"a": 1}


def test_networks_of_old_clients_are_seen_one_level_up() -> None:
    wanted = spec(networks=["front"])
    live = deepcopy(wanted)
    live["Networks"] = live["TaskTemplate"].pop("Networks")
    assert changes(live, wanted).changes == ()
    assert merge_into(live, wanted) == live


def test_nothing_given_is_altered() -> None:
    live, wanted = as_the_engine_keeps_it(spec()), spec(env={"A": "1"}, labels={"a": "b"})
    copies = deepcopy((live, wanted))
    merge_into(live, wanted)
    changes(live, wanted)
    assert (live, wanted) == copies


def test_every_field_that_a_spec_can_hold_is_compared() -> None:
    """A field that `build_spec` writes but the plan does not know would never be deployed."""
    from tests.domain.test_service_spec import WANTED

    def leaves(value: Any, path: str = "") -> list[str]:
        if path in OWNED or not isinstance(value, dict) or not value:
            return [path]
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}".lstrip("."))]

    assert [path for path in leaves(WANTED) if path not in OWNED] == ["Name"]
