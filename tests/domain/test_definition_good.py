"""What may be written in a definition, in every form, and what it means."""

# ruff: noqa: E501  (tables read best with one case on one line)

from typing import Any

import pytest

from backend.domain.definition_text import from_mapping, parse
from backend.models.definitions import Definition

GB = 1024**3
SECOND = 1_000_000_000


def read(yaml: str) -> Definition:
    return parse(f"name: web\nimage: nginx:1\n{yaml}", name="web")


def port(
    target: int, published: int | None = None, protocol: str = "tcp", mode: str = "ingress"
) -> dict[str, Any]:
    return {"target": target, "published": published, "protocol": protocol, "mode": mode}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("['8080:80']", [port(80, 8080)]),
        ("[8080:80]", [port(80, 8080)]),
        ("[22:22]", [port(22, 22)]),
        ("[80]", [port(80)]),
        ("['53:5353/udp']", [port(5353, 53, "udp")]),
        ("['3000-3001']", [port(3000), port(3001)]),
        ("['9000-9001:80-81/tcp']", [port(80, 9000), port(81, 9001)]),
        ("[{target: 80, published: 8080, mode: host}]", [port(80, 8080, mode="host")]),
        ("[{target: 80, published: '8080', protocol: sctp}]", [port(80, 8080, "sctp")]),
        ("[{target: 80}]", [port(80)]),
        ("[{target: 80, published: 0}]", [port(80)]),
        ("", []),
    ],
)
def test_ports_have_a_short_and_a_long_form(written: str, meant: list[dict[str, Any]]) -> None:
    assert [one.model_dump() for one in read(f"ports: {written}").ports] == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/srv/data:/data", {"type": "bind", "source": "/srv/data", "target": "/data"}),
        ("/srv/data:/data:ro", {"type": "bind", "source": "/srv/data", "target": "/data", "read_only": True}),
        ("/srv/data:/data:rw", {"type": "bind", "source": "/srv/data", "target": "/data"}),
        (
            "/mnt:/mnt:ro,rslave",
            {
                "type": "bind",
                "source": "/mnt",
                "target": "/mnt",
                "read_only": True,
                "bind": {"propagation": "rslave"},
            },
        ),
        ("data:/data", {"type": "volume", "source": "data", "target": "/data"}),
        (
            "data:/data:nocopy",
            {"type": "volume", "source": "data", "target": "/data", "volume": {"nocopy": True}},
        ),
        ("/data", {"type": "volume", "target": "/data"}),
        ("data-{{.Task.Slot}}:/data", {"type": "volume", "source": "data-{{.Task.Slot}}", "target": "/data"}),
        ("/data/:/data/", {"type": "bind", "source": "/data/", "target": "/data"}),
    ],
)
def test_a_short_mount_says_the_same_as_the_long_one(written: str, meant: dict[str, Any]) -> None:
    short = from_mapping({"image": "nginx", "mounts": [written]}, name="web")
    long = from_mapping({"image": "nginx", "mounts": [meant]}, name="web")
    assert short.mounts == long.mounts
    assert short.mounts[0].target == meant["target"].rstrip("/")


