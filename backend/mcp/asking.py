"""Asks a person through the client before wide or irreversible acts (docs/decisions/0007)."""

from typing import Any, Literal

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from pydantic import BaseModel, Field

from backend.mcp.reads import service_named
from backend.mcp.rest import Refused, segment
from backend.mcp.sdk import rest


class Yes(BaseModel):
    """What the person is asked for."""

    ok: bool = Field(title="Do it", description="Nothing is done unless this is ticked")


Agreement = ElicitationResult[Yes]


class CannotAsk(Yes):
    """The client has no way to ask a person: the server lets it wait on the page instead."""

    ok: bool = False


class Asking:
    """`careful` is the mode `confirm`: asked is before all that ends something, not only before wide acts."""

    def __init__(self, *, careful: bool) -> None:
        self._careful = careful

    async def before_stop(self, name: str, dry_run: bool, ctx: Context) -> Elicit[Yes] | Yes:
        if dry_run or not self._careful:
            return Yes(ok=True)
        return await self._ask(ctx, await _ending(name, f"Take {name} out of the swarm?"))

    async def before_scale(self, name: str, replicas: int, dry_run: bool, ctx: Context) -> Elicit[Yes] | Yes:
        if dry_run or not self._careful or replicas > 0:
            return Yes(ok=True)
        return await self._ask(ctx, await _ending(name, f"Scale {name} to nothing?"))

    async def before_remove(
        self, name: str, keep_catalog: bool, dry_run: bool, ctx: Context
    ) -> Elicit[Yes] | Yes:
        if dry_run or (keep_catalog and not self._careful):
            return Yes(ok=True)
        asked = f"Take {name} out of the swarm" + ("?" if keep_catalog else " and delete its definition?")
        return await self._ask(ctx, await _ending(name, asked))

    async def before_availability(
        self, node: str, availability: Literal["active", "pause", "drain"], dry_run: bool, ctx: Context
    ) -> Elicit[Yes] | Yes:
        if dry_run or availability != "drain":
            return Yes(ok=True)
        return await self._ask(ctx, await _draining(node, careful=self._careful))

    async def _ask(self, ctx: Context, question: str | None) -> Elicit[Yes] | Yes:
        api = rest()
        if question is None or not api.local or await api.must_ask():
            return Yes(ok=True)  # Nothing to ask, or the server itself has a person agree where it must be.
        capabilities = ctx.client_capabilities
        if capabilities is None or capabilities.elicitation is None:
            return CannotAsk()
        return Elicit(question, Yes)


def agreed(answer: Any) -> bool:
    """Whether it may simply be done; False: the server shall let a person agree on the page.

    Raises Refused when the person said no.
    """
    if not isinstance(answer, AcceptedElicitation) or not (
        answer.data.ok or isinstance(answer.data, CannotAsk)
    ):
        raise Refused("NOT DONE: the person said no. Do not ask again; tell them.", code="declined")
    return not isinstance(answer.data, CannotAsk)


async def _ending(name: str, asked: str) -> str | None:
    service = await service_named(rest(), name)
    return f"{asked} {service['running']} running tasks end." if service["live"] else asked


async def _draining(node: str, *, careful: bool) -> str | None:
    """The question, when draining would end what can run nowhere else or leave no node to run it on."""
    api = rest()
    try:
        preview = await api.get(f"/api/nodes/{segment(node)}/drain-preview")
    except Refused:
        return None  # The tool says what is wrong with it.
    nodes = (await api.get("/api/nodes", limit=1_000))["items"]
    others = [
        one
        for one in nodes
        if one["hostname"] != preview["node"] and one["state"] == "ready" and one["availability"] == "active"
    ]
    ends = [one["service"] for one in preview["services"] if not one["moves"]]
    tasks = sum(one["tasks"] for one in preview["services"])
    said = f"Drain {preview['node']}? {tasks} tasks leave it."
    if not others and tasks:
        return f"{said} No other node can take them."
    if ends:
        return f"{said} {', '.join(ends[:8])} start nowhere else."
    return said if careful and tasks else None
