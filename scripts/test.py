"""`make test`: checks, the page's unit tests, then pytest, whose counts come last."""

import os
import signal
import subprocess
import sys
from types import FrameType

from scripts import check
from scripts.shell import ROOT
from scripts.steps import VENV, npm_run, run_all
from tests.fakes.lab_fixture import clear_dead_runs

SIDE_BY_SIDE = ["-n", str(min(5, 2 * (os.cpu_count() or 1) + 1)), "--dist", "loadscope"]
"""More processes than cores, as tests mostly wait; five at most, as each may have a lab of its own."""


def main() -> int:
    failed = run_all(check.PYTHON, [*check.PAGE, npm_run("page: unit tests", "test")])
    # pytest runs even then: one run tells everything.
    code = pytest(sys.argv[1:])
    if failed:
        print(f"failed before pytest: {', '.join(failed)} (see above)", file=sys.stderr, flush=True)
    return code or (1 if failed else 0)


def pytest(arguments: list[str]) -> int:
    # pytest has labs to take down, so it must hear of an end: Ctrl-C by itself, a SIGTERM through us.
    # Our handler comes first: a SIGINT that is ignored here, as in a background job, stays so in pytest.
    signal.signal(signal.SIGINT, lambda *_: None)
    # Some tests by name run one after the other: that shows more, and starting processes takes longer.
    how = ["-p", "scripts.side_by_side", *(arguments or SIDE_BY_SIDE)]
    tests = subprocess.Popen([str(VENV / "python"), "-m", "pytest", *how], cwd=ROOT)

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        tests.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, pass_on)
    code = tests.wait()
    # Of several processes, those that do not end in time are killed, and leave their labs.
    clear_dead_runs()
    return code


if __name__ == "__main__":
    sys.exit(main())
