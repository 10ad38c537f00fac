"""Tools that change something; each says what changed from what to what, and the call that follows."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Resolve
from mcp.types import CallToolResult
from pydantic import Field, StringConstraints

from backend.domain.masking import MASK
from backend.mcp.arguments import Env, EnvChanges, Ports, published
from backend.mcp.asking import Agreement, Asking, agreed
from backend.mcp.reads import nearest
from backend.mcp.rest import Refused, Rest, segment
from backend.mcp.sdk import SwarmServer, reply, rest
from backend.mcp.words import harmless, listed, short_image

Name = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Image = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Replicas = Annotated[int, Field(ge=0, le=10_000)]

CREATED_BY: Final = "orchestrator.created-by"
FOLLOW: Final = "wait_service"
GONE_WITHIN: Final = 15
"""Seconds to wait for the last task's end when a service is removed."""


class Acts:
    """`asking` decides before which acts of a local process the person at the client is asked."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def add_deploy(self, server: SwarmServer) -> None:
        server.add(deploy_service, repeatable=False, open_world=True)

    def add_stop_and_scale(self, server: SwarmServer) -> None:
        asking = self._asking

        async def stop_service(
            name: Name, agreement: Annotated[Agreement, Resolve(asking.before_stop)], dry_run: bool = False
        ) -> CallToolResult:
            """Remove a service from the swarm; the catalog keeps it, deploy_service brings it back."""
            return await _stop(name, dry_run=dry_run, ask=not agreed(agreement))

        async def scale_service(
            name: Name,
            replicas: Replicas,
            agreement: Annotated[Agreement, Resolve(asking.before_scale)],
            dry_run: bool = False,
        ) -> CallToolResult:
            """Set the number of replicas."""
            return await _scale(name, replicas, dry_run=dry_run, ask=not agreed(agreement))

        server.add(stop_service, destroys=True)
        server.add(scale_service, destroys=True)

    def add_beyond(self, server: SwarmServer) -> None:
        """What goes beyond the eight."""
        asking = self._asking

        async def remove_service(
            name: Name,
            agreement: Annotated[Agreement, Resolve(asking.before_remove)],
            keep_catalog: bool = True,
            dry_run: bool = False,
        ) -> CallToolResult:
            """Remove a service from the swarm and, with keep_catalog=false, its definition, too."""
            ask = not agreed(agreement)
            return await _remove(name, keep_catalog=keep_catalog, dry_run=dry_run, ask=ask)

        async def set_node_availability(
            node: Name,
            availability: Literal["active", "pause", "drain"],
            agreement: Annotated[Agreement, Resolve(asking.before_availability)],
            dry_run: bool = False,
        ) -> CallToolResult:
            """Drain a node (its tasks move away), pause it (no new ones) or make it active again."""
            return await _set_availability(node, availability, dry_run=dry_run, ask=not agreed(agreement))

        server.add(update_service, destroys=True, repeatable=False, open_world=True)
        server.add(rollback_service, destroys=True, repeatable=False)
        server.add(remove_service, destroys=True)
        server.add(set_node_availability, destroys=True)


async def deploy_service(
    name: Name,
    image: Image,
    replicas: Annotated[Replicas | None, Field(description="default 1, or as it was")] = None,
    ports: Ports | None = None,
    env: Env | None = None,
    dry_run: bool = False,
) -> CallToolResult:
    """Deploy a service, creating its catalog entry if there is none; one that is stopped comes back."""
    api = rest()
    _no_masks(env or {})
    given = {"image": image, "replicas": replicas, "ports": ports, "env": env}
    wanted = {key: value for key, value in given.items() if value is not None}
    try:
        before = await api.get(f"/api/services/{segment(name)}")
    except Refused as refused:
        if refused.code != "service_not_found":
            raise await nearest(api, name, refused) from None
        before = None
    if before is not None and before["live"]:
        raise Refused(
            f"{name} runs already ({before['running']}/{before['desired']}, {short_image(before['image'])}). "
            "Use update_service or scale_service.",
            code="exists",
        )
    await _ports_are_free(api, name, ports or [])
    if before is None:
        begins = {"replicas": 1, "labels": {CREATED_BY: f"mcp:{harmless(await api.caller(), 64)}"}}
        wanted = {key: value for key, value in wanted.items() if value not in ([], {})}
    else:
        begins = before["definition"] or {}
    definition = {**begins, **wanted}
    facts = f"image {harmless(image, 200)}, {definition.get('replicas', 1)} replicas" + (
        f", ports {listed(ports)}" if ports else ""
    )
    if dry_run:
        await _is_valid(api, name, definition)
        kept = "updates" if before else "creates"
        return _would("name", name, f"deploy {name}: {facts}; {kept} the catalog entry '{name}'")
    if before is None:
        await api.send("POST", "/api/services", {"name": name, "definition": definition})
    else:
        body, revision = {"definition": definition}, before["revision"]
        await api.send("PUT", f"/api/services/{segment(name)}", body, if_match=revision)
    did = f"catalog entry '{name}' " + ("updated" if before else "created")
    return await _deployed(api, name, f"deploying {name}: {did}; {facts}", but=did)


async def update_service(
    name: Name,
    image: Image | None = None,
    env: EnvChanges | None = None,
    ports: Ports | None = None,
    constraints: list[str] | None = None,
    restart: bool = False,
    expect_revision: int | None = None,
    dry_run: bool = False,
) -> CallToolResult:
    """Change a service and roll it out: given arguments replace, the rest stays; env merges, null removes.
    With nothing given it deploys the definition as it is. Undo: rollback_service."""
    api = rest()
    service = await _own(api, name)
    if expect_revision is not None and service["revision"] != expect_revision:
        raise Refused(
            f"{name} is at revision {service['revision']} by now. inspect_service shows it.", code="conflict"
        )
    before = dict(service["definition"] or {})
    after = dict(before)
    if image is not None:
        after["image"] = image
    if env is not None:
        _no_masks(env)
        after["env"] = _merged_env(before.get("env"), env)
    if ports is not None:
        after["ports"] = ports
        await _ports_are_free(api, name, ports)
    if constraints is not None:
        after["constraints"] = constraints
    changed = sorted(key for key in after if after.get(key) != before.get(key))
    said = (
        "; ".join(_said(key, before.get(key), after.get(key)) for key in changed)
        or "nothing in the definition"
    )
    if dry_run:
        await _is_valid(api, name, after)
        return _would("name", name, f"change {name}: {said}" + (" and restart its tasks" if restart else ""))
    if changed:
        await api.send(
            "PUT",
            f"/api/services/{segment(name)}",
            {"definition": after},
            if_match=service["revision"],
        )
    if restart and not changed:
        return await _restarted(api, name, f"restarting {name}, a few tasks at a time")
    kept = "the definition is changed" if changed else ""
    return await _deployed(api, name, f"updating {name}: {said}", but=kept, restart=restart)


async def rollback_service(
    name: Name,
    to_revision: Annotated[int | None, Field(ge=1, description="default: what was deployed before")] = None,
    dry_run: bool = False,
) -> CallToolResult:
    """Bring back what was deployed before, with the image it had then."""
    api = rest()
    service = await _own(api, name)
    if dry_run:
        preview = await api.get(f"/api/services/{segment(name)}/rollback-preview", to_revision=to_revision)
        before, after = service["deployed_revision"], preview["to_revision"]
        said = f"roll {name} back from revision {before} to {after}, image {short_image(preview['image'])}"
        return _would("name", name, said, preview["warnings"])
    body = {"to_revision": to_revision} if to_revision is not None else None
    row = await api.send("POST", f"/api/services/{segment(name)}/rollback", body)
    return _began(name, row, f"rolling {name} back to revision {row['restores_revision']}")


async def _stop(name: str, *, dry_run: bool, ask: bool) -> CallToolResult:
    api = rest()
    service = await _own(api, name)
    if not service["live"]:
        return reply(f"{name} is not in the swarm; nothing to do.", {"name": name, "changed": False})
    before = f"{service['running']}/{service['desired']}"
    if dry_run:
        return _would("name", name, f"stop {name}: {before} tasks end")
    row = await api.send("POST", f"/api/services/{segment(name)}/stop", ask=ask)
    return _began(name, row, f"stopped {name}: {before} -> removed from the swarm, kept in the catalog")


async def _scale(name: str, replicas: int, *, dry_run: bool, ask: bool) -> CallToolResult:
    api = rest()
    service = await _own(api, name)
    before = service["desired"]
    if not service["live"]:
        raise Refused(f"{name} is not in the swarm. deploy_service brings it in.", code="not_live")
    if before == replicas and service["mode"] == "replicated":
        return reply(
            f"{name} has {replicas} replicas already.", {"name": name, "changed": False, "replicas": replicas}
        )
    if dry_run:
        return _would("name", name, f"scale {name}: {before} -> {replicas}")
    row = await api.send("POST", f"/api/services/{segment(name)}/scale", {"replicas": replicas}, ask=ask)
    return _began(name, row, f"scaling {name}: {before} -> {replicas}")


async def _remove(name: str, *, keep_catalog: bool, dry_run: bool, ask: bool) -> CallToolResult:
    api = rest()
    service = await _own(api, name)
    parts = [f"{service['running']} tasks end"] if service["live"] else []
    parts.append("kept in the catalog" if keep_catalog else "definition deleted")
    said = "; ".join(parts)
    if dry_run:
        return _would("name", name, f"remove {name}: {said}")
    if not keep_catalog:
        # One act, so that a person agrees once, and to all of it.
        await api.send("DELETE", f"/api/services/{segment(name)}?stop=true", ask=ask)
    elif service["live"]:
        await api.send("POST", f"/api/services/{segment(name)}/stop?wait={GONE_WITHIN}", ask=ask)
    else:
        return reply(
            f"{name} is not in the swarm and stays in the catalog; nothing to do.",
            {"name": name, "changed": False},
        )
    return reply(f"removed {name}: {said}.", {"name": name, "changed": said})


async def _set_availability(node: str, availability: str, *, dry_run: bool, ask: bool) -> CallToolResult:
    api = rest()
    nodes = (await api.get("/api/nodes", limit=1_000))["items"]
    found = next((one for one in nodes if node in {one["hostname"], one["id"]}), None)
    if found is None:
        raise await api.named("node", node, [one["hostname"] for one in nodes], "list_nodes()")
    name, before = found["hostname"], found["availability"]
    if before == availability:
        return reply(f"{name} is {availability} already.", {"node": name, "changed": False})
    moving = await api.get(f"/api/nodes/{segment(node)}/drain-preview") if availability == "drain" else None
    said = _moves(moving["services"]) if moving else ""
    if dry_run:
        return _would("node", name, f"set {name}: {before} -> {availability}{said}")
    verb = "activate" if availability == "active" else availability
    await api.send("POST", f"/api/nodes/{segment(node)}/{verb}", ask=ask)
    changed, undo = f"{before} -> {availability}{said}", f"set_node_availability('{name}', '{before}')"
    return reply(f"{name}: {changed}. Undo: {undo}.", {"node": name, "changed": changed, "undo": undo})


# Steps ----------------------------------------------------------------------------------------------------


async def _own(api: Rest, name: str) -> dict[str, Any]:
    """The catalog's service; one that runs outside the catalog is not changed by tools."""
    try:
        found: dict[str, Any] = await api.get(f"/api/services/{segment(name)}")
    except Refused as refused:
        raise await nearest(api, name, refused) from None
    if found["reason"] == "not_known_yet":
        # Not in the picture, because there is none: whether it runs is not known.
        await api.get("/api/services/live", limit=1)
    return found


