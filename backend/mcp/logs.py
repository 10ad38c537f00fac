"""The tool that reads logs: what workloads wrote, fenced and within a length."""

from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import Field

from backend.mcp.reads import nearest
from backend.mcp.rest import Refused, segment
from backend.mcp.sdk import reply, rest
from backend.mcp.words import fenced, harmless, listed


async def get_service_logs(
    name: str,
    tail: Annotated[int, Field(ge=1, le=1_000)] = 100,
    since: Annotated[str, Field(description="10m, 1h30m or a time")] = "",
    grep: Annotated[str, Field(description="text, or /regex/", max_length=200)] = "",
) -> CallToolResult:
    """Recent log lines of all tasks of a service, merged by time; tail counts them together."""
    # Text alone: a client that hands on both channels would spend twice as much on every line.
    api = rest()
    try:
        page = await api.get(
            f"/api/services/{segment(name)}/logs", tail=tail, since=since or None, match=grep or None
        )
    except Refused as refused:
        raise await nearest(api, name, refused) from None
    lines = _log_lines(page["items"])
    kept, left_out = _newest_within(lines, 14_000)
    said = [f"{len(kept)} lines of {name}"]
    if left_out:
        said.append(f"{left_out} older ones left out for length: use grep, since or a lower tail")
    if page["incomplete"]:
        said.append(f"missing: lines of {listed(page['incomplete'])}, which did not answer")
    if kept:
        return reply(fenced(kept, "; ".join(said)))
    said[0] = f"No lines of {name}" + (f" match {grep!r}" if grep else "")
    return reply("; ".join(said) + ".")


def _log_lines(items: list[dict[str, Any]]) -> list[str]:
    """Without what repeats: the same line again and again is one with a count."""
    lines: list[str] = []
    last, times = "", 1
    for item in items:
        line = f"{item['task']} {harmless(item['line'])}"
        if line == last:
            times += 1
            lines[-1] = f"{item['time'][11:19]} {line} (×{times})"
        else:
            last, times = line, 1
            lines.append(f"{item['time'][11:19]} {line}")
    return lines


def _newest_within(lines: list[str], characters: int) -> tuple[list[str], int]:
    kept: list[str] = []
    for line in reversed(lines):
        characters -= len(line) + 1
        if characters < 0 and kept:
            break
        kept.append(line)
    return kept[::-1], len(lines) - len(kept)
