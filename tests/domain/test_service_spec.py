"""Definition → engine spec: every field, and the same spec however the text is ordered."""

# ruff: noqa: E501  (tables read best with one case on one line)

import random
from typing import Any

import pytest

from backend.domain.definition_text import as_mapping, from_mapping, parse
from backend.domain.service_spec import LABEL_REVISION, References, build_spec, names_needed
from backend.errors import InvalidInput
from backend.models.cluster import Platform

SECOND = 1_000_000_000
FULL = """\
name: web
image: nginx:1
replicas: 3
ports: ["8080:80", {target: 443, published: 8443, mode: host}, "53:53/udp", "9000"]
env: {B: "2", A: 1.10}
command: [serve, --fast]
entrypoint: /bin/tini --
hostname: "{{.Task.Name}}"
user: "1000:1000"
working_dir: /srv
init: false
tty: true
read_only: true
stop_signal: SIGINT
stop_grace_period: 1m
healthcheck: {test: curl -f localhost, interval: 10s, timeout: 2s, retries: 3, start_period: 5s, start_interval: 1s}
networks: {front: {aliases: [www, web]}, back: }
dns: [10.0.0.10]
dns_search: [example.org]
dns_opt: ["ndots:2"]
extra_hosts: {db: 10.0.0.5, api: 10.0.0.6}
mounts:
  - /srv/data:/data:ro
  - cache:/cache:nocopy
  - {type: volume, source: nfs, target: /nfs, volume: {driver: local, driver_opts: {type: nfs, o: addr=10.0.0.9}}}
tmpfs: ["/dev/shm:size=4g,mode=1777"]
secrets: [{source: key, target: tls.key, uid: 5, gid: 6, mode: 0400}, cert]
configs: [{source: conf, target: /etc/web.conf}]
constraints: [node.role==worker, node.labels.zone != b]
preferences: [spread: node.labels.zone]
max_replicas_per_node: 2
resources:
  limits: {cpus: "0.5", memory: 64m, pids: 100}
  reservations: {cpus: 0.25, memory: 32m, generic_resources: [gpu=2, fpga=1]}
restart_policy: {condition: on-failure, delay: 0s, max_attempts: 3, window: 1m}
update_config: {parallelism: 2, delay: 1s, failure_action: rollback, monitor: 3s, max_failure_ratio: 0.25, order: start-first}
rollback_config: {parallelism: 0}
cap_add: [NET_ADMIN, ALL]
cap_drop: [mknod]
sysctls: {net.core.somaxconn: 1024}
ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 512}
logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}
endpoint_mode: vip
labels: {team: shop, app: web}
container_labels: {tier: front}
build_context: web
dockerfile: docker/Dockerfile
build_args: {VERSION: 1.20}
"""
KNOWN = References(
    networks={"front": "n-front", "back": "n-back"},
    secrets={"key": "s-key", "cert": "s-cert"},
    configs={"conf": "c-conf"},
)
WANTED: dict[str, Any] = {
    "Name": "web",
    "Labels": {"app": "web", LABEL_REVISION: "7", "team": "shop"},
    "Mode": {"Replicated": {"Replicas": 3}},
    "TaskTemplate": {
        "ContainerSpec": {
            "Image": "nginx:1@sha256:x",
            "Labels": {"tier": "front"},
            "Command": ["/bin/tini", "--"],
            "Args": ["serve", "--fast"],
            "Hostname": "{{.Task.Name}}",
            "Env": ["A=1.10", "B=2"],
            "Dir": "/srv",
            "User": "1000:1000",
            "Init": False,
            "TTY": True,
            "ReadOnly": True,
            "StopSignal": "SIGINT",
            "StopGracePeriod": 60 * SECOND,
            "Healthcheck": {
                "Test": ["CMD-SHELL", "curl -f localhost"],
                "Interval": 10 * SECOND,
                "Timeout": 2 * SECOND,
                "Retries": 3,
                "StartPeriod": 5 * SECOND,
                "StartInterval": SECOND,
            },
            "Hosts": ["10.0.0.5 db", "10.0.0.6 api"],
            "DNSConfig": {"Nameservers": ["10.0.0.10"], "Search": ["example.org"], "Options": ["ndots:2"]},
            "Mounts": [
                {"Type": "volume", "Source": "cache", "Target": "/cache", "VolumeOptions": {"NoCopy": True}},
                {"Type": "bind", "Source": "/srv/data", "Target": "/data", "ReadOnly": True},
                {
                    "Type": "tmpfs",
                    "Target": "/dev/shm",
                    "TmpfsOptions": {"SizeBytes": 4 << 30, "Mode": 0o1777},
                },
                {
                    "Type": "volume",
                    "Source": "nfs",
                    "Target": "/nfs",
                    "VolumeOptions": {
                        "DriverConfig": {"Name": "local", "Options": {"o": "addr=10.0.0.9", "type": "nfs"}}
                    },
                },
            ],
            "Secrets": [
                {
                    "SecretID": "s-cert",
                    "SecretName": "cert",
                    "File": {"Name": "cert", "UID": "0", "GID": "0", "Mode": 0o444},
                },
                {
                    "SecretID": "s-key",
                    "SecretName": "key",
                    "File": {"Name": "tls.key", "UID": "5", "GID": "6", "Mode": 0o400},
                },
            ],
            "Configs": [
                {
                    "ConfigID": "c-conf",
                    "ConfigName": "conf",
                    "File": {"Name": "/etc/web.conf", "UID": "0", "GID": "0", "Mode": 0o444},
                }
            ],
            "Sysctls": {"net.core.somaxconn": "1024"},
            "CapabilityAdd": ["ALL", "CAP_NET_ADMIN"],
            "CapabilityDrop": ["CAP_MKNOD"],
            "Ulimits": [
                {"Name": "nofile", "Soft": 1024, "Hard": 2048},
                {"Name": "nproc", "Soft": 512, "Hard": 512},
            ],
        },
        "Resources": {
            "Limits": {"NanoCPUs": 500_000_000, "MemoryBytes": 64 << 20, "Pids": 100},
            "Reservations": {
                "NanoCPUs": 250_000_000,
                "MemoryBytes": 32 << 20,
                "GenericResources": [
                    {"DiscreteResourceSpec": {"Kind": "fpga", "Value": 1}},
                    {"DiscreteResourceSpec": {"Kind": "gpu", "Value": 2}},
                ],
            },
        },
        "RestartPolicy": {"Condition": "on-failure", "Delay": 0, "MaxAttempts": 3, "Window": 60 * SECOND},
        "Placement": {
            "Constraints": ["node.labels.zone != b", "node.role == worker"],
            "Preferences": [{"Spread": {"SpreadDescriptor": "node.labels.zone"}}],
            "MaxReplicas": 2,
            "Platforms": [{"Architecture": "amd64", "OS": "linux"}, {"Architecture": "arm64", "OS": "linux"}],
        },
        "Networks": [{"Target": "n-back"}, {"Target": "n-front", "Aliases": ["web", "www"]}],
        "LogDriver": {"Name": "json-file", "Options": {"max-file": "3", "max-size": "10m"}},
    },
    "UpdateConfig": {
        "Parallelism": 2,
        "Delay": SECOND,
        "FailureAction": "rollback",
        "Monitor": 3 * SECOND,
        "MaxFailureRatio": 0.25,
        "Order": "start-first",
    },
    "RollbackConfig": {
        "Parallelism": 0,
        "FailureAction": "pause",
        "MaxFailureRatio": 0.0,
        "Order": "stop-first",
    },
    "EndpointSpec": {
        "Mode": "vip",
        "Ports": [
            {"Protocol": "tcp", "TargetPort": 9000, "PublishMode": "ingress"},
            {"Protocol": "udp", "TargetPort": 53, "PublishedPort": 53, "PublishMode": "ingress"},
            {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"},
            {"Protocol": "tcp", "TargetPort": 443, "PublishedPort": 8443, "PublishMode": "host"},
        ],
    },
}


def spec_of(data: dict[str, Any]) -> dict[str, Any]:
    return build_spec(
        from_mapping(data, name="web"),
        image="nginx:1@sha256:x",
        platforms=[Platform("linux", "arm64"), Platform("linux", "amd64"), Platform("linux", "arm64")],
        references=KNOWN,
        labels={LABEL_REVISION: "7"},
    )


def shuffled(value: Any, dice: random.Random, key: str = "") -> Any:
    """The same definition in another order, but for lists whose order means something."""
    if isinstance(value, dict):
        pairs = [(name, shuffled(item, dice, name)) for name, item in value.items()]
        dice.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, list):
        items = [shuffled(item, dice) for item in value]
        if key not in {"command", "entrypoint", "test", "dns", "dns_search", "dns_opt", "preferences"}:
            dice.shuffle(items)
        return items
    return value


