"""Debian packages, installed only as root and only when missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts.shell import CannotPrepare, answers, run, say

LAB = ("mmdebstrap", "iproute2", "iptables")
TESTS = (*LAB, "chromium", "curl")


def can_install() -> bool:
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def ensure(packages: tuple[str, ...], *, purpose: str) -> None:
    """Install what is missing of `packages`; say so and go on when that cannot be done here."""
    if not can_install():
        return
    missing = [name for name in packages if not _is_installed(name)]
    if not missing:
        return
    say(f"installing {' '.join(missing)} ({purpose})")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
    try:
        run(["apt-get", "update", "-qq"], env=quiet)
        run(install, env=quiet)
    except CannotPrepare as problem:
        say(f"{problem}\nprepare: going on without {' '.join(missing)}: {purpose} may not work")


def _is_installed(package: str) -> bool:
    status = answers("dpkg-query", "-W", "-f", "${db:Status-Status}", package)
    return status == "installed"
