"""Query parameters and headers that several routes take."""

import re
from typing import Annotated

from fastapi import Header, Path, Query, Response

from backend.errors import FieldError, InvalidInput
from backend.models.schemas.services import ServiceStatus

type Name = Annotated[
    str, Path(description="The service's name: in the catalog, in the file and in the swarm.", max_length=255)
]
type Match = Annotated[
    str | None, Query(description="Only what contains this text, in any case.", max_length=200)
]
type Status = Annotated[
    list[ServiceStatus], Query(description="Only these statuses; may be given several times.")
]
type Limit = Annotated[int, Query(description="So many items at most.", ge=1, le=10_000)]
type Offset = Annotated[int, Query(description="Leave out so many items first.", ge=0, le=1_000_000)]
type Wait = Annotated[
    float,
    Query(
        description="Seconds to wait for the verdict; 0 answers at once.", ge=0, le=600, allow_inf_nan=False
    ),
]
type IfMatch = Annotated[
    str | None,
    Header(description='The revision you edited, as the ETag said it: `"3"`. 412 when it is no longer so.'),
]

_ETAG = re.compile(r'(?:W/)?"?(\d{1,15})"?')


def revision_of(if_match: str | None) -> int | None:
    """The revision an `If-Match` header names; None without one or for `*`."""
    if if_match is None or if_match.strip() == "*":
        return None
    if (match := _ETAG.fullmatch(if_match.strip())) is None:
        reason = f'must be a revision as the ETag said it, such as "3", not {if_match!r}'
        raise InvalidInput(f"`If-Match` {reason}.", errors=(FieldError("If-Match", reason),))
    return int(match[1])


def set_etag(response: Response, revision: int | None) -> None:
    if revision is not None:
        response.headers["ETag"] = f'"{revision}"'
