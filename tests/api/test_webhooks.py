"""Notifications of registries: what they refresh, and what they redeploy."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from backend.models.actor import SYSTEM
from tests.api.registry_fixture import Surroundings, surroundings
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surroundings(tmp_path) as made:
        yield made


async def deployments(around: Surroundings, service: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await around.api.get("/api/deployments", service=service))["items"]
    return items


def runs(around: Surroundings, service: str, digest: str) -> bool:
    return str(around.engine.service(service).spec["TaskTemplate"]["ContainerSpec"]["Image"]).endswith(digest)


async def looked_at(around: Surroundings, before: int) -> None:
    """Wait until the registry was asked for a manifest again, and what follows from that is over."""
    await eventually(lambda: len(around.registry.paths("HEAD")) > before)
    news = around.api.app.context.registry_news
    await eventually(lambda: not news._jobs and not news._busy)


async def test_a_push_redeploys_a_live_service_that_follows_its_tag(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    new = around.push("web", "1")
    answer = await around.tell("web", "1")
    assert (answer.status, answer.body) == (202, {"repositories": 1})
    await eventually(lambda: runs(around, "web", new))
    rows = await eventually(lambda: deployments(around, "web"))
    assert (rows[0]["actor"], rows[0]["to_digest"]) == ("system", new)
    database = around.api.app.context.database
    question = "SELECT target FROM audit WHERE actor_name = 'system' AND outcome = 'done'"

    async def audited() -> bool:
        return "web" in [row[0] for row in await database.read(question)]

    await eventually(audited)


async def test_the_same_digest_told_again_restarts_nothing(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    version = around.engine.service("web").version
    for _ in range(5):
        before = len(around.registry.paths("HEAD"))
        assert (await around.tell("web", "1")).status == 202
        await looked_at(around, before)
    assert around.engine.service("web").version == version
    assert len(await deployments(around, "web")) == 1


async def test_a_storm_of_notifications_is_one_deployment(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    new = around.push("web", "1")
    before = len(around.registry.paths("HEAD"))
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(around.tell, "web", "1")
    await looked_at(around, before)
    assert runs(around, "web", new)
    assert len(await deployments(around, "web")) == 2


async def test_a_digest_whose_deployment_was_taken_back_is_not_deployed_again(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    new = around.push("web", "1")
    await around.tell("web", "1")
    await eventually(lambda: runs(around, "web", new))
    await around.api.verdict((await deployments(around, "web"))[0])
    rollback = await around.api("POST", "/api/services/web/rollback", json={"to_revision": 1})
    count = len(await deployments(around, "web"))
    before = len(around.registry.paths("HEAD"))
    await around.tell("web", "1")
    await looked_at(around, before)
    assert len(await deployments(around, "web")) == count, rollback


async def test_only_live_services_that_ask_for_it_and_use_this_tag_are_touched(around: Surroundings) -> None:
    around.push("web", "1", "2")
    await around.api.run("follows", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    await around.api.run("still", image="${REGISTRY_HOST}/web:1")
    await around.api.run("never", image="${REGISTRY_HOST}/web:1", auto_deploy=False)
    await around.api.run("other", image="${REGISTRY_HOST}/web:2", auto_deploy="digest")
    await around.api.create("absent", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    new = around.push("web", "1", "2")
    before = len(around.registry.paths("HEAD"))
    await around.tell("web", "1")
    await looked_at(around, before)
    await eventually(lambda: runs(around, "follows", new))
    for name in ("still", "never", "other"):
        assert not runs(around, name, new), name
    assert not (await around.api.get("/api/services/absent"))["live"]


async def test_what_a_notification_claims_is_asked_of_the_registry(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    version = around.engine.service("web").version
    event = {
        "action": "push",
        "target": {"repository": "web", "tag": "1", "digest": "sha256:" + "f" * 64},
    }
    before = len(around.registry.paths("HEAD"))
    assert (await around.tell("web", "1", json={"events": [event]})).status == 202
    await looked_at(around, before)
    assert around.engine.service("web").version == version


async def test_a_registry_that_is_down_is_asked_again_later(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.registry_news.PAUSES", (0.05,) * 50)
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1", auto_deploy="digest")
    new = around.push("web", "1")
    await around.registry.stop()
    await around.tell("web", "1")
    news = around.api.app.context.registry_news
    await eventually(lambda: any(job.failed for job in news._jobs.values()))
    await around.registry.start_again()
    await eventually(lambda: runs(around, "web", new))


@pytest.mark.parametrize(
    "events",
    [
        [],
        [{"action": "pull", "target": {"repository": "web", "tag": "1"}}],
        [{"action": "push"}],
        [{"action": "push", "target": {}}],
        [{"action": "push", "target": {"repository": "../../etc", "tag": "1"}}],
        [{"action": "mount", "target": {"repository": "web"}, "unknown": {"deep": [1, 2]}}],
    ],
)
async def test_what_says_nothing_is_taken_and_forgotten(
    around: Surroundings, events: list[dict[str, Any]]
) -> None:
    answer = await around.tell("web", "1", json={"events": events})
    assert (answer.status, answer.body) == (202, {"repositories": 0})
    assert around.registry.seen == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"events": 1}', b'{"events": [1]}', b"not json"])
async def test_what_is_no_envelope_is_refused(around: Surroundings, body: bytes) -> None:
    answer = await around.tell("web", "1", json=None, content=body)
    assert answer.status in {400, 422}


async def test_more_than_a_thousand_events_or_repositories_are_refused(around: Surroundings) -> None:
    many = [{"action": "push", "target": {"repository": f"r{n}"}} for n in range(1_001)]
    assert (await around.tell("web", "1", json={"events": many})).status == 422
    around.api.app.context.registry_news._busy |= {("x", str(n)) for n in range(4)}
    assert (await around.tell("web", "1", json={"events": many[:1_000]})).status == 202
    full = await around.tell("another", "1")
    assert (full.status, full.code) == (503, "overloaded")


async def test_without_a_token_nothing_is_taken(around: Surroundings) -> None:
    async with around.api.app.visitor() as visitor:
        for headers in ({}, {"Authorization": "Bearer so_wrong"}):
            answer = await visitor.post("/api/webhooks/registry", json={"events": []}, headers=headers)
            assert answer.status_code == 401


async def test_a_push_is_told_to_every_open_page(around: Surroundings) -> None:
    stream = await around.api.app.context.events.subscribe(SYSTEM, None)
    seen = b""
    await around.tell("team/web", "1")
    while b"event: registry" not in seen:
        seen += await stream.receive() or b""
    assert b'{"registry":"%b","repository":"team/web"}' % around.registry.host.encode() in seen
    stream.close()
