"""What clients see of the tools before they call any: a change of it is a change to be looked at."""

import json
from pathlib import Path

import pytest
from mcp import Client

from backend.mcp.rest import Remote
from backend.mcp.sdk import Mode
from backend.mcp.tools import INSTRUCTIONS, build_server
from tests.mcp.agents import ERAS, Era, bytes_of, refuse, stdio_agent, visible

pytestmark = pytest.mark.anyio

SNAPSHOT = Path(__file__).with_name("tools.json")
"""Written anew by `python -m tests.mcp.test_contract`."""

THE_EIGHT = [
    "list_services",
    "deploy_service",
    "stop_service",
    "scale_service",
    "get_service_logs",
    "list_nodes",
    "get_health",
    "get_registry_images",
]
BEYOND = [
    "inspect_service",
    "diagnose_service",
    "wait_service",
    "get_recent_changes",
    "list_catalog",
    "update_service",
    "rollback_service",
    "remove_service",
    "set_node_availability",
    "get_approval",
]
CHANGING = {
    "deploy_service",
    "stop_service",
    "scale_service",
    "update_service",
    "rollback_service",
    "remove_service",
    "set_node_availability",
}


def nowhere(mode: Mode = "full") -> Client:
    """Tools whose orchestrator is not there."""
    return Client(build_server(Remote("http://127.0.0.1:9", "token"), mode=mode))


async def listed(era: Era = "auto", mode: Mode = "full") -> list[dict[str, object]]:
    async with Client(build_server(Remote("http://127.0.0.1:9", "token"), mode=mode), mode=era) as client:
        return [
            {
                **seen,
                "annotations": tool.annotations.model_dump(exclude_none=True) if tool.annotations else None,
            }
            for tool, seen in zip(
                (await client.list_tools()).tools, visible((await client.list_tools()).tools), strict=True
            )
        ]


@pytest.mark.parametrize("era", ERAS)
async def test_the_list_of_tools_is_the_one_that_was_looked_at(era: Era) -> None:
    assert await listed(era) == json.loads(SNAPSHOT.read_text())


async def test_the_eight_of_the_brief_come_first_and_take_its_arguments() -> None:
    tools = await listed()
    assert [tool["name"] for tool in tools] == THE_EIGHT + BEYOND
    takes = {str(tool["name"]): tool["input_schema"] for tool in tools}
    for name, required, optional in (
        ("list_services", [], []),
        ("deploy_service", ["name", "image"], ["replicas", "ports"]),
        ("stop_service", ["name"], []),
        ("scale_service", ["name", "replicas"], []),
        ("get_service_logs", ["name"], ["tail"]),
        ("list_nodes", [], []),
        ("get_health", [], []),
        ("get_registry_images", [], []),
    ):
        schema = takes[name]
        assert isinstance(schema, dict)
        assert schema.get("required", []) == required
        assert {*required, *optional} <= set(schema["properties"])
        assert schema["additionalProperties"] is False


async def test_the_list_fits_its_budget() -> None:
    async with nowhere() as client:
        tools = (await client.list_tools()).tools
    seen = visible(tools)
    whole = sum(len(tool.model_dump_json(by_alias=True, exclude_none=True)) for tool in tools)
    assert bytes_of(seen) <= 8_500
    assert bytes_of(seen[:8]) <= 3_700
    assert whole <= 16_000
    assert len(INSTRUCTIONS.encode()) <= 700


@pytest.mark.parametrize("mode", ["read-only", "confirm", "full"])
async def test_where_nothing_may_be_changed_no_tool_that_does_is_listed_or_callable(mode: Mode) -> None:
    names = {str(tool["name"]) for tool in await listed(mode=mode)}
    assert names == {*THE_EIGHT, *BEYOND} - (CHANGING if mode == "read-only" else set())
    if mode == "read-only":
        async with nowhere(mode) as client:
            assert "read-only" in await refuse(client, "stop_service", name="web")


async def test_hints_say_what_changes_something() -> None:
    for tool in await listed():
        hints = tool["annotations"]
        assert isinstance(hints, dict)
        assert hints["read_only_hint"] is (tool["name"] not in CHANGING), tool["name"]
        if tool["name"] in CHANGING:
            assert hints["destructive_hint"] is (tool["name"] != "deploy_service")


async def test_tools_are_listed_without_any_server_or_engine(tmp_path: Path) -> None:
    away = {"ORCHESTRATOR_URL": "http://127.0.0.1:9", "ORCHESTRATOR_TOKEN": "a-token-that-is-long-enough"}
    async with stdio_agent(tmp_path, away) as client:
        assert len((await client.list_tools()).tools) == 18
        assert "127.0.0.1:9" in await refuse(client, "get_health")


async def test_prompts_and_resources_are_there() -> None:
    async with nowhere() as client:
        assert [one.name for one in (await client.list_prompts()).prompts] == [
            "troubleshoot",
            "safe_rollout",
            "drain_node",
        ]
        templates = (await client.list_resource_templates()).resource_templates
        assert {one.uri_template for one in templates} == {
            "swarm://services/{name}",
            "swarm://catalog/{name}",
            "swarm://nodes/{name}",
        }
        text = (await client.get_prompt("troubleshoot", {"service": "web"})).messages[0].content
        assert "diagnose_service" in getattr(text, "text", "")


if __name__ == "__main__":
    import anyio

    SNAPSHOT.write_text(json.dumps(anyio.run(listed), indent=1, ensure_ascii=False) + "\n")
