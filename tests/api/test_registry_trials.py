"""Credentials are tried when they are stored, and stored whatever the registry says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_calls import Api
from tests.api.registry_fixture import Surroundings, surroundings
from tests.fakes.fake_registry import FakeRegistry

pytestmark = pytest.mark.anyio


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surroundings(tmp_path) as made:
        yield made


async def saved(api: Api, registry: FakeRegistry, **body: Any) -> dict[str, Any]:
    answer = await api("PUT", f"/api/registries/{registry.host}", json={"url": registry.url, **body})
    assert answer.status == 200, answer
    kept = await api.get(f"/api/registries/{registry.host}")
    assert {key: value for key, value in answer.body.items() if key != "trial"} == kept
    trial: dict[str, Any] = answer.body["trial"]
    return trial


@pytest.mark.parametrize("auth", ["basic", "token"])
async def test_right_credentials_are_accepted_and_wrong_ones_refused_but_stored(
    around: Surroundings, auth: Any
) -> None:
    async with FakeRegistry(auth=auth) as registry:
        right = await saved(around.api, registry, username="tester", password="correct horse")
        assert (right["outcome"], right["code"]) == ("accepted", None)
        assert right["detail"] == f"Saved: {registry.host} lets tester in."
        wrong = await saved(around.api, registry, username="tester", password="battery staple")
        assert (wrong["outcome"], wrong["code"]) == ("refused", "registry_unauthorized")
        assert f"{registry.host} refuses tester" in wrong["detail"]
        assert "staple" not in str(wrong)
        none = await saved(around.api, registry, username=None, password=None)
        assert none["outcome"] == "refused"
        assert "lets nobody in" in none["detail"]


async def test_a_registry_that_lets_everybody_in_has_verified_nothing(around: Surroundings) -> None:
    anonymous = await saved(around.api, around.registry)
    assert (anonymous["outcome"], anonymous["code"]) == ("accepted", None)
    named = await saved(around.api, around.registry, username="tester", password="whatever")
    assert (named["outcome"], named["code"]) == ("not_verified", None)
    assert "lets everybody in" in named["detail"]


async def test_a_registry_that_is_away_or_none_is_saved_and_not_verified(around: Surroundings) -> None:
    async with FakeRegistry(auth="basic") as registry:
        await registry.stop()
        away = await saved(around.api, registry, username="tester", password="correct horse")
        assert (away["outcome"], away["code"]) == ("not_verified", "registry_unreachable")
        assert away["detail"].startswith("Saved, but not verified. ")


async def test_a_registry_that_hangs_holds_nobody_for_long(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(around.api.app.context.registry_client._http, "deadline", 0.3)
    async with FakeRegistry(auth="basic") as registry:

        async def hang(_request: Any) -> None:
            await asyncio.Event().wait()

        registry.misbehaviour = hang
        hanging = await saved(around.api, registry, username="tester", password="correct horse")
        assert (hanging["outcome"], hanging["code"]) == ("not_verified", "registry_timeout")