def test_four_gigabytes_of_shared_memory_can_be_asked_for_in_three_ways() -> None:
    ways = (
        "tmpfs: /dev/shm:size=4g",
        "tmpfs: ['/dev/shm:size=4g']",
        "tmpfs: [{target: /dev/shm, size: 4g}]",
        "mounts: [{type: tmpfs, target: /dev/shm, tmpfs: {size: 4294967296}}]",
    )
    for way in ways:
        (mount,) = read(way).all_mounts
        assert (mount.type, mount.target, mount.tmpfs and mount.tmpfs.size) == (
            "tmpfs",
            "/dev/shm",
            4 * GB,
        ), way


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{A: x}", {"A": "x"}),
        ("[A=x, B=]", {"A": "x", "B": ""}),
        ("['URL=http://a/?b=c']", {"URL": "http://a/?b=c"}),
        ("{A: 1, B: 1.10, C: true, D: no, E: 010, F: 22:22, G: '~', H: 0x10, I: 1_000}",
         {"A": "1", "B": "1.10", "C": "true", "D": "no", "E": "010", "F": "22:22", "G": "~", "H": "0x10", "I": "1_000"}),
        ("{A: ''}", {"A": ""}),
        ("{NOW: 2024-01-02}", {"NOW": "2024-01-02"}),
        ("{A: '${HOME} $B'}", {"A": "${HOME} $B"}),
        ("{1: one, on: 2, null: 3}", {"1": "one", "on": "2", "null": "3"}),
        ('{CERT: "a\\nb\\tc"}', {"CERT": "a\nb\tc"}),
    ],
)  # fmt: skip
def test_env_is_a_mapping_or_a_list_and_values_are_kept_as_written(
    written: str, meant: dict[str, str]
) -> None:
    assert read(f"env: {written}").env == meant


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10s", 10),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("1h1m1s", 3661),
        ("0", 0),
        (".5s", 0.5),
        ("2µs", 2e-6),
    ],
)
def test_durations_are_read_as_go_writes_them(written: str, seconds: float) -> None:
    assert read(f"stop_grace_period: {written}").stop_grace_period == round(seconds * SECOND)


@pytest.mark.parametrize(
    ("written", "size"),
    [("512m", 512 * 1024**2), ("4g", 4 * GB), ("1.5gb", 3 * GB // 2), ("'4194304'", 4 * 1024**2), (8388608, 8 * 1024**2),
     ("16MiB", 16 * 1024**2), ("4096k", 4 * 1024**2)],
)  # fmt: skip
def test_sizes_are_powers_of_1024(written: object, size: int) -> None:
    assert read(f"resources: {{limits: {{memory: {written}}}}}").resources.limits.memory == size


@pytest.mark.parametrize(
    ("written", "nano"),
    [("'0.5'", 500_000_000), ("2", 2 * SECOND), ("0.001", 1_000_000), ("1.50", 1_500_000_000)],
)
def test_cores_may_be_texts_or_numbers(written: str, nano: int) -> None:
    assert read(f"resources: {{limits: {{cpus: {written}}}}}").resources.limits.cpus == nano


@pytest.mark.parametrize(
    "written", ["{discrete_resource_spec: {kind: gpu, value: 2}}", "{kind: gpu, value: 2}", "gpu=2"]
)
def test_gpus_are_generic_resources(written: str) -> None:
    (resource,) = read(
        f"resources: {{reservations: {{generic_resources: [{written}]}}}}"
    ).resources.reservations.generic_resources
    assert (resource.kind, resource.value) == ("gpu", 2)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("nginx -g 'daemon off;'", ("nginx", "-g", "daemon off;")),
        ("[sleep, 10]", ("sleep", "10")),
        ("[]", ()),
        ("''", ()),
    ],
)
def test_a_command_is_a_list_or_one_line(written: str, words: tuple[str, ...]) -> None:
    yaml = f'command: "{written}"' if "'d" in written else f"command: {written}"
    assert read(yaml).command == words


@pytest.mark.parametrize(
    ("written", "test"),
    [
        ("curl -f localhost", ("CMD-SHELL", "curl -f localhost")),
        ("[CMD, curl, -f, localhost]", ("CMD", "curl", "-f", "localhost")),
        ("[CMD-SHELL, curl localhost]", ("CMD-SHELL", "curl localhost")),
        ("[NONE]", ("NONE",)),
    ],
)
def test_a_health_test_is_a_line_or_a_list(written: str, test: tuple[str, ...]) -> None:
    check = read(f"healthcheck: {{test: {written}}}").healthcheck
    assert check is not None
    assert check.test == test


def test_placement_can_stand_at_the_top_or_in_composes_place() -> None:
    top = read(
        "constraints: [node.role == worker]\npreferences: [{spread: node.labels.zone}]\nmax_replicas_per_node: 1"
    )
    below = read(
        "placement:\n  constraints: [node.role == worker]\n  preferences: [{spread: node.labels.zone}]\n"
        "  max_replicas_per_node: 1"
    )
    assert top == below
    assert below.placement is None


