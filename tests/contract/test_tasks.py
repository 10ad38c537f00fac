"""Tasks: where they run, how they end, which are up to date, and why they wait."""

import pytest

from backend.models.cluster import Service, Task
from tests.contract.swarm_under_test import SECOND, Spec, SwarmUnderTest, current, running

pytestmark = pytest.mark.anyio

NO_RESTART = {"RestartPolicy": {"Condition": "none"}}


async def assert_digests_agree(swarm: SwarmUnderTest, service: Service) -> tuple[set[str], set[str]]:
    """Our digests against the engine's own judgement; gives the up-to-date tasks and all."""
    now = await swarm.client.service(service.id)
    every = await swarm.client.tasks(service_id=service.id)
    engine_says = {t.id for t in await swarm.client.tasks(service_id=service.id, up_to_date=True)}
    we_say = {t.id for t in every if t.spec_digest == now.task_spec_digest}
    assert we_say == engine_says
    return we_say, {t.id for t in every}


async def test_tasks_run_on_different_nodes_with_slots_from_one(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=3)
    tasks = await swarm.until_running(service, 3)
    assert {task.slot for task in tasks} == {1, 2, 3}
    assert {task.node_id for task in tasks} == {node.id for node in await swarm.client.nodes()}
    for task in tasks:
        assert task.service_id == service.id
        assert task.image == service.image
        assert task.container_id
        assert task.exit_code is None
        assert task.error == ""
        assert task.message == "started"
        assert task.job_iteration is None
        assert task.state_changed_at >= task.created_at
        assert [t.id for t in await swarm.client.tasks(service_id=service.id, node_id=task.node_id)] == [
            task.id
        ]


async def test_a_plain_services_tasks_are_up_to_date(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2)
    await swarm.until_running(service, 2)
    fresh, every = await assert_digests_agree(swarm, service)
    assert len(fresh) == len(every) == 2


async def test_tasks_of_a_service_with_everything_are_up_to_date(swarm: SwarmUnderTest) -> None:
    name = swarm.name()
    await swarm.add("networks", Name=name, Driver="overlay")
    secret_id = await swarm.add("secrets", Name=name, Data="c2VjcmV0")
    config_id = await swarm.add("configs", Name=name, Data="c2VjcmV0")
    file = {"Name": "f", "UID": "0", "GID": "0", "Mode": 292}
    service = await swarm.create(
        Labels={"a": "b"},
        container={
            "Env": ["B=2", "A=1"],
            "Labels": {"z": "1", "a": "2"},
            "Hostname": "{{.Node.Hostname}}-{{.Task.Slot}}",
            "Init": False,
            "Mounts": [
                {"Type": "volume", "Source": name, "Target": "/data"},
                {"Type": "tmpfs", "Target": "/dev/shm", "TmpfsOptions": {"SizeBytes": 2**22}},
            ],
            "Secrets": [{"SecretID": secret_id, "SecretName": name, "File": file}],
            "Configs": [{"ConfigID": config_id, "ConfigName": name, "File": {**file, "Name": "/f"}}],
            "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": SECOND, "Retries": 3},
            "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
            "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
            "CapabilityAdd": ["CAP_NET_ADMIN"],
            "CapabilityDrop": ["CAP_MKNOD"],
            "DNSConfig": {"Nameservers": ["10.0.0.1"], "Options": ["ndots:1"], "Search": ["x.y"]},
            "Hosts": ["10.0.0.9 backend"],
            "User": "root",
            "StopSignal": "SIGTERM",
            "Dir": "/tmp",
            "Args": ["/bin/hello-world"],
            "Groups": ["0"],
        },
        task={
            "Resources": {
                "Limits": {"NanoCPUs": SECOND, "MemoryBytes": 2**26, "Pids": 100},
                "Reservations": {"NanoCPUs": 10**7, "MemoryBytes": 2**23},
            },
            "RestartPolicy": {"Condition": "on-failure", "Delay": SECOND, "MaxAttempts": 2, "Window": SECOND},
            "Placement": {
                "Constraints": ["node.role == worker"],
                "Preferences": [{"Spread": {"SpreadDescriptor": "node.labels.zone"}}],
                "Platforms": [{"OS": "linux", "Architecture": "amd64"}],
                "MaxReplicas": 1,
            },
            "Networks": [{"Target": name, "Aliases": ["other"]}],
            "LogDriver": {"Name": "json-file", "Options": {"max-size": "1m"}},
            "ForceUpdate": 3,
        },
        UpdateConfig={"Parallelism": 2, "Delay": SECOND, "Monitor": SECOND},
        EndpointSpec={"Mode": "dnsrr"},
    )
    [task] = await swarm.until_running(service)
    fresh, every = await assert_digests_agree(swarm, service)
    assert len(fresh) == len(every) == 1
    assert (task.reservations.nano_cpus, task.reservations.memory_bytes) == (10**7, 2**23)


