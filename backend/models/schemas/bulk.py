"""One change of many services, and how each of them took it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backend.models.schemas.common import Input, Problem, Schema
from backend.models.schemas.deployments import DeploymentOut

BulkAction = Literal["deploy", "stop", "restart", "scale"]


class BulkRequest(Input):
    action: BulkAction
    services: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(min_length=1, max_length=500)
    """Names from the catalog, each once."""
    replicas: int | None = Field(default=None, ge=0, le=100_000, strict=True)
    """For `scale`, and only there."""
    adopt: bool = Field(default=False, strict=True)
    """For `deploy`: take over services that were not deployed from this catalog."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        twice = sorted({name for name in self.services if self.services.count(name) > 1})
        if twice:
            msg = f"services: each name may be given once; more often here: {', '.join(twice[:10])}"
            raise ValueError(msg)
        if (self.action == "scale") != (self.replicas is not None):
            msg = "replicas: this is required for scale, and for scale only"
            raise ValueError(msg)
        if self.adopt and self.action != "deploy":
            msg = "adopt: this is for deploy only"
            raise ValueError(msg)
        return self


class BulkItem(Schema):
    """What became of one service."""

    service: str
    deployment: DeploymentOut | None
    """Null when nothing was begun."""
    problem: Problem | None
    """Why it was refused or failed; with a deployment, that one says how it ended."""


class BulkOut(Schema):
    items: list[BulkItem]
    """In the order of the request."""
