"""Tools that explain and wait: diagnosis, rollouts, what changed lately, approvals."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult
from pydantic import Field

from backend.mcp.reads import service_named
from backend.mcp.rest import Refused, Rest, segment
from backend.mcp.sdk import reply, rest
from backend.mcp.words import age, cut, fenced, harmless, listed

FINAL: Final = frozenset({"succeeded", "failed", "stuck", "rolled_back", "superseded"})
ENTRIES: Final = 1_000
ROWS: Final = 200
"""Of the timeline, and of the deployments: so many are read at most."""
SLICE = 4.0
"""Seconds between two reports of progress."""

_SINCE: Final = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")

_FROM: Final = re.compile(r": \w+ → ")
"""A task's former state, which tells little once the new one is known."""

_NEXT: Final = {
    "non_zero_exit": "get_service_logs for more; then update_service, or rollback_service",
    "rejected": "update_service with an image and mounts that exist, or rollback_service",
    "no_suitable_node": "list_nodes and compare with the constraints and reservations",
    "node_down": "list_nodes; tasks move by themselves once the swarm gives the node up",
    "update_paused": "rollback_service, or update_service",
    "rolling_back": "wait_service",
    "rolled_back": "update_service with what was wrong put right",
    "starting": "wait_service",
    "restarting": "get_service_logs",
    "too_few_replicas": "wait_service",
    "never_deployed": "deploy_service",
    "not_known_yet": "get_health",
    "removed": "deploy_service",
    "scaled_to_zero": "scale_service",
    "unreadable_definition": "a person has to mend the definition's file",
}


async def diagnose_service(name: str) -> CallToolResult:
    """Why a service does not run as wanted: cause, evidence from its tasks, and the call to make next."""
    api = rest()
    service = await service_named(api, name)
    rows = (await api.get("/api/deployments", service=name, limit=5))["items"]
    status, tasks = service["status"], f"{service['running']}/{service['desired']}"
    if status == "running" and not service["drift"]:
        return reply(
            f"{name} is {status} {tasks}, as wanted.", {"name": name, "status": status, "tasks": tasks}
        )
    went_wrong = next((row for row in rows if row["state"] in {"failed", "stuck", "rolled_back"}), None)
    cause = service["message"] or (went_wrong["cause"] if went_wrong else None)
    taken_back = service["reason"] == "rolled_back"
    if status == "running" and taken_back:
        why = went_wrong["cause"] if went_wrong else "nobody wrote down why"
        cause = f"it runs as before its newest change, which swarm rolled back: {why}"
    elif status == "running":
        cause = f"it runs, but differs from its definition in {listed(service['drift_paths'], 3)}"
    evidence, log = await _evidence(api, service, went_wrong)
    follow = _NEXT.get(service["reason"] or "", "get_service_logs")
    if status == "running" and not taken_back:
        follow = f"deploy brings the definition in: update_service('{name}', restart=false)"
    cause = harmless(cause or "nothing is known yet: its tasks are young", 300)
    lines = [f"{name} is {status} {tasks}: {cause}", *(f"- {line}" for line in evidence)]
    if log:
        lines.append(fenced(log, "last log lines"))
    lines.append(f"Next: {follow}.")
    return reply(
        cut("\n".join(lines), ""),
        {
            "name": name,
            "status": status,
            "tasks": tasks,
            "cause": cause,
            "evidence": evidence,
            "log": lines[-2] if log else None,
            "next": follow,
        },
    )


async def wait_service(
    name: str, ctx: Context, timeout: Annotated[int, Field(ge=1, le=300)] = 60
) -> CallToolResult:
    """Wait until the newest change of a service has ended, well or not, and say how. Do not poll."""
    api = rest()
    rows = (await api.get("/api/deployments", service=name, limit=1))["items"]
    if not rows:
        service = await service_named(api, name)
        return reply(
            f"{name} has no change to wait for; it is {service['status']} "
            f"{service['running']}/{service['desired']}.",
            {
                "name": name,
                "status": service["status"],
                "tasks": f"{service['running']}/{service['desired']}",
                "converged": service["status"] == "running",
            },
        )
    row, began = rows[0], time.monotonic()
    while row["state"] not in FINAL and (left := timeout - (time.monotonic() - began)) > 0:
        row = await api.get(f"/api/deployments/{row['id']}", wait=min(SLICE, left))
        spent = time.monotonic() - began
        await ctx.report_progress(min(spent, timeout), timeout, f"{row['kind']} of {name}: {row['state']}")
    now = await _service_or_nothing(api, name)
    tasks = f"{now['running']}/{now['desired']}" if now else "0/0"
    good = row["state"] == "succeeded"
    said = f"{row['kind']} of {name}: {row['state']}, {tasks} tasks run"
    follow = cause = waited = None
    if row["state"] not in FINAL:
        waited = f"{timeout} s"
        said += f" after {waited}"
        cause = now["message"] if now else None
        follow = "wait_service again, or diagnose_service"
    elif not good:
        cause = row["cause"] or "no cause is known"
        follow = "diagnose_service, rollback_service" if row["state"] != "superseded" else "wait_service"
    if cause:
        cause = harmless(cause, 300)
        said += f"; {cause.rstrip('.')}"
    data = {
        "name": name,
        "deployment": row["kind"],
        "state": row["state"],
        "converged": good,
        "tasks": tasks,
        "waited": waited,
        "cause": cause,
        "next": follow,
    }
    return reply(f"{said}." + (f" Next: {follow}." if follow else ""), data)


