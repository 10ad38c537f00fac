"""One entry of the catalog: what a file's text, or a text that is to become one, amounts to."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from backend.domain import definition_text
from backend.domain.yaml_tree import MAX_BYTES
from backend.errors import FieldError, InvalidInput, OrchestratorError, PayloadTooLarge
from backend.models.db_models import RevisionSource
from backend.models.definitions import NAME, RESERVED_NAMES, Definition
from backend.services.definition_files import FileText, sha256_of, shown

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition as it is now.

    A file that cannot be used has a `problem` and no `definition`; its `text` is what the file says, its
    `revision` the newest recorded one (0 when there never was one).
    """

    name: str
    revision: int
    text: str
    sha256: str
    definition: Definition | None
    problem: FieldError | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file says and whether it is a definition."""

    file: FileText
    definition: Definition | None
    problem: FieldError | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was found to be a definition and is to be written."""

    name: str
    text: str
    definition: Definition
    author: str
    source: RevisionSource

    @property
    def sha256(self) -> str:
        return sha256_of(self.text.encode())


async def draft(name: str, text: str, author: str, source: RevisionSource) -> Draft:
    """Raises InvalidInput with every problem of the text, or PayloadTooLarge."""
    if not NAME.fullmatch(name) or name in RESERVED_NAMES:
        reason = (
            "is a reserved word of the API; choose another name"
            if name in RESERVED_NAMES
            else "a name has 1 to 63 of a-z, 0-9, '-' and '_', and begins and ends with a letter or digit"
        )
        raise InvalidInput(
            f"'{short(name)}' cannot be the name of a service: {reason}.",
            code="invalid_name",
            errors=(FieldError("name", reason),),
        )
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        reason = "has a character that is not Unicode text"
        raise InvalidInput(
            f"The definition {reason}.", code="invalid_definition", errors=(FieldError("definition", reason),)
        ) from error
    if size > MAX_BYTES:
        raise PayloadTooLarge(f"A definition has at most {MAX_BYTES // 1024} KiB; this one has more.")
    # Parsing the largest text takes long enough to be felt by other requests.
    definition = await asyncio.to_thread(definition_text.parse, text, name=name)
    return Draft(name, text, definition, author, source)


def judge(file: FileText) -> Judged:
    if file.problem is not None:
        return Judged(file, None, file.problem)
    try:
        return Judged(file, definition_text.parse(file.text, name=file.name), None)
    except OrchestratorError as error:
        problem = error.errors[0] if error.errors else FieldError("", error.detail)
        return Judged(file, None, problem)
    except Exception:
        # One file must never hide the others, whatever its text does to the parser.
        logger.exception("the definition '%s' could not be read", file.name)
        return Judged(file, None, FieldError("", "the file cannot be read; the server's log says why"))


def short(name: str) -> str:
    return shown(name[:80])
