"""Metrics for Prometheus."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from backend.routers.dependencies import ActorDep, ContextDep

router = APIRouter(tags=["metrics"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(actor: ActorDep, context: ContextDep) -> Response:
    """What Prometheus scrapes, from memory; a token of scope `read` is enough."""
    return Response(await context.metrics.scrape(actor), media_type=CONTENT_TYPE_LATEST)
