"""What tools answer: small, problems first, the same facts in both channels, and what to do next."""

import json
from typing import Any

import pytest
from mcp.types import ElicitRequestParams, ElicitResult

from backend.mcp.limits import THE_SAME
from tests.api.api_calls import Api
from tests.api.test_approvals import person
from tests.mcp.agents import ERAS, Era, agent, refuse, say, size_of, text_of

pytestmark = pytest.mark.anyio


async def test_what_is_broken_and_why_takes_one_small_answer(broken: Api) -> None:
    async with agent(broken.app) as client:
        result = await client.call_tool("get_health", {})
    text = text_of(result)
    for said in (
        "degraded: nodes 3/3 ready",
        "crashy failed 0/1: Exited with code 3",
        "missing failed 0/1: Rejected",
        "No such image",
        "pinned pending 0/1: No suitable node",
    ):
        assert said in text
        if ":" in said and "degraded" not in said:
            assert said.split(": ")[1] in json.dumps(result.structured_content)
    assert all(size <= 600 for size in size_of(result)), size_of(result)
    # A token of English text is 3.5 to 4 bytes; 150 tokens are the promise.
    assert len(text.encode()) / 3 < 150


async def test_why_one_service_fails_comes_with_evidence_and_the_next_call(broken: Api) -> None:
    async with agent(broken.app) as client:
        crashy = await client.call_tool("diagnose_service", {"name": "crashy"})
        pinned = await say(client, "diagnose_service", name="pinned")
        web = await say(client, "diagnose_service", name="web")
    assert "Exited with code 3" in text_of(crashy)
    assert "Next: get_service_logs" in text_of(crashy)
    assert size_of(crashy)[0] <= 700
    assert "no suitable node" in pinned
    assert "list_nodes" in pinned
    assert web == "web is running 2/2, as wanted."


async def test_a_change_that_swarm_took_back_is_a_problem_with_what_to_do(api: Api) -> None:
    back = {"update_config": {"failure_action": "rollback"}}
    await api.run("web", replicas=2, **back)
    definition = {"image": "${REGISTRY_HOST}/crasher", "replicas": 2, **back}
    await api("PUT", "/api/services/web", json={"definition": definition})
    await api.verdict(await api.act("web", "deploy"))
    await api.becomes("web", "running")
    async with agent(api.app) as client:
        health = await say(client, "get_health")
        diagnosis = await say(client, "diagnose_service", name="web")
    assert health.startswith("degraded: ")
    assert "- web running 2/2: Swarm rolled its newest change back: Exited with code 3" in health
    assert "which swarm rolled back: Exited with code 3" in diagnosis
    assert "Next: update_service with what was wrong put right." in diagnosis


async def test_lists_say_their_total_and_how_to_go_on(broken: Api) -> None:
    async with agent(broken.app) as client:
        first = await client.call_tool("list_services", {"limit": 2})
        assert text_of(first).startswith("4 services\ncrashy failed")
        assert "cursor='2'" in text_of(first)
        assert first.structured_content is not None
        rest = await say(client, "list_services", limit=2, cursor=first.structured_content["cursor"])
        assert "web running 2/2" in rest
        assert "cursor" not in rest
        assert "3 services (problem) of 4" in await say(client, "list_services", state="problem")
        assert "web deployed, revision 1" in await say(client, "list_catalog", match="web")
        assert await say(client, "list_nodes") == text_of(await client.call_tool("list_nodes", {}))
        for cursor in ("x", "-2", "99"):
            assert "cursor" in await refuse(client, "list_services", cursor=cursor)
        assert "Did you mean 'crashy'?" in await refuse(client, "get_recent_changes", service="crashi")
        # What would be JSON is a text to look for all the same.
        for text in ("null", '{"level":"error"}', "[1]"):
            assert f"match {text!r}" in await say(client, "get_service_logs", name="web", grep=text)