async def test_a_new_image_makes_the_old_tasks_out_of_date(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(UpdateConfig={"Parallelism": 1, "Monitor": SECOND})
    [old] = await swarm.until_running(service)

    def next_version(spec: Spec) -> None:
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = swarm.image("hello-world", "2")

    updated = await swarm.updated(service, next_version)
    assert updated.task_spec_digest != service.task_spec_digest
    done = await swarm.until_service(
        service, lambda now: now.update_status and now.update_status.state == "completed"
    )
    assert done.update_status
    assert done.update_status.message == "update completed"
    assert done.update_status.completed_at is not None
    [new] = await swarm.until_running(service)
    fresh, every = await assert_digests_agree(swarm, service)
    assert fresh == {new.id}
    assert every == {new.id, old.id}
    [ended] = [task for task in await swarm.tasks(service) if task.id == old.id]
    assert (ended.state, ended.desired_state) == ("shutdown", "shutdown")


async def test_a_service_label_restarts_nothing(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2)
    before = await swarm.until_running(service, 2)

    def relabel(spec: Spec) -> None:
        spec["Labels"] = {"new": "yes"}

    updated = await swarm.updated(service, relabel)
    assert updated.task_spec_digest == service.task_spec_digest
    fresh, every = await assert_digests_agree(swarm, service)
    assert fresh == every == {task.id for task in before}


async def test_a_placement_the_node_satisfies_restarts_nothing(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=2)
    before = await swarm.until_running(service, 2)

    def place(spec: Spec) -> None:
        spec["TaskTemplate"]["Placement"] = {"Constraints": ["node.platform.os == linux"], "MaxReplicas": 1}

    updated = await swarm.updated(service, place)
    assert updated.task_spec_digest == service.task_spec_digest
    fresh, every = await assert_digests_agree(swarm, service)
    assert fresh == every == {task.id for task in before}


async def test_a_container_label_and_force_update_restart_everything(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(UpdateConfig={"Parallelism": 0, "Monitor": SECOND // 2})

    def container_label(spec: Spec) -> None:
        spec["TaskTemplate"]["ContainerSpec"]["Labels"] = {"new": "yes"}

    def force(spec: Spec) -> None:
        spec["TaskTemplate"]["ForceUpdate"] += 1

    for change in (container_label, force):
        [old] = await swarm.until_running(service)
        await swarm.updated(service, change)

        def replaced(tasks: list[Task], old: Task = old) -> bool:
            return bool(running(tasks)) and old.id not in {task.id for task in running(tasks)}

        await swarm.until(service, replaced)


async def test_changed_ports_make_tasks_dirty_which_only_the_engine_can_tell(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(replicas=1, UpdateConfig={"Parallelism": 1, "Monitor": SECOND // 2})
    [old] = await swarm.until_running(service)

    def publish(spec: Spec) -> None:
        ports = [{"TargetPort": 80, "PublishedPort": 28419, "PublishMode": "host", "Protocol": "tcp"}]
        spec["EndpointSpec"] = {"Ports": ports}

    updated = await swarm.updated(service, publish)
    assert updated.task_spec_digest == service.task_spec_digest

    def replaced(tasks: list[Task]) -> bool:
        return bool(running(tasks)) and old.id not in {task.id for task in running(tasks)}

    [new] = running(await swarm.until(service, replaced))
    fresh = {task.id for task in await swarm.client.tasks(service_id=service.id, up_to_date=True)}
    assert fresh == {new.id}
    assert [(port.published, port.target, port.mode) for port in new.host_ports] == [(28419, 80, "host")]


async def test_a_global_service_has_one_task_on_each_node(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(mode={"Global": {}})
    assert (service.mode, service.replicas) == ("global", None)
    tasks = await swarm.until_running(service, 3)
    assert {task.slot for task in tasks} == {None}
    assert {task.node_id for task in tasks} == {node.id for node in await swarm.client.nodes()}


async def test_a_job_runs_its_completions_a_few_at_a_time(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(
        image="batch", mode={"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 3}}
    )
    assert (service.mode, service.replicas, service.max_concurrent) == ("replicated-job", 3, 2)

    def complete(tasks: list[Task]) -> bool:
        assert len([t for t in tasks if t.state not in {"complete", "failed"}]) <= 2
        return sum(task.state == "complete" for task in tasks) == 3

    tasks = await swarm.until(service, complete)
    now = await swarm.client.service(service.id)
    for task in tasks:
        assert task.exit_code == 0
        assert task.desired_state == "complete"
        assert task.message == "finished"
        assert task.job_iteration == now.job_iteration
    counts = (await swarm.client.service_counts())[service.id]
    assert (counts.running, counts.desired, counts.completed) == (0, 2, 3)


async def test_every_update_of_a_job_runs_it_again(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(
        image="batch", mode={"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}}
    )
    [first] = await swarm.until(service, lambda tasks: tasks and tasks[0].state == "complete")

    def relabel(spec: Spec) -> None:
        spec["Labels"] = {"again": "yes"}

    updated = await swarm.updated(service, relabel)
    assert updated.job_iteration is not None
    assert updated.job_iteration > (first.job_iteration or 0)

    def again(tasks: list[Task]) -> bool:
        return any(t.state == "complete" and t.job_iteration == updated.job_iteration for t in tasks)

    tasks = await swarm.until(service, again)
    assert first.id not in {task.id for task in tasks if task.job_iteration == updated.job_iteration}


async def test_a_global_job_completes_once_on_each_node(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(image="batch", mode={"GlobalJob": {}})
    assert service.mode == "global-job"
    tasks = await swarm.until(service, lambda tasks: sum(t.state == "complete" for t in tasks) == 3)
    assert len({task.node_id for task in tasks}) == 3


async def test_a_program_that_fails_leaves_its_exit_code(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(image="crasher", task=NO_RESTART)
    [task] = await swarm.until(service, lambda tasks: tasks and not current(tasks))
    assert task.state == "failed"
    assert task.exit_code == 3
    assert task.error == "task: non-zero exit (3)"
    assert task.container_id


async def test_a_program_that_ends_well_and_is_not_restarted_stays_complete(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(image="batch", task=NO_RESTART)
    [task] = await swarm.until(service, lambda tasks: tasks and not current(tasks))
    assert (task.state, task.exit_code, task.error) == ("complete", 0, "")


async def test_restarts_end_with_the_attempts(swarm: SwarmUnderTest) -> None:
    policy = {"Condition": "on-failure", "Delay": SECOND // 10, "MaxAttempts": 2}
    service = await swarm.create(image="crasher", task={"RestartPolicy": policy})

    def given_up(tasks: list[Task]) -> bool:
        return len(tasks) == 3 and not current(tasks)

    tasks = await swarm.until(service, given_up)
    assert {task.state for task in tasks} == {"failed"}
    assert {task.slot for task in tasks} == {1}


async def test_an_image_nobody_has_is_rejected_by_the_node(swarm: SwarmUnderTest) -> None:
    service = await swarm.create(image="no-such-image", task=NO_RESTART)

    def ended(tasks: list[Task]) -> bool:
        return any(task.state == "rejected" for task in tasks)

    tasks = await swarm.until(service, ended)
    [task] = [task for task in tasks if task.state == "rejected"][:1]
    assert "no-such-image" in task.error
    assert task.exit_code in {None, 0}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (
            {"Placement": {"Constraints": ["node.labels.never == yes"]}},
            "no suitable node (scheduling constraints not satisfied on 3 nodes)",
        ),
        (
            {"Resources": {"Reservations": {"NanoCPUs": 999 * SECOND}}},
            "no suitable node (insufficient resources on 3 nodes)",
        ),
        (
            {"Placement": {"Platforms": [{"OS": "linux", "Architecture": "arm64"}]}},
            "no suitable node (unsupported platform on 3 nodes)",
        ),
        (
            {
                "Resources": {
                    "Reservations": {
                        "GenericResources": [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 1}}]
                    }
                }
            },
            "no suitable node (insufficient resources on 3 nodes)",
        ),
    ],
)
async def test_a_task_that_fits_nowhere_says_why(swarm: SwarmUnderTest, parts: Spec, says: str) -> None:
    service = await swarm.create(task=parts)
    [task] = await swarm.until(service, lambda tasks: tasks and tasks[0].error)
    assert task.error == says
    assert (task.state, task.desired_state, task.node_id) == ("pending", "running", None)
    assert task.message == "pending task scheduling"


async def test_host_ports_and_replica_limits_leave_the_surplus_pending(swarm: SwarmUnderTest) -> None:
    port = {"TargetPort": 80, "PublishedPort": 28420, "PublishMode": "host", "Protocol": "tcp"}
    for parts, says in (
        ({"ports": [port]}, "host-mode port already in use on 3 nodes"),
        ({"task": {"Placement": {"MaxReplicas": 1}}}, "max replicas per node limit exceed"),
    ):
        service = await swarm.create(replicas=4, **parts)
        await swarm.until_running(service, 3)
        tasks = await swarm.until(service, lambda tasks: any(task.error for task in tasks))
        [waiting] = [task for task in tasks if task.state == "pending"]
        assert waiting.error == f"no suitable node ({says})"
        await swarm.client.remove_service(service.id)


async def test_constraints_choose_nodes_by_name_role_and_label(swarm: SwarmUnderTest) -> None:
    nodes = {node.hostname: node for node in await swarm.client.nodes()}
    worker = nodes["worker-1"]
    label = swarm.prefix

    def relabel(value: str | None) -> Spec:
        return {**spec, "Labels": {**(spec.get("Labels") or {}), **({label: value} if value else {})}}

    spec: Spec = {}

    def add(now: Spec) -> Spec:
        spec.update(now)
        return relabel("Yes")

    await swarm.client.update_node(worker.id, add)
    try:
        for constraint, expected in (
            ("node.hostname==worker-2", {"worker-2"}),
            ("node.role != worker", {"manager-1"}),
            (f"node.labels.{label} == yes", {"worker-1"}),
            (f"node.labels.{label} != yes", {"manager-1", "worker-2"}),
        ):
            service = await swarm.create(
                mode={"Global": {}}, task={"Placement": {"Constraints": [constraint]}}
            )
            tasks = await swarm.until_running(service, len(expected))
            names = {nodes[name].id for name in expected}
            assert {task.node_id for task in tasks} == names
            await swarm.client.remove_service(service.id)
    finally:
        await swarm.client.update_node(worker.id, lambda _: relabel(None))


@pytest.mark.parametrize("action", ["pause", "rollback"])
async def test_an_update_that_fails_is_paused_or_rolled_back(swarm: SwarmUnderTest, action: str) -> None:
    config = {"Parallelism": 1, "Monitor": SECOND, "FailureAction": action}
    service = await swarm.create(
        UpdateConfig=config,
        RollbackConfig={"Parallelism": 1, "Monitor": SECOND // 2},
        task={"RestartPolicy": {"Condition": "any", "Delay": SECOND // 2}},
    )
    [old] = await swarm.until_running(service)

    def break_it(spec: Spec) -> None:
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = swarm.image("crasher")

    await swarm.updated(service, break_it)
    wanted = "paused" if action == "pause" else "rollback_completed"
    ended = await swarm.until_service(
        service, lambda now: now.update_status and now.update_status.state == wanted
    )
    assert ended.update_status
    if action == "pause":
        assert ended.update_status.message.startswith(
            "update paused due to failure or early termination of task"
        )
        assert ended.image == swarm.image("crasher")
    else:
        assert ended.image == service.image
        assert ended.task_spec_digest == service.task_spec_digest
        [back] = await swarm.until_running(service)
        assert back.id != old.id
        assert back.spec_digest == service.task_spec_digest
