"""`make test`: checks, the page's unit tests, then pytest, whose counts come last."""

import subprocess
import sys

from scripts import check
from scripts.shell import ROOT
from scripts.steps import VENV, npm_run, run_all


def main() -> int:
    failed = run_all([*check.STEPS, npm_run("page: unit tests", "test")])
    # pytest runs even then: one run tells everything.
    tests = subprocess.run([str(VENV / "python"), "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False)
    if failed:
        print(f"failed before pytest: {', '.join(failed)} (see above)", file=sys.stderr, flush=True)
    return tests.returncode or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main())
