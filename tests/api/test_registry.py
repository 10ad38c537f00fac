"""Browsing a registry and deleting from it over the API."""

import gc
import json
import time
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from backend.domain.registry_manifest import OCI_MANIFEST
from tests.api.registry_fixture import Surroundings, surroundings
from tests.eventually import eventually
from tests.fakes import fake_registry
from tests.fakes.fake_registry import Misbehaviour, always

pytestmark = pytest.mark.anyio

REPOSITORIES = "/api/registry/repositories"


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surroundings(tmp_path) as made:
        yield made


async def tags_of(around: Surroundings, repository: str, **params: Any) -> dict[str, Any]:
    listed = await around.api.get(f"{REPOSITORIES}/{repository}/tags", **params)
    return {tag["name"]: tag for tag in listed["items"]}


async def test_repositories_are_listed_with_tags_and_the_services_that_use_them(around: Surroundings) -> None:
    around.push("team/web", "1", "2")
    around.push("db", "16")
    await around.api.run("web", image="${REGISTRY_HOST}/team/web:1")
    listed = await around.api.get(REPOSITORIES)
    assert listed["total"] == 2
    host = around.registry.host
    assert listed["items"] == [
        {"name": "db", "registry": host, "image": f"{host}/db", "tags": 1, "used_by": []},
        {"name": "team/web", "registry": host, "image": f"{host}/team/web", "tags": 2, "used_by": ["web"]},
    ]
    assert listed["as_of"]


async def test_more_than_a_page_of_repositories_is_read_and_cut_as_asked(around: Surroundings) -> None:
    around.registry.page = 100
    for number in range(250):
        around.push(f"bulk/n{number:03d}", "x")
    listed = await around.api.get(REPOSITORIES, limit=10, offset=240, match="BULK")
    assert listed["total"] == 250
    assert [item["name"] for item in listed["items"]] == [f"bulk/n{number:03d}" for number in range(240, 250)]


async def test_a_tag_tells_digest_platform_size_layers_age_and_labels(around: Surroundings) -> None:
    digest = around.push("web", "1", labels={"version": "1.2"}, layers=(b"one", b"three"))
    tag = (await tags_of(around, "web"))["1"]
    assert (tag["digest"], tag["media_type"], tag["problem"]) == (digest, OCI_MANIFEST, None)
    assert [layer["size"] for layer in tag["layers"]] == [3, 5]
    assert tag["size"] == tag["platforms"][0]["size"] > 8
    platform = tag["platforms"][0]
    assert (platform["os"], platform["architecture"], platform["digest"]) == ("linux", "amd64", digest)
    assert (tag["created"], tag["labels"]) == ("2026-11-01T10:00:00.123457Z", {"version": "1.2"})


async def test_slashes_in_names_may_be_written_either_way(around: Surroundings) -> None:
    around.push("a/tags/tags", "1")
    for written in ("a/tags/tags", "a%2Ftags%2Ftags"):
        assert set(await tags_of(around, written)) == {"1"}


async def test_an_image_for_several_platforms_shows_them_and_not_the_builders_attestation(
    around: Surroundings,
) -> None:
    digest = around.registry.add_index("web", "1", architectures=("amd64", "arm64"))
    tag = (await tags_of(around, "web"))["1"]
    assert tag["digest"] == digest
    assert [one["architecture"] for one in tag["platforms"]] == ["amd64", "arm64"]
    assert tag["size"] == sum(one["size"] for one in tag["platforms"])


async def test_a_service_pinned_to_a_platform_below_an_index_uses_its_tag(around: Surroundings) -> None:
    around.registry.add_index("web", "1", architectures=("amd64", "arm64"))
    below = list(around.registry.repositories["web"].manifests)[1]
    around.engine.add_image(f"{around.registry.host}/web:amd64", digest=below)
    await around.api.run("web", image=f"${{REGISTRY_HOST}}/web@{below}")
    tag = (await tags_of(around, "web"))["1"]
    assert tag["used_by"] == [{"service": "web", "by": "digest", "running": True}]
    assert tag["newer_than_deployed"] is False


