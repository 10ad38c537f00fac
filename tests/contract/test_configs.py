"""Configs as a place to keep something."""

import secrets

import pytest

from backend.clients.engine_configs import MAX_BYTES
from backend.errors import Conflict, NotFound, OrchestratorError
from backend.models.cluster import STATE_LABEL
from tests.contract.swarm_under_test import SwarmUnderTest

pytestmark = pytest.mark.anyio

LABEL = f"{STATE_LABEL}.contract"


async def test_what_is_kept_in_a_config_comes_back_whole_under_its_label(swarm: SwarmUnderTest) -> None:
    configs, name, data = swarm.client.configs, swarm.name(), secrets.token_bytes(MAX_BYTES)
    config_id = await configs.create(name, {LABEL: swarm.prefix, STATE_LABEL: "none"}, data)
    try:
        [found] = [one for one in await configs.labelled(LABEL) if one.labels[LABEL] == swarm.prefix]
        assert (found.id, found.name, found.data) == (config_id, name, data)
        assert found.labels[STATE_LABEL] == "none"
        assert await configs.labelled(f"{LABEL}.other") == []
        # Ours are nobody's to mount.
        assert name not in {one.name for one in await swarm.client.references.configs()}
        with pytest.raises(Conflict) as taken:
            await configs.create(name, {}, b"other")
        assert taken.value.code == "name_taken"
    finally:
        await configs.remove(config_id)
    with pytest.raises(NotFound):
        await configs.remove(config_id)


async def test_an_empty_one_is_refused(swarm: SwarmUnderTest) -> None:
    with pytest.raises(OrchestratorError, match="config data must be larger than 0"):
        await swarm.client.configs.create(swarm.name(), {LABEL: swarm.prefix}, b"")
