"""One suite, several engines: the fake, and each real one that `CONTRACT_ENGINES` names."""

import os
from collections.abc import AsyncIterator

import pytest

from backend.clients.docker_client import SwarmClient
from tests.contract.swarm_under_test import SwarmUnderTest
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.lab_fixture import DEFAULT_SUITE, Labs, labs, real_swarm

__all__ = ["labs", "real_swarm"]

_SUITES = [
    suite.strip() for suite in os.environ.get("CONTRACT_ENGINES", DEFAULT_SUITE).split(",") if suite.strip()
]


@pytest.fixture(
    params=["fake", *(pytest.param(suite, marks=[pytest.mark.lab, pytest.mark.engines]) for suite in _SUITES)]
)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def swarm(engine_name: str, request: pytest.FixtureRequest) -> AsyncIterator[SwarmUnderTest]:
    if engine_name == "fake":
        async with FakeEngine(nodes=3) as fake:
            # What is tried on has to be made first, networks and secrets among it.
            fake.is_filtered = False
            client = SwarmClient(fake.docker_host)
            try:
                yield SwarmUnderTest(client, fake.registry_host, fake)
            finally:
                await client.close()
        return
    shared: Labs = request.getfixturevalue("labs")
    real = shared.get(engine_name)
    client = SwarmClient(real.docker_host)
    under_test = SwarmUnderTest(client, real.registry_host, None)
    try:
        yield under_test
    finally:
        try:
            await under_test.clean()
        finally:
            await client.close()
