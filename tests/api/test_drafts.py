"""Definitions while they are written: checked as a deploy would, and carried between form and text."""

from typing import Any

import pytest

from tests.api.api_calls import Api

pytestmark = pytest.mark.anyio

TEXT = """\
# what the shop shows
name: web
image: nginx:1.27  # pinned by hand
replicas: 2
"""


async def draft(api: Api, **body: Any) -> Any:
    answer = await api("POST", "/api/drafts", json={"name": "web", **body})
    assert answer.status == 200, answer
    return answer.body


async def test_a_form_changes_the_text_and_leaves_its_comments(api: Api) -> None:
    found = await draft(api, yaml=TEXT, definition={"name": "web", "image": "nginx:1.28", "replicas": 5})
    assert found["yaml"] == TEXT.replace("1.27", "1.28").replace("replicas: 2", "replicas: 5")
    assert found["errors"] == []


async def test_a_text_is_read_into_the_form(api: Api) -> None:
    found = await draft(api, yaml=TEXT)
    assert found["definition"] == {"name": "web", "image": "nginx:1.27", "replicas": 2}
    assert found["yaml"] == TEXT


async def test_problems_come_with_their_place_and_what_can_be_shown_is_shown(api: Api) -> None:
    found = await draft(api, yaml="name: web\nimage: nginx\nreplica: 3\nports:\n  - 99999:80\n")
    assert [(error["field"], error["line"]) for error in found["errors"]] == [("replica", 3), ("ports[0]", 5)]
    assert "replicas" in found["errors"][0]["reason"]
    assert found["definition"]["replica"] == 3


async def test_a_half_filled_form_is_shown_as_text_with_what_is_missing(api: Api) -> None:
    found = await draft(api, definition={"replicas": "many"})
    assert found["yaml"].startswith("name: web\n")
    assert {error["field"] for error in found["errors"]} == {"image", "replicas"}


async def test_a_text_that_is_no_mapping_has_no_form(api: Api) -> None:
    found = await draft(api, yaml="- a\n- b\n")
    assert found["definition"] is None
    assert found["errors"]


@pytest.mark.parametrize("yaml", ["[" * 20_000, "a: &a [*a]", "a: b\n" * 30_000])
async def test_hostile_texts_are_told_as_errors(api: Api, yaml: str) -> None:
    found = await draft(api, yaml=yaml)
    assert found["definition"] is None
    assert found["errors"]


async def test_an_empty_draft_is_refused_and_nothing_is_ever_stored(api: Api) -> None:
    answer = await api("POST", "/api/drafts", json={"name": "web"})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "yaml")
    await draft(api, yaml=TEXT)
    assert (await api.get("/api/services"))["total"] == 0
