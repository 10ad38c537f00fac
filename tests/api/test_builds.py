"""Builds over the API: from a folder to a pushed, verified digest, and everything that can come between."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from backend.models.actor import SYSTEM, Actor, Permission
from backend.models.schemas.builds import BuildRequest
from tests.api.build_fixture import DOCKERFILE, SLOW, Building, building, engine_that_builds
from tests.eventually import eventually

pytestmark = pytest.mark.anyio

ALONE = "FROM scratch\nCOPY note.txt /\n"
"""Needs no registry to be built."""


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Building]:
    async with engine_that_builds() as engine, building(tmp_path, engine) as made:
        yield made


# From folder to digest -----------------------------------------------------------------------------------


async def test_a_folder_becomes_an_image_under_two_tags_whose_digest_is_recorded(build: Building) -> None:
    await build.service("web")
    queued = await build.start("web")
    assert (queued["state"], queued["position"], queued["project"]) == ("queued", 1, "web")
    ended = await build.ended(queued)
    assert (ended["state"], ended["cause"]) == ("succeeded", None)
    host = build.engine.registry_host
    assert ended["image"] == f"{host}/built/web:1"
    assert ended["tag"].startswith("build-2")
    registry = build.engine.store.images
    assert registry[f"{host}/built/web:1"].digest == ended["digest"]
    assert registry[f"{host}/built/web:{ended['tag']}"].digest == ended["digest"]
    assert [phase["phase"] for phase in ended["phases"]] == [
        "queued",
        "packing",
        "building",
        "tagging",
        "pushing",
        "verifying",
        "ended",
    ]
    assert (ended["context_files"], ended["position"], ended["can_push"]) == (2, None, False)
    assert any("RUN echo built" in step["name"] for step in ended["steps"])
    assert "built" in await build.output(ended)
    listed = await build.api.get("/api/builds", service="web")
    assert (listed["total"], listed["items"][0]["id"]) == (1, ended["id"])
    assert listed["items"][0]["steps"] == []


async def test_the_engine_keeps_only_the_definitions_tag_of_what_arrived(build: Building) -> None:
    await build.service("web")
    ended = await build.ended(await build.start("web"))
    assert [name for name in build.engine.builder.names if "built/web" in name] == [ended["image"]]


async def test_definition_and_request_say_what_is_built(build: Building) -> None:
    staged = DOCKERFILE.replace("hello-world:1", "hello-world:1 AS base") + "FROM base\nRUN echo never\n"
    await build.service("web", staged, build_args={"TOKEN": "of the definition"})
    (build.folder / "projects" / "web" / "Other.Dockerfile").write_text(staged)
    body = {"target": "base", "platforms": ["x86_64"], "dockerfile": "Other.Dockerfile", "no_cache": True}
    ended = await build.ended(await build.start("web", build_args={"TOKEN": "of the request"}, **body))
    assert ended["state"] == "succeeded", ended
    asked = build.engine.builder.requests[-1]
    assert (asked.target, asked.platform, asked.dockerfile) == ("base", "linux/amd64", "Other.Dockerfile")
    assert asked.no_cache
    assert asked.build_args == {"TOKEN": "of the request", "REGISTRY_HOST": build.engine.registry_host}
    assert "never" not in await build.output(ended)


async def test_the_registrys_host_is_an_argument_only_where_the_dockerfile_declares_it(
    build: Building,
) -> None:
    await build.service("web", ALONE)
    assert (await build.ended(await build.start("web")))["state"] == "succeeded"
    assert build.engine.builder.requests[-1].build_args == {}


async def test_the_service_shows_its_newest_build_and_the_stream_and_timeline_tell_of_it(
    build: Building,
) -> None:
    await build.service("web")
    await build.service("db")
    before = {item["name"]: item for item in (await build.api.get("/api/services"))["items"]}
    assert before["web"]["build"] is None
    ended = await build.ended(await build.start("web"))
    after = {item["name"]: item for item in (await build.api.get("/api/services"))["items"]}
    shown = after["web"]["build"]
    assert (shown["id"], shown["state"], shown["digest"]) == (ended["id"], "succeeded", ended["digest"])
    assert after["db"]["build"] is None
    timeline = await build.api.get("/api/timeline", kind="build")
    assert [item["text"].split(" by ")[0] for item in timeline["items"]] == ["build of web"] * 2
    assert timeline["items"][0]["text"].endswith("succeeded")
    assert timeline["items"][0]["service"] == "web"


async def test_a_step_that_fails_ends_the_build_with_its_exit_code(build: Building) -> None:
    await build.service("web", DOCKERFILE + "RUN echo oops >&2; exit 3\n")
    ended = await build.ended(await build.start("web"))
    assert ended["state"] == "failed"
    assert "exit code 3" in ended["cause"]
    assert ended["digest"] is None
    assert ended["can_push"] is False
    assert "oops" in await build.output(ended)
    assert any(step["error"] for step in ended["steps"])


async def test_limits_of_the_configuration_hold_with_the_builder_that_takes_them(tmp_path: Path) -> None:
    limits = {"build_memory_bytes": 256 * 2**20, "build_cpus": 1.5}
    async with engine_that_builds() as engine, building(tmp_path, engine, **limits) as build:
        await build.service("web")
        assert (await build.ended(await build.start("web")))["state"] == "succeeded"
        asked = engine.builder.requests[-1]
        assert (asked.buildkit, asked.memory, asked.cpu_quota) == (False, 256 * 2**20, 150_000)
        await build.service("modern", DOCKERFILE + "RUN --mount=type=cache,target=/c echo never\n")
        ended = await build.ended(await build.start("modern"))
        assert ended["state"] == "failed"
        assert "BUILD_MEMORY_BYTES or BUILD_CPUS excludes" in ended["cause"]


# What is refused at once ---------------------------------------------------------------------------------


async def test_what_cannot_be_built_is_refused_with_nothing_queued(build: Building) -> None:
    host = build.engine.registry_host
    await build.api.create("plain")
    await build.service("pinned", image=f"{host}/built/pinned@sha256:{'a' * 64}")
    await build.service("foreign", image="elsewhere.example.com/built/foreign:1")
    await build.service("lost")
    (build.folder / "projects" / "lost" / "Dockerfile").unlink()
    await build.service("linked")
    (build.folder / "projects" / "linked" / "passwd").symlink_to("/etc/passwd")
    codes = {}
    for name in ("plain", "pinned", "foreign", "lost", "nothing"):
        refusal = await build.refused(name)
        codes[name] = (refusal.status, refusal.code)
    assert codes == {
        "plain": (409, "no_build_context"),
        "pinned": (409, "image_is_pinned"),
        "foreign": (409, "registry_not_configured"),
        "lost": (422, "dockerfile_missing"),
        "nothing": (404, "service_not_found"),
    }
    assert host in (await build.refused("foreign")).body["detail"]
    assert (await build.api.get("/api/builds"))["total"] == 0
    assert build.engine.builder.requests == []


async def test_a_context_beyond_its_limit_is_refused_without_being_sent(build: Building) -> None:
    await build.service("web")
    with (build.folder / "projects" / "web" / "huge").open("wb") as sparse:
        sparse.truncate(1024**4)
    refusal = await build.refused("web")
    assert (refusal.status, refusal.code) == (413, "context_too_large")
    assert build.engine.builder.contexts == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"platforms": ["linux/amd64; id"]}, "platforms"),
        ({"build_args": {"A B": "1"}}, "build_args"),
        ({"dockerfile": "../../etc/passwd"}, "dockerfile"),
    ],
)
async def test_odd_requests_are_refused_by_field(build: Building, body: dict[str, Any], field: str) -> None:
    await build.service("web")
    refusal = await build.refused("web", **body)
    assert refusal.status == 422, refusal
    assert refusal.body["errors"][0]["field"] == field


async def test_building_needs_its_own_permission_and_deploying_with_it_that_of_deploys(
    build: Building,
) -> None:
    await build.service("web")
    builds = build.api.app.context.builds
    operator = Actor("token", "operator", frozenset({Permission.READ, Permission.OPERATE}), "1")
    builder = Actor("token", "builder", frozenset({Permission.READ, Permission.BUILD}), "2")
    with pytest.raises(Exception, match="needs the permission 'build'"):
        await builds.start(operator, "web", BuildRequest())
    with pytest.raises(Exception, match="needs the permission 'operate'"):
        await builds.start(builder, "web", BuildRequest(deploy=True))
    assert (await builds.start(builder, "web", BuildRequest())).actor == "builder"
    audited = (await build.api.get("/api/audit", action="service.build"))["items"]
    assert sorted(
        (row["actor"]["name"] if isinstance(row["actor"], dict) else row["actor"], row["outcome"])
        for row in audited
    ) == [("builder", "denied"), ("builder", "done"), ("operator", "denied")]


async def test_nodes_that_could_not_run_the_image_are_named_before_it_is_built(build: Building) -> None:
    build.engine.add_node("arm-1", architecture="aarch64")
    context = build.api.app.context
    await eventually(lambda: len(context.cluster.nodes) == 4)
    await build.service("web")
    await build.service("pi", constraints=["node.platform.arch == aarch64"])
    mixed = (await build.ended(await build.start("web")))["warnings"]
    assert len(mixed) == 1
    assert mixed[0].startswith("arm-1 has linux/arm64 and cannot run")
    lost = (await build.ended(await build.start("pi")))["warnings"]
    assert any("no node on which pi may run has that: they have linux/arm64" in text for text in lost)
    assert (await build.ended(await build.start("pi", platforms=["linux/arm64"])))["warnings"] == []


# The queue -----------------------------------------------------------------------------------------------


async def test_builds_wait_in_line_and_see_their_positions(build: Building) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW)
    await build.service("db")
    first = await build.start("web")
    await build.held(first)
    second, third = await build.start("web"), await build.start("db")
    assert (second["position"], third["position"]) == (1, 2)
    build.engine.builder.release()
    ended = [await build.ended(one) for one in (first, second, third)]
    assert [one["state"] for one in ended] == ["succeeded"] * 3
    assert ended[0]["finished_at"] <= ended[1]["started_at"]


async def test_with_room_for_two_another_service_goes_ahead_and_the_same_one_waits(tmp_path: Path) -> None:
    async with engine_that_builds() as engine, building(tmp_path, engine, build_concurrency=2) as build:
        engine.builder.hold("slow")
        await build.service("web", SLOW)
        await build.service("db")
        first = await build.start("web")
        await build.held(first)
        again, other = await build.start("web"), await build.start("db")
        assert (await build.ended(other))["state"] == "succeeded"
        assert (await build.api.get(f"/api/builds/{again['id']}"))["state"] == "queued"
        engine.builder.release()
        assert (await build.ended(again))["state"] == "succeeded"


async def test_a_full_queue_refuses_more(tmp_path: Path) -> None:
    async with engine_that_builds() as engine, building(tmp_path, engine, build_queue=1) as build:
        engine.builder.hold("slow")
        await build.service("web", SLOW)
        await build.held(await build.start("web"))
        await build.start("web")
        refusal = await build.api("POST", "/api/services/web/build")
        assert (refusal.status, refusal.code) == (503, "too_many_builds")
        engine.builder.release()


async def test_a_cancelled_build_never_begins_or_leaves_no_container(build: Building) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW)
    running = await build.start("web")
    await build.held(running)
    waiting = await build.start("web")
    cancelled = await build.api("DELETE", f"/api/builds/{waiting['id']}")
    assert (cancelled.status, cancelled.body["state"]) == (200, "cancelled")
    assert "before it began" in cancelled.body["cause"]
    answer = await build.api("DELETE", f"/api/builds/{running['id']}", params={"wait": 10})
    assert (answer.status, answer.body["state"]) == (200, "cancelled")
    assert "while the image was being built" in answer.body["cause"]
    await eventually(lambda: build.engine.builder.containers == [])
    again = await build.api("DELETE", f"/api/builds/{running['id']}")
    assert (again.status, again.code) == (409, "build_ended")
    build.engine.builder.release()
    assert (await build.ended(await build.start("web")))["state"] == "succeeded"


async def test_a_build_that_takes_too_long_is_ended_and_leaves_no_container(tmp_path: Path) -> None:
    async with engine_that_builds() as engine, building(tmp_path, engine, build_timeout=1) as build:
        await build.service("web", DOCKERFILE + "RUN sleep 9999\n")
        ended = await build.ended(await build.start("web"))
        assert ended["state"] == "failed"
        assert "took longer than 1 s" in ended["cause"]
        await eventually(lambda: engine.builder.containers == [])


# Pushes --------------------------------------------------------------------------------------------------


async def test_a_push_that_failed_keeps_the_image_and_is_tried_again(build: Building) -> None:
    await build.service("web", ALONE)
    build.engine.registry_up = False
    ended = await build.ended(await build.start("web"))
    assert (ended["state"], ended["can_push"]) == ("failed", True)
    assert "push again" in ended["cause"]
    early = await build.api("POST", f"/api/builds/{ended['id']}/push", params={"wait": 10})
    assert (early.body["state"], early.body["can_push"]) == ("failed", True)
    build.engine.registry_up = True
    requests = len(build.engine.builder.requests)
    pushed = await build.api("POST", f"/api/builds/{ended['id']}/push", params={"wait": 10})
    assert (pushed.status, pushed.body["state"], pushed.body["cause"]) == (200, "succeeded", None)
    assert pushed.body["digest"]
    assert len(build.engine.builder.requests) == requests
    again = await build.api("POST", f"/api/builds/{ended['id']}/push")
    assert (again.status, again.code) == (409, "already_pushed")


async def test_an_image_that_is_gone_cannot_be_pushed(build: Building) -> None:
    await build.service("web", ALONE)
    build.engine.registry_up = False
    ended = await build.ended(await build.start("web"))
    build.engine.builder.names.clear()
    refusal = await build.api("POST", f"/api/builds/{ended['id']}/push")
    assert (refusal.status, refusal.code) == (409, "image_not_kept")
    assert (await build.api.get(f"/api/builds/{ended['id']}"))["can_push"] is False


async def test_two_who_push_again_at_once_push_once(build: Building) -> None:
    await build.service("web", ALONE)
    build.engine.registry_up = False
    ended = await build.ended(await build.start("web"))
    build.engine.registry_up = True
    path = f"/api/builds/{ended['id']}/push"
    answers: list[Any] = []

    async def push() -> None:
        answers.append(await build.api("POST", path))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(push)
    assert sorted(answer.status for answer in answers) == [202, 409, 409, 409]
    assert (await build.ended(ended))["state"] == "succeeded"


async def test_a_later_build_takes_the_images_of_failed_pushes_from_the_engine(build: Building) -> None:
    await build.service("web", ALONE)
    build.engine.registry_up = False
    lost = await build.ended(await build.start("web"))
    build.engine.registry_up = True
    build.project("web", ALONE, note="two")
    kept = await build.ended(await build.start("web"))
    assert (kept["state"], (await build.api.get(f"/api/builds/{lost['id']}"))["can_push"]) == (
        "succeeded",
        False,
    )
    assert [name for name in build.engine.builder.names if "built/web" in name] == [kept["image"]]


# Deploys that wait ---------------------------------------------------------------------------------------


async def test_a_deploy_that_arrives_meanwhile_waits_and_takes_the_builds_digest(build: Building) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW)
    first = await build.start("web")
    await build.held(first)
    deployment = await build.api.act("web", "deploy")
    assert (deployment["state"], deployment["build_id"]) == ("accepted", first["id"])
    assert deployment["phases"][-1]["phase"] == "building"
    assert "web" not in build.api.app.context.cluster.services
    build.engine.builder.release()
    verdict = await build.api.verdict(deployment)
    assert (verdict["state"], verdict["cause"]) == ("succeeded", None)
    digest = (await build.ended(first))["digest"]
    assert verdict["to_digest"] == digest
    image = build.engine.service("web").spec["TaskTemplate"]["ContainerSpec"]["Image"]
    assert image == f"{build.engine.registry_host}/built/web:1@{digest}"


async def test_a_deploy_of_many_waits_only_where_something_is_built(build: Building) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW)
    await build.api.create("plain")
    first = await build.start("web")
    await build.held(first)
    answer = await build.api(
        "POST", "/api/deployments", json={"action": "deploy", "services": ["web", "plain"]}
    )
    rows = {row["service"]: row["deployment"] for row in answer.body["items"]}
    assert (rows["web"]["build_id"], rows["plain"]["build_id"]) == (first["id"], None)
    assert (await build.api.verdict(rows["plain"]))["state"] == "succeeded"
    build.engine.builder.release()
    assert (await build.api.verdict(rows["web"]))["state"] == "succeeded"


async def test_a_deploy_fails_with_the_cause_of_the_build_it_waited_for(build: Building) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW + "RUN exit 7\n")
    first = await build.start("web")
    await build.held(first)
    deployment = await build.api.act("web", "deploy")
    build.engine.builder.release()
    verdict = await build.api.verdict(deployment)
    assert verdict["state"] == "failed"
    assert first["id"] in verdict["cause"]
    assert "exit code 7" in verdict["cause"]


async def test_a_build_deploys_its_image_when_it_was_asked_to(build: Building) -> None:
    await build.service("web")
    started = await build.start("web", deploy=True)
    assert started["deploy"] is True
    verdict = await build.api.verdict({"id": started["deployment_id"]})
    assert (verdict["state"], verdict["build_id"]) == ("succeeded", started["id"])
    build.project("web", note="two")
    again = await build.start("web", deploy=True)
    second = await build.api.verdict({"id": again["deployment_id"]})
    assert second["state"] == "succeeded"
    assert second["to_digest"] not in {None, verdict["to_digest"]}
    assert second["from_digest"] == verdict["to_digest"]


async def test_a_stop_takes_back_a_deploy_that_waits_and_a_scale_does_not(build: Building) -> None:
    await build.service("web")
    await build.api.verdict({"id": (await build.start("web", deploy=True))["deployment_id"]})
    build.engine.builder.hold("slow")
    build.project("web", SLOW)
    await build.held(await build.start("web"))
    waiting = await build.api.act("web", "deploy")
    await build.api.verdict(await build.api.act("web", "scale", replicas=2))
    assert (await build.api.get(f"/api/deployments/{waiting['id']}"))["state"] == "accepted"
    await build.api.act("web", "stop")
    build.engine.builder.release()
    assert (await build.api.verdict(waiting))["state"] == "superseded"
    await eventually(lambda: "web" not in build.api.app.context.cluster.services)


async def test_a_deploy_that_waits_for_a_build_that_has_just_ended_goes_on_at_once(build: Building) -> None:
    await build.service("web")
    ended = await build.ended(await build.start("web"))
    deployments = build.api.app.context.deployments
    late = await deployments.deploy(SYSTEM, "web", after=ended["id"])
    assert late.build_id == ended["id"]
    verdict = await build.api.verdict({"id": late.id})
    assert (verdict["state"], verdict["to_digest"]) == ("succeeded", ended["digest"])


async def test_a_definition_that_names_another_image_meanwhile_ends_the_deploy(build: Building) -> None:
    build.engine.builder.hold("slow")
    await build.service("web", SLOW)
    await build.held(await build.start("web"))
    deployment = await build.api.act("web", "deploy")
    await build.api(
        "PUT",
        "/api/services/web",
        json={"definition": {"image": "${REGISTRY_HOST}/hello-world:1", "build_context": "web"}},
    )
    build.engine.builder.release()
    verdict = await build.api.verdict(deployment)
    assert verdict["state"] == "failed"
    assert "was changed from" in verdict["cause"]
