"""Turns errors into RFC 9457 problem details; the one place that knows which kind is which status."""

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from backend import errors
from backend.errors import FieldError, OrchestratorError
from backend.models.schemas.common import Problem

logger = logging.getLogger(__name__)

STATUS_BY_KIND: Mapping[type[OrchestratorError], int] = {
    errors.InvalidInput: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.PayloadTooLarge: 413,
    errors.Unauthenticated: 401,
    errors.Denied: 403,
    errors.TooManyAttempts: 429,
    errors.EngineRefused: 409,
    errors.Overloaded: 503,
    errors.DockerUnavailable: 503,
    errors.OutcomeUnknown: 504,
    errors.RegistryFailed: 502,
    errors.StorageFailed: 503,
}
STATUS_BY_CODE: Mapping[str, int] = {
    "invalid_json": 400,
    "malformed_request": 400,
    "method_not_allowed": 405,
    "registry_timeout": 504,
    "registry_unreachable": 502,
    "request_timeout": 408,
    "unsupported_media_type": 415,
    "wrong_host": 421,
    "storage_full": 507,
}
"""Codes whose status differs from the one of their kind."""

DEFAULT_RETRY_AFTER: Mapping[type[OrchestratorError], int] = {
    errors.DockerUnavailable: 5,
    errors.StorageFailed: 5,
    errors.TooManyAttempts: 60,
}

_CODE_BY_STATUS: Mapping[int, str] = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


class ProblemResponse(Response):
    media_type = "application/problem+json"

    def render(self, content: Problem) -> bytes:
        # Input may hold lone surrogates, which UTF-8 has no bytes for.
        return json.dumps(content.model_dump(exclude_none=True), ensure_ascii=True).encode("ascii")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    instance: str | None = None,
    approval: str | None = None,
) -> ProblemResponse:
    """Build the response; safe to use outside of a request handler."""
    body = _body(status, code, detail, fields, instance, approval)
    return ProblemResponse(body, status_code=status, headers=dict(headers or {}))


def part_of_answer(error: OrchestratorError) -> Problem:
    """The problem of one item among others."""
    return _body(_status_of(error), error.code, error.detail, error.errors)


def _body(
    status: int,
    code: str,
    detail: str,
    fields: Sequence[FieldError],
    instance: str | None = None,
    approval: str | None = None,
) -> Problem:
    return Problem.model_validate(
        {
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            "errors": [
                {"field": field.field, "reason": field.reason, "line": field.line, "column": field.column}
                for field in fields
            ],
            "instance": instance,
            "approval": approval,
        }
    )


def from_error(error: OrchestratorError) -> ProblemResponse:
    status, kind = _status_of(error), _kind_of(error)
    headers: dict[str, str] = {}
    retry_after = error.retry_after or (DEFAULT_RETRY_AFTER.get(kind) if kind else None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    approval = error.approval if isinstance(error, errors.ApprovalRequired) else None
    return problem(status, error.code, error.detail, fields=error.errors, headers=headers, approval=approval)


def _kind_of(error: OrchestratorError) -> type[OrchestratorError] | None:
    return next((kind for kind in type(error).__mro__ if kind in STATUS_BY_KIND), None)


def _status_of(error: OrchestratorError) -> int:
    kind = _kind_of(error)
    return STATUS_BY_CODE.get(error.code) or (STATUS_BY_KIND[kind] if kind else 500)


def unexpected(error: BaseException) -> ProblemResponse:
    """A bug of ours: the caller gets an id to quote, the log has the rest under the same id."""
    number = secrets.token_hex(8)
    logger.error("unexpected error %s", number, exc_info=error)
    detail = f"something went wrong in the server; its log has the details under {number}"
    return problem(500, "internal_error", detail, instance=f"urn:swarm-orchestrator:error:{number}")


def install(app: FastAPI) -> None:
    """Make every error that leaves a route a problem."""
    app.add_exception_handler(OrchestratorError, _orchestrator_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)


async def _orchestrator_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OrchestratorError)
    return from_error(error)


async def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [_field_error(item) for item in error.errors()]
    return problem(422, errors.InvalidInput.code, _summary(fields), fields=fields)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODE_BY_STATUS.get(error.status_code, f"http_{error.status_code}")
    detail = error.detail
    if error.status_code == 404:
        detail = "there is nothing at this address"
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"{request.method} is not possible here; possible: {allowed or 'nothing'}"
    return problem(error.status_code, code, detail, headers=error.headers)


def _summary(fields: Sequence[FieldError]) -> str:
    if len(fields) == 1:
        return f"{fields[0].field}: {fields[0].reason}"
    return f"{len(fields)} fields are wrong; first: {fields[0].field}: {fields[0].reason}"


_PLACES = {"body": "body", "query": "query", "path": "path", "header": "header", "cookie": "cookie"}


def _field_error(item: Mapping[str, Any]) -> FieldError:
    """Name the field as the caller wrote it: `ports[0].target`, without FastAPI's `body` in front."""
    place, *rest = item["loc"]
    name = ""
    for part in rest:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += f".{part}" if name else str(part)
    reason = str(item["msg"])
    if item["type"] == "extra_forbidden":
        reason = "this key is not known here"
    elif item["type"] == "missing":
        reason = "this is required" if name else "a JSON body is required"
    elif reason:
        reason = reason.removeprefix("Value error, ")
        reason = reason[0].lower() + reason[1:]
    return FieldError(field=name or _PLACES.get(str(place), str(place)), reason=reason)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: these statuses are problems."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