async def get_recent_changes(
    service: str = "",
    since: Annotated[str, Field(description="such as 30m, 2h, 1d")] = "1h",
    limit: Annotated[int, Field(ge=1, le=100)] = 30,
) -> CallToolResult:
    """What changed lately and who did it: deployments and what happened to tasks and nodes, newest first."""
    api = rest()
    oldest = _moment(since)
    path = f"/api/services/{segment(service)}/timeline" if service else "/api/timeline"
    timeline = (await api.get(path, limit=ENTRIES))["items"]
    deployments = (await api.get("/api/deployments", service=service or None, limit=ROWS))["items"]
    if service and not timeline and not deployments:
        await service_named(api, service)  # It says what is misspelt; what was removed has a history.
    found = [(row["created_at"], _change(row)) for row in deployments]
    found += [
        (entry["at"], harmless(entry["text"], 200))
        for entry in timeline
        if entry["kind"] != "deployment" and (entry["severity"] in {"bad", "warn"} or entry["kind"] != "task")
    ]
    recent = _each_once(
        sorted((one for one in found if datetime.fromisoformat(one[0]) >= oldest), reverse=True)
    )
    entries = [f"{age(at)} ago: {said}" for at, said in recent[:limit]]
    about = f" of {harmless(service, 80)}" if service else ""
    shown = f"newest {limit}" if len(recent) > limit else None
    # What was read may end before the time asked for does.
    ends = [timeline[-1]["at"]] if len(timeline) == ENTRIES else []
    ends += [deployments[-1]["created_at"]] if len(deployments) == ROWS else []
    least = any(datetime.fromisoformat(end) >= oldest for end in ends)
    total = f"at least {len(recent)}" if least else len(recent)
    first = f"{total} changes{about} within {since.strip()}" + (f", {shown}" if shown else "")
    return reply(
        cut("\n".join([first, *entries]), "use a shorter since, service or limit"),
        {
            "total": total,
            "of": service,
            "within": since.strip(),
            "shown": shown,
            "changes": entries,
        },
    )


async def get_approval(
    id: str,  # noqa: A002 (as the answers that name one say it)
    wait: Annotated[int, Field(ge=0, le=120, description="seconds to wait for a decision")] = 0,
) -> CallToolResult:
    """State of a change that waits for a person."""
    row = await rest().get(f"/api/approvals/{segment(id)}", wait=wait)
    what = f"{row['action']} {harmless(row['target'], 100)}"
    by = f" by {harmless(row['decided_by'], 64)}" if row["decided_by"] else ""
    follow = {
        "pending": "A person decides on the page under Approvals; call again with wait=60.",
        "approved": "Make the same call with the same arguments now; the approval is good for once.",
        "refused": "Do not ask for it again; tell the person.",
        "used": "It was done.",
        "expired": "Nobody decided in time; make the call again if it is still wanted.",
    }[row["state"]]
    return reply(
        f"{row['id']} ({what}) is {row['state']}{by}. {follow}",
        {
            "id": row["id"],
            "state": row["state"],
            "action": what,
            "decided_by": harmless(row["decided_by"], 64) if row["decided_by"] else None,
            "next": follow,
        },
    )


async def _evidence(
    api: Rest, service: dict[str, Any], went_wrong: dict[str, Any] | None
) -> tuple[list[str], list[str]]:
    """What tasks showed, a sentence each, and their last lines."""
    said: dict[str, int] = {}
    tasks = sorted(service["tasks"], key=lambda task: str(task["state_changed_at"]), reverse=True)
    for task in tasks:
        if task["error"] and task["up_to_date"]:
            where = f" on {task['node']}" if task["node"] else ""
            text = harmless(f"{task['name']}{where}: {task['error']}", 180)
            said[text] = said.get(text, 0) + 1
    evidence = [f"{text} (×{times})" if times > 1 else text for text, times in list(said.items())[:3]]
    log: list[str] = []
    if went_wrong is not None:
        kept = await api.get(f"/api/deployments/{went_wrong['id']}")
        for item in kept["evidence"]:
            if item["meaning"] and not evidence:
                evidence.append(harmless(f"{item['task']}: {item['meaning']}", 180))
            log = log or [harmless(line, 200) for line in item["log"][-4:]]
    return evidence, log


async def _service_or_nothing(api: Rest, name: str) -> dict[str, Any] | None:
    try:
        return await service_named(api, name)
    except Refused:
        return None


def _each_once(newest_first: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What happened again and again is one entry, at its newest time, with how often."""
    seen: dict[str, tuple[str, int]] = {}
    for at, said in newest_first:
        same = _FROM.sub(": ", said)
        newest, times = seen.get(same, (at, 0))
        seen[same] = (newest, times + 1)
    return [(at, f"{said} (×{times})" if times > 1 else said) for said, (at, times) in seen.items()]


def _change(row: dict[str, Any]) -> str:
    what = f"{row['kind']} {row['service']}"
    if row["kind"] == "scale" and row["replicas"] is not None:
        what += f" to {row['replicas']}"
    elif row["to_revision"] is not None:
        what += f" revision {row['to_revision']}"
    said = f"{what} by {harmless(row['actor'], 64)}: {row['state']}"
    return f"{said}, {harmless(row['cause'], 160)}" if row["cause"] else said


def _moment(since: str) -> datetime:
    found = _SINCE.fullmatch(since.strip())
    if found is None or not any(found.groups()):
        raise Refused(f"since is '{since[:40]}'; 30m, 2h or 1d is expected.", code="invalid_input")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return datetime.now(UTC) - timedelta(days=days, hours=hours, minutes=minutes)