async def _is_valid(api: Rest, name: str, definition: dict[str, Any]) -> None:
    """Raise Refused with what a deploy would say against the definition."""
    draft = await api.send("POST", "/api/drafts", {"name": name, "definition": definition})
    if draft["errors"]:
        said = "; ".join(f"{one['field']}: {one['reason']}" for one in draft["errors"][:5])
        raise Refused(said, code="invalid_input")


async def _deployed(api: Rest, name: str, said: str, *, but: str, restart: bool = False) -> CallToolResult:
    """Bring the definition in; `but` is what was done already, should that fail."""
    try:
        row = await api.send("POST", f"/api/services/{segment(name)}/deploy")
    except Refused as refused:
        if not but or refused.approval is not None:
            raise
        text = f"{str(refused).rstrip('.')}. Not deployed, but {but}."
        raise Refused(text, code=refused.code, status=refused.status) from None
    if restart and not row["restarts_tasks"]:
        return await _restarted(api, name, f"{said}; restarting its tasks")
    return _began(name, row, said)


async def _restarted(api: Rest, name: str, said: str) -> CallToolResult:
    return _began(name, await api.send("POST", f"/api/services/{segment(name)}/restart"), said)


def _began(name: str, row: dict[str, Any], said: str) -> CallToolResult:
    if not row["changes"] and row["kind"] == "deploy":
        said += "; the swarm already runs exactly this"
    done = row["finished_at"] is not None
    follow = None if done else f"{FOLLOW}('{name}')"
    text = f"{said}. " + (f"Ended: {row['state']}." if done else f"Converged: not yet -> {follow}.")
    warnings = _warnings(row["warnings"])
    data = {
        "name": name,
        "changed": said,
        "state": row["state"] if done else None,
        "converged": row["state"] == "succeeded",
        "next": follow,
        "warnings": warnings,
    }
    return reply(text + _warned(warnings), data)


