"""The catalog over the API: register, read, edit, delete."""

from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually

pytestmark = pytest.mark.anyio


async def test_a_registered_service_is_listed_as_stopped_because_it_was_never_deployed(api: Api) -> None:
    created = await api.create("web", replicas=2)
    assert (created["status"], created["reason"], created["revision"]) == ("stopped", "never_deployed", 1)
    listed = await api.get("/api/services")
    assert listed["total"] == 1
    assert listed["items"][0]["name"] == "web"
    assert listed["stale_seconds"] is not None


async def test_the_registry_host_is_replaced_in_the_image_and_the_file_keeps_the_variable(api: Api) -> None:
    created = await api.create("web", image="${REGISTRY_HOST}/hello-world:1")
    assert created["image"] == "10.0.0.5:5000/hello-world:1"
    assert "${REGISTRY_HOST}/hello-world:1" in created["yaml"]


async def test_creating_answers_where_the_service_is_and_its_revision_as_etag(api: Api) -> None:
    answer = await api("POST", "/api/services", json={"name": "web", "definition": {"image": "nginx"}})
    assert (answer.status, answer.headers["location"], answer.headers["etag"]) == (
        201,
        "/api/services/web",
        '"1"',
    )


async def test_yaml_is_kept_as_written_with_its_comments(api: Api) -> None:
    text = "# ours\nname: web\nimage: nginx  # pinned later\n"
    answer = await api("POST", "/api/services", json={"name": "web", "yaml": text})
    assert (answer.status, answer.body["yaml"]) == (201, text)
    updated = await api("PUT", "/api/services/web", json={"definition": {"image": "nginx", "replicas": 2}})
    assert updated.status == 200
    assert "# ours" in updated.body["yaml"]
    assert "# pinned later" in updated.body["yaml"]


async def test_an_update_makes_a_revision_and_leaves_the_swarm_alone(api: Api) -> None:
    running = await api.run("web")
    answer = await api(
        "PUT", "/api/services/web", json={"definition": {"image": running["image"], "replicas": 4}}
    )
    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    service = await api.get("/api/services/web")
    assert (service["revision"], service["deployed_revision"], service["desired"]) == (2, 1, 1)
    assert service["drift"] is True


async def test_an_edit_of_an_older_revision_is_refused(api: Api) -> None:
    await api.create("web")
    body = {"definition": {"image": "nginx"}}
    first = await api("PUT", "/api/services/web", json=body, headers={"If-Match": '"1"'})
    second = await api("PUT", "/api/services/web", json=body, headers={"If-Match": '"1"'})
    gone = await api("DELETE", "/api/services/web", headers={"If-Match": '"1"'})
    assert (first.status, second.status, gone.status) == (200, 412, 412)
    assert second.code == "revision_changed"


async def test_a_service_that_runs_is_not_deleted_by_mistake(api: Api) -> None:
    await api.run("web")
    refused = await api("DELETE", "/api/services/web")
    assert (refused.status, refused.code) == (409, "service_is_live")
    forced = await api("DELETE", "/api/services/web", params={"force": "true"})
    assert forced.status == 204
    live = await api.get("/api/services/live")
    assert [(item["name"], item["in_catalog"], item["status"]) for item in live["items"]] == [
        ("web", False, "running")
    ]


async def test_a_hand_edit_becomes_a_revision_and_a_broken_file_is_listed_with_its_line(api: Api) -> None:
    await api.create("web")
    folder = api.app.context.settings.definitions_dir
    (folder / "web.yaml").write_text("name: web\nimage: nginx\nreplicas: 3\n")
    (folder / "torn.yaml").write_text("name: torn\nimage: nginx\nports: [80\n")

    async def look() -> Any:
        items = {item["name"]: item for item in (await api.get("/api/services"))["items"]}
        return items if "torn" in items and items["web"]["revision"] == 2 else None

    items = await eventually(look, within=5.0)
    assert items["torn"]["status"] == "broken"
    assert items["torn"]["problem"]["line"] == 4
    refused = await api("POST", "/api/services/torn/deploy")
    assert (refused.status, refused.code) == (409, "broken_definition")


async def test_the_list_is_filtered_and_cut_into_pages(api: Api) -> None:
    for name in ("api", "web-1", "web-2", "web-3"):
        await api.create(name)
    page = await api.get("/api/services", match="WEB", limit=2, offset=1)
    assert ([item["name"] for item in page["items"]], page["total"]) == (["web-2", "web-3"], 3)
    assert (await api.get("/api/services", status="running"))["total"] == 0
    assert (await api.get("/api/services", status=["running", "stopped"]))["total"] == 4


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "../web", "definition": {"image": "a"}}, "name", "a-z"),
    ({"name": "live", "definition": {"image": "a"}}, "name", "reserved"),
    ({"name": "web", "definition": {"image": "a", "replcas": 1}}, "replcas", "'replicas'"),
    ({"name": "web", "definition": {"image": "a", "replicas": -1}}, "replicas", "-1"),
    ({"name": "web", "definition": {"image": "a", "mounts": ["data"]}}, "mounts[0]", "path"),
    (
        {"name": "web", "definition": {"image": "a", "constraints": ["node.hostnam==x"]}},
        "constraints[0]",
        "node.hostname",
    ),
    ({"name": "web", "definition": {"image": "${OTHER}/a"}}, "image", "REGISTRY_HOST"),
    ({"name": "web", "definition": {}}, "image", ""),
    ({"name": "web", "yaml": "image: [a\n"}, "yaml", "YAML"),
    ({"name": "web"}, "definition", "either"),
    ({"name": "web", "definition": {"image": "a"}, "yaml": "image: a"}, "definition", "either"),
    ({"name": "web", "definition": {"image": "a"}, "extra": 1}, "extra", ""),
]


@pytest.mark.parametrize(("body", "field", "reason"), BAD)
async def test_bad_input_names_field_and_reason_and_changes_nothing(
    api: Api, body: dict[str, Any], field: str, reason: str
) -> None:
    answer = await api("POST", "/api/services", json=body)
    assert answer.status == 422, answer
    assert answer.headers["content-type"] == "application/problem+json"
    found = {error["field"]: error["reason"] for error in answer.body["errors"]}
    assert field in found, answer.body
    assert reason in found[field]
    assert (await api.get("/api/services"))["total"] == 0
    assert list(api.app.context.settings.definitions_dir.iterdir()) == []


async def test_a_name_is_taken_once(api: Api) -> None:
    await api.create("web")
    again = await api("POST", "/api/services", json={"name": "web", "definition": {"image": "a"}})
    assert (again.status, again.code) == (409, "already_exists")
