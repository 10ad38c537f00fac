"""`make check`: what must hold of the sources before anything runs."""

import sys

from scripts.steps import VENV, Step, npm_run, run_all, venv

STEPS = [
    venv("format", "ruff", "format", "--check"),
    venv("lint", "ruff", "check"),
    venv("types", "mypy"),
    venv("import layers", "lint-imports"),
    venv("dead code", "vulture"),
    npm_run("page: format, lint and types", "check"),
    Step("page: API types are not stale", [VENV / "python", "-m", "scripts.api_types", "--check"]),
]


def main() -> int:
    return 1 if run_all(STEPS) else 0


if __name__ == "__main__":
    sys.exit(main())
