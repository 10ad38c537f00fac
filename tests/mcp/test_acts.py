"""Tools that change something: what they take, what they promise, and what they say when it cannot be."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.api.test_approvals import person
from tests.fakes.fake_engine import FakeEngine
from tests.mcp.agents import agent, refuse, say, text_of

pytestmark = pytest.mark.anyio

IMAGE = "${REGISTRY_HOST}/hello-world:1"


async def definition(api: Api, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get(f"/api/services/{name}"))["definition"]
    return found


async def test_without_an_engine_no_tool_claims_to_know_what_runs(tmp_path: Path) -> None:
    async with running_app(tmp_path) as app:
        api = Api(app)
        await api.create("web")
        async with agent(app) as client:
            for tool, arguments in (
                ("deploy_service", {"name": "new", "image": "nginx"}),
                ("deploy_service", {"name": "web", "image": "nginx"}),
                ("stop_service", {"name": "web"}),
                ("scale_service", {"name": "web", "replicas": 2}),
                ("update_service", {"name": "web", "image": "nginx"}),
                ("rollback_service", {"name": "web"}),
                ("remove_service", {"name": "web", "keep_catalog": False}),
                ("set_node_availability", {"node": "worker-1", "availability": "drain"}),
            ):
                said = await refuse(client, tool, **arguments)
                assert "cannot be reached" in said or "has not answered yet" in said, said
            assert "get_health" in await say(client, "diagnose_service", name="web")
        (only,) = (await api.get("/api/services"))["items"]
        assert (only["name"], only["revision"]) == ("web", 1)


async def test_ports_and_environment_are_taken_in_each_usual_spelling(api: Api) -> None:
    async with agent(api.app) as client:
        for number, (ports, env, kept) in enumerate(
            (
                ([8080, "8081:80/tcp", "8082:53/udp"], {"N": 1, "S": "x"}, {"N": "1", "S": "x"}),
                ("8090:80", ["A=1", "B=x=y"], {"A": "1", "B": "x=y"}),
                (8091, None, None),
                ('["8092:80"]', '{"A": "1"}', {"A": "1"}),
                ([], {}, None),
            )
        ):
            name = f"web-{number}"
            given = {"name": name, "image": IMAGE, "ports": ports, "env": env, "replicas": None}
            await say(client, "deploy_service", **given, dry_run=None)
            assert (await definition(api, name)).get("env") == kept
        assert (await definition(api, "web-0"))["ports"] == ["8080:8080", "8081:80/tcp", "8082:53/udp"]
        assert (await definition(api, "web-1"))["ports"] == ["8090:80"]
        assert (await definition(api, "web-2"))["ports"] == ["8091:8091"]
        assert (await definition(api, "web-0"))["replicas"] == 1
        # Who finds it later sees through which token it came.
        made = (await definition(api, "web-0"))["labels"]["orchestrator.created-by"]
        assert made == f"mcp:{(await api.get('/api/session'))['username']}"
        for wrong, said in (
            ({"ports": [{"published": 8080}]}, "'8080:80'"),
            ({"ports": [80.5]}, "'8080:80'"),
            ({"ports": ["9999:http"]}, "from 1 to 65535"),
            ({"ports": ["7000-8080:7000-8080"]}, "Port 8080 is taken by web-0"),
            ({"env": {"DEBUG": True}}, "'true'"),
            ({"replicas": "two"}, "'replicas'"),
        ):
            assert said in await refuse(client, "deploy_service", name="bad", image=IMAGE, **wrong)


async def test_a_dry_run_refuses_what_would_be_refused(api: Api) -> None:
    await api.run("web")
    async with agent(api.app) as client:
        for tool, arguments, said in (
            ("deploy_service", {"name": "new", "image": "Not An Image"}, "image"),
            ("deploy_service", {"name": "Not A Name", "image": IMAGE}, "a name has"),
            ("update_service", {"name": "web", "image": "Not An Image"}, "image"),
            ("update_service", {"name": "web", "constraints": ["gpu"]}, "constraints"),
            ("rollback_service", {"name": "web", "to_revision": 77}, "no revision 77"),
            ("rollback_service", {"name": "web"}, "nothing else was deployed before"),
        ):
            assert said in await refuse(client, tool, **arguments, dry_run=True)
        await say(client, "update_service", name="web", env={"A": "1"})
        said = await say(client, "rollback_service", name="web", dry_run=True)
        assert said.startswith(
            "Would roll web back from revision 2 to 1, image ${REGISTRY_HOST}/hello-world:1."
        )
    assert (await api.get("/api/services"))["total"] == 1


async def test_a_stopped_service_comes_back_with_what_was_not_given_as_it_was(api: Api) -> None:
    await api.run("web", replicas=3, env={"A": "1"}, ports=["8080:80"])
    async with agent(api.app) as client:
        await say(client, "stop_service", name="web")
        await say(client, "wait_service", name="web")
        assert "3 replicas" in await say(client, "deploy_service", name="web", image=IMAGE)
        assert "3/3" in await say(client, "wait_service", name="web")
    kept = await definition(api, "web")
    assert (kept["replicas"], kept["env"], kept["ports"]) == (3, {"A": "1"}, ["8080:80"])


async def test_a_deploy_that_fails_says_that_the_entry_is_there(api: Api, engine: FakeEngine) -> None:
    async with agent(api.app) as client:
        engine.fail_next("POST", "/services/create", status=500, message="the raft is tired")
        said = await refuse(client, "deploy_service", name="web", image=IMAGE)
        assert "Not deployed, but catalog entry 'web' created." in said
        assert "catalog entry 'web' updated" in await say(client, "deploy_service", name="web", image=IMAGE)
        assert "1/1" in await say(client, "wait_service", name="web")


async def test_a_restart_is_not_lost_beside_a_change_that_restarts_nothing(api: Api) -> None:
    await api.run("web")
    anywhere = ["node.hostname != nowhere"]
    async with agent(api.app) as client:
        said = await say(client, "update_service", name="web", constraints=anywhere, restart=True)
        assert "restarting its tasks" in said
    newest, *_ = (await api.get("/api/deployments", service="web"))["items"]
    assert newest["kind"] == "restart"
    assert (await definition(api, "web"))["constraints"] == anywhere


async def test_one_yes_is_enough_to_remove_what_runs(api: Api) -> None:
    await api.run("web", replicas=2)
    answer = await api("POST", "/api/tokens", json={"name": "asks", "scope": "operate", "confirm": True})
    remove = {"name": "web", "keep_catalog": False}
    async with agent(api.app, answer.body["token"]) as client:
        result = await client.call_tool("remove_service", remove)
        assert "2 running tasks of web end, and the definition, revision 1, leaves" in text_of(result)
        assert result.structured_content is not None
        approval = result.structured_content["approval"]
        async with person(api) as ada:
            assert (await ada.post(f"/api/approvals/{approval}/approve")).status_code == 200
        # The yes is for exactly this, and for nothing less.
        assert "NOT DONE" in text_of(await client.call_tool("stop_service", {"name": "web"}))
        assert "definition deleted" in await say(client, "remove_service", **remove)
    assert (await api.get("/api/services"))["total"] == 0
    assert (await api.get("/api/services/live"))["total"] == 0


async def test_a_name_that_can_be_none_is_answered_as_such(api: Api) -> None:
    async with agent(api.app) as client:
        for name in ("../etc/passwd", "..", "a/b", "a\u202eb", "a\x1b[2Jb", " "):
            for tool, arguments in (
                ("inspect_service", {"name": name}),
                ("stop_service", {"name": name}),
                ("deploy_service", {"name": name, "image": IMAGE}),
                ("get_recent_changes", {"service": name}),
                ("get_approval", {"id": name}),
            ):
                said = await refuse(client, tool, **arguments)
                assert "There is nothing named" in said
                assert said.isprintable()


async def test_what_runs_outside_the_catalog_is_looked_at_only(api: Api) -> None:
    await api.run("theirs")
    assert (await api("DELETE", "/api/services/theirs", params={"force": True})).status == 204
    async with agent(api.app) as client:
        assert "theirs running" in await say(client, "inspect_service", name="theirs")
        for tool, arguments in (
            ("stop_service", {}),
            ("scale_service", {"replicas": 2}),
            ("deploy_service", {"image": IMAGE}),
            ("remove_service", {"keep_catalog": False}),
        ):
            said = await refuse(client, tool, name="theirs", **arguments)
            assert "outside the catalog" in said, said
    assert (await api.get("/api/services"))["total"] == 0