def test_networks_are_a_list_or_a_mapping_with_aliases() -> None:
    assert [one.name for one in read("networks: [front, back]").networks] == ["front", "back"]
    (front, back) = read("networks: {front: {aliases: [web]}, back: }").networks
    assert (front.name, front.aliases, back.name, back.aliases) == ("front", ("web",), "back", ())
    assert read("networks: [host]").networks[0].name == "host"


@pytest.mark.parametrize("kind", ["secrets", "configs"])
def test_secrets_and_configs_have_a_short_and_a_long_form(kind: str) -> None:
    short, long = getattr(
        read(f"{kind}: [plain, {{source: b, target: /etc/b, uid: 5, gid: '6', mode: 0440}}]"), kind
    )
    assert (short.source, short.file_name, short.uid, short.mode) == ("plain", "plain", "0", 0o444)
    assert (long.file_name, long.uid, long.gid, long.mode) == ("/etc/b", "5", "6", 0o440)


@pytest.mark.parametrize("written", ["0440", "'0440'", "0o440", "288", "'440'"])
def test_a_file_mode_is_octal(written: str) -> None:
    assert read(f"secrets: [{{source: a, mode: {written}}}]").secrets[0].mode == 0o440


@pytest.mark.parametrize("written", ["['db:10.0.0.5']", "[db=10.0.0.5]", "{db: 10.0.0.5}"])
def test_extra_hosts_have_three_forms(written: str) -> None:
    assert read(f"extra_hosts: {written}").extra_hosts == {"db": "10.0.0.5"}


def test_extra_hosts_take_ipv6_addresses() -> None:
    assert read("extra_hosts: ['db:::1', 'six=[fd00::5]']").extra_hosts == {"db": "::1", "six": "fd00::5"}


def test_a_ulimit_is_one_number_or_two() -> None:
    limits = read("ulimits: {nproc: 512, nofile: {soft: 1, hard: 2}, memlock: -1}").ulimits
    assert {name: (one.soft, one.hard) for name, one in limits.items()} == {
        "nproc": (512, 512),
        "nofile": (1, 2),
        "memlock": (-1, -1),
    }


@pytest.mark.parametrize("written", ["net_admin", "NET_ADMIN", "CAP_NET_ADMIN"])
def test_capabilities_are_known_by_any_of_their_names(written: str) -> None:
    assert read(f"cap_add: [{written}]").cap_add == ("CAP_NET_ADMIN",)


def test_a_key_with_nothing_behind_it_was_left_out() -> None:
    assert read("ports:\nenv:\nreplicas:\nhealthcheck:") == read("")


@pytest.mark.parametrize(
    ("yaml", "meant"), [("", None), ("auto_deploy: false", None), ("auto_deploy: digest", "digest")]
)
def test_a_service_follows_its_tag_only_when_it_says_so(yaml: str, meant: str | None) -> None:
    assert read(yaml).auto_deploy == meant


def test_the_brief_s_own_example_is_a_definition() -> None:
    definition = parse(
        'name: my-service\nimage: registry:5000/my-image:latest\nreplicas: 1\nports:\n  - "8080:80"\nenv:\n  KEY: value\n'
        "constraints:\n  - node.hostname == my-node\nlabels: {}\nnetworks: []\nmounts:\n  - /host/path:/container/path\n",
        name="my-service",
    )
    assert definition.ports[0].mode == "ingress"
    assert definition.constraints == ("node.hostname == my-node",)


@pytest.mark.parametrize(
    ("yaml", "replicas"),
    [("", 1), ("replicas: 0", 0), ("replicas: 5", 5), ("mode: global", None), ("mode: global-job", None),
     ("mode: replicated-job\nreplicas: 4\nmax_concurrent: 2", 4)],
)  # fmt: skip
def test_wanted_replicas_depend_on_the_mode(yaml: str, replicas: int | None) -> None:
    assert read(yaml).wanted_replicas == replicas


@pytest.mark.parametrize("name", ["a", "web", "web-1", "web_1", "0", "a" * 63, "a--b", "living", "live2"])
def test_names_that_files_urls_and_swarm_all_take(name: str) -> None:
    assert from_mapping({"image": "nginx"}, name=name).name == name


def test_a_definition_never_changes() -> None:
    with pytest.raises(Exception, match="frozen"):
        setattr(read(""), "replicas", 3)  # noqa: B010
