"""Small builders of nodes, services and tasks, for tests of pure decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.models.cluster import Node, Platform, Resources, Service, ServiceMode, Task, UpdateStatus

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SPEC = b"present"
OLD_SPEC = b"older"


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def node(hostname: str, *, state: str = "ready", **changes: Any) -> Node:
    fields: dict[str, Any] = {
        "id": f"id-{hostname}",
        "version": 1,
        "hostname": hostname,
        "role": "worker",
        "availability": "active",
        "state": state,
        "state_message": "",
        "address": "10.0.0.2",
        "engine_version": "26.1.5",
        "platform": Platform(os="linux", architecture="amd64"),
        "resources": Resources(nano_cpus=4_000_000_000, memory_bytes=8 << 30),
        "labels": {},
        "engine_labels": {},
        "plugins": frozenset(),
        "leader": False,
        "reachability": None,
        "created_at": ago(3600),
        "updated_at": ago(3600),
    }
    return Node(**(fields | changes))


def nodes(*hostnames: str, down: tuple[str, ...] = ()) -> dict[str, Node]:
    found = [node(hostname, state="down" if hostname in down else "ready") for hostname in hostnames]
    return {item.id: item for item in found}


def service(
    *, mode: ServiceMode = "replicated", replicas: int | None = 1, update: str | None = None, **changes: Any
) -> Service:
    fields: dict[str, Any] = {
        "id": "svc",
        "version": 1,
        "name": "web",
        "spec": {},
        "mode": mode,
        "replicas": replicas,
        "max_concurrent": None,
        "image": "10.0.0.5:5000/web:1@sha256:" + "a" * 64,
        "labels": {},
        "ports": (),
        "update_status": UpdateStatus(update, f"update {update}", ago(20), None) if update else None,
        "job_iteration": 7 if mode.endswith("job") else None,
        "task_spec_digest": SPEC,
        "created_at": ago(600),
        "updated_at": ago(600),
    }
    return Service(**(fields | changes))


def task(
    slot: int | None,
    state: str,
    *,
    on: str | None = "n1",
    desired: str = "running",
    age: float = 300,
    since: float | None = None,
    **changes: Any,
) -> Task:
    """`age` is seconds since creation, `since` seconds in the present state (default: the same)."""
    fields: dict[str, Any] = {
        "id": f"task-{slot}-{state}-{on}-{age}",
        "version": 1,
        "service_id": "svc",
        "node_id": f"id-{on}" if on else None,
        "slot": slot,
        "state": state,
        "desired_state": desired,
        "message": "",
        "error": "",
        "exit_code": None,
        "container_id": None,
        "job_iteration": None,
        "image": "web:1",
        "reservations": Resources(),
        "host_ports": (),
        "spec_digest": SPEC,
        "created_at": ago(age),
        "state_changed_at": ago(age if since is None else since),
    }
    return Task(**(fields | changes))
