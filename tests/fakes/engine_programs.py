"""What containers of the fake do: the lab's images, and shell texts of a few words."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.fakes.engine_store import FakeImage, FakeTask

STDOUT, STDERR = 1, 2


@dataclass(frozen=True, slots=True)
class Line:
    stream: int
    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float
    """Infinity for a program that stays."""


@dataclass(frozen=True, slots=True)
class Exit:
    code: int


Step = Line | Pause | Exit

HELLO = "echo hello-world {version} listens on port 80 on node {node} as task {task}; sleep infinity"
BATCH = (
    "echo batch starts on node {node} as task {task}; echo step 1 of 3; echo step 2 of 3; echo step 3 of 3; "
    "echo batch wrote 3 lines to /tmp/batch.txt"
)
CRASHER = (
    "echo crasher starts on node {node} as task {task}; "
    "echo 'fatal: the flux capacitor is missing' >&2; exit 3"
)
MULTI = "echo multi runs on x86_64; sleep infinity"


def steps(task: FakeTask, image: FakeImage, hostname: str) -> Iterator[Step]:
    """What the task's program does: `sh -c TEXT` if the spec has it, else the image's own text.

    Words understood: `echo … [>&2]`, `printf 'x%.0s' $(seq N)` as N times x without a newline,
    `sleep N|infinity`, `exit N`,
    and `while true; do …; done` around them.
    """
    container = task.spec.get("ContainerSpec") or {}
    words = [*(container.get("Command") or []), *(container.get("Args") or [])]
    if words[:2] in (["sh", "-c"], ["/bin/sh", "-c"]) and len(words) > 2:
        text = words[2]
    elif words and not container.get("Command"):
        text = image.program
    elif words:
        text = shlex.join(words)
    else:
        text = image.program.replace("{node}", hostname).replace("{task}", task.id)
    yield from _run(text)


def _run(text: str) -> Iterator[Step]:
    endless = re.search(r"while (?:true|:)\s*;\s*do (.*?);?\s*done", text, re.DOTALL)
    before = text[: endless.start()] if endless else text
    unfinished = ""
    for statement in re.split(r"[;\n]|&& ", before):
        if filled := re.fullmatch(r"\s*printf '?(.)%\.0s'? \$\(seq (\d+)\)\s*", statement):
            unfinished += filled[1] * int(filled[2])
            continue
        step = _statement(statement.strip())
        if isinstance(step, Line):
            step, unfinished = Line(step.stream, unfinished + step.text), ""
        if step is not None:
            yield step
        if isinstance(step, Exit):
            return
    while endless:
        paused = False
        for statement in endless[1].split(";"):
            step = _statement(statement.strip())
            if step is not None:
                paused = paused or isinstance(step, Pause)
                yield step
        if not paused:
            yield Pause(0.01)
    yield Exit(0)


def _statement(text: str) -> Step | None:
    if not text or text.startswith(("trap ", "#")):
        return None
    stream = STDERR if text.endswith(">&2") else STDOUT
    text = text.removesuffix(">&2").strip()
    word, *rest = shlex.split(text)
    match word:
        case "echo":
            return Line(stream, " ".join(rest))
        case "sleep":
            return Pause(float("inf") if rest[0] == "infinity" else float(rest[0]))
        case "exit":
            return Exit(int(rest[0]) if rest else 0)
        case "true" | ":":
            return None
    return Pause(float("inf"))
