"""Services: created, read, changed, rolled back and removed, on the fake as on real engines."""

import asyncio

import pytest

from backend.clients.docker_client import RegistryAuth
from backend.clients.engine_errors import Call, StaleVersion
from backend.clients.transport import ignored
from backend.errors import Conflict, EngineRefused, InvalidInput, NotFound
from backend.models.cluster import Service, SwarmObject
from tests.contract.swarm_under_test import SECOND, Spec, SwarmUnderTest
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


def label(key: str, value: str = "yes") -> "Edit":
    return Edit(key, value)


class Edit:
    def __init__(self, key: str, value: str) -> None:
        self._key, self._value = key, value

    def __call__(self, service: Service) -> Spec:
        return {**service.spec, "Labels": {**service.labels, self._key: self._value}}


async def test_a_created_service_reads_back_with_its_spec(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2, Labels={"team": "blue"}, container={"Env": ["A=1", "B=2"]})
    assert service.mode == "replicated"
    assert service.replicas == 2
    assert service.labels == {"team": "blue"}
    assert service.image == swarm.image("hello-world")
    assert service.spec["TaskTemplate"]["ContainerSpec"]["Env"] == ["A=1", "B=2"]
    assert service.update_status is None
    assert (await swarm.client.service(service.name)).id == service.id
    assert service.id in {one.id for one in await swarm.client.services()}


async def test_a_service_is_found_by_its_exact_name_only(swarm: SwarmUnderTest) -> None:
    service = await swarm.create()
    for wrong in (service.name[:-1], service.name + "x", service.id[:12], "../nodes", "a b", ""):
        with pytest.raises(NotFound):
            await swarm.client.service(wrong)


