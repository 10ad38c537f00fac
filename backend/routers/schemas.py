"""JSON Schemas for editors: completion, hints and checks while a definition is written."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from backend.domain.definition_schema import service_definition

router = APIRouter(prefix="/api/schemas", tags=["schemas"])


class SchemaAnswer(JSONResponse):
    media_type = "application/schema+json"


@router.get("/service-definition.json", response_class=SchemaAnswer)
async def service_definition_schema() -> dict[str, Any]:
    """The JSON Schema of a definition's file. Open to everybody: an editor has no session."""
    return service_definition()
