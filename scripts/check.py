"""`make check`: what must hold of the sources before anything runs."""

import sys

from scripts.steps import VENV, Step, npm_run, run_all, venv

SHELL = [
    ".ci/run",
    "deploy.sh",
    "deploy/secrets.sh",
    "deploy/verdict.sh",
    "lab/boot.sh",
    "scripts/prepare.sh",
    "setup.sh",
]
PYTHON = [
    venv("format", "ruff", "format", "--check"),
    venv("lint", "ruff", "check"),
    venv("types", "mypy"),
    venv("import layers", "lint-imports"),
    venv("dead code", "vulture"),
    venv("shell scripts", "shellcheck", *SHELL),
    Step("page: API types are not stale", [VENV / "python", "-m", "scripts.api_types", "--check"]),
]
PAGE = [npm_run("page: format, lint and types", "check")]


def main() -> int:
    return 1 if run_all(PYTHON, PAGE) else 0


if __name__ == "__main__":
    sys.exit(main())