async def test_settings_come_without_secrets(broken: Api) -> None:
    async with agent(broken.app) as client:
        inspected = await client.call_tool("inspect_service", {"name": "web"})
        resource = (await client.read_resource("swarm://catalog/web")).contents[0]
    for shown in (text_of(inspected), json.dumps(inspected.structured_content), str(resource)):
        assert "hunter2" not in shown
        assert "prod" in shown
    assert "DB_PASSWORD=***" in text_of(inspected)
    assert all(size <= 1_024 for size in size_of(inspected))


async def test_a_wrong_name_or_argument_is_answered_with_the_right_one(broken: Api) -> None:
    async with agent(broken.app) as client:
        for tool, arguments, said in (
            ("scale_service", {"name": "wbe", "replicas": 3}, "Did you mean 'web'?"),
            ("get_service_logs", {"name": "crashi"}, "Did you mean 'crashy'?"),
            (
                "scale_service",
                {"name": "web", "replica": 3},
                "unknown argument 'replica', did you mean 'replicas'?",
            ),
            ("scale_service", {"name": "web", "replicas": -1}, "greater than or equal to 0"),
            ("set_node_availability", {"node": "worker-9", "availability": "drain"}, "Did you mean 'worker-"),
            ("get_helth", {}, "Did you mean 'get_health'?"),
            ("get_recent_changes", {"since": "yesterday"}, "30m, 2h or 1d"),
            ("deploy_service", {"name": "web", "image": "nginx"}, "runs already"),
            ("deploy_service", {"name": "api", "image": "nginx", "ports": ["8080:80"]}, "8081 is free"),
            ("update_service", {"name": "web", "env": {"DB_PASSWORD": "***"}}, "Leave it out to keep it"),
        ):
            text = await refuse(client, tool, **arguments)
            assert said in text, text
            assert len(text.encode()) <= 250
            assert "\n" not in text
    assert (await broken.get("/api/services/web"))["desired"] == 2


async def test_a_service_is_deployed_changed_rolled_back_and_stopped(api: Api) -> None:
    one, two = (
        f"{api.app.context.settings.registry_url.removeprefix('http://')}/hello-world:{n}" for n in (1, 2)
    )
    async with agent(api.app) as client:
        assert "Would deploy" in await say(client, "deploy_service", name="web", image=one, dry_run=True)
        assert (await api.get("/api/services"))["total"] == 0
        said = await say(client, "deploy_service", name="web", image=one, replicas=2, ports=["8080:80"])
        assert "catalog entry 'web' created" in said
        assert "succeeded, 2/2" in await say(client, "wait_service", name="web")
        assert "2 -> 3" in await say(client, "scale_service", name="web", replicas=3)
        assert "already" in await say(client, "scale_service", name="web", replicas=3)
        assert "hello-world:2" in await say(client, "update_service", name="web", image=two, env={"A": "1"})
        assert "rolling web back" in await say(client, "rollback_service", name="web")
        assert "hello-world:1" in await say(client, "inspect_service", name="web")
        changes = await say(client, "get_recent_changes", service="web")
        assert "rollback web" in changes
        # The total is that of all, however few are shown.
        total = changes.split(" ")[0]
        fewer = await say(client, "get_recent_changes", service="web", limit=1)
        assert fewer.startswith(f"{total} changes of web within 1h, newest 1\n")
        assert int(total) >= 4
        assert "by tests" in changes
        assert "kept in the catalog" in await say(client, "stop_service", name="web")
        assert "succeeded, 0/0" in await say(client, "wait_service", name="web")
        assert "nothing to do" in await say(client, "stop_service", name="web")
        assert "web stopped" in await say(client, "list_services")
        assert "definition deleted" in await say(client, "remove_service", name="web", keep_catalog=False)
        assert (await api.get("/api/services"))["total"] == 0


