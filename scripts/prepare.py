"""Install what a fresh machine lacks: `python3 -m scripts.prepare python|lab|run|check|test|wheel`.

Runs on any Python from 3.9 with nothing but its standard library, because it comes before all else.
It asks nothing, does nothing twice, and is silent when there is nothing to do.
"""

from __future__ import annotations

import sys

from scripts import debian, node, python_env
from scripts.shell import ROOT, CannotPrepare, one_at_a_time, say


def prepare(purpose: str) -> None:
    uv = python_env.ensure()
    if purpose == "python":
        return
    if purpose == "lab":
        debian.ensure(debian.LAB, purpose="the lab")
        return
    its_node = node.ensure_node(uv)
    node.ensure_packages(its_node)
    if purpose in ("check", "test"):
        node.ensure_packages(its_node, node.CODEGEN)
    if purpose in ("run", "test", "wheel"):
        node.ensure_page(its_node)
    if purpose == "wheel":
        print(*python_env.build_wheel(ROOT / "dist"), sep="\n")
    if purpose == "run":
        debian.ensure(debian.LAB, purpose="the lab")
    if purpose == "test":
        debian.ensure(debian.TESTS, purpose="the lab and the browser tests")


def main() -> int:
    purposes = ("python", "lab", "run", "check", "test", "wheel")
    if len(sys.argv) != 2 or sys.argv[1] not in purposes:
        print(f"usage: python3 -m scripts.prepare {'|'.join(purposes)}", file=sys.stderr)
        return 2
    try:
        with one_at_a_time():
            prepare(sys.argv[1])
    except CannotPrepare as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