def _would(key: str, name: str, what: str, warnings: Sequence[str] = ()) -> CallToolResult:
    """The answer to a dry run."""
    warned = _warnings(warnings)
    return reply(
        f"Would {what}. Nothing was done.{_warned(warned)}",
        {key: name, "done": False, "would": what, "warnings": warned},
    )


def _warnings(warnings: Sequence[str]) -> list[str]:
    return [harmless(warning, 200) for warning in warnings]


def _warned(warnings: list[str]) -> str:
    return "".join(f" Warning: {warning}" for warning in warnings)


async def _ports_are_free(api: Rest, name: str, ports: list[str]) -> None:
    """Raises Refused when another service has one of them, or when nobody knows."""
    taken: dict[int, str] = {}
    for item in (await api.get("/api/services/live", limit=10_000))["items"]:
        if item["name"] != name:
            taken |= {port["published"]: item["name"] for port in item["ports"] if port["published"]}
    for port in sorted(number for text in ports for number in published(text)):
        if port in taken:
            free = next((number for number in range(port + 1, 65_536) if number not in taken), None)
            hint = f"; {free} is free" if free else ""
            raise Refused(f"Port {port} is taken by {taken[port]}{hint}.", code="port_taken")


def _merged_env(before: Any, changes: dict[str, str | None]) -> dict[str, Any]:
    merged = {**_env(before), **changes}
    return {key: value for key, value in merged.items() if not (key in changes and value is None)}


