"""What other systems tell us: notifications of registries."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.models.schemas.registry import Notifications, NotificationsTaken
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.problems import documented

router = APIRouter(prefix="/api/webhooks", tags=["registry"])


@router.post("/registry", status_code=202, responses=documented(503))
async def take_registry_notifications(
    body: Notifications,
    actor: ActorDep,
    context: ContextDep,
    registry: Annotated[
        str | None,
        Query(
            description="The registry that sends this, by its host as in images. Without it: the host that "
            "each event's `request` names if it is a known one, else REGISTRY_URL's.",
            max_length=300,
        ),
    ] = None,
) -> NotificationsTaken:
    """Notifications as registries of the Distribution kind send them, as JSON or as their own media type.

    Answers at once. What is shown of these repositories is read anew, and services whose definition says
    `auto_deploy: digest` are redeployed when the registry confirms that their tag has another digest.
    """
    return NotificationsTaken(
        repositories=await context.registry_news.take(actor, body.events, registry=registry)
    )
