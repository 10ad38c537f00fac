"""What the lab asks of this machine: Linux, root and a few Debian packages."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError

INSTEAD = (
    "use a swarm of your own instead: `docker swarm init` on any machine with Docker, then set DOCKER_HOST."
)
_PACKAGE_OF = {
    "ip": "iproute2",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "setsid": "util-linux",
    "unshare": "util-linux",
}


def run(*command: str) -> str:
    """Run a command of the host and return what it prints; raises `LabError` with its complaint."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if done.returncode != 0:
        raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.returncode}")
    return done.stdout


def succeeds(*command: str) -> bool:
    """Run a command of the host and say whether it ended well."""
    return subprocess.run(command, capture_output=True, check=False, env=environment()).returncode == 0


def environment() -> dict[str, str]:
    """Our environment with the folders that `su` leaves out of a root's PATH."""
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    return {**os.environ, "PATH": path}


def unsuitable() -> str | None:
    """Why no lab can run here, as one sentence that says what to do instead; None if one can."""
    if sys.platform != "linux":
        return f"The lab needs Linux and this is {platform.system()}; {INSTEAD}"
    if os.geteuid() != 0:
        return f"The lab needs root (it makes network and pid namespaces); run it with sudo, or {INSTEAD}"
    return None


def require_tools(*tools: str, say: Callable[[str], None]) -> None:
    """Make sure that `tools` (programs by name, files by path) are there, by apt-get where that exists.

    Raises `LabError` where a tool is missing and cannot be installed.
    """
    missing = sorted({_PACKAGE_OF[tool] for tool in tools if not _there(tool)})
    if not missing:
        return
    names = " ".join(missing)
    if not shutil.which("apt-get"):
        raise LabError(f"The lab needs {names}; install that with your package manager, or {INSTEAD}")
    say(f"installing {names} with apt-get")
    quiet = {**environment(), "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    for command in (install, ["apt-get", "update"], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)
        if command is install and done.returncode == 0:
            return
    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise LabError(f"apt-get could not install {names} ({reason}); install that yourself, or {INSTEAD}")


def _there(tool: str) -> bool:
    if tool.startswith("/"):
        return Path(tool).exists()
    return shutil.which(tool, path=environment()["PATH"]) is not None