async def test_a_tag_that_moved_is_newer_than_what_is_deployed(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1")
    before = (await tags_of(around, "web"))["1"]
    assert before["used_by"] == [{"service": "web", "by": "digest", "running": True}]
    assert before["newer_than_deployed"] is False
    around.push("web", "1")
    assert (await around.tell("web", "1")).status == 202
    after = await eventually(lambda: moved(around))
    assert after["used_by"] == [{"service": "web", "by": "tag", "running": False}]


async def moved(around: Surroundings) -> Any:
    tag = (await tags_of(around, "web"))["1"]
    return tag if tag["newer_than_deployed"] else None


async def test_a_definition_that_was_never_deployed_uses_its_tag(around: Surroundings) -> None:
    around.push("web", "latest")
    await around.api.create("later", image="${REGISTRY_HOST}/web")
    tag = (await tags_of(around, "web"))["latest"]
    assert tag["used_by"] == [{"service": "later", "by": "tag", "running": False}]
    assert (await around.api.get(REPOSITORIES))["items"][0]["used_by"] == ["later"]


async def test_tags_come_newest_version_first(around: Surroundings) -> None:
    around.push("web", "1.9", "1.10", "1.2", "latest", "1.10-rc1")
    listed = await around.api.get(f"{REPOSITORIES}/web/tags", limit=3)
    assert [tag["name"] for tag in listed["items"]] == ["latest", "1.10-rc1", "1.10"]
    assert listed["total"] == 5


# Deleting -------------------------------------------------------------------------------------------------


async def test_an_unused_tag_is_deleted_and_the_answer_says_how_space_is_freed(around: Surroundings) -> None:
    digest = around.push("team/web", "1")
    around.push("team/web", "2")
    await tags_of(around, "team/web")
    answer = await around.api("DELETE", f"{REPOSITORIES}/team/web/tags/1")
    assert answer.status == 200
    assert (answer.body["digest"], answer.body["tags"], answer.body["used_by"]) == (digest, ["1"], [])
    assert "garbage-collect" in answer.body["next_step"]
    assert set(await tags_of(around, "team/web")) == {"2"}


async def test_a_tag_in_use_is_refused_with_its_users_until_its_name_is_typed(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1")
    await around.api.create("later", image="${REGISTRY_HOST}/web:1")
    path = f"{REPOSITORIES}/web/tags/1"
    refused = await around.api("DELETE", path)
    assert (refused.status, refused.code) == (409, "image_in_use")
    assert {error["field"] for error in refused.body["errors"]} == {"web", "later"}
    assert "confirm=web:1" in refused.body["detail"]
    wrong = await around.api("DELETE", path, params={"confirm": "web:2"})
    assert (wrong.status, wrong.code) == (409, "image_in_use")
    assert "1" in around.registry.repositories["web"].tags
    done = await around.api("DELETE", path, params={"confirm": "web:1"})
    assert done.status == 200
    assert [user["service"] for user in done.body["used_by"]] == ["later", "web"]
    assert around.registry.repositories["web"].tags == {}


async def test_other_tags_on_the_manifest_are_named_and_their_users_count(around: Surroundings) -> None:
    around.push("web", "1.0", "stable")
    path = f"{REPOSITORIES}/web/tags/1.0"
    shared = await around.api("DELETE", path)
    assert (shared.status, shared.code) == (409, "tags_share_manifest")
    assert "stable" in shared.body["detail"]
    await around.api.create("later", image="${REGISTRY_HOST}/web:stable")
    used = await around.api("DELETE", path)
    assert (used.status, used.code) == (409, "image_in_use")
    assert used.body["errors"][0]["field"] == "later"
    done = await around.api("DELETE", path, params={"confirm": "web"})
    assert done.body["tags"] == ["1.0", "stable"]


async def test_the_digest_a_service_runs_cannot_be_deleted_though_its_tag_moved_on(
    around: Surroundings,
) -> None:
    old = around.push("web", "1")
    await around.api.run("web", image="${REGISTRY_HOST}/web:1")
    around.push("web", "1")
    refused = await around.api("DELETE", f"{REPOSITORIES}/web/manifests/{old}")
    assert (refused.status, refused.code) == (409, "image_in_use")
    free = around.push("web", "spare")
    assert (await around.api("DELETE", f"{REPOSITORIES}/web/manifests/{free}")).status == 200


async def test_a_platform_below_a_used_index_cannot_be_deleted(around: Surroundings) -> None:
    digest = around.registry.add_index("web", "1", architectures=("amd64", "arm64"))
    around.engine.add_image(f"{around.registry.host}/web:1", digest=digest)
    await around.api.run("web", image="${REGISTRY_HOST}/web:1")
    below = list(around.registry.repositories["web"].manifests)[1]
    refused = await around.api("DELETE", f"{REPOSITORIES}/web/manifests/{below}")
    assert (refused.status, refused.code) == (409, "image_in_use")


async def test_a_registry_without_deletes_is_a_409_that_says_how_to_switch_them_on(
    around: Surroundings,
) -> None:
    around.push("web", "1")
    around.registry.deletes = False
    answer = await around.api("DELETE", f"{REPOSITORIES}/web/tags/1")
    assert (answer.status, answer.code) == (409, "registry_delete_disabled")
    assert "REGISTRY_STORAGE_DELETE_ENABLED" in answer.body["detail"]


async def test_deletes_are_audited_refused_ones_too(around: Surroundings) -> None:
    around.push("web", "1")
    await around.api.create("web", image="${REGISTRY_HOST}/web:1")
    await around.api("DELETE", f"{REPOSITORIES}/web/tags/1")
    await around.api("DELETE", f"{REPOSITORIES}/web/tags/1", params={"confirm": "web:1"})
    rows = await around.api.app.context.database.read(
        "SELECT target, outcome, code FROM audit WHERE action = 'registry.delete_image' ORDER BY id"
    )
    image = f"{around.registry.host}/web:1"
    assert [tuple(row) for row in rows] == [(image, "failed", "image_in_use"), (image, "done", "")]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nothing/tags", "repository_not_found"),
        ("DELETE", "/web/tags/nothing", "tag_not_found"),
        ("DELETE", f"/web/manifests/sha256:{'0' * 64}", "tag_not_found"),
    ],
)
async def test_what_is_not_there_is_a_404(around: Surroundings, method: str, path: str, code: str) -> None:
    around.push("web", "1")
    answer = await around.api(method, REPOSITORIES + path)
    assert (answer.status, answer.code) == (404, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/Web/tags"),
        ("GET", "/a//b/tags"),
        ("GET", "/../_catalog/tags"),
        ("GET", "/a%2F..%2Fb/tags"),
        ("GET", "/%20/tags"),
        ("GET", f"/{'a' * 256}/tags"),
        ("DELETE", "/web/tags/-1"),
        ("DELETE", "/web/tags/a%3Fb"),
        ("DELETE", "/web/manifests/sha256:zz"),
        ("DELETE", "/web/manifests/latest"),
    ],
)
async def test_what_cannot_be_a_name_is_refused_without_asking_the_registry(
    around: Surroundings, method: str, path: str
) -> None:
    answer = await around.api(method, REPOSITORIES + path)
    assert answer.status in {404, 405, 422}
    assert around.registry.seen == []


