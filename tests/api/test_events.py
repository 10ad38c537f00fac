"""What an open page is told, and when: only what really changed, whatever the engine's events do."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from backend.models.actor import SYSTEM
from backend.services.event_bus import Subscription
from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


@dataclass
class Listener:
    """Reads all the time, as a page does."""

    subscription: Subscription
    events: list[tuple[str, Any]] = field(default_factory=list)
    last_id: str = ""

    async def read(self) -> None:
        while (chunk := await self.subscription.receive()) is not None:
            for block in chunk.decode().split("\n\n"):
                lines = [line for line in block.splitlines() if not line.startswith(":")]
                fields = dict(line.split(": ", 1) for line in lines)
                if fields:
                    self.events.append((fields["event"], json.loads(fields["data"])))
                    self.last_id = fields.get("id", self.last_id)

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]

    def all(self, kind: str) -> list[Any]:
        return [data for other, data in self.events if other == kind]

    def service(self, name: str) -> Any:
        """The service as it was told last."""
        views = [view for data in self.all("changed") for view in data["services"] if view["name"] == name]
        return views[-1] if views else {}

    def node(self, hostname: str) -> Any:
        views = [
            view for data in self.all("changed") for view in data["nodes"] if view["hostname"] == hostname
        ]
        return views[-1] if views else {}


@asynccontextmanager
async def listening(api: Api, last_event_id: str | None = None) -> AsyncIterator[Listener]:
    listener = Listener(await api.app.context.events.subscribe(SYSTEM, last_event_id))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.read)
        await eventually(lambda: listener.events)
        try:
            yield listener
        finally:
            listener.subscription.close()


async def looks(api: Api, count: int) -> None:
    """Wait until the cluster was seen so many times more."""
    for _ in range(count):
        seen = api.app.context.cluster.as_of
        await eventually(lambda seen=seen: api.app.context.cluster.as_of != seen)  # type: ignore[misc]


async def quiet(api: Api, name: str, replicas: int) -> None:
    """A service that runs as wanted."""
    await api.run(name, replicas=replicas)
    await looks(api, 2)


async def test_hello_comes_first_and_nothing_follows_while_nothing_changes(api: Api) -> None:
    await api.create("web", replicas=2)
    assert (await api.verdict(await api.act("web", "deploy")))["state"] == "succeeded"
    await looks(api, 2)
    async with listening(api) as listener:
        await looks(api, 3)
        # How fresh the picture is comes with the heartbeat.
        assert [kind for kind in listener.kinds if kind != "seen"] == ["hello"]
        [hello] = listener.all("hello")
        assert hello["engine"]["connected"] is True
        assert hello["stale_seconds"] >= 0
        assert hello["boot"]


async def test_a_rollout_is_told_from_the_catalog_entry_to_its_verdict(api: Api) -> None:
    async with listening(api) as listener:
        await api.create("web", replicas=2)
        await eventually(lambda: listener.service("web").get("status") == "stopped")
        deployment = await api.verdict(await api.act("web", "deploy"))
        await eventually(lambda: listener.all("deployment")[-1] == deployment)
        listed = (await api.get("/api/services"))["items"]
        await eventually(lambda: listener.service("web") == listed[0])
        assert any("→ running" in item["text"] for data in listener.all("timeline") for item in data["items"])
        await api.verdict(await api.act("web", "stop"))
        await eventually(lambda: listener.service("web")["live"] is False)
        assert (await api("DELETE", "/api/services/web")).status == 204
        await eventually(lambda: listener.all("changed")[-1]["removed"] == ["web"])


async def test_a_crash_in_a_quiet_service_is_found_though_the_engine_says_nothing(
    api: Api, engine: FakeEngine
) -> None:
    await quiet(api, "web", 2)
    await quiet(api, "other", 1)
    engine.drop_events()
    async with listening(api) as listener:
        crashed = next(task for task in engine.tasks("web") if task.state == "running")
        engine.crash_task(crashed.id, 137)
        await eventually(lambda: "137" in str(listener.service("web").get("message")))
        told = [item["text"] for data in listener.all("timeline") for item in data["items"]]
        assert f"task web.{crashed.slot}: running → failed, exit 137" in told
        assert listener.service("other") == {}


async def test_a_restart_that_lasts_is_told_as_running_though_nothing_changes_any_more(
    api: Api, engine: FakeEngine
) -> None:
    await quiet(api, "web", 1)
    async with listening(api) as listener:
        engine.crash_task(engine.tasks("web")[0].id, 1)
        await eventually(lambda: listener.service("web").get("reason") == "restarting")
        await eventually(lambda: listener.service("web")["status"] == "running")


async def test_changes_made_elsewhere_come_through_although_every_event_was_swallowed(
    api: Api, engine: FakeEngine
) -> None:
    await quiet(api, "web", 1)
    engine.drop_events()
    async with listening(api) as listener:
        service = await api.app.context.client.service("web")
        spec = {**service.spec, "Mode": {"Replicated": {"Replicas": 3}}}
        await api.app.context.client.update_service(service.id, lambda _: spec)
        engine.set_labels("worker-2", {"zone": "b"})
        await eventually(lambda: listener.service("web").get("desired") == 3)
        await eventually(lambda: listener.node("worker-2").get("labels") == {"zone": "b"})


async def test_a_node_and_what_runs_there_are_told_together(api: Api, engine: FakeEngine) -> None:
    await quiet(api, "web", 3)
    async with listening(api) as listener:
        engine.power_off("worker-1")
        await eventually(lambda: listener.node("worker-1").get("state") == "down")
        await eventually(lambda: listener.service("web") != {})
        nodes = (await api.get("/api/nodes"))["items"]
        await eventually(
            lambda: listener.node("worker-1") == next(n for n in nodes if n["hostname"] == "worker-1")
        )


async def test_one_who_comes_back_gets_what_was_missed(api: Api) -> None:
    async with listening(api) as listener:
        last_id = listener.last_id
    await api.create("web")
    await eventually(lambda: api.app.context.events.bus._last > int(last_id.split("-")[1]))
    async with listening(api, last_id) as listener:
        await eventually(lambda: listener.service("web").get("in_catalog") is True)
        assert "resync" not in listener.kinds
    async with listening(api, "another-boot-7") as listener:
        await eventually(lambda: listener.kinds == ["hello", "resync"])


async def test_the_engines_end_and_return_are_told_and_then_everything_is_read_again(
    api: Api, engine: FakeEngine
) -> None:
    await quiet(api, "web", 2)
    async with listening(api) as listener:
        await engine.stop()
        await eventually(lambda: listener.all("engine"))
        [lost] = listener.all("engine")
        assert (lost["connected"], lost["code"]) == (False, "docker_unreachable")
        assert lost["detail"]
        assert lost["as_of"]
        async with listening(api) as late:
            assert late.all("hello")[0]["engine"]["code"] == "docker_unreachable"
        await engine.start()
        await eventually(lambda: listener.all("engine")[-1]["connected"])
        await eventually(lambda: "resync" in listener.kinds)
        assert listener.kinds.count("engine") == 2


async def test_a_gap_in_the_engines_events_makes_pages_read_again(api: Api, engine: FakeEngine) -> None:
    async with listening(api) as listener:
        await looks(api, 2)
        assert "resync" not in listener.kinds
        engine.disconnect_streams()
        await eventually(lambda: "resync" in listener.kinds)


async def test_many_changes_at_once_are_told_by_name(api: Api, engine: FakeEngine) -> None:
    names = sorted(f"web-{number}" for number in range(60))
    async with listening(api) as listener:
        await anyio.to_thread.run_sync(_write_definitions, api, names)
        await eventually(lambda: sorted(_names(listener)) == names)
        for data in listener.all("changed"):
            shown = [view["name"] for view in data["services"]]
            assert shown == (data["names"] if len(data["names"]) <= 50 else [])


def _write_definitions(api: Api, names: list[str]) -> None:
    folder = api.app.context.settings.definitions_dir
    for name in names:
        (folder / f"{name}.yaml").write_text(f"name: {name}\nimage: busybox:1\n")


def _names(listener: Listener) -> set[str]:
    return {name for data in listener.all("changed") for name in data["names"]}


@pytest.mark.parametrize(("fault", "code"), [("freeze", "docker_frozen"), ("lose_leader", "swarm_no_leader")])
async def test_reads_answer_at_once_and_say_how_old_the_picture_is_while_the_engine_does_not(
    api: Api, engine: FakeEngine, fault: str, code: str
) -> None:
    await quiet(api, "web", 2)
    async with listening(api) as listener:
        getattr(engine, fault)()
        try:
            await eventually(lambda: listener.all("engine"))
            assert listener.all("engine")[0]["code"] == code
            for path in ("/api/services", "/api/services/live", "/api/nodes"):
                with anyio.fail_after(0.5):
                    answer = await api.get(path)
                assert answer["total"] >= 1
                assert answer["stale_seconds"] > 0
            await eventually(lambda: (api.app.context.cluster.stale_seconds or 0) > 2)
        finally:
            engine.thaw()
            engine.recover()
        await eventually(lambda: listener.all("engine")[-1]["connected"], within=5)
