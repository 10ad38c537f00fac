"""Nodes: list, read, drain, activate, promote, demote, label, remove; and how machines join."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from backend.models.cluster import Role
from backend.models.schemas.common import LiveListing
from backend.models.schemas.nodes import (
    DrainPreview,
    JoinCommand,
    JoinRequest,
    NodeChange,
    NodeDetail,
    NodeLabels,
    NodeOut,
    SwarmOut,
)
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.live_lists import live_list
from backend.routers.parameters import Limit, Match, Offset

router = APIRouter(prefix="/api", tags=["nodes"])

type NodeKey = Annotated[str, Path(description="The node's id or host name.", max_length=255)]


@router.get("/nodes", response_model=LiveListing[NodeOut])
async def list_nodes(
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    match: Match = None,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """Every node with role, state, engine, platform, and resources as the scheduler counts them."""
    listed = await context.nodes.list_all(actor, match=match, limit=limit, offset=offset)
    return await live_list(request, listed, context.cluster)


@router.get("/nodes/{node}")
async def get_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeDetail:
    """One node with the tasks the swarm keeps on it."""
    return await context.nodes.get(actor, node)


@router.get("/nodes/{node}/drain-preview")
async def preview_drain(node: NodeKey, actor: ActorDep, context: ContextDep) -> DrainPreview:
    """What draining this node would move, and what would not come back. Changes nothing."""
    return await context.node_acts.drain_preview(actor, node)


@router.post("/nodes/{node}/drain")
async def drain_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Take the node out of service: its tasks stop here and start on other nodes where they may."""
    return await context.node_acts.drain(actor, node)


@router.post("/nodes/{node}/activate")
async def activate_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Let the node take tasks again. Swarm does not move running tasks back by itself."""
    return await context.node_acts.activate(actor, node)


@router.post("/nodes/{node}/pause")
async def pause_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Let the node keep its tasks and take no new ones."""
    return await context.node_acts.pause(actor, node)


@router.post("/nodes/{node}/promote")
async def promote_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Make the node a manager."""
    return await context.node_acts.promote(actor, node)


@router.post("/nodes/{node}/demote")
async def demote_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Make a manager a worker. 409 when the swarm could not decide anything without it."""
    return await context.node_acts.demote(actor, node)


@router.get("/nodes/{node}/role-preview")
async def preview_role(node: NodeKey, role: Role, actor: ActorDep, context: ContextDep) -> DrainPreview:
    """Which tasks would move if the node had this role. Changes nothing."""
    return await context.node_acts.preview(actor, node, role=role)


@router.put("/nodes/{node}/labels")
async def label_node(node: NodeKey, body: NodeLabels, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Replace the node's labels. Tasks whose constraints the node no longer meets move at once."""
    return await context.node_acts.label(actor, node, body.labels)


@router.post("/nodes/{node}/labels-preview")
async def preview_labels(
    node: NodeKey, body: NodeLabels, actor: ActorDep, context: ContextDep
) -> DrainPreview:
    """Which tasks would move if the node had these labels. Changes nothing."""
    return await context.node_acts.preview(actor, node, labels=body.labels)


@router.delete("/nodes/{node}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_node(
    node: NodeKey,
    actor: ActorDep,
    context: ContextDep,
    force: Annotated[
        bool, Query(description="Also while it is up; what it runs then goes on unseen.")
    ] = False,
) -> None:
    """Forget a node that has left or is down for good."""
    await context.node_acts.remove(actor, node, force=force)


@router.get("/swarm")
async def get_swarm(actor: ActorDep, context: ContextDep) -> SwarmOut:
    """The swarm's own settings: certificates, lock, history."""
    return await context.joining.swarm(actor)


@router.post("/swarm/join-command")
async def make_join_command(body: JoinRequest, actor: ActorDep, context: ContextDep) -> JoinCommand:
    """The command that makes a machine a node of this swarm. Treat it like a password."""
    return await context.joining.command(actor, body.role, rotate=body.rotate)
