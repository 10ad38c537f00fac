"""The results as one table: printed at the end of a run, and kept in docs/reliability.md by the long form."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: written by `make chaos` -->", "<!-- end of faults -->"
HEAD = (
    "fault",
    "how it bit",
    "engine silent, s",
    "reads",
    "p99, ms",
    "slowest, ms",
    "failed reads",
    "true again, s",
    "writes taken / refused",
    "lost",
    "verdicts after, s",
    "without verdict",
)


@dataclass(frozen=True)
class Row:
    """One fault's figures."""

    fault: str
    bit: str
    silent: float
    reads: int
    p99: float
    slowest: float
    failed: int
    to_truth: float
    acknowledged: int
    refused: int
    lost: int
    to_verdicts: float
    unfinished: int

    def cells(self) -> tuple[str, ...]:
        return (
            self.fault,
            self.bit or "**it did not**",
            f"{self.silent:.1f}",
            str(self.reads),
            f"{self.p99:.0f}",
            f"{self.slowest:.0f}",
            str(self.failed),
            f"{self.to_truth:.1f}",
            f"{self.acknowledged} / {self.refused}",
            str(self.lost),
            f"{self.to_verdicts:.1f}",
            str(self.unfinished),
        )


def table(rows: Sequence[Row], missing: Sequence[str]) -> str:
    """Markdown; `missing` are faults that were not brought to an end and have no figures."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    lines += [f"| {fault} | **failed or not run** |" + " – |" * (len(HEAD) - 2) for fault in missing]
    return "\n".join(lines)


def machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release().partition('-')[0]}"


def write(rows: Sequence[Row], missing: Sequence[str], *, seed: int, engine: str) -> None:
    """Replace the marked block of the page."""
    text = PAGE.read_text()
    before, found_begin, rest = text.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    assert found_begin, f"{PAGE} has lost its mark {BEGIN}"
    assert found_end, f"{PAGE} has lost its mark {END}"
    when = datetime.now(UTC).date().isoformat()
    told = f"{when}, {machine()}, Docker {engine}, seed {seed}; {len(rows)} faults bit."
    PAGE.write_text(f"{before}{BEGIN}\n{told}\n\n{table(rows, missing)}\n{END}{after}")
