"""What the MCP server tells of each call of a tool, for the audit."""

from pydantic import Field

from backend.models.schemas.common import Input


class AgentCall(Input):
    tool: str = Field(min_length=1, max_length=64, pattern=r"^[a-z_]+$")
    target: str = Field(default="", max_length=255)
    arguments: str = Field(default="", max_length=500)
    """Their shape: short values as they are, without secrets."""
    code: str = Field(default="", max_length=64)
    """Of the problem, when it did not go well."""
    milliseconds: int = Field(ge=0, le=10_000_000, strict=True)