async def test_the_engine_writes_down_the_defaults_of_ports_and_updates(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(
        EndpointSpec={"Ports": [{"TargetPort": 80, "PublishMode": "host"}]}, UpdateConfig={"Parallelism": 1}
    )
    [port] = service.ports
    assert (port.target, port.protocol, port.mode) == (80, "tcp", "host")
    config = service.spec["UpdateConfig"]
    assert (config["FailureAction"], config["Order"]) == ("pause", "stop-first")
    assert service.spec["EndpointSpec"]["Mode"] == "vip"


async def test_an_ingress_port_without_a_number_gets_one(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0, ports=[{"TargetPort": 80}])

    def published(now: Service) -> bool:
        return bool(now.ports and now.ports[0].published)

    [port] = (await swarm.until_service(service, published)).ports
    assert port.published is not None
    assert port.published >= 30000
    assert port.mode == "ingress"


async def test_a_name_is_taken_once(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    with pytest.raises(Conflict) as refused:
        await swarm.client.create_service(swarm.spec() | {"Name": service.name})
    assert refused.value.code == "name_taken"
    assert service.name in refused.value.detail


async def test_a_write_at_an_old_version_is_stale(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    await swarm.client.update_service(service.id, label("first"))
    with pytest.raises(StaleVersion):
        await swarm.client._transport.write(
            "POST",
            f"services/{service.id}/update",
            Call("service", service.name, writes=True),
            ignored,
            params={"version": str(service.version)},
            body=service.spec,
        )


async def test_rival_updates_lose_nothing(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)

    async def operator(number: int) -> None:
        for round_ in range(5):
            await swarm.client.update_service(service.id, label(f"op{number}.{round_}"))

    await asyncio.gather(*(operator(number) for number in range(4)))
    assert len((await swarm.client.service(service.id)).labels) == 20


async def test_an_edit_that_finds_nothing_to_do_writes_nothing(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    after = await swarm.client.update_service(service.id, lambda _: None)
    assert after.version == service.version


async def test_fields_we_have_no_word_for_survive_an_update(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(
        replicas=0,
        container={
            "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
            "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
            "CapabilityAdd": ["CAP_NET_ADMIN"],
            "DNSConfig": {"Nameservers": ["10.0.0.1"], "Options": ["ndots:1"]},
            "Hosts": ["10.0.0.9 backend"],
            "Init": True,
            "OomScoreAdj": 5,
        },
        task={"LogDriver": {"Name": "json-file", "Options": {"max-size": "1m"}}},
    )
    before = (await swarm.client.service(service.id)).spec
    after = (await swarm.client.update_service(service.id, label("new"))).spec
    assert after["Labels"] == {"new": "yes"}
    assert after["TaskTemplate"] == before["TaskTemplate"]
    assert after["TaskTemplate"]["ContainerSpec"]["Sysctls"] == {"net.ipv4.ip_unprivileged_port_start": "0"}


async def test_rollback_swaps_the_specs_and_a_second_one_swaps_back(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0, Labels={"v": "1"})
    await swarm.client.update_service(service.id, label("v", "2"))
    back = await swarm.client.update_service(service.id, lambda now: now.spec, rollback=True)
    assert back.labels == {"v": "1"}
    again = await swarm.client.update_service(service.id, lambda now: now.spec, rollback=True)
    assert again.labels == {"v": "2"}


async def test_rollback_needs_a_previous_spec(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    with pytest.raises(Conflict) as refused:
        await swarm.client.update_service(service.id, lambda now: now.spec, rollback=True)
    assert refused.value.code == "no_previous_spec"


async def test_a_removed_service_is_gone_with_its_tasks(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2)
    await swarm.until_running(service, 2)
    await swarm.client.remove_service(service.id)
    with pytest.raises(NotFound):
        await swarm.client.service(service.name)

    async def tasks_left() -> bool:
        return not [t for t in await swarm.client.tasks() if t.service_id == service.id]

    await eventually(tasks_left, within=swarm.patience)


async def test_what_is_not_there_cannot_be_removed_or_updated(swarm: SwarmUnderTest) -> None:
    with pytest.raises(NotFound):
        await swarm.client.remove_service("contract-nobody")
    with pytest.raises(NotFound):
        await swarm.client.update_service("contract-nobody", lambda now: now.spec)


async def test_mode_and_name_of_a_service_are_for_ever(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=0)
    with pytest.raises(EngineRefused) as refused:
        await swarm.client.update_service(service.id, lambda now: {**now.spec, "Mode": {"Global": {}}})
    assert refused.value.code == "mode_change"
    with pytest.raises(EngineRefused) as refused:
        await swarm.client.update_service(service.id, lambda now: {**now.spec, "Name": swarm.name()})
    assert refused.value.code == "rename"


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"Name": "no/slash"}, "name must be valid as a DNS name component"),
        ({"Name": "n" * 64}, "name must be 63 characters or fewer"),
        ({"Mode": {"Replicated": {"Replicas": -1}}}, "cannot unmarshal number -1"),
        (
            {"task": {"Placement": {"Constraints": ["node.role manager"]}}},
            "constraint expected one operator from ==, !=",
        ),
        (
            {"task": {"Resources": {"Limits": {"MemoryBytes": 1024}}}},
            "invalid memory value 1024: Must be at least 4MiB",
        ),
        (
            {"task": {"Resources": {"Reservations": {"NanoCPUs": 10}}}},
            "Must be at least 0.001",
        ),
        (
            {"EndpointSpec": {"Mode": "dnsrr", "Ports": [{"TargetPort": 80, "PublishedPort": 7900}]}},
            "port published with ingress mode can't be used with dnsrr mode",
        ),
        (
            {"container": {"Mounts": [{"Type": "volume", "Source": s, "Target": "/a"} for s in "ab"]}},
            "duplicate mount point: /a",
        ),
        (
            {"container": {"Image": "registry:5000/UPPER/case"}},
            "is not a valid repository/tag",
        ),
    ],
)
async def test_a_spec_that_cannot_be_is_refused_in_the_engines_words(
    swarm: SwarmUnderTest, parts: Spec, says: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await swarm.client.create_service(swarm.spec(**parts))
    assert says in refused.value.detail
    assert "rpc error" not in refused.value.detail


async def test_a_secret_config_or_network_that_is_not_there_is_named(swarm: SwarmUnderTest) -> None:
    file = {"Name": "x", "UID": "0", "GID": "0", "Mode": 292}
    secret = {"SecretID": "0123456789012345678901234", "SecretName": "no-secret", "File": file}
    config = {"ConfigID": "0123456789012345678901234", "ConfigName": "no-config", "File": file}
    for parts, name in (
        ({"container": {"Secrets": [secret]}}, "no-secret"),
        ({"container": {"Configs": [config]}}, "no-config"),
        ({"task": {"Networks": [{"Target": "no-network"}]}}, "no-network"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await swarm.client.create_service(swarm.spec(**parts))
        assert name in refused.value.detail
        assert "not found" in refused.value.detail


async def test_a_secret_and_an_overlay_network_can_be_used_by_name_and_id(swarm: SwarmUnderTest) -> None:
    name = swarm.name()
    secret_id = await swarm.add("secrets", Name=name, Data="c2VjcmV0")
    network_id = await swarm.add("networks", Name=name, Driver="overlay", Attachable=True)
    [secret] = [one for one in await swarm.client.references.secrets() if one.name == name]

    async def allocated() -> SwarmObject | None:
        # The swarm names the driver once it has allocated the network.
        found = [one for one in await swarm.client.references.networks() if one.name == name and one.driver]
        return found[0] if found else None

    network = await eventually(allocated, within=10)
    assert secret.id == secret_id
    assert network is not None
    assert (network.id, network.driver, network.scope, network.attachable) == (
        network_id,
        "overlay",
        "swarm",
        True,
    )
    service = await swarm.create(
        replicas=0,
        container={
            "Secrets": [
                {
                    "SecretID": secret_id,
                    "SecretName": name,
                    "File": {"Name": "pass", "UID": "0", "GID": "0", "Mode": 292},
                }
            ]
        },
        task={"Networks": [{"Target": name}]},
    )
    assert service.spec["TaskTemplate"]["Networks"][0]["Target"] == network_id


async def test_the_swarms_host_network_is_listed_with_the_id_specs_use(swarm: SwarmUnderTest) -> None:
    [host] = [network for network in await swarm.client.references.networks() if network.name == "host"]
    assert host.scope == "swarm"
    service = await swarm.create(replicas=0, task={"Networks": [{"Target": "host"}]})
    assert service.spec["TaskTemplate"]["Networks"] == [{"Target": host.id}]


async def test_an_ingress_port_belongs_to_one_service(swarm: SwarmUnderTest) -> None:
    ingress = {"TargetPort": 80, "PublishedPort": 28417, "PublishMode": "ingress", "Protocol": "tcp"}
    holder = await swarm.create(replicas=0, ports=[ingress])
    for mode in ("ingress", "host"):
        with pytest.raises(Conflict) as refused:
            await swarm.client.create_service(
                swarm.spec(replicas=0, ports=[{**ingress, "PublishMode": mode}])
            )
        assert refused.value.code == "port_taken"
        assert holder.name in refused.value.detail
        assert "28417" in refused.value.detail
    udp = await swarm.create(replicas=0, ports=[{**ingress, "Protocol": "udp"}])
    assert udp.ports[0].protocol == "udp"


async def test_a_host_port_keeps_others_from_ingress_but_not_from_host_mode(swarm: SwarmUnderTest) -> None:
    host = {"TargetPort": 80, "PublishedPort": 28418, "PublishMode": "host", "Protocol": "tcp"}
    holder = await swarm.create(replicas=0, ports=[host])
    with pytest.raises(Conflict) as refused:
        await swarm.client.create_service(swarm.spec(replicas=0, ports=[{**host, "PublishMode": "ingress"}]))
    assert refused.value.code == "port_taken"
    assert holder.name in refused.value.detail
    await swarm.create(replicas=0, ports=[host])


async def test_credentials_go_along_and_can_be_taken_from_the_spec_before(swarm: SwarmUnderTest) -> None:
    auth = RegistryAuth(swarm.registry_host, username="u", password="p")
    service_id = await swarm.client.create_service(swarm.spec(replicas=0), auth=auth)
    await swarm.client.update_service(service_id, label("a"), auth=auth)
    after = await swarm.client.update_service(service_id, label("b"), registry_auth_from="previous-spec")
    assert set(after.labels) == {"a", "b"}
    assert "PullOptions" not in str(after.spec)


async def test_the_engine_counts_tasks_of_services(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2)
    await swarm.until_running(service, 2)
    counts = (await swarm.client.service_counts())[service.id]
    assert (counts.running, counts.desired, counts.completed) == (2, 2, 0)


async def test_services_and_tasks_are_read_by_several_exact_names_and_ids(swarm: SwarmUnderTest) -> None:
    first, second, other = [await swarm.create(replicas=1) for _ in range(3)]
    longer = f"{first.name}-longer"
    await swarm.client.create_service(swarm.spec(replicas=0) | {"Name": longer})
    found = await swarm.client.services(names=[first.name, second.name, "so-missing"])
    assert {service.id for service in found} == {first.id, second.id}
    tasks = await swarm.client.tasks(service_ids=[first.id, second.id])
    assert {task.service_id for task in tasks} == {first.id, second.id}
    # More than one address has room for.
    many = [first.name, *(f"so-missing-{'x' * 40}-{number}" for number in range(300))]
    assert [service.id for service in await swarm.client.services(names=many)] == [first.id]
    await swarm.client.remove_service(other.id)
    with pytest.raises(NotFound):
        await swarm.client.tasks(service_ids=[first.id, other.id])


async def test_scaling_changes_the_number_of_running_tasks(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=1)
    for count in (3, 1, 0):

        def scale(spec: Spec, count: int = count) -> None:
            spec["Mode"]["Replicated"]["Replicas"] = count

        await swarm.updated(service, scale)
        await swarm.until_running(service, count)
    assert (await swarm.client.service(service.id)).update_status is None


async def test_stop_first_leaves_a_gap_and_start_first_does_not(swarm: SwarmUnderTest) -> None:
    quick = {"Parallelism": 1, "Monitor": SECOND // 2, "Order": "start-first"}
    service = await swarm.create(UpdateConfig=quick)
    [old] = await swarm.until_running(service)

    def new_version(spec: Spec) -> None:
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = swarm.image("hello-world", "2")

    await swarm.updated(service, new_version)
    most = 0

    def changed(tasks: list[object]) -> bool:
        nonlocal most
        now = [t for t in tasks if t.state == "running"]  # type: ignore[attr-defined]
        most = max(most, len(now))
        assert now, "start-first keeps a task running all the time"
        return all(t.id != old.id for t in now)  # type: ignore[attr-defined]

    await swarm.until(service, changed)  # type: ignore[arg-type]
    await swarm.until_service(service, lambda s: s.update_status and s.update_status.state == "completed")
