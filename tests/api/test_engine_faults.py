"""What callers get while the engine is frozen, leaderless, gone or was never there."""

from pathlib import Path

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


async def test_without_any_engine_the_catalog_answers_and_live_reads_say_why_they_cannot(
    tmp_path: Path,
) -> None:
    async with running_app(tmp_path) as app:
        api = Api(app)
        await eventually(lambda: app.context.cluster.error is not None)
        created = await api.create("web")
        assert created["reason"] == "not_known_yet"
        for path in ("/api/services/live", "/api/nodes", "/api/services/web/logs"):
            answer = await api("GET", path)
            assert (answer.status, answer.code) == (503, "docker_unreachable"), path
            assert "retry-after" in answer.headers
        deploy = await api("POST", "/api/services/web/deploy")
        assert (deploy.status, deploy.code) == (503, "docker_unreachable")
        report = await api.get("/api/health/detailed")
        assert (report["status"], report["engine"]["code"]) == ("unavailable", "docker_unreachable")


async def test_an_engine_that_appears_later_is_seen_without_a_restart(tmp_path: Path) -> None:
    socket = tmp_path / "late.sock"
    async with running_app(tmp_path, docker_host=f"unix://{socket}") as app:
        await eventually(lambda: app.context.cluster.error is not None)
        async with FakeEngine(nodes=2, socket=socket):
            await eventually(lambda: len(app.context.cluster.nodes) == 2)


async def test_reads_go_on_from_the_last_picture_when_the_engine_goes_and_heal_when_it_returns(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=2)
    await engine.stop()
    await eventually(lambda: api.app.context.cluster.error is not None)
    live = await api.get("/api/services/live")
    assert (live["items"][0]["running"], live["stale_seconds"] >= 0) == (2, True)
    report = await api.get("/api/health/detailed")
    assert (report["status"], report["engine"]["connected"]) == ("unavailable", False)
    refused = await api("POST", "/api/services/web/scale", json={"replicas": 3})
    assert (refused.status, refused.code) == (503, "docker_unreachable")
    assert (await api.get("/api/services/web"))["revision"] == 1
    await engine.start()
    await eventually(lambda: api.app.context.cluster.error is None)


async def test_a_swarm_without_leader_is_told_as_such(api: Api, engine: FakeEngine) -> None:
    await api.run("web")
    engine.lose_leader()
    await eventually(lambda: api.app.context.cluster.error is not None)
    answer = await api("POST", "/api/services/web/stop")
    assert (answer.status, answer.code) == (503, "swarm_no_leader")
    engine.recover()
    await eventually(lambda: api.app.context.cluster.error is None)


async def test_an_engine_that_is_no_manager_is_told_with_the_way_out(tmp_path: Path) -> None:
    async with FakeEngine(nodes=1) as engine:
        engine.leave_swarm()
        async with running_app(tmp_path, docker_host=engine.docker_host) as app:
            await eventually(lambda: app.context.cluster.error is not None)
            report = await Api(app).get("/api/health/detailed")
            assert report["engine"]["code"] == "not_a_manager"
            assert "docker swarm init" in report["engine"]["detail"]