def test_every_field_reaches_the_engine() -> None:
    assert spec_of(as_mapping(FULL)) == WANTED


@pytest.mark.parametrize("seed", range(20))
def test_the_order_in_the_text_makes_no_difference(seed: int) -> None:
    again = spec_of(shuffled(as_mapping(FULL), random.Random(seed)))
    assert repr(again) == repr(spec_of(as_mapping(FULL)))


def test_what_is_not_written_is_left_to_the_engine() -> None:
    assert build_spec(parse("name: web\nimage: nginx\n", name="web"), image="nginx") == {
        "Name": "web",
        "Labels": {},
        "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": "nginx"}},
    }


@pytest.mark.parametrize(
    ("yaml", "mode"),
    [
        ("mode: global", {"Global": {}}),
        ("mode: global-job", {"GlobalJob": {}}),
        ("replicas: 0", {"Replicated": {"Replicas": 0}}),
        ("mode: replicated-job", {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}}),
        ("mode: replicated-job\nreplicas: 5", {"ReplicatedJob": {"MaxConcurrent": 5, "TotalCompletions": 5}}),
        (
            "mode: replicated-job\nreplicas: 5\nmax_concurrent: 2",
            {"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 5}},
        ),
    ],
)
def test_each_mode_has_its_own_shape(yaml: str, mode: dict[str, Any]) -> None:
    spec = build_spec(parse(f"name: web\nimage: nginx\n{yaml}\n", name="web"), image="nginx")
    assert spec["Mode"] == mode


