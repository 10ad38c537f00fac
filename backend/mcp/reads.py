"""Tools that look: services, catalog, nodes, health, images."""

from collections import Counter
from typing import Annotated, Any, Literal

import anyio
from mcp.types import CallToolResult
from pydantic import Field

from backend.domain.masking import MASK, is_telling, masked
from backend.mcp.rest import Refused, Rest, segment
from backend.mcp.sdk import reply, rest
from backend.mcp.words import age, cut, few, harmless, harmless_all, short_image

Limit = Annotated[int, Field(ge=1, le=500)]
Cursor = Annotated[str, Field(max_length=20)]

_WORST = ("failed", "broken", "degraded", "pending", "updating", "running", "stopped")
REPOSITORIES_AT_ONCE = 6
TAGS_SHOWN = 8
PROBLEMS_SHOWN = 40


async def list_services(
    state: Literal["all", "problem", "running", "stopped"] = "all",
    match: str = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> CallToolResult:
    """List the catalog's services with what runs of them, problems first."""
    api = rest()
    services = (await api.get("/api/services", match=match or None, limit=10_000))["items"]
    live = (await api.get("/api/services/live", match=match or None, limit=10_000))["items"]
    outside = few(sorted(item["name"] for item in live if not item["in_catalog"]), 8)
    wanted = [item for item in services if _is_in(item, state)]
    wanted.sort(key=lambda item: (_WORST.index(item["status"]), item["name"]))
    page, more = _page(wanted, limit, cursor)
    rows = [_row(item) for item in page]
    lines = [_line(row) for row in rows]
    total = f"{len(wanted)} services" + ("" if state == "all" else f" ({state}) of {len(services)}")
    if state != "all":
        outside = []
    if outside:
        lines.append(f"Outside the catalog: {', '.join(outside)}")
    if more:
        lines.append(f"More: cursor='{more}', or narrow with match or state.")
    return reply(
        cut("\n".join([total, *lines]), "use limit or match"),
        {
            "total": len(wanted),
            "of": len(services) if state != "all" else None,
            "services": rows,
            "outside_catalog": outside,
            "cursor": more,
        },
    )


async def list_catalog(match: str = "", limit: Limit = 50, cursor: Cursor = "") -> CallToolResult:
    """List definitions: deployed, changed since (drifted), stopped or never deployed."""
    services = (await rest().get("/api/services", match=match or None, limit=10_000))["items"]
    page, more = _page(services, limit, cursor)
    rows = [
        {
            "name": item["name"],
            "state": _catalog_state(item),
            "revision": item["revision"],
            "deployed_revision": item["deployed_revision"],
            "image": short_image(item["image"]),
            "drift": _drift(item),
        }
        for item in page
    ]
    lines = [
        f"{row['name']} {row['state']}, revision {row['revision']}"
        + (
            f" (runs {row['deployed_revision']})"
            if row["deployed_revision"] not in (None, row["revision"])
            else ""
        )
        + (f", {row['image']}" if row["image"] else "")
        + (f", differs in {', '.join(row['drift'])}" if row["drift"] else "")
        for row in rows
    ]
    if more:
        lines.append(f"More: cursor='{more}', or narrow with match.")
    return reply(
        cut("\n".join([f"{len(services)} definitions", *lines]), "use limit or match"),
        {"total": len(services), "definitions": rows, "cursor": more},
    )


async def list_nodes() -> CallToolResult:
    """List nodes: role, state, availability, tasks, free CPU and memory, labels."""
    nodes = (await rest().get("/api/nodes", limit=1_000))["items"]
    nodes.sort(key=lambda node: (node["state"] == "ready", node["role"] != "manager", node["hostname"]))
    rows = []
    for node in nodes:
        left = node["resources"]
        rows.append(
            {
                "node": harmless(node["hostname"], 80),
                "role": "leader" if node["leader"] else node["role"],
                "state": node["state"],
                "availability": node["availability"],
                "tasks": node["tasks_running"],
                "free": f"{left['cpus_free']:g} of {left['cpus']:g} CPU, "
                f"{left['memory_free'] / 2**30:.1f} of {left['memory_bytes'] / 2**30:.1f} GiB",
                "labels": masked({harmless(k, 60): harmless(v, 60) for k, v in node["labels"].items()}),
            }
        )
    ready = sum(row["state"] == "ready" for row in rows)
    lines = [
        f"{row['node']} {row['role']} {row['state']} {row['availability']}, {row['tasks']} tasks, "
        f"{row['free']} free"
        + (f", labels {' '.join(f'{k}={v}' for k, v in row['labels'].items())}" if row["labels"] else "")
        for row in rows[:200]
    ]
    return reply(
        cut("\n".join([f"{ready} of {len(rows)} nodes ready", *lines]), "there are many nodes"),
        {"total": len(rows), "ready": ready, "nodes": rows[:200]},
    )


async def get_health() -> CallToolResult:
    """How the cluster is: counts, and everything that is broken with its cause. Start here."""
    report = await rest().get("/api/health/detailed")
    nodes = report["nodes"]
    ready = sum(node["state"] == "ready" for node in nodes)
    services = report["services"]
    counts = ", ".join(f"{services[status]} {status}" for status in _WORST if services.get(status))
    problems = [_problem(item) for item in report["attention"]]
    first = f"{report['status']}: nodes {ready}/{len(nodes)} ready, services: {counts or 'none'}"
    stale = report["stale_seconds"]
    as_of = f"{stale:.0f} s ago" if stale and stale > 60 else None
    if as_of:
        first += f"; as of {as_of}"
    lines = [
        f"- {one['what']}: {one['cause']}" + (f" (for {one['for']})" if one["for"] else "")
        for one in problems[:PROBLEMS_SHOWN]
    ]
    left = len(problems) - len(lines)
    if left:
        lines.append(f"- and {left} more: list_services(state='problem')")
    return reply(
        cut("\n".join([first, *lines]), "list_services(state='problem') pages"),
        {
            "status": report["status"],
            "nodes_ready": f"{ready}/{len(nodes)}",
            "services": {status: count for status, count in services.items() if count},
            "as_of": as_of,
            "problems": problems[:PROBLEMS_SHOWN],
            "more_problems": left or None,
        },
    )


async def get_registry_images(match: str = "", limit: Limit = 50) -> CallToolResult:
    """List the private registry's repositories, their newest tags and who uses them."""
    api = rest()
    listing = await api.get("/api/registry/repositories", match=match or None, limit=limit)
    rows: list[dict[str, Any]] = [{} for _ in listing["items"]]
    limiter = anyio.CapacityLimiter(REPOSITORIES_AT_ONCE)

    async def read(place: int, item: dict[str, Any]) -> None:
        async with limiter:
            rows[place] = await _repository(api, item)

    async with anyio.create_task_group() as group:
        for place, item in enumerate(listing["items"]):
            group.start_soon(read, place, item)
    lines = [
        f"{row['image']}: {row['problem'] or ', '.join(row['tags']) or 'no tags'}"
        + (f"; used by {', '.join(row['used_by'])}" if row["used_by"] else "")
        for row in rows
    ]
    if listing["total"] > len(rows):
        lines.append(f"{listing['total'] - len(rows)} more repositories: use match or a higher limit.")
    return reply(
        cut("\n".join([f"{listing['total']} repositories", *lines]), "use match or limit"),
        {"total": listing["total"], "repositories": rows},
    )


async def inspect_service(name: str) -> CallToolResult:
    """One service: settings without secrets, where its tasks run, last failures, newest deployment."""
    api = rest()
    service = await service_named(api, name)
    deployments = await api.get("/api/deployments", service=name, limit=1)
    definition = service["definition"] or {}
    row = _row(service)
    settings = {
        key: _shown(key, value)
        for key, value in definition.items()
        if key not in {"name", "image", "replicas", "ports"} and value not in (None, [], {}, "")
    }
    live = [task for task in service["tasks"] if task["desired_state"] in {"running", "ready", "accepted"}]
    where = few([f"{task['name']} {task['state']} on {task['node'] or 'no node'}" for task in live])
    failures = _failures(service["tasks"])
    newest = _deployment(deployments["items"][0]) if deployments["items"] else None
    data = {
        **row,
        "revision": service["revision"],
        "deployed_revision": service["deployed_revision"] if service["in_catalog"] else None,
        "drift": _drift(service),
        "settings": settings,
        "running_on": where,
        "failures": failures,
        "deployment": newest,
    }
    lines = [_line(row)]
    if service["revision"] is not None:
        runs = service["deployed_revision"]
        lines[0] += f"; revision {service['revision']}" + (
            f" (runs {runs})" if runs not in (None, service["revision"]) else ""
        )
    if data["drift"]:
        lines.append(f"differs from its definition in {', '.join(data['drift'])}")
    lines += [f"{key}: {_compact(value)}" for key, value in settings.items()]
    if where:
        lines.append(f"tasks: {', '.join(where)}")
    lines += [f"failed: {failure}" for failure in failures]
    if newest:
        lines.append(f"last change: {newest}")
    return reply(cut("\n".join(lines), "it is a very long definition"), data)


# What other tools share ---------------------------------------------------------------------------------


async def service_named(api: Rest, name: str) -> dict[str, Any]:
    """The service, in the catalog or only in the swarm. Raises Refused with the nearest name."""
    try:
        found: dict[str, Any] = await api.get(f"/api/services/{segment(name)}")
    except Refused as refused:
        if refused.code == "not_in_catalog":
            found = await api.get(f"/api/services/live/{segment(name)}")
        else:
            raise await nearest(api, name, refused) from None
    return found


async def nearest(api: Rest, name: str, refused: Refused) -> Refused:
    """The same refusal, or for a name that is not there one that says which is."""
    if refused.code == "not_in_catalog":
        return Refused(
            f"{name} runs outside the catalog: inspect_service and get_service_logs show it, but only a "
            "person can take it over, on the page.",
            code=refused.code,
        )
    if refused.code != "service_not_found":
        return refused
    names = [item["name"] for item in (await api.get("/api/services", limit=5_000))["items"]]
    return await api.named("service", name, names, "list_services()")


def _is_in(item: dict[str, Any], state: str) -> bool:
    status = item["status"]
    match state:
        case "problem":
            return status in {"failed", "broken", "degraded", "pending"}
        case "running":
            return status in {"running", "updating"}
        case "stopped":
            return bool(status == "stopped")
    return True


def _page(items: list[Any], limit: int, cursor: str) -> tuple[list[Any], str | None]:
    if cursor and not (cursor.isascii() and cursor.isdecimal()):
        raise Refused("cursor: use what the last answer named, or leave it out.", code="invalid_input")
    start = int(cursor or 0)
    if start and start >= len(items):
        raise Refused(
            f"cursor: there is nothing after {len(items)} by now; leave it out to begin anew.",
            code="invalid_input",
        )
    end = start + limit
    return items[start:end], str(end) if end < len(items) else None


def _row(item: dict[str, Any]) -> dict[str, Any]:
    # A global service's number is that of its nodes; the row says what is wanted either way.
    return {
        "name": item["name"],
        "status": item["status"],
        "tasks": f"{item['running']}/{item['desired']}",
        "image": short_image(item["image"]),
        "ports": [_port(port) for port in item["ports"]],
        "why": harmless(item["message"], 200) if item["message"] and item["status"] != "running" else None,
        "mode": item["mode"] if item["mode"] != "replicated" else None,
    }


def _line(row: dict[str, Any]) -> str:
    said = f"{row['name']} {row['status']} {row['tasks']} {row['image']}".rstrip()
    if row["mode"]:
        said += f" {row['mode']}"
    if row["ports"]:
        said += f" {' '.join(row['ports'])}"
    return f"{said}: {row['why']}" if row["why"] else said


def _port(port: dict[str, Any]) -> str:
    said = f"{port['published'] or '?'}:{port['target']}"
    return said if port["protocol"] == "tcp" else f"{said}/{port['protocol']}"


def _problem(item: dict[str, Any]) -> dict[str, Any]:
    what = item["service"] or item["node"] or item["registry"] or item["kind"]
    said = harmless(what, 80)
    if item["service"]:
        said += f" {item['status']} {item['running']}/{item['desired']}"
    elif item["node"]:
        said = f"node {said}"
    since = age(item["since"])
    return {"what": said, "cause": harmless(item["cause"] or item["sentence"], 220), "for": since or None}


def _drift(item: dict[str, Any]) -> list[str]:
    return few([harmless(path, 80) for path in item["drift_paths"]], 5)


def _catalog_state(item: dict[str, Any]) -> str:
    if item["status"] == "broken":
        return "broken file"
    if not item["live"]:
        return "not deployed" if item["reason"] == "never_deployed" else "stopped"
    return "drifted" if item["drift"] else "deployed"


async def _repository(api: Rest, item: dict[str, Any]) -> dict[str, Any]:
    tags: list[dict[str, Any]] = []
    total, problem = 0, None
    try:
        listing = await api.get(
            f"/api/registry/repositories/{item['name']}/tags", registry=item["registry"], limit=TAGS_SHOWN
        )
        tags, total = listing["items"], listing["total"]
    except Refused as refused:
        problem = harmless(refused, 200)
    return {
        "image": harmless(item["image"], 200),
        "tags": few([harmless(tag["name"], 128) for tag in tags], TAGS_SHOWN, total),
        "used_by": few([harmless(user, 80) for user in item["used_by"]], 4),
        "problem": problem,
    }


def _shown(key: str, value: Any) -> Any:
    shown = masked(value)
    if key in {"env", "labels", "container_labels", "build_args"} and isinstance(shown, list):
        # `- KEY=value`, as Compose also has it.
        shown = [
            f"{text.partition('=')[0]}={MASK}"
            if isinstance(text, str) and is_telling(text.partition("=")[0])
            else text
            for text in shown
        ]
    return harmless_all(shown, most=50)


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={_compact(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_compact(item) for item in value)
    return str(value)


def _failures(tasks: list[dict[str, Any]]) -> list[str]:
    """The newest few ways in which tasks went wrong, each once."""
    newest_first = sorted(tasks, key=lambda one: str(one["state_changed_at"]), reverse=True)
    found = Counter(
        harmless(f"{task['error']} on {task['node'] or 'no node'}", 200)
        for task in newest_first
        if task["error"]
    )
    return [f"{said} (×{times})" if times > 1 else said for said, times in list(found.items())[:3]]


def _deployment(item: dict[str, Any]) -> str:
    said = f"{item['kind']} by {harmless(item['actor'], 64)} {age(item['created_at'])} ago: {item['state']}"
    return f"{said}, {harmless(item['cause'], 200)}" if item["cause"] else said
