"""What all parts of a definition have in common: they refuse keys they do not know."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from backend.models import input_forms as forms
from backend.models.compose_values import FilledLine, Line, mapping_from, refuse, shown


class Part(BaseModel):
    """A mapping inside a definition: a key it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        # `ports:` with nothing behind it is null in YAML and means that the key was left empty.
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        if isinstance(data, cls):
            return data
        raise refuse(f"is {shown(data)}; a mapping is expected")


def one_of(*words: str) -> BeforeValidator:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        if value is False and "none" in words:
            raise refuse("is false; write 'none'")
        raise refuse(f"is {shown(value)}; one of {', '.join(words)} is expected")

    return forms.reads(read, forms.words(*words))


Options = Annotated[dict[FilledLine, Line], forms.reads(mapping_from, forms.PAIRS)]