def test_a_partly_written_update_config_never_means_all_tasks_at_once() -> None:
    spec = build_spec(
        parse("name: web\nimage: nginx\nupdate_config: {order: start-first}\n", name="web"), image="nginx"
    )
    assert spec["UpdateConfig"]["Parallelism"] == 1


def test_a_disabled_healthcheck_is_the_engines_none() -> None:
    spec = build_spec(
        parse("name: web\nimage: nginx\nhealthcheck: {disable: true}\n", name="web"), image="nginx"
    )
    assert spec["TaskTemplate"]["ContainerSpec"]["Healthcheck"] == {"Test": ["NONE"]}


def test_the_hosts_network_needs_no_reference_but_uses_one_that_is_known() -> None:
    definition = parse("name: web\nimage: nginx\nnetworks: [host]\n", name="web")
    assert names_needed(definition).networks == frozenset()
    assert build_spec(definition, image="nginx")["TaskTemplate"]["Networks"] == [{"Target": "host"}]
    known = build_spec(definition, image="nginx", references=References(networks={"host": "n-host"}))
    assert known["TaskTemplate"]["Networks"] == [{"Target": "n-host"}]


def test_names_that_must_exist_are_told_beforehand() -> None:
    needed = names_needed(parse(FULL, name="web"))
    assert needed.networks == {"front", "back"}
    assert needed.secrets == {"key", "cert"}
    assert needed.configs == {"conf"}


@pytest.mark.parametrize(
    ("yaml", "code", "command"),
    [
        ("networks: [front]", "network_not_found", "docker network create --driver overlay front"),
        ("secrets: [key]", "secret_not_found", "docker secret create key"),
        ("configs: [conf]", "config_not_found", "docker config create conf"),
    ],
)
def test_a_missing_reference_is_refused_with_the_command_that_makes_it(
    yaml: str, code: str, command: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_spec(parse(f"name: web\nimage: nginx\n{yaml}\n", name="web"), image="nginx")
    assert caught.value.code == code
    assert command in caught.value.detail


def test_variables_outside_the_image_are_texts_like_any_other() -> None:
    definition = parse("name: web\nimage: nginx\nenv: {A: '${HOME}'}\ncommand: [echo, $B]\n", name="web")
    container = build_spec(definition, image="nginx")["TaskTemplate"]["ContainerSpec"]
    assert (container["Env"], container["Args"]) == (["A=${HOME}"], ["echo", "$B"])
