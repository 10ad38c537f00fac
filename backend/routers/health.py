"""Health: is this server alive, and how is the cluster."""

from fastapi import APIRouter

from backend import __version__
from backend.models.schemas.health import HealthReport, Liveness
from backend.routers.dependencies import ActorDep, ContextDep

router = APIRouter(prefix="/api/health", tags=["health"])


@router.get("")
async def liveness() -> Liveness:
    """Answer while this server runs, whatever the engine does. Needs no sign-in."""
    return Liveness(version=__version__)


@router.get("/detailed")
async def detailed(actor: ActorDep, context: ContextDep) -> HealthReport:
    """The whole cluster with node details and what needs attention, from memory: it answers also when the
    engine does not, and says how old the picture is."""
    return await context.health.report(actor)
