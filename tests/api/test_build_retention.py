"""Old builds leave the registry, and never what anything uses."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.context import AppContext
from backend.domain.image_reference import ImageReference
from backend.errors import OrchestratorError
from backend.models.build_rows import BuildRow
from backend.repositories.builds import BuildRecords
from tests.api.registry_fixture import Surroundings, surroundings
from tests.eventually import eventually
from tests.fakes.fake_registry import always

pytestmark = pytest.mark.anyio

WEB = "team/web"


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surroundings(tmp_path, build_tags_kept=2) as made:
        yield made


async def built(around: Surroundings, *tags: str, service: str = "web", push: bool = True) -> BuildRow:
    """One succeeded build for each tag, in this order; the last of them."""
    for tag in tags:
        if push:
            around.push(WEB, tag)
        now = datetime.now(UTC)
        row = BuildRow(
            id=secrets.token_hex(8),
            service=service,
            project=service,
            image=f"{around.registry.host}/{WEB}:latest",
            tag=tag,
            state="succeeded",
            actor="tester",
            created_at=now,
            finished_at=now,
        )
        await BuildRecords(context(around).database).insert(row)
    return row


def context(around: Surroundings) -> AppContext:
    return around.api.app.context


async def cleared(around: Surroundings) -> list[str]:
    image = ImageReference.parse(f"{around.registry.host}/{WEB}:latest")
    return await context(around).build_retention.clear(image)


def tags(around: Surroundings) -> set[str]:
    return set(around.registry.repositories[WEB].tags)


async def test_the_newest_builds_stay_and_a_build_that_succeeds_clears_older_ones(
    around: Surroundings,
) -> None:
    around.push(WEB, "by-hand")
    last = await built(around, "b1", "b2", "b3", "b4")
    context(around).build_retention.build_changed(context(around).builds.shown(last))
    await eventually(lambda: tags(around) == {"b3", "b4", "by-hand"})
    rows = (await around.api.get("/api/audit", action="registry.delete_image"))["items"]
    assert {(row["actor"], row["outcome"]) for row in rows} == {("system", "done")}
    assert len(rows) == 2


async def test_nothing_goes_that_a_service_runs_a_definition_names_or_a_rollback_needs(
    around: Surroundings,
) -> None:
    await built(around, "b1", "b2", "b3", "b4", "b5", "b6")
    host = around.registry.host
    await around.api.run("web", image=f"{host}/{WEB}:b1", update_config={"monitor": "100ms"})
    changed = {"definition": {"image": f"{host}/{WEB}:b2", "update_config": {"monitor": "100ms"}}}
    assert (await around.api("PUT", "/api/services/web", json=changed)).status == 200
    await around.api.verdict(await around.api.act("web", "deploy"))
    await around.api.create("later", image=f"{host}/{WEB}:b3")
    assert await cleared(around) == ["b4"]
    assert tags(around) == {"b1", "b2", "b3", "b5", "b6"}, "b1 is what a rollback of web brings back"


async def test_nothing_goes_that_another_tag_or_an_index_has(around: Surroundings) -> None:
    index = around.registry.add_index(WEB, "multi", architectures=("amd64",))
    below = context(around)
    await built(around, "b1", "b2", "b3", "b4", "b5")
    kept = around.registry.repositories[WEB]
    kept.tags["released"] = kept.tags["b1"]
    child = next(digest for digest in kept.manifests if digest not in {*kept.tags.values(), index})
    kept.tags["b2"] = child
    assert below.settings.build_tags_kept == 2
    assert await cleared(around) == ["b3"]
    assert tags(around) == {"b1", "b2", "b4", "b5", "multi", "released"}


async def test_other_services_and_tags_of_other_servers_have_counts_of_their_own(
    around: Surroundings,
) -> None:
    around.push(WEB, "build-20261101-000000-ffff")
    await built(around, "w1", "w2")
    await built(around, "s1", "s2", "s3", service="shop")
    assert await cleared(around) == ["s1"]
    assert {"w1", "w2", "build-20261101-000000-ffff"} <= tags(around)


async def test_where_deletes_are_off_or_nobody_answers_everything_stays(around: Surroundings) -> None:
    last = await built(around, "b1", "b2", "b3")
    around.registry.deletes = False
    with pytest.raises(OrchestratorError) as refused:
        await cleared(around)
    assert refused.value.code == "registry_delete_disabled"
    around.registry.misbehaviour = always(500)
    with pytest.raises(OrchestratorError):
        await cleared(around)
    assert tags(around) == {"b1", "b2", "b3"}
    # What could not be done is no reason to stop looking.
    retention, shown = context(around).build_retention, context(around).builds.shown(last)
    retention.build_changed(shown)
    await eventually(lambda: not retention._grown)
    around.registry.misbehaviour, around.registry.deletes = None, True
    retention.build_changed(shown)
    await eventually(lambda: tags(around) == {"b2", "b3"})


async def test_none_is_kept_apart_when_all_are_to_be(tmp_path: Path) -> None:
    async with surroundings(tmp_path, build_tags_kept=0) as around:
        last = await built(around, "b1", "b2")
        context(around).build_retention.build_changed(context(around).builds.shown(last))
        assert not context(around).build_retention._grown