async def test_every_call_is_in_the_audit_with_client_and_arguments(broken: Api) -> None:
    async with agent(broken.app) as client:
        await say(client, "get_service_logs", name="web", grep="password=hunter2")
        await refuse(client, "scale_service", name="nothing-like-it", replicas=2)
    rows = (await broken.get("/api/audit", action="mcp."))["items"]
    assert [(row["action"], row["target"], row["outcome"]) for row in rows] == [
        ("mcp.scale_service", "nothing-like-it", "failed"),
        ("mcp.get_service_logs", "web", "done"),
    ]
    assert {row["client"] for row in rows} == {"mcp 0.1.0"}
    assert "hunter2" not in rows[1]["detail"]
    assert 'name="web"' in rows[1]["detail"]


async def test_who_calls_in_circles_is_stopped(broken: Api) -> None:
    async with agent(broken.app) as client:
        for _ in range(THE_SAME.amount):
            await say(client, "inspect_service", name="web")
        assert "Stop and tell the person" in await refuse(client, "inspect_service", name="web")
        await say(client, "inspect_service", name="crashy")


# People are asked -----------------------------------------------------------------------------------------


async def with_token(api: Api, **token: Any) -> str:
    answer = await api("POST", "/api/tokens", json={"name": str(token), **token})
    return str(answer.body["token"])


@pytest.mark.parametrize("era", ERAS)
async def test_a_token_that_asks_waits_for_the_page_whatever_the_client_says(broken: Api, era: Era) -> None:
    async def yes(_: Any, asked: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="accept", content={"ok": True})

    token = await with_token(broken, scope="operate", confirm=True)
    async with agent(broken.app, token, local=True, era=era, elicitation_callback=yes) as client:
        said = await client.call_tool("stop_service", {"name": "web"})
        assert "NOT DONE" in text_of(said)
        assert said.structured_content is not None
        approval = said.structured_content["approval"]
        assert "is pending" in await say(client, "get_approval", id=approval)
        async with person(broken) as ada:
            assert (await ada.post(f"/api/approvals/{approval}/approve")).status_code == 200
        assert "Make the same call" in await say(client, "get_approval", id=approval, wait=5)
        assert "stopped web" in await say(client, "stop_service", name="web")
        assert "It was done" in await say(client, "get_approval", id=approval)


@pytest.mark.parametrize("era", ERAS)
async def test_a_local_process_asks_its_person_before_what_cannot_be_undone(broken: Api, era: Era) -> None:
    asked: list[str] = []
    answer = {"action": "decline"}

    async def person_at_the_client(_: Any, question: ElicitRequestParams) -> ElicitResult:
        asked.append(question.message)
        if answer["action"] == "accept":
            return ElicitResult(action="accept", content={"ok": True})
        return ElicitResult(action="decline")

    async with agent(broken.app, local=True, era=era, elicitation_callback=person_at_the_client) as client:
        remove = {"name": "web", "keep_catalog": False}
        assert "the person said no" in await refuse(client, "remove_service", **remove)
        assert (await broken.get("/api/services/web"))["status"] == "running"
        answer["action"] = "accept"
        assert "definition deleted" in await say(client, "remove_service", **remove)
        assert len(asked) == 2
        assert "2 running tasks end" in asked[0]
        # The eight work without questions.
        await say(client, "stop_service", name="crashy")
        assert len(asked) == 2


async def test_without_a_way_to_ask_it_waits_on_the_page(broken: Api) -> None:
    async with agent(broken.app, local=True) as client:
        said = text_of(await client.call_tool("remove_service", {"name": "web", "keep_catalog": False}))
        assert "NOT DONE" in said
    assert (await broken.get("/api/services/web"))["status"] == "running"
    (waiting,) = (await broken.get("/api/approvals"))["items"]
    assert (waiting["action"], waiting["state"]) == ("service.remove", "pending")


async def test_in_the_mode_confirm_stopping_is_asked_about_too(broken: Api) -> None:
    async with agent(broken.app, local=True, mode="confirm") as client:
        assert "NOT DONE" in text_of(await client.call_tool("stop_service", {"name": "web"}))
        assert "2 -> 3" in await say(client, "scale_service", name="web", replicas=3)
