"""The whole app on a fake swarm of three nodes."""

from tests.api.swarm_fixture import api, engine

__all__ = ["api", "engine"]
