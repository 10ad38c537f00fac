"""One line of the table: what was seen, what it stands beside, and what was aimed at."""

import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    what: str
    ours: float
    unit: str
    beside: str = "–"
    theirs: float | None = None
    target: str = "–"
    ok: bool | None = None
    """None where nothing is aimed at."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def table(figures: Sequence[Figure]) -> str:
    lines = [
        "| figure | ours | beside it, in the same run | theirs | target | |",
        "| --- | ---: | --- | ---: | --- | --- |",
    ]
    for one in figures:
        verdict = "" if one.ok is None else "ok" if one.ok else "**missed**"
        theirs = "" if one.theirs is None else f"{number(one.theirs)} {one.unit}"
        ours = f"{number(one.ours)} {one.unit}"
        lines.append(f"| {one.what} | {ours} | {one.beside} | {theirs} | {one.target} | {verdict} |")
    return "\n".join(lines)


def number(value: float) -> str:
    if not math.isfinite(value):
        return "not seen"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


async def median_ms(call: Callable[[], Awaitable[object]], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        await call()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def percentile(values: Sequence[float], share: float) -> float:
    """NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
