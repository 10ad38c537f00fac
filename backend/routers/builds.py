"""Builds: from a project's folder to a pushed image, and what the builder says meanwhile."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response, status

from backend.models.schemas.builds import BuildLogEvent, BuildLogPage, BuildOut, BuildRequest, BuildState
from backend.models.schemas.common import Listing
from backend.routers.dependencies import ActorDep, ContextDep
from backend.routers.parameters import Limit, Name, Offset, Wait
from backend.routers.sse import EventStream

router = APIRouter(tags=["builds"])

FINAL: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {"model": BuildOut, "description": "Ended within `wait` seconds."}
}

type BuildId = Annotated[str, Path(max_length=64)]


@router.post(
    "/api/services/{name}/build", status_code=status.HTTP_202_ACCEPTED, responses=FINAL, tags=["services"]
)
async def build_service(
    name: Name,
    response: Response,
    actor: ActorDep,
    context: ContextDep,
    body: Annotated[BuildRequest | None, Body()] = None,
    wait: Wait = 0,
) -> BuildOut:
    """Build the image from the definition's `build_context`, push it to its registry and record the digest.

    The folder is looked through at once: what cannot be built is refused here. A build waits its turn in the
    queue; a `deploy` that arrives meanwhile waits for it and uses its digest.
    """
    build = await context.builds.start(actor, name, body or BuildRequest())
    response.headers["Location"] = f"/api/builds/{build.id}"
    return await _waited(response, context, build, wait)


@router.get("/api/builds")
async def list_builds(
    actor: ActorDep,
    context: ContextDep,
    service: Annotated[str | None, Query(description="Only those of this service.", max_length=255)] = None,
    project: Annotated[
        str | None, Query(description="Only those from this folder of the projects.", max_length=1_024)
    ] = None,
    state: Annotated[BuildState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Listing[BuildOut]:
    """Newest first. The steps are only in each build's own answer."""
    items, total = await context.builds.list_recent(
        actor, service=service, project=project, state=state, limit=limit, offset=offset
    )
    return Listing[BuildOut](items=items, total=total)


@router.get("/api/builds/{build_id}")
async def get_build(build_id: BuildId, actor: ActorDep, context: ContextDep, wait: Wait = 0) -> BuildOut:
    """One build with its steps. With `wait` the answer comes when it has ended."""
    return await context.builds.get(actor, build_id, wait=wait)


@router.delete("/api/builds/{build_id}", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def cancel_build(
    build_id: BuildId, response: Response, actor: ActorDep, context: ContextDep, wait: Wait = 0
) -> BuildOut:
    """End a build that waits or runs; the engine stops its container. 409 when it has ended."""
    return await _waited(response, context, await context.builds.cancel(actor, build_id), wait)


@router.post("/api/builds/{build_id}/push", status_code=status.HTTP_202_ACCEPTED, responses=FINAL)
async def push_build(
    build_id: BuildId, response: Response, actor: ActorDep, context: ContextDep, wait: Wait = 0
) -> BuildOut:
    """Push again what was built but did not arrive at the registry. 409 when the image was not kept."""
    return await _waited(response, context, await context.builds.push(actor, build_id), wait)


@router.get(
    "/api/builds/{build_id}/log",
    response_model=BuildLogPage,
    responses={200: {"content": {"text/plain": {}}}},
)
async def read_build_log(
    build_id: BuildId,
    actor: ActorDep,
    context: ContextDep,
    after: Annotated[int, Query(description="Only lines after this number.", ge=0)] = 0,
    download: Annotated[bool, Query(description="Answer a text file instead.")] = False,
) -> Response:
    """What the builder said, so far or in all; of very long outputs the newest part."""
    output = await context.builds.output(actor, build_id)
    if not download:
        return Response(output.page(after), media_type="application/json")
    headers = {"Content-Disposition": f'attachment; filename="build-{build_id}.log"'}
    return Response(output.text(), headers=headers, media_type="text/plain; charset=utf-8")


@router.get(
    "/api/builds/{build_id}/log/stream",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {
            "description": "Server-sent events. The model names the data of each kind of event.",
            "model": BuildLogEvent,
        }
    },
)
async def follow_build_log(
    build_id: BuildId,
    request: Request,
    actor: ActorDep,
    context: ContextDep,
    last_event_id: Annotated[
        str | None, Header(description="Of the last event you had, to go on from there.", max_length=64)
    ] = None,
) -> EventStream:
    """Server-sent events: `line` with items, `step`, and `state` with the build; ends when the build has."""
    return EventStream(await context.builds.follow(actor, build_id, last_event_id), request, context)


async def _waited(response: Response, context: ContextDep, build: BuildOut, wait: float) -> BuildOut:
    """202 with the build, or 200 when it has ended within `wait` seconds."""
    if wait > 0:
        build = await context.builds.settled(build.id, wait)
    if build.finished_at is not None:
        response.status_code = status.HTTP_200_OK
    return build