async def test_a_registry_that_is_not_configured_is_never_asked(around: Surroundings) -> None:
    answer = await around.api("GET", REPOSITORIES, params={"registry": "169.254.169.254"})
    assert (answer.status, answer.code) == (404, "registry_not_configured")
    assert around.registry.host in answer.body["detail"]


# Registries that misbehave --------------------------------------------------------------------------------

HOSTILE: dict[str, tuple[Misbehaviour, int, str]] = {
    "html": (always(200, b"<html>hello</html>", "text/html"), 502, "not_a_registry"),
    "html 404": (always(404, b"<html>no</html>", "text/html"), 502, "not_a_registry"),
    "garbage": (always(200, b"\x00\xff{{{", "application/json"), 502, "not_a_registry"),
    "other json": (always(200, b'{"hello": 1}', "application/json"), 502, "not_a_registry"),
    "deep": (always(200, b'{"repositories":' + b"[" * 100_000, "application/json"), 502, "not_a_registry"),
    "wrong types": (always(200, b'{"repositories":[1]}', "application/json"), 502, "not_a_registry"),
    "500": (always(500, b"oh"), 502, "registry_error"),
    "redirect": (always(307, Location="http://127.0.0.1:9/v2/"), 502, "registry_redirected"),
    "busy": (always(429, Retry_After="7"), 502, "registry_busy"),
    "403": (always(403), 502, "registry_denied"),
    "401 loop": (always(401, WWW_Authenticate='Basic realm="x"'), 502, "registry_unauthorized"),
    "401 unsaid": (always(401), 502, "registry_unauthorized"),
    "endless catalog": (fake_registry.endless_catalog, 502, "registry_endless"),
    "circle": (fake_registry.circling_catalog, 502, "registry_endless"),
    "flood": (fake_registry.flood, 502, "registry_answer_too_large"),
}