def _env(written: Any) -> dict[str, Any]:
    """As a mapping, whichever way the definition has it."""
    if isinstance(written, list):
        return dict(item.split("=", 1) if "=" in item else (item, None) for item in written)
    return dict(written or {})


def _no_masks(env: dict[str, Any]) -> None:
    hidden = [key for key, value in env.items() if isinstance(value, str) and MASK in value]
    if hidden:
        raise Refused(
            f"env {hidden[0]} is '{MASK}', which stands for a value that is not shown. Leave it out to "
            "keep it.",
            code="masked_value",
        )


def _said(key: str, before: Any, after: Any) -> str:
    if key == "env":
        old, new = _env(before), _env(after)
        changed = sorted(name for name in {**old, **new} if old.get(name) != new.get(name))
        return f"env {listed(changed)} changed"
    return f"{key} {harmless(before if before is not None else 'none', 160)} -> {harmless(after, 160)}"


def _moves(services: list[dict[str, Any]]) -> str:
    if not services:
        return ", no tasks there"
    stay = [one["service"] for one in services if not one["moves"]]
    go = [f"{one['service']} ({one['tasks']})" for one in services if one["moves"]]
    said = f", moves {listed(go, 8)}" if go else ""
    return said + (f", ends {listed(stay, 8)}" if stay else "")
