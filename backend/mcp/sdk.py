"""The SDK's server made strict: unknown arguments and problems are errors of one line, calls are kept."""

import difflib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Literal

import anyio
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    INTERNAL_ERROR,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError

from backend.domain.masking import masked
from backend.mcp.limits import CallLimits
from backend.mcp.rest import Backend, Refused, Rest
from backend.mcp.words import harmless, without_nothing

logger = logging.getLogger(__name__)

type Mode = Literal["read-only", "confirm", "full"]

RECORD_WITHIN = 5.0
_REST: ContextVar[Rest] = ContextVar("rest")
_HIDDEN = ("ctx", "agreed")


def rest() -> Rest:
    """The API as the caller of the tool that runs now."""
    return _REST.get()


def reply(text: str, data: Mapping[str, Any] | None = None) -> CallToolResult:
    """An answer with the same facts for clients that read text and for those that read data."""
    structured = without_nothing(dict(data)) if data is not None else None
    return CallToolResult(content=[TextContent(text=text)], structured_content=structured)


def failed(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


class SwarmServer(MCPServer[Any]):
    """`mode_of` says what a call may do at all, from the HTTP request it came by, if any."""

    def __init__(
        self, backend: Backend, *, mode_of: Callable[[Any], Mode], version: str, instructions: str
    ) -> None:
        self._backend = backend
        self._mode_of = mode_of
        self._limits = CallLimits()
        self._changing: set[str] = set()
        self._waiting: set[str] = set()
        super().__init__(
            "swarm-orchestrator", version=version, instructions=instructions, log_level="WARNING"
        )

    def add(
        self,
        tool: Callable[..., Awaitable[CallToolResult]],
        *,
        reads: bool = False,
        destroys: bool = False,
        repeatable: bool = True,
        open_world: bool = False,
        waits: bool = False,
    ) -> None:
        """Publish a tool. `reads`: it changes nothing; `repeatable`: doing it twice is doing it once.

        `open_world`: its answer holds what workloads wrote. `waits`: it waits for something to happen.
        """
        name = tool.__name__
        hints = (
            ToolAnnotations(read_only_hint=True, open_world_hint=open_world)
            if reads
            else ToolAnnotations(
                read_only_hint=False,
                destructive_hint=destroys,
                idempotent_hint=repeatable,
                open_world_hint=open_world,
            )
        )
        self.add_tool(tool, annotations=hints, structured_output=False)
        added = self._tool_manager.get_tool(name)
        assert added is not None
        model = added.fn_metadata.arg_model
        # The SDK drops arguments it does not know, so that `replica: 3` would scale to a default.
        model.model_config["extra"] = "forbid"
        model.model_rebuild(force=True)
        added.parameters = _slim(model.model_json_schema(by_alias=True))
        added.description = " ".join((tool.__doc__ or "").split())
        if not reads:
            self._changing.add(name)
        if waits:
            self._waiting.add(name)

    async def list_tools(self) -> list[Tool]:
        return await self.tools_for(None)

    async def tools_for(self, request: Any) -> list[Tool]:
        """In the order they were added; without those that change something where nothing may be changed."""
        tools = await super().list_tools()
        if self._mode_of(request) != "read-only":
            return tools
        return [tool for tool in tools if tool.name not in self._changing]

    async def _handle_list_tools(
        self, ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=await self.tools_for(ctx.request))

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        request = context.request_context.request if context is not None else None
        if (wrong := await self._not_callable(name, request)) is not None:
            return failed(wrong)
        headers = _headers(request)
        caller = headers.get("authorization", "")
        if (too_often := self._limits.admit(caller, name, arguments)) is not None:
            return failed(too_often)
        try:
            arguments = self._given(name, arguments)
            async with self._backend.call(headers, waits=name in self._waiting) as api:
                api.client_name = _client_name(context)
                token = _REST.set(api)
                try:
                    return await self._recorded(api, name, arguments, context)
                finally:
                    _REST.reset(token)
        except Refused as refused:
            return failed(f"{name}: {refused}")

    async def _handle_read_resource(
        self, ctx: ServerRequestContext[Any], params: ReadResourceRequestParams
    ) -> ReadResourceResult | InputRequiredResult:
        try:
            async with self._backend.call(_headers(ctx.request), waits=False) as api:
                token = _REST.set(api)
                try:
                    return await super()._handle_read_resource(ctx, params)
                finally:
                    _REST.reset(token)
        except Refused as refused:
            raise MCPError(code=INTERNAL_ERROR, message=str(refused)) from None

    def complete_by(
        self, complete: Callable[[CompleteRequestParams, Rest], Awaitable[Completion | None]]
    ) -> None:
        """The SDK's own decorator hands no request on, and with it no caller."""

        async def handle(ctx: ServerRequestContext[Any], params: CompleteRequestParams) -> CompleteResult:
            found: Completion | None = None
            try:
                async with self._backend.call(_headers(ctx.request), waits=False) as api:
                    found = await complete(params, api)
            except Refused as refused:
                logger.info("nothing to complete from: %s", refused)
            return CompleteResult(completion=found or Completion(values=[]))

        self._lowlevel_server.add_request_handler("completion/complete", CompleteRequestParams, handle)

    async def _not_callable(self, name: str, request: Any) -> str | None:
        tools = [tool.name for tool in await self.tools_for(request)]
        if name in tools:
            return None
        if name in self._changing:
            return f"{name} changes something, and this connection is read-only. A person can change that."
        near = difflib.get_close_matches(name, tools, 1)
        return f"There is no tool '{name[:60]}'." + (f" Did you mean '{near[0]}'?" if near else "")

    def _given(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Without those that are null where leaving out is meant: some clients send every argument."""
        tool = self._tool_manager.get_tool(name)
        needed = tool.parameters.get("required", ()) if tool is not None else ()
        return {key: value for key, value in arguments.items() if value is not None or key in needed}

    async def _recorded(
        self, api: Rest, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None
    ) -> CallToolResult | InputRequiredResult:
        began = time.monotonic()
        code = "cancelled"
        result: CallToolResult | InputRequiredResult | None = None
        try:
            result, code = await self._tried(name, arguments, context)
            return result
        finally:
            if not isinstance(result, InputRequiredResult):
                milliseconds = round((time.monotonic() - began) * 1000)
                await _record(api, name, arguments, code, milliseconds)

    async def _tried(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None
    ) -> tuple[CallToolResult | InputRequiredResult, str]:
        """The result and the code of the problem, if any."""
        try:
            return await super().call_tool(name, arguments, context), ""
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                return failed(f"{name}: {self._wrong_arguments(name, cause)}"), "invalid_input"
            if isinstance(cause, Refused):
                if cause.approval is not None:
                    return _waiting_for_a_person(name, cause), cause.code
                return failed(f"{name}: {harmless(cause, 600)}"), cause.code or "failed"
            logger.exception("%s failed", name)
            return failed(f"{name} failed inside the server; its log says why."), "internal_error"

    def _wrong_arguments(self, name: str, error: ValidationError) -> str:
        tool = self._tool_manager.get_tool(name)
        known = list(tool.parameters["properties"]) if tool is not None else []
        said = []
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            field = ".".join(str(part) for part in item["loc"])
            if item["type"] == "extra_forbidden":
                near = difflib.get_close_matches(field, known, 1)
                meant = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known) or 'none'}"
                said.append(f"unknown argument '{field[:60]}', {meant}")
            else:
                reason = str(item["msg"]).removeprefix("Value error, ")
                said.append(f"'{field[:60]}': {reason[:1].lower()}{reason[1:]}")
        return "; ".join(said[:6])


def _headers(request: Any) -> dict[str, str]:
    return dict(getattr(request, "headers", None) or {})


def _waiting_for_a_person(name: str, refused: Refused) -> CallToolResult:
    why = harmless(refused, 600).removeprefix("not done, ")
    follow = f"get_approval('{refused.approval}', wait=60), then {name} with the same arguments"
    return reply(
        f"NOT DONE: {why}. Call {follow}.",
        {"done": False, "approval": refused.approval, "why": why, "next": follow},
    )


async def _record(api: Rest, name: str, arguments: Mapping[str, Any], code: str, milliseconds: int) -> None:
    # The caller may have gone; what it did is recorded all the same, but nobody waits long for that.
    with anyio.move_on_after(RECORD_WITHIN, shield=True):
        try:
            await api.send(
                "POST",
                "/api/agent-calls",
                {
                    "tool": name,
                    "target": str(arguments.get("name") or arguments.get("node") or "")[:255],
                    "arguments": shape_of(arguments),
                    "code": code[:64],
                    "milliseconds": min(milliseconds, 10_000_000),
                },
            )
        except Refused as refused:
            logger.info("a call of %s could not be recorded: %s", name, refused)


def shape_of(arguments: Mapping[str, Any]) -> str:
    """Arguments for the audit: short values as they are, without secrets; of long ones their length."""
    said = {}
    for key, value in masked(dict(arguments)).items():
        text = json.dumps(value, ensure_ascii=False, default=str)
        said[str(key)[:40]] = text if len(text) <= 60 else f"{type(value).__name__} of {len(text)}"
    return harmless(", ".join(f"{key}={value}" for key, value in said.items()), 400)


def _client_name(context: Context[Any, Any] | None) -> str:
    params = context.session.client_params if context is not None else None
    info = params.client_info if params is not None else None
    return harmless(f"{info.name} {info.version}", 60).encode("ascii", "replace").decode() if info else ""


def _slim(node: Any) -> Any:
    """The schema without titles, and without saying of each optional argument that it may be null."""
    if isinstance(node, list):
        return [_slim(item) for item in node]
    if not isinstance(node, dict):
        return node
    slim = {
        key: _slim(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))
    }
    if slim.get("default") == "":
        del slim["default"]
    if slim.get("default", ...) is None and "anyOf" in slim:
        del slim["default"]
        kinds = [kind for kind in slim.pop("anyOf") if kind != {"type": "null"}]
        slim |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return slim
