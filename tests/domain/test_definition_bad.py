"""What a definition may not say: each refusal names the field and the reason, and a place in the text."""

# ruff: noqa: E501  (tables read best with one case on one line)

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from backend.domain.definition_text import as_mapping, from_mapping, parse, to_text, with_changes
from backend.errors import FieldError, InvalidInput, OrchestratorError, PayloadTooLarge


def refused(yaml: str, name: str = "web") -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse(yaml, name=name)
    return caught.value


def first(yaml: str) -> FieldError:
    return refused(f"name: web\nimage: nginx:1\n{yaml}\n").errors[0]


@pytest.mark.parametrize(
    ("yaml", "field", "reason"),
    [
        # unknown keys, at every level
        ("replcas: 3", "replcas", "did you mean 'replicas'"),
        ("environment: {A: b}", "environment", "did you mean 'env'"),
        ("volumes: [a:/b]", "volumes", "did you mean 'mounts'"),
        ("deploy: {replicas: 3}", "deploy", "top level"),
        ("shm_size: 4g", "shm_size", "tmpfs"),
        ("Image: x", "Image", "did you mean 'image'"),
        ("zzzz: 1", "zzzz", "the nearest known key is"),
        ("logging: {zzzz: 1}", "logging.zzzz", "known here are driver, options"),
        ("resources: {limits: {cpu: 1}}", "resources.limits.cpu", "did you mean 'cpus'"),
        ("resources: {limit: {}}", "resources.limit", "did you mean 'limits'"),
        ("resources: {reservations: {devices: []}}", "resources.reservations.devices", "unknown key"),
        ("healthcheck: {intervall: 1s}", "healthcheck.intervall", "did you mean 'interval'"),
        ("ports: [{target: 80, publish: 80}]", "ports[0].publish", "did you mean 'published'"),
        ("mounts: [{type: volume, target: /a, volume: {no_copy: true}}]", "mounts[0].volume.no_copy", "'nocopy'"),
        ("placement: {constrains: []}", "placement.constrains", "did you mean 'constraints'"),
        ("update_config: {paralelism: 1}", "update_config.paralelism", "did you mean 'parallelism'"),
        ("ulimits: {nofile: {soft: 1, hart: 2}}", "ulimits.nofile.hart", "did you mean 'hard'"),
        ("secrets: [{sauce: a}]", "secrets[0].sauce", "did you mean 'source'"),
        # numbers
        ("replicas: -1", "replicas", "from 0 to 100000"),
        ("replicas: 1.5", "replicas", "whole number"),
        ("replicas: three", "replicas", "'three'"),
        ("replicas: true", "replicas", "whole number"),
        ("replicas: 99999999999999999999999", "replicas", "from 0 to 100000"),
        ("replicas: [1]", "replicas", "a list"),
        ("replicas: .inf", "replicas", "whole number"),
        ("max_replicas_per_node: -1", "max_replicas_per_node", "from 0"),
        # modes
        ("mode: singleton", "mode", "replicated, global"),
        ("mode: global\nreplicas: 3", "replicas", "mode is global"),
        ("mode: global-job\nreplicas: 3", "replicas", "mode is global-job"),
        ("max_concurrent: 2", "max_concurrent", "replicated-job"),
        ("mode: global\nmax_replicas_per_node: 1", "max_replicas_per_node", "every node"),
        ("mode: replicated-job\nupdate_config: {parallelism: 1}", "update_config", "job"),
        ("mode: replicated-job\nrestart_policy: {condition: any}", "restart_policy.condition", "no job"),
        # ports
        ("ports: ['0:80']", "ports[0]", "1 to 65535"),
        ("ports: ['65536:80']", "ports[0]", "65535"),
        ("ports: ['80:http']", "ports[0]", "'http'"),
        ("ports: ['80:80/icmp']", "ports[0]", "tcp, udp or sctp"),
        ("ports: ['127.0.0.1:80:80']", "ports[0]", "every address"),
        ("ports: ['80-82:80-81']", "ports[0]", "3 and 2"),
        ("ports: ['90-80:90-80']", "ports[0]", "backwards"),
        ("ports: ['80:80', '80:81']", "ports[1]", "second time"),
        ("ports: ['80:80', {target: 81, published: 80, mode: host}]", "ports[1]", "second time"),
        ("ports: 8080:80", "ports", "a list"),
        ("ports: [{published: 80}]", "ports[0].target", "missing"),
        ("ports: [{target: 80, mode: bridge}]", "ports[0].mode", "ingress, host"),
        ("ports: [true]", "ports[0]", "true"),
        ("ports: ['80:80']\nendpoint_mode: dnsrr", "ports[0]", "dnsrr"),
        ("endpoint_mode: dns", "endpoint_mode", "vip, dnsrr"),
        # mounts
        ("mounts: [nonsense]", "mounts[0]", "no path"),
        ("mounts: ['a:/b']", "mounts[0]", "'a'"),
        ("mounts: ['data:relative']", "mounts[0].target", "absolute path"),
        ("mounts: ['./here:/data']", "mounts[0]", "relative"),
        ("mounts: ['~/here:/data']", "mounts[0]", "relative"),
        ("mounts: ['/a:/b:wrong']", "mounts[0]", "'wrong'"),
        ("mounts: ['/a:/b:ro:x']", "mounts[0]", "source:target"),
        ("mounts: [':/b']", "mounts[0]", "nothing before"),
        ("mounts: ['/a:/']", "mounts[0].target", "root"),
        ("mounts: ['/a/../../etc:/b']", "mounts[0]", "'..'"),
        ("mounts: ['/a:/b', '/c:/b/']", "mounts[1]", "second time"),
        ("mounts: ['/a:/b']\ntmpfs: /b", "tmpfs[0]", "second time"),
        ("mounts: [{type: npipe, target: /a}]", "mounts[0].type", "bind, volume, tmpfs"),
        ("mounts: [{type: bind, target: /a}]", "mounts[0]", "needs a source"),
        ("mounts: [{type: tmpfs, target: /a, source: x}]", "mounts[0]", "no source"),
        ("mounts: [{type: bind, source: rel, target: /a}]", "mounts[0]", "absolute"),
        ("mounts: [{type: bind, source: /a, target: /a, tmpfs: {size: 1m}}]", "mounts[0]", "options for tmpfs"),
        ("mounts: [5]", "mounts[0]", "'type' and 'target'"),
        ("tmpfs: ['/run:uid=5']", "tmpfs[0]", "size"),
        # placement
        ("constraints: [node.rle == x]", "constraints[0]", "did you mean 'node.role'"),
        ("constraints: [hostname == x]", "constraints[0]", "did you mean 'node.hostname'"),
        ("constraints: [node.label.gpu == x]", "constraints[0]", "did you mean 'node.labels.gpu'"),
        ("constraints: [node.labels == x]", "constraints[0]", "name the label"),
        ("constraints: [node.color == x]", "constraints[0]", "node.platform.arch"),
        ("constraints: [node.role = worker]", "constraints[0]", "== and !="),
        ("constraints: [node.role]", "constraints[0]", "no operator"),
        ("constraints: ['node.role ==']", "constraints[0]", "no value"),
        ("constraints: [node.role == boss]", "constraints[0]", "manager or worker"),
        ("constraints: ['node.hostname == a>b']", "constraints[0]", "does not take"),
        ("constraints: ['node.ip == somewhere']", "constraints[0]", "address"),
        ("placement: {constraints: [node.rle == x]}", "constraints[0]", "did you mean 'node.role'"),
        ("preferences: [{spread: node.hostname}]", "preferences[0].spread", "node.labels"),
        ("constraints: [node.role == worker]\nplacement: {constraints: [node.role == worker]}", "definition", "twice"),
        # values with a unit or a form of their own
        ("stop_grace_period: 10", "stop_grace_period", "'10s'"),
        ("stop_grace_period: soon", "stop_grace_period", "a duration"),
        ("stop_grace_period: -5s", "stop_grace_period", "a duration"),
        ("stop_grace_period: 9999999h", "stop_grace_period", "292 years"),
        ("resources: {limits: {memory: lots}}", "resources.limits.memory", "'512m'"),
        ("resources: {limits: {memory: 1m}}", "resources.limits.memory", "4m"),
        ("resources: {limits: {memory: 99999999999p}}", "resources.limits.memory", "a size"),
        ("resources: {limits: {cpus: many}}", "resources.limits.cpus", "cores"),
        ("resources: {limits: {cpus: 0}}", "resources.limits.cpus", "cores"),
        ("resources: {limits: {cpus: 0.0001}}", "resources.limits.cpus", "0.001"),
        ("resources: {limits: {cpus: nan}}", "resources.limits.cpus", "cores"),
        ("resources: {limits: {memory: 8m}, reservations: {memory: 16m}}", "resources.reservations.memory", "limit"),
        ("resources: {reservations: {generic_resources: [gpu]}}", "resources.reservations.generic_resources[0]", "gpu=1"),
        ("update_config: {max_failure_ratio: 2}", "update_config.max_failure_ratio", "0 to 1"),
        ("update_config: {order: random}", "update_config.order", "stop-first"),
        ("rollback_config: {failure_action: rollback}", "rollback_config.failure_action", "pause"),
        ("restart_policy: {condition: always}", "restart_policy.condition", "on-failure"),
        ("restart_policy: always", "restart_policy", "a mapping"),
        ("healthcheck: {test: [curl, x]}", "healthcheck.test", "CMD"),
        ("healthcheck: {test: 'true', interval: 1ns}", "healthcheck", "1ms"),
        ("healthcheck: {test: 'true', disable: true}", "healthcheck", "only one"),
        ("stop_signal: SIGNOTHING", "stop_signal", "SIGTERM"),
        ("stop_signal: 99", "stop_signal", "SIGTERM"),
        ("cap_add: [FLY]", "cap_add[0]", "NET_ADMIN"),
        ("init: yes", "init", "true or false"),
        ("tty: 1", "tty", "true or false"),
        ("dns: [dns.example.org]", "dns[0]", "IP address"),
        ("extra_hosts: [db]", "extra_hosts[0]", "host:address"),
        ("extra_hosts: {db: nowhere}", "extra_hosts", "IP address"),
        ("ulimits: {files: 5}", "ulimits.files", "nofile"),
        ("ulimits: {nofile: {soft: 5, hard: 2}}", "ulimits.nofile", "above"),
        ("secrets: [a, {source: b, target: a}]", "secrets[1]", "the file 'a'"),
        ("secrets: [../etc]", "secrets[0].source", "letters"),
        ("secrets: [{source: a, target: ../../etc/passwd}]", "secrets[0].target", "'..'"),
        ("secrets: [{source: a, mode: 440}]", "secrets[0].mode", "leading zero"),
        ("secrets: [{source: a, uid: root}]", "secrets[0].uid", "number"),
        ("networks: [a, a]", "networks[1]", "second time"),
        ("networks: [host, a]", "networks", "host"),
        ("networks: [ingress]", "networks[0]", "swarm keeps"),
        ("networks: ['a b']", "networks[0].name", "network"),
        ("networks: front", "networks", "a list"),
        ("command: 'a \"b'", "command", "split"),
        ("command: {a: b}", "command", "a mapping"),
        # env and labels
        ("env: {A: }", "env", "no value"),
        ("env: [A]", "env[0]", "KEY=value"),
        ("env: [A=1, A=2]", "env", "twice"),
        ("env: {'A B': c}", "env.A B", "space"),
        ("env: {A: [1]}", "env.A", "a list"),
        ("env: text", "env", "a mapping"),
        ("labels: {swarm-orchestrator.revision: 5}", "labels.swarm-orchestrator.revision", "our own"),
        ('env: {A: "a\\0b"}', "env.A", "U+0000"),
        ('hostname: "a\\nb"', "hostname", "U+000A"),
        ('labels: {a: "\\x1b[0m"}', "labels.a", "U+001B"),
        # images
        ("image_: x", "image_", "did you mean 'image'"),
        # building
        ("auto_deploy: true", "auto_deploy", "'digest' or false"),
        ("auto_deploy: tag", "auto_deploy", "'digest' or false"),
        ("build_context: ../other", "build_context", "'..'"),
        ("build_context: /etc", "build_context", "relative"),
        ("build_context: a/./b", "build_context", "relative"),
        ("build_context: 'a\\b'", "build_context", "relative"),
        ("build_context: .", "build_context", "'my-project'"),
        ("build_context: ünter/web", "build_context", "the letters a to z"),
        ("dockerfile: ../Dockerfile", "dockerfile", "'..'"),
        ("target: 'a b'", "target", "FROM … AS name"),
        ("target: [a]", "target", "a text is expected"),
        ("platforms: amd64", "platforms", "linux/amd64"),
        ("platforms: [linux/x86_64]", "platforms", "images call that linux/amd64"),
        ("platforms: [x86_64]", "platforms", "images call that linux/amd64"),
        ("platforms: [plan9/amd64]", "platforms", "linux/arm/v7"),
        ("platforms: [linux/amd64, Linux/amd64]", "platforms", "twice"),
        ("platforms: {linux: amd64}", "platforms", "[linux/amd64]"),
        ("platforms: [linux/armhf]", "platforms", "linux/arm/v7"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_field_reason_and_place(yaml: str, field: str, reason: str) -> None:
    problem = first(yaml)
    assert problem.field == field
    assert reason in problem.reason
    assert problem.line is not None
    assert problem.line >= 1
    assert problem.column is not None


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("''", "is empty"),
        ("Web:1", "lower case"),
        ("a b", "no image reference"),
        ("'web:'", "no valid tag"),
        ("web:ta g", "no valid tag"),
        ("web@sha256:123", "digest"),
        ("${REGISTRY}/web", "only ${REGISTRY_HOST} is replaced"),
        ("${REGISTRY_HOST}/web:${TAG}", "only ${REGISTRY_HOST} is replaced"),
        ("$HOST/web", "only ${REGISTRY_HOST} is replaced"),
        ("http://registry/web", "a scheme"),
        ("../web", "no valid registry"),
        ("registry:5000/", "no repository"),
        ("a" * 64, "bare image id"),
        ("[a]", "a list"),
    ],
)
def test_an_image_that_no_engine_could_pull_is_refused(image: str, reason: str) -> None:
    problem = refused(f"name: web\nimage: {image}\n").errors[0]
    assert problem.field == "image"
    assert reason in problem.reason
    assert problem.line == 2


@pytest.mark.parametrize(
    "name",
    ["", "Web", "../web", "..", ".", "-web", "web-", "_web", "web.1", "web.yaml", "a" * 64, "a b", "a/b", "a\\b", "ａ", "é",
     "web\n", "web\0", "live", "%2e%2e", "ı", "\ud800", "~", "C:"],
)  # fmt: skip
def test_names_that_files_urls_or_swarm_would_misread_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_mapping({"image": "nginx"}, name=name)
    assert caught.value.errors[0].field == "name"
    str(caught.value).encode()


def test_every_problem_is_told_at_once_with_its_own_line() -> None:
    problem = refused("name: web\nimage: nginx\nreplicas: -1\nports:\n  - '80:80'\n  - nonsense\nenvs: {}\n")
    assert {(one.field, one.line) for one in problem.errors} == {
        ("replicas", 3),
        ("ports[1]", 6),
        ("envs", 7),
    }
    assert "(and 2 more)" in problem.detail


def test_lines_point_into_lists_written_by_dashes() -> None:
    problem = refused("name: web\nimage: nginx\nmounts:\n  - /a:/b\n  # not a path:\n  - oops\n")
    assert [(one.field, one.line, one.column) for one in problem.errors] == [("mounts[1]", 6, 5)]


def test_the_name_inside_must_be_the_name_outside() -> None:
    assert "'other'" in refused("name: other\nimage: nginx\n").errors[0].reason
    with pytest.raises(InvalidInput, match="'other'"):
        from_mapping({"name": "other", "image": "nginx"}, name="web")


def test_an_image_is_needed() -> None:
    problem = refused("name: web\n").errors[0]
    assert (problem.field, "missing" in problem.reason) == ("image", True)


DEEP = 30_000
KILLERS: dict[str, str] = {
    "nested brackets": "[" * DEEP,
    "nested braces": "{a: " * DEEP,
    "closed brackets": "[" * DEEP + "]" * DEEP,
    "nested dashes": "- " * DEEP,
    "nested keys": "".join(f"{' ' * n}a:\n" for n in range(600)),
    "explicit keys": "? " * DEEP,
    "brackets behind a key": "a: " + "[" * DEEP,
    "alias bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "self alias": "a: &a [*a]\n",
    "anchor": "name: &n web\nimage: nginx\n",
    "alias": "name: web\nimage: *x\n",
    "merge key": "name: web\nimage: nginx\nlabels: {<<: {a: b}}\n",
    "python tag": "name: !!python/object/apply:os.system ['true']\nimage: nginx\n",
    "own tag": "name: !secret x\nimage: nginx\n",
    "verbatim tag": "name: !<tag:yaml.org,2002:str> web\nimage: nginx\n",
    "binary tag": "name: !!binary aGk=\nimage: nginx\n",
    "timestamp tag": "name: !!timestamp 2001-01-01\nimage: nginx\n",
    "two documents": "name: web\nimage: nginx\n---\nname: web\nimage: nginx\n",
    "many documents": "---\n" * 5_000,
    "tag directive": "%TAG ! tag:x,2000:\n---\nname: web\nimage: nginx\n",
    "yaml directive": "%YAML 1.1\n---\nname: web\nimage: nginx\n",
    "unknown directive and junk": "%FOO bar\n",
    "duplicate key": "name: web\nimage: nginx\nimage: nginx\n",
    "duplicate nested key": "name: web\nimage: nginx\nenv: {A: 1, A: 2}\n",
    "duplicate quoted key": "name: web\nimage: nginx\n'image': nginx\n",
    "list as key": "? [a]\n: b\n",
    "mapping as key": "{{a: b}: c}\n",
    "too many values": "name: web\nimage: nginx\nenv:\n" + "".join(f"  K{n}: v\n" for n in range(11_000)),
    "too many items": "a: [" + "x," * 25_000 + "]",
    "empty": "",
    "blank": "\n\n   \n",
    "only a comment": "# nothing\n",
    "only null": "~\n",
    "only a text": "hello\n",
    "only a number": "42\n",
    "a list": "- a\n- b\n",
    "unclosed quote": "name: 'web\nimage: nginx\n",
    "unclosed double quote": 'name: "web\n',
    "unclosed bracket": "name: web\nports: [1, 2\n",
    "bad escape": 'name: "\\q"\n',
    "tab indent": "name: web\nenv:\n\tA: b\n",
    "bad indent": "name: web\n  image: nginx\n",
    "colon in a plain text": "name: web: x\n",
    "at sign": "name: @web\n",
    "backtick": "name: `web`\n",
    "merge conflict": "<<<<<<< HEAD\nname: web\n=======\nname: other\n>>>>>>> x\n",
    "NUL": "name: we\0b\nimage: nginx\n",
    "escape": "name: web\nimage: \x1bnginx\n",
    "bell": "name: web\nimage: nginx # \x07\n",
    "surrogate": "name: web\nimage: \ud800\n",
    "C1 control": "name: web\x85image: nginx\n",
    "BOM inside": "name: web\nimage: \ufeffnginx\n",
    "long number": "name: web\nimage: nginx\nreplicas: " + "9" * 200_000 + "\n",
    "long float": "name: web\nimage: nginx\nreplicas: 1e" + "9" * 5_000 + "\n",
    "long hex": "name: web\nimage: nginx\nreplicas: 0x" + "f" * 5_000 + "\n",
    "long duration": "name: web\nimage: nginx\nstop_grace_period: " + "9" * 100_000 + "s\n",
    "many duration parts": "name: web\nimage: nginx\nstop_grace_period: " + "99h" * 50_000 + "\n",
    "regular expression": "name: web\nimage: " + "a-" * 50_000 + "!\n",
    "image of dots": "name: web\nimage: " + "a.a" * 50_000 + "/!\n",
    "constraint of dots": "name: web\nimage: nginx\nconstraints: ['" + "a." * 50_000 + " == x']\n",
    "long unknown key": "name: web\nimage: nginx\n" + "a" * 1_000 + ": x\n",
    "long port range": "name: web\nimage: nginx\nports: ['1-65535:1-65535']\n",
    "list of lists": "name: web\nimage: nginx\nports: [[[[80]]]]\n",
    "many wrong items": "name: web\nimage: nginx\nports: [" + "x," * 8_000 + "]\n",
    "many unknown keys": "name: web\nimage: nginx\n" + "".join(f"k{n}: v\n" for n in range(2_000)),
    "many bad constraints": "name: web\nimage: nginx\nconstraints: [" + "node.rle == x," * 3_000 + "]\n",
    "quotes to split": "name: web\nimage: nginx\ncommand: " + "\"'" * 20_000 + "\n",
    "number as name": "name: 5\nimage: nginx\n",
    "null as name": "name: ~\nimage: ~\n",
}


@pytest.mark.alone
@pytest.mark.parametrize("killer", KILLERS)
def test_no_text_crashes_or_holds_up_the_reader(killer: str) -> None:
    text = KILLERS[killer]
    began = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        parse(text, name="web")
    took = time.process_time() - began
    # Measured under 0.1 s each.
    assert took < 1.0
    assert len(caught.value.detail) < 600
    assert caught.value.errors[0].line is not None
    json.dumps([caught.value.detail, [vars_of(one) for one in caught.value.errors]])


def vars_of(error: FieldError) -> list[object]:
    error.reason.encode()
    return [error.field, error.reason, error.line, error.column]


def test_the_corpus_is_not_smaller_than_promised() -> None:
    assert len(KILLERS) >= 60


def test_a_text_beyond_256_kib_is_too_large_whatever_it_says() -> None:
    with pytest.raises(PayloadTooLarge, match="256 KiB"):
        parse("# " + "é" * 140_000, name="web")


def nested(depth: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for _ in range(depth):
        data = {"a": data}
    return data


@pytest.mark.parametrize("act", [lambda data: from_mapping(data, name="web"), lambda data: to_text(data, name="web"),
                                 lambda data: with_changes("name: web\nimage: nginx\n", data)])  # fmt: skip
@pytest.mark.parametrize(
    "data",
    [
        nested(5_000),
        {"env": {str(n): "x" for n in range(30_000)}},
        {"a": "x" * 300_000},
        {"a": [[]] * 30_000},
    ],
    ids=["deep", "wide", "long", "many lists"],
)
def test_data_that_never_was_text_has_the_same_limits(
    act: Callable[[Any], Any], data: dict[str, Any]
) -> None:
    with pytest.raises(OrchestratorError):
        act(data)


@pytest.mark.parametrize(
    "value", ["\ud800", "a\0b", "a\x1bb", 2**70, -(2**70), 1e400, float("nan"), [], {}, True, None, ""]
)
@pytest.mark.parametrize(
    "key",
    ["image", "replicas", "env", "ports", "mounts", "hostname", "labels", "healthcheck", "dns", "tmpfs"],
)
def test_odd_values_from_json_are_taken_or_refused_but_never_crash(key: str, value: Any) -> None:
    for data in ({key: value}, {key: [value]}, {key: {"a": value}}, {key: {"target": value}}):
        try:
            from_mapping({"image": "nginx", **data}, name="web")
        except InvalidInput as problem:
            problem.detail.encode()


def test_a_broken_text_still_has_no_mapping() -> None:
    with pytest.raises(InvalidInput):
        as_mapping("a: [")
