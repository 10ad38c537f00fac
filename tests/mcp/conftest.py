"""A fake swarm with the app on it, and services that run and that do not."""

import pytest

from tests.api.api_calls import Api
from tests.api.swarm_fixture import api, engine
from tests.eventually import eventually

__all__ = ["api", "engine"]


@pytest.fixture
async def broken(api: Api) -> Api:
    """`web` runs; `crashy`, `missing` and `pinned` do not, each for a reason of its own."""
    await plant_broken(api)
    return api


async def plant_broken(api: Api) -> None:
    await api.run("web", replicas=2, env={"DB_PASSWORD": "hunter2", "MODE": "prod"}, ports=["8080:80"])
    await api.create("crashy", command=["sh", "-c", "echo out of fuel; exit 3"])
    await api.create("missing", image="${REGISTRY_HOST}/nothing:1")
    await api.create("pinned", constraints=["node.labels.gpu == yes"])
    for name in ("crashy", "missing", "pinned"):
        await api.act(name, "deploy")
    await api.becomes("crashy", "failed")
    await api.becomes("missing", "failed")

    async def waits() -> bool:
        # A task only just made is pending too; why it stays so comes with the scheduler's first try.
        return bool((await api.becomes("pinned", "pending"))["reason"] == "no_suitable_node")

    await eventually(waits)
