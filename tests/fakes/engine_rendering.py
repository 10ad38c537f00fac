"""The fake swarm's objects as the JSON an engine answers with."""

import msgspec

from tests.fakes.engine_store import TERMINAL, FakeNode, FakeService, FakeTask, Spec, Store
from tests.fakes.engine_swarm import ROOT

encode = msgspec.json.Encoder().encode


def render_node(node: FakeNode, engine_version: str) -> Spec:
    description = {
        "Hostname": node.hostname,
        "TLSInfo": {"TrustRoot": ROOT},
        "Platform": {"Architecture": node.architecture, "OS": node.os},
        "Resources": {"NanoCPUs": node.nano_cpus, "MemoryBytes": node.memory_bytes},
        "Engine": {
            "EngineVersion": engine_version,
            "Plugins": [
                {"Type": kind, "Name": name}
                for kind, name in (("Log", "json-file"), ("Network", "overlay"), ("Volume", "local"))
            ],
        },
    }
    if node.engine_labels:
        description["Engine"]["Labels"] = node.engine_labels  # type: ignore[index]
    if node.generic:
        description["Resources"]["GenericResources"] = [  # type: ignore[index]
            {"DiscreteResourceSpec": {"Kind": kind, "Value": count}} for kind, count in node.generic.items()
        ]
    rendered: Spec = {
        "ID": node.id,
        "Version": {"Index": node.version},
        "CreatedAt": node.created,
        "UpdatedAt": node.updated,
        "Spec": node.spec,
        "Description": description,
        "Status": {"State": node.state, "Addr": node.address},
    }
    if node.state_message:
        rendered["Status"]["Message"] = node.state_message
    if node.role == "manager":
        reachable = "reachable" if node.state == "ready" else "unreachable"
        rendered["ManagerStatus"] = {"Reachability": reachable, "Addr": f"{node.address}:2377"}
        if node.leader:
            rendered["ManagerStatus"]["Leader"] = True
    return rendered


def render_service(service: FakeService, store: Store, *, status: bool = False) -> Spec:
    endpoint: Spec = {"Spec": service.spec.get("EndpointSpec") or {}}
    if service.ports:
        endpoint["Ports"] = service.ports
    rendered: Spec = {
        "ID": service.id,
        "Version": {"Index": service.version},
        "CreatedAt": service.created,
        "UpdatedAt": service.updated,
        "Spec": service.spec,
    }
    if service.previous is not None:
        rendered["PreviousSpec"] = service.previous
    rendered["Endpoint"] = endpoint
    if service.update_status:
        rendered["UpdateStatus"] = service.update_status
    if service.is_job:
        rendered["JobStatus"] = {
            "JobIteration": {"Index": service.iteration},
            "LastExecution": service.last_execution,
        }
    if status:
        rendered["ServiceStatus"] = _status(service, store)
    return rendered


def _status(service: FakeService, store: Store) -> Spec:
    tasks = list(store.by_service.get(service.id, {}).values())
    # As swarmkit counts: whatever says it runs, on dead nodes and on its way out too.
    counts = {
        "RunningTasks": sum(t.state == "running" for t in tasks),
        "DesiredTasks": 0,
        "CompletedTasks": 0,
    }
    match service.mode:
        case "Replicated":
            counts["DesiredTasks"] = service.spec["Mode"]["Replicated"]["Replicas"]
        case "ReplicatedJob":
            counts["DesiredTasks"] = service.spec["Mode"]["ReplicatedJob"]["MaxConcurrent"]
        case _:
            counts["DesiredTasks"] = sum(t.desired in {"running", "complete"} for t in tasks)
    if service.is_job:
        mine = [t for t in tasks if t.iteration == service.iteration]
        counts["CompletedTasks"] = sum(t.state == "complete" for t in mine)
    return counts


def render_task(task: FakeTask) -> bytes:
    """The task's JSON, kept until it changes: big swarms are listed often."""
    if task.rendered is None:
        status: Spec = {"Timestamp": task.stamp, "State": task.state, "Message": task.message}
        if task.error:
            status["Err"] = task.error
        if task.container_id:
            pid = 0 if task.state in TERMINAL else 4711
            status["ContainerStatus"] = {
                "ContainerID": task.container_id,
                "PID": pid,
                "ExitCode": task.exit_code or 0,
            }
        # Once for IPv4, once for IPv6.
        published = [p for p in task.host_ports for _ in "46"] if task.state == "running" else []
        status["PortStatus"] = {"Ports": published} if published else {}
        rendered: Spec = {
            "ID": task.id,
            "Version": {"Index": task.version},
            "CreatedAt": task.created,
            "UpdatedAt": task.updated,
            "Labels": {},
            "Spec": task.spec_bytes,
            "ServiceID": task.service_id,
        }
        if task.slot:
            rendered["Slot"] = task.slot
        if task.node_id:
            rendered["NodeID"] = task.node_id
        rendered["Status"] = status
        rendered["DesiredState"] = task.desired
        if task.iteration is not None:
            rendered["JobIteration"] = {"Index": task.iteration}
        rendered["Volumes"] = None
        task.rendered = encode(rendered)
    return task.rendered


def render_object(kind: str, item: Spec) -> Spec:
    """Secrets never give their data back."""
    if kind != "secrets":
        return item
    spec = {key: value for key, value in item["Spec"].items() if key != "Data"}
    return {**item, "Spec": spec}
