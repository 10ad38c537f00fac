"""The whole app on a fake swarm of three nodes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine(nodes=3) as fake:
        yield fake


@pytest.fixture
async def api(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Api]:
    """The app once it has seen the cluster."""
    async with running_app(
        tmp_path, docker_host=engine.docker_host, registry_url=f"http://{engine.registry_host}"
    ) as app:
        await eventually(lambda: app.context.cluster.as_of is not None)
        yield Api(app)
