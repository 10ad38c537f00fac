"""Lists are joined from JSON that was made when something changed: it must say what making it anew would."""

import gzip
import json
from typing import Any

import anyio
import pytest

from backend.models.schemas.common import LiveListing
from backend.models.schemas.nodes import NodeOut
from backend.models.schemas.services import ServiceOut
from backend.services.nodes import node_view
from backend.services.service_views import ServiceViews
from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


async def raw(api: Api, path: str, encoding: str) -> tuple[bytes, dict[str, str]]:
    """The bytes as they were sent."""
    async with api.app.client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        assert answer.status_code == 200
        sent = b"".join([chunk async for chunk in answer.aiter_raw()])
        return sent, {name.lower(): value for name, value in answer.headers.items()}


def without_age(text: bytes) -> Any:
    return json.loads(text) | {"as_of": None, "stale_seconds": None}


def views(api: Api) -> ServiceViews:
    return api.app.context._views


async def test_a_list_is_what_pydantic_would_have_made_of_it(api: Api) -> None:
    await api.run("web", replicas=2, ports=[{"target": 80, "published": 8080}])
    await api.create("quotes", image="${REGISTRY_HOST}/hello-world:1", env={"SAYING": 'a "b" \\ ü\u2028'})
    context = api.app.context
    for path, names in (("/api/services", ["quotes", "web"]), ("/api/services/live", ["web"])):
        sent, _ = await raw(api, path, "identity")
        said = json.loads(sent)
        made = LiveListing[ServiceOut](
            items=[
                views(api).view_with_status(
                    name, context.catalog.find(name), context.cluster.services.get(name)
                )[1]
                for name in names
            ],
            total=len(names),
            as_of=said["as_of"],
            stale_seconds=said["stale_seconds"],
        )
        assert sent == made.model_dump_json().encode()
    sent, _ = await raw(api, "/api/nodes", "identity")
    nodes = [node_view(node, context.cluster.tasks_on(node.id)) for node in context.cluster.nodes.values()]
    by_role = sorted(nodes, key=lambda node: (node.role != "manager", node.hostname))
    assert LiveListing[NodeOut].model_validate_json(sent).items == by_role


async def test_a_changed_service_changes_its_own_fragment_and_no_other(api: Api) -> None:
    for name in ("one", "two", "three"):
        await api.run(name)
    made = api.app.context._fragments._made

    async def settled() -> bool:
        await api.get("/api/services")
        before = {name: fragment.encoded for name, fragment in made.items()}
        await api.app.context.watcher.look()
        await api.get("/api/services")
        return before == {name: fragment.encoded for name, fragment in made.items()}

    await eventually(settled)
    before = dict(made)
    await api.act("two", "scale", replicas=2)
    await eventually(lambda: _desired(api, "two", 2))
    after = {item["name"]: item for item in (await api.get("/api/services"))["items"]}
    assert after["two"]["desired"] == 2
    assert made["one"] is before["one"]
    assert made["three"] is before["three"]
    assert made["two"] is not before["two"]


async def _desired(api: Api, name: str, replicas: int) -> bool:
    return bool((await api.get(f"/api/services/{name}"))["desired"] == replicas)


async def test_a_node_that_falls_silent_changes_what_the_list_says_of_its_services(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", constraints=["node.hostname == worker-1"])
    await api.run("other", constraints=["node.hostname == worker-2"])
    listed = (await api.get("/api/services"))["items"]
    assert [(item["name"], item["running"]) for item in listed] == [("other", 1), ("web", 1)]
    engine.power_off("worker-1")

    async def told() -> bool:
        items = {item["name"]: item for item in (await api.get("/api/services"))["items"]}
        return bool(items["web"]["status"] != "running" and items["other"]["status"] == "running")

    await eventually(told)


async def test_compressed_answers_decode_to_the_same(api: Api) -> None:
    for number in range(12):
        await api.create(f"web-{number:02}")
    for path in ("/api/services", "/api/openapi.json"):
        plain, headers = await raw(api, path, "identity")
        assert "content-encoding" not in headers
        for accepted in ("gzip", "br;q=1, gzip;q=0.5", "*"):
            sent, headers = await raw(api, path, accepted)
            assert headers["content-encoding"] == "gzip"
            assert int(headers["content-length"]) == len(sent) < len(plain) / 2
            assert "accept-encoding" in headers["vary"].lower()
            assert without_age(gzip.decompress(sent)) == without_age(plain)
    for refused in ("gzip;q=0", "br", "identity", "*;q=0"):
        _, headers = await raw(api, "/api/services", refused)
        assert "content-encoding" not in headers


async def test_a_kept_list_tells_the_age_of_the_picture_anew(api: Api) -> None:
    for number in range(12):
        await api.create(f"web-{number:02}")
    ages = {
        json.loads(gzip.decompress((await raw(api, "/api/services", "gzip"))[0]))["stale_seconds"]
        for _ in "ab"
    }
    assert len(ages) == 2


async def test_small_answers_and_errors_are_sent_plain(api: Api) -> None:
    _, headers = await raw(api, "/api/services", "gzip")
    assert "content-encoding" not in headers
    answer = await api.app.client.get("/api/services/none", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 404
    assert "content-encoding" not in answer.headers


async def test_streams_are_never_compressed(api: Api) -> None:
    context = api.app.context

    async def stop_once_listening() -> None:
        await eventually(lambda: context.events.bus.listeners == 1)
        context.events.bus.close()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop_once_listening)
        sent, headers = await raw(api, "/api/events", "gzip")
    assert headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in headers
    assert b"event: hello" in sent


async def test_match_status_limit_and_offset_choose_from_the_list(api: Api) -> None:
    await api.run("web")
    for name in ("db", "queue", "web-admin"):
        await api.create(name)

    async def names(**asked: Any) -> tuple[list[str], int]:
        listed = await api.get("/api/services", **asked)
        return [item["name"] for item in listed["items"]], listed["total"]

    assert await names() == (["db", "queue", "web", "web-admin"], 4)
    assert await names(match="WEB") == (["web", "web-admin"], 2)
    assert await names(status="stopped", limit=2) == (["db", "queue"], 3)
    assert await names(status=["stopped", "running"], offset=2) == (["web", "web-admin"], 4)
    assert await names(status="failed") == ([], 0)
    assert await names(limit=1, offset=3) == (["web-admin"], 4)
    assert await names(offset=9) == ([], 4)
    await api("DELETE", "/api/services/queue")
    assert await names() == (["db", "web", "web-admin"], 3)
    assert await names(match="web", status="stopped") == (["web-admin"], 1)


async def test_a_service_names_the_networks_it_is_attached_to(api: Api, engine: FakeEngine) -> None:
    engine.add_network("front", driver="overlay")
    engine.add_network("back", driver="overlay")
    await api.run("web", networks=["front", "back"])
    await api.run("alone")
    listed = {item["name"]: item["networks"] for item in (await api.get("/api/services"))["items"]}
    assert listed == {"web": ["back", "front"], "alone": []}
