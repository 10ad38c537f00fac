"""Lists that rest on the picture of the cluster, sent as bytes that were encoded when it changed."""

from fastapi import Request
from starlette.responses import Response

from backend.models.schemas.common import LiveListingEnd
from backend.routers.compression import WORTH_IT, accepts
from backend.services.cluster_state import ClusterState
from backend.services.listed import Listed

VARY = {"vary": "accept-encoding"}


async def live_list(request: Request, listed: Listed, cluster: ClusterState) -> Response:
    """The same bytes a `LiveListing` would give, with the age of the picture."""
    end = LiveListingEnd(total=listed.total, as_of=cluster.as_of, stale_seconds=cluster.stale_seconds)
    rest = end.model_dump_json().encode()[1:]
    if sum(map(len, listed.pieces)) > WORTH_IT and accepts(request.headers, "gzip"):
        headers = {**VARY, "content-encoding": "gzip"}
        return Response(await listed.gzip(rest), media_type="application/json", headers=headers)
    return Response(listed.json(rest), media_type="application/json", headers=VARY)
