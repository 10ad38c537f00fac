"""The JSON Schema of definitions: it takes what the validator takes, and refuses plain mistakes."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from backend.domain.definition_schema import service_definition
from backend.domain.definition_text import as_mapping, parse
from backend.errors import InvalidInput
from backend.models.definition_words import WORDS
from scripts.definition_schema import FILE, as_written

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "definitions/examples").glob("*.yaml"))
SCHEMA = Draft202012Validator(service_definition())


def refusals(text: str) -> list[str]:
    return [error.json_path for error in SCHEMA.iter_errors(as_mapping(text))]


def accepted(body: str, image: str = "image: app:1\n") -> str:
    """The text, after the validator took it."""
    text = image + body
    parse(text, name="web")
    return text


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(service_definition())
    assert service_definition()["additionalProperties"] is False


def test_every_key_has_a_sentence() -> None:
    schema = service_definition()
    parts = {"Definition": schema, **schema["$defs"]}
    for name, part in parts.items():
        assert part["properties"].keys() == WORDS[name].keys(), name
        assert part["additionalProperties"] is False, name
        for key, value in part["properties"].items():
            assert value["description"].endswith((".", "?")), (name, key)
    assert parts.keys() == WORDS.keys()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits(path: Path) -> None:
    assert refusals(path.read_text()) == []


@pytest.mark.parametrize(
    "body",
    [
        "name: web",
        "ports: # nothing yet",
        "replicas: '3'",
        "mode: global-job",
        "mode: replicated-job\nmax_concurrent: 2",
        "command: serve --all",
        "command: [serve, 8080, true]",
        "entrypoint: /bin/tini --",
        "env: {A: 1, B: 1.10, C: true, D: ''}",
        "env: [A=1, B=]",
        "hostname: '{{.Node.Hostname}}'\nuser: 1000\nworking_dir: /app",
        "init: true\ntty: false\nread_only: true",
        "stop_signal: SIGRTMIN+3\nstop_grace_period: 1m30s",
        "stop_signal: 15\nstop_grace_period: 0",
        "healthcheck: {test: exit 0, interval: 500ms, timeout: 1.5h, retries: 3, start_interval: 5s}",
        "healthcheck: {test: [CMD, /check]}",
        "healthcheck: {disable: true}",
        "cap_add: [NET_ADMIN, CAP_SYS_TIME]\ncap_drop: [ALL]",
        "sysctls: {net.core.somaxconn: 1024}",
        "sysctls: [net.core.somaxconn=1024]",
        "ulimits: {nofile: 1024, nproc: {soft: -1, hard: -1}, core: '0'}",
        "logging: {driver: json-file, options: {max-size: 1m, max-file: 2}}",
        "ports: ['8080:80', '5353:53/udp', 9000-9001:80-81, 80, '443']",
        "ports: [{target: 80}, {target: '80', published: 8080, protocol: udp, mode: host}]",
        "endpoint_mode: dnsrr",
        "networks: [front, {name: back, aliases: [db]}]",
        "networks: {front: {aliases: [web]}, back: }",
        "dns: 1.1.1.1\ndns_search: [example.org]\ndns_opt: ndots:2",
        "extra_hosts: ['db:10.0.0.5', 'v6=::1']",
        "extra_hosts: {db: 10.0.0.5}",
        "mounts: [/srv:/data, 'vol:/v:ro,nocopy', /scratch, '/a:/b:rslave']",
        "mounts: [{type: bind, source: /srv, target: /data, read_only: true, bind: {propagation: rslave}}]",
        (
            "mounts: [{type: volume, source: shared, target: /s, volume: {nocopy: true, driver: local,"
            " driver_opts: {type: nfs, o: addr=10.0.0.9}}}]"
        ),
        "mounts: [{type: tmpfs, target: /scratch, tmpfs: {size: 64m, mode: 01777}}]",
        "tmpfs: /run",
        "tmpfs: ['/dev/shm:size=4g,mode=1777', {target: /x, size: 4g}]",
        "secrets: [one, {source: two, target: /etc/two, uid: 1000, gid: '1', mode: 0440}]\nconfigs: [three]",
        "constraints: node.role == worker",
        "constraints: [node.role == worker, node.labels.disk != hdd]",
        "preferences: node.labels.zone",
        "preferences: [{spread: node.labels.zone}, engine.labels.rack]\nmax_replicas_per_node: 2",
        "placement: {constraints: [node.role == worker], max_replicas_per_node: 1}",
        "resources: {limits: {cpus: '0.5', memory: 512m, pids: 9}, reservations: {memory: 8388608}}",
        (
            "resources: {reservations: {generic_resources: ['gpu=2', {kind: ssd, value: 1},"
            " {discrete_resource_spec: {kind: fpga, value: 2}}]}}"
        ),
        "restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 1m}",
        (
            "update_config: {parallelism: 0, delay: 1s, failure_action: rollback, monitor: 5s,"
            " max_failure_ratio: '0.25', order: start-first}"
        ),
        "rollback_config: {failure_action: continue}",
        "labels: {a: b, c: 1}\ncontainer_labels: [a=b]",
        "build_context: project/web\ndockerfile: docker/Dockerfile\nbuild_args: {A: 1}\ntarget: production",
        "platforms: [linux/amd64, linux/arm/v7]",
        "platforms: linux/arm64",
        "auto_deploy: digest",
        "auto_deploy: false",
    ],
)
def test_every_form_that_the_guide_names_fits(body: str) -> None:
    assert refusals(accepted(body)) == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("replcas: 3", "$"),
        ("replicas: many", "$.replicas"),
        ("replicas: -1", "$.replicas"),
        ("mode: everywhere", "$.mode"),
        ("name: My Service", "$.name"),
        ("ports: 8080:80", "$.ports"),
        ("ports: ['1.2.3.4:80:80']", "$.ports[0]"),
        ("ports: [{published: 80}]", "$.ports[0]"),
        ("env: text", "$.env"),
        ("env: [A]", "$.env"),
        ("env: {A: }", "$.env"),
        ("stop_grace_period: 10", "$.stop_grace_period"),
        ("stop_grace_period: soon", "$.stop_grace_period"),
        ("healthcheck: {tests: x}", "$.healthcheck"),
        ("mounts: [./data:/data]", "$.mounts[0]"),
        ("resources: {limits: {memory: lots}}", "$.resources"),
        ("resources: {limit: {}}", "$.resources"),
        ("update_config: {order: first}", "$.update_config"),
        ("rollback_config: {failure_action: rollback}", "$.rollback_config"),
        ("networks: front", "$.networks"),
        ("init: 'yes'", "$.init"),
        ("build_context: ../x", "$.build_context"),
        ("platforms: amd64", "$.platforms"),
        ("auto_deploy: true", "$.auto_deploy"),
    ],
)
def test_plain_mistakes_are_refused_where_the_validator_refuses_them(body: str, where: str) -> None:
    text = "image: app:1\n" + body
    with pytest.raises(InvalidInput):
        parse(text, name="web")
    assert any(path.startswith(where) or where.startswith(path) for path in refusals(text)), refusals(text)


def test_an_image_is_all_that_is_needed() -> None:
    assert refusals("image: app\n") == []
    assert refusals("name: web\n") == ["$"]


def test_the_copy_in_the_documentation_is_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == as_written(), "run: make schema"
