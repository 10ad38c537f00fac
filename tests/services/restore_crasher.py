"""Restores a backup again and again, each time to die at a later touch of the disk.

`python restore_crasher.py FOLDER BACKUP OUT`: copies the state in FOLDER to OUT/1, OUT/2 …, and in a child
process ends with exit code 9 at the nth event; prints n for the first that got to the end.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from backend.state_archive import State
from backend.state_restore import restore

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link"}


def die_at(last: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in EVENTS:
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_DIRECTORY):
            return
        seen += 1
        if seen == last:
            os._exit(9)

    sys.addaudithook(hook)


def main(folder: Path, backup: Path, out: Path) -> int:
    number = 0
    while True:
        number += 1
        copy = out / str(number)
        shutil.copytree(folder, copy)
        child = os.fork()
        if child == 0:
            die_at(number)
            restore(State(copy / "state" / "orchestrator.db", copy / "definitions"), backup)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != 9:
            print(number, code)  # noqa: T201 — this is what it is for
            return code


if __name__ == "__main__":
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:])))