@pytest.mark.parametrize("how", HOSTILE)
async def test_a_registry_that_misbehaves_is_a_clear_502(around: Surroundings, how: str) -> None:
    misbehaviour, status, code = HOSTILE[how]
    around.registry.misbehaviour = misbehaviour
    answer = await around.api("GET", REPOSITORIES)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert around.registry.host in answer.body["detail"]


async def test_a_registry_that_takes_for_ever_is_a_504_within_ten_seconds(around: Surroundings) -> None:
    around.registry.misbehaviour = fake_registry.dripping
    began = time.monotonic()
    answer = await around.api("GET", REPOSITORIES)
    assert (answer.status, answer.code) == (504, "registry_timeout")
    assert time.monotonic() - began < 10


async def test_answers_that_were_refused_for_their_size_are_not_kept(around: Surroundings) -> None:
    around.registry.misbehaviour = fake_registry.flood
    await around.api("GET", REPOSITORIES)
    # Without its help: errors that hold each other would hold megabytes until it comes.
    gc.disable()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(20):
            await around.api("GET", f"{REPOSITORIES}/r{number}/tags")
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 4 * 2**20
    assert peak - before < 24 * 2**20


async def test_a_registry_that_is_down_is_a_502_and_works_again_when_it_is_back(around: Surroundings) -> None:
    around.push("web", "1")
    await around.registry.stop()
    answer = await around.api("GET", REPOSITORIES)
    assert (answer.status, answer.code) == (502, "registry_unreachable")
    await around.registry.start_again()
    assert (await around.api.get(REPOSITORIES))["total"] == 1


async def test_one_broken_tag_hides_no_other(around: Surroundings) -> None:
    around.push("web", "good")
    around.registry.add_manifest("web", OCI_MANIFEST, b"{}", "broken")
    old = json.dumps({"schemaVersion": 1, "name": "web", "fsLayers": []}).encode()
    around.registry.add_manifest(
        "web", "application/vnd.docker.distribution.manifest.v1+prettyjws", old, "old"
    )
    tags = await tags_of(around, "web")
    assert tags["good"]["problem"] is None
    assert "schemaVersion" in tags["broken"]["problem"]
    assert "schema 1" in tags["old"]["problem"]
    assert tags["old"]["digest"] is not None


async def test_many_who_ask_at_once_cost_the_registry_one_question(around: Surroundings) -> None:
    around.push("web", "1")
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(around.api.get, REPOSITORIES)
    assert around.registry.paths().count("/v2/_catalog") == 1
