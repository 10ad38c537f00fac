"""The schema that editors complete definitions from."""

from pathlib import Path

import pytest

from backend.domain.definition_schema import service_definition
from tests.api.app_fixture import running_app

pytestmark = pytest.mark.anyio


async def test_an_editor_without_a_session_reads_the_schema(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running, running.visitor() as visitor:
        answer = await visitor.get("/api/schemas/service-definition.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json() == service_definition()
