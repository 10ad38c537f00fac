"""The SDK's own client, connected to our tools in each of the ways there are."""

import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from backend.mcp.in_process import InProcess
from backend.mcp.rest import Rest
from backend.mcp.sdk import Mode
from backend.mcp.tools import build_server
from tests.api.app_fixture import RunningApp
from tests.api.server_process import ROOT

Era = Literal["auto", "legacy"]
ERAS: tuple[Era, ...] = ("auto", "legacy")
"""`auto` speaks the protocol of 2026-07-28, `legacy` that of 2025-11-25."""


class WithToken(InProcess):
    """The API of a running app as the holder of `token`, whatever the call came with."""

    def __init__(self, running: RunningApp, token: str, *, local: bool = False) -> None:
        super().__init__(running.app)
        self._token = token
        self._local = local

    @asynccontextmanager
    async def call(self, headers: dict[str, str], *, waits: bool) -> AsyncIterator[Rest]:
        async with super().call({"authorization": f"Bearer {self._token}"}, waits=waits) as rest:
            rest.local = self._local
            yield rest


def agent(
    running: RunningApp,
    token: str | None = None,
    *,
    mode: Mode = "full",
    local: bool = False,
    era: Era = "auto",
    **options: Any,
) -> Client:
    """A client of tools that run in the test's process."""
    server = build_server(WithToken(running, token or running.token, local=local), mode=mode)
    return Client(server, mode=era, **options)


@asynccontextmanager
async def http_agent(url: str, token: str, era: Era = "auto", **options: Any) -> AsyncIterator[Client]:
    """A client of `/mcp` over a real socket."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=120) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=era, **options) as client,
    ):
        yield client


@asynccontextmanager
async def stdio_agent(
    folder: Path, environment: dict[str, str], *arguments: str, era: Era = "auto", **options: Any
) -> AsyncIterator[Client]:
    """A client whose server is a child process, as clients start it."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "backend.mcp_server", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=folder,
    )
    with (folder / "mcp.err").open("a") as errors:
        async with Client(stdio_client(server, errlog=errors), mode=era, **options) as client:
            yield client


def text_of(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)


async def say(client: Client, tool: str, **arguments: Any) -> str:
    """The text of an answer that is no error."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    assert_same_facts(result)
    return text_of(result)


async def refuse(client: Client, tool: str, **arguments: Any) -> str:
    """The text of an error."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    return text_of(result)


def assert_same_facts(result: CallToolResult, telling: str = r"\d") -> None:
    """Some clients hand a model the text alone, others the data alone.

    All of the data has to be in the text; and of the text all words in which `telling` is found.
    """
    if result.structured_content is None:
        return  # Clients fall back to the text.
    text, values = _words(text_of(result)), _words(" ".join(_leaves(result.structured_content)))
    assert values - text == set(), (text_of(result), result.structured_content)
    keys = _words(json.dumps(result.structured_content, ensure_ascii=False))
    missing = {word for word in text - values - keys if re.search(telling, word)}
    assert missing == set(), (text_of(result), result.structured_content)


def _words(text: str) -> set[str]:
    return {word.strip(".:") for word in re.findall(r"""[^\s,;()\[\]{}='"]+""", text)} - {""}


def _leaves(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [leaf for value in data.values() for leaf in _leaves(value)]
    if isinstance(data, list):
        return [leaf for value in data for leaf in _leaves(value)]
    return [] if isinstance(data, bool) else [str(data)]


def size_of(result: CallToolResult) -> tuple[int, int]:
    """Bytes a model reads: of the text, and of the data."""
    data = result.structured_content
    return len(text_of(result).encode()), len(json.dumps(data, ensure_ascii=False).encode()) if data else 0


def visible(tools: list[Any]) -> list[dict[str, Any]]:
    """What a client puts into a model's context."""
    return [
        {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
        for tool in tools
    ]


def bytes_of(data: Any) -> int:
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


type Connection = AbstractAsyncContextManager[Client]
