"""`make test`: checks, the page's unit tests, then pytest, whose counts come last."""

import signal
import subprocess
import sys
from types import FrameType

from scripts import check
from scripts.shell import ROOT
from scripts.steps import VENV, npm_run, run_all


def main() -> int:
    failed = run_all([*check.STEPS, npm_run("page: unit tests", "test")])
    # pytest runs even then: one run tells everything.
    code = pytest(sys.argv[1:])
    if failed:
        print(f"failed before pytest: {', '.join(failed)} (see above)", file=sys.stderr, flush=True)
    return code or (1 if failed else 0)


def pytest(arguments: list[str]) -> int:
    # pytest has labs to take down, so it must hear of an end: Ctrl-C by itself, a SIGTERM through us.
    # Our handler comes first: a SIGINT that is ignored here, as in a background job, stays so in pytest.
    signal.signal(signal.SIGINT, lambda *_: None)
    tests = subprocess.Popen([str(VENV / "python"), "-m", "pytest", *arguments], cwd=ROOT)

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        tests.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, pass_on)
    return tests.wait()


if __name__ == "__main__":
    sys.exit(main())
