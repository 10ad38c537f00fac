"""A process that writes to a catalog until it is killed, for tests of what it leaves behind.

Reads one request a line: `random FOLDER SEED` writes for ever; `step FOLDER OPERATION N` does one write and
kills itself at its Nth step. Each request runs in a fork, whose pid comes first; then one line for each write
begun and acknowledged; then `end STATUS`.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from backend.database import Database
from backend.errors import OrchestratorError
from backend.services.catalog import Catalog

NAMES = ("web", "db", "cache", "queue")


def say(*words: object) -> None:
    # One write call: a line is in the pipe whole or not at all when we are killed.
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def text_for(name: str, mark: int) -> str:
    return f"# {'x' * (mark % 5000)}\nname: {name}\nimage: nginx:{mark}\n"


async def opened(folder: Path, at_step: Callable[[str], None]) -> Catalog:
    database = Database(folder / "state" / "orchestrator.db")
    await database.open()
    catalog = Catalog(folder / "definitions", database, at_step=at_step)
    await catalog.open()
    return catalog


async def write_for_ever(folder: Path, seed: int) -> None:
    catalog = await opened(folder, lambda _step: None)
    chance = random.Random(seed)
    say("ready")
    while True:
        name = chance.choice(NAMES)
        mark = chance.randrange(1, 10**9)
        if catalog.find(name) is None:
            say("begin", name, mark)
            entry = await catalog.create("writer", name, text_for(name, mark))
            say("acked", name, mark, entry.revision)
        elif chance.random() < 0.3:
            say("begin", name, 0)
            await catalog.delete("writer", name)
            say("acked", name, 0, 0)
        else:
            say("begin", name, mark)
            entry = await catalog.update("writer", name, text_for(name, mark))
            say("acked", name, mark, entry.revision)


async def write_once(folder: Path, operation: str, crash_at: int) -> None:
    steps = 0

    def count(step: str) -> None:
        nonlocal steps
        steps += 1
        say("step", step.replace(" ", "-"))
        if steps == crash_at:
            os.kill(os.getpid(), signal.SIGKILL)

    catalog = await opened(folder, count)
    if operation == "create":
        await catalog.create("writer", "web", text_for("web", 2))
    elif operation == "update":
        await catalog.update("writer", "web", text_for("web", 2))
    else:
        await catalog.delete("writer", "web")
    say("acked")


def run(words: list[str]) -> None:
    folder = Path(words[1])
    try:
        if words[0] == "random":
            asyncio.run(write_for_ever(folder, int(words[2])))
        else:
            asyncio.run(write_once(folder, words[2], int(words[3])))
    except OrchestratorError as error:
        say("failed", error.detail)
        os._exit(1)
    # No clean end: a server that is killed closes nothing either.
    os._exit(0)


def main() -> None:
    say("up")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(line.split())
        say("pid", child)
        _, status = os.waitpid(child, 0)
        say("end", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
