"""Drafts of definitions: checked as a deploy would, and carried between form and text. Nothing is stored."""

from collections.abc import Mapping
from typing import Any

from backend.domain.definition_text import as_mapping, parse, to_text, with_changes
from backend.domain.permissions import Permission, require
from backend.errors import FieldError, InvalidInput, PayloadTooLarge
from backend.models.actor import Actor
from backend.models.schemas.common import ProblemField
from backend.models.schemas.services import Draft, DraftOut


class Drafts:
    async def check(self, actor: Actor, draft: Draft) -> DraftOut:
        """What the draft says in both forms, and every problem in it, with its place in the text."""
        require(actor, Permission.READ)
        text = draft.yaml
        if draft.definition is not None:
            try:
                text = _told(draft.name, draft.definition, draft.yaml)
            except (InvalidInput, PayloadTooLarge) as error:
                return DraftOut(yaml=draft.yaml, definition=draft.definition, errors=_shown(error))
        if text is None:
            reason = "give `yaml`, `definition`, or both"
            raise InvalidInput(f"The draft is empty: {reason}.", errors=(FieldError("yaml", reason),))
        errors: list[ProblemField] = []
        try:
            parse(text, name=draft.name)
        except (InvalidInput, PayloadTooLarge) as error:
            errors = _shown(error)
        return DraftOut(yaml=text, definition=_read(text), errors=errors)


def _told(name: str, definition: Mapping[str, Any], base: str | None) -> str:
    """The definition as text; the comments of `base` stay as far as it can be read."""
    wanted = {**definition, "name": definition.get("name", name)}
    if base is not None and _read(base) is not None:
        return with_changes(base, wanted)
    # Half-filled forms are drafts too: the text shows what is there, and reading it what is wrong.
    return to_text(definition, name=name)


def _read(text: str) -> dict[str, Any] | None:
    try:
        return as_mapping(text)
    except (InvalidInput, PayloadTooLarge):
        return None


def _shown(error: InvalidInput | PayloadTooLarge) -> list[ProblemField]:
    problems = error.errors or (FieldError("definition", error.detail),)
    return [
        ProblemField(field=one.field, reason=one.reason, line=one.line, column=one.column) for one in problems
    ]
