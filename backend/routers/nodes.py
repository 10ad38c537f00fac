"""Nodes: list, read, drain, activate."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from backend.models.schemas.common import LiveListing
from backend.models.schemas.nodes import DrainPreview, NodeChange, NodeDetail, NodeOut
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.live_lists import live_list
from backend.routers.parameters import Limit, Match, Offset

router = APIRouter(prefix="/api/nodes", tags=["nodes"])

type NodeKey = Annotated[str, Path(description="The node's id or host name.", max_length=255)]


@router.get("", response_model=LiveListing[NodeOut])
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


@router.get("/{node}")
async def get_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeDetail:
    """One node with the tasks the swarm keeps on it."""
    return await context.nodes.get(actor, node)


@router.get("/{node}/drain-preview")
async def preview_drain(node: NodeKey, actor: ActorDep, context: ContextDep) -> DrainPreview:
    """What draining this node would move, and what would not come back. Changes nothing."""
    return await context.nodes.drain_preview(actor, node)


@router.post("/{node}/drain")
async def drain_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Take the node out of service: its tasks stop here and start on other nodes where they may."""
    return await context.nodes.drain(actor, node)


@router.post("/{node}/activate")
async def activate_node(node: NodeKey, actor: ActorDep, context: ContextDep) -> NodeChange:
    """Let the node take tasks again. Swarm does not move running tasks back by itself."""
    return await context.nodes.activate(actor, node)
