"""Writes docs/schemas/service-definition.schema.json anew from the models."""

import json
from pathlib import Path
from typing import Final

from backend.domain.definition_schema import service_definition

FILE: Final = Path(__file__).resolve().parent.parent / "docs/schemas/service-definition.schema.json"


def as_written() -> str:
    return json.dumps(service_definition(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(as_written(), encoding="utf-8")
