"""Root file systems with a Docker engine, built by mmdebstrap once per Debian suite and then cached."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from lab.errors import LabError
from lab.host import INSTEAD, environment, require_tools, succeeds
from lab.locks import locked

SUITES = ("bookworm", "trixie", "sid")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_DEFAULT_MIRROR = "http://deb.debian.org/debian"
_BUILD_SECONDS = 600

_PACKAGES = [
    "busybox-static",
    "ca-certificates",
    "curl",
    "docker-registry",
    "docker.io",
    "iproute2",
    "iptables",
    "openssh-server",
    "rsync",
    "tini",
]
# Since trixie the client is a package of its own. Its buildx is for tests of builds for several platforms.
_MORE_PACKAGES = {"trixie": ["docker-buildx", "docker-cli"], "sid": ["docker-cli"]}

# What must be there, and be as long as when it was built, for a cached root file system to be whole.
_VITAL = [
    "bin/busybox",
    "usr/bin/containerd",
    "usr/bin/docker",
    "usr/bin/docker-registry",
    "usr/bin/tini",
    "usr/sbin/dockerd",
    "usr/sbin/xtables-nft-multi",
    "usr/sbin/runc",
    "usr/sbin/sshd",
]
_MARKER = ".lab-complete.json"


def cache_root() -> Path:
    """Where root file systems are kept: `LAB_CACHE`, or /var/cache/swarm-orchestrator-lab."""
    return Path(os.environ.get("LAB_CACHE") or "/var/cache/swarm-orchestrator-lab").absolute()


class RootfsCache:
    """The cache of root file systems; `folder` may lie anywhere outside the checkout."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_root()

    def path(self, suite: str) -> Path:
        """Where the root file system of `suite` lies; a changed list of packages is another place."""
        return self.folder / f"{suite}-{recipe_of(packages(suite))}"

    def get(self, suite: str, say: Callable[[str], None]) -> Path:
        """The root file system of `suite`, built first where it is missing or not whole.

        Several callers may ask at once: one builds, the others wait. Raises `LabError` if it cannot be built.
        """
        target = self.path(suite)
        lock = target.with_name(f"{target.name}.lock")
        with locked(lock, seconds=2 * _BUILD_SECONDS, what=f"the {suite} root file system"):
            fault = self.fault(suite)
            if fault is None:
                return target
            if target.exists():
                say(f"the cached {suite} root file system is not whole ({fault}): building it again")
                self._discard(target)
            self._build(suite, target, say)
        return target

    def fault(self, suite: str) -> str | None:
        """What is wrong with the cached root file system of `suite`, or None if it is whole."""
        target = self.path(suite)
        if not target.is_dir():
            return "it does not exist"
        try:
            sizes = json.loads((target / _MARKER).read_text())["sizes"]
        except (OSError, ValueError, KeyError, TypeError):
            return "its marker is missing or unreadable"
        for name in _VITAL:
            if sizes.get(name) != _size(target, name):
                return f"{name} is missing or has changed"
        return None

    def _build(self, suite: str, target: Path, say: Callable[[str], None]) -> None:
        require_tools("mmdebstrap", "setpriv", str(KEYRING), say=say)
        mirror = debian_mirror()
        say(f"building the {suite} root file system from {mirror} (once, about half a minute)")
        # Only the holder of the lock builds, so whatever lies here was left by a build that was cut short.
        for rubbish in self.folder.glob(f"{target.name}.unfinished-*"):
            shutil.rmtree(rubbish, ignore_errors=True)
        unfinished = target.with_name(f"{target.name}.unfinished-{os.getpid()}")
        log = self.folder / f"{suite}.log"
        try:
            run_mmdebstrap(suite, unfinished, mirror, log, packages(suite))
            sizes = {name: _size(unfinished, name) for name in _VITAL}
            if missing := [name for name, size in sizes.items() if size is None]:
                raise LabError(f"The new {suite} root file system lacks {', '.join(missing)}; see {log}")
            (unfinished / _MARKER).write_text(json.dumps({"packages": packages(suite), "sizes": sizes}))
            unfinished.rename(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _discard(self, target: Path) -> None:
        rubbish = target.with_name(f"{target.name}.rubbish")
        shutil.rmtree(rubbish, ignore_errors=True)
        target.rename(rubbish)
        shutil.rmtree(rubbish, ignore_errors=True)


def packages(suite: str) -> list[str]:
    """What is installed beside Debian's minimal base."""
    return sorted(_PACKAGES + _MORE_PACKAGES.get(suite, []))


def recipe_of(included: Iterable[str]) -> str:
    """A short name for what is installed: another list is another name."""
    return hashlib.sha256(" ".join(included).encode()).hexdigest()[:8]


def debian_mirror() -> str:
    """The Debian mirror that this machine's apt uses; Debian's own where apt names none."""
    wanted = "$(ORIGIN)\t$(COMPONENT)\t$(CODENAME)\t$(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", wanted, "Identifier: Packages"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return _DEFAULT_MIRROR
    for line in output.splitlines():
        origin, component, codename, address = line.split("\t")
        # Before the first `apt-get update` the origin is unknown; then the address has to tell.
        address = _first_of_list(address).rstrip("/")
        debian = origin == "Debian" if origin else address.endswith("/debian")
        if debian and component == "main" and "-" not in codename and "://" in address:
            return address
    return _DEFAULT_MIRROR


def _first_of_list(address: str) -> str:
    """Debian's cloud images name a file with a list of mirrors instead of one."""
    if not address.startswith("mirror+file:"):
        return address
    try:
        lines = Path("/" + address.removeprefix("mirror+file:").strip("/")).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split()[0] for line in lines if "://" in line), "")


def run_mmdebstrap(suite: str, target: Path, mirror: str, log: Path, included: Iterable[str]) -> None:
    """Build `suite` into `target`, a folder or a `.tar`; raises `LabError` with what to do instead."""
    # Whatever happens to us, the build dies with us, and its mounts are never the host's.
    command = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--mount-proc"]
    command += ["--pid", "--fork", "--kill-child"]
    command += ["mmdebstrap", "--variant=minbase", f"--include={','.join(included)}"]
    options = ['Acquire::Check-Valid-Until "false"', 'Acquire::Retries "3"', *_apt_transport()]
    command += [f"--aptopt={option}" for option in options]
    left_out = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in left_out]
    # The transport settings of this host, proxy passwords among them, are nothing to keep in a cache.
    command.append('--customize-hook=rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap"')
    with log.open("w") as output:
        try:
            subprocess.run(
                [*command, suite, str(target), mirror],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
                check=True,
                timeout=_BUILD_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise LabError(
                f"The {suite} root file system could not be built from {mirror} (see {log}); {INSTEAD}"
            ) from error


def _apt_transport() -> list[str]:
    """The host's proxies and certificates: mmdebstrap starts from an empty apt configuration."""
    if not succeeds("apt-config", "dump"):
        return []
    command = ["apt-config", "dump", "Acquire::http", "Acquire::https"]
    dump = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    settings = [line.removesuffix(";") for line in dump.splitlines() if not line.endswith(' "";')]
    return [*settings, 'Dir::Etc::netrc "/etc/apt/auth.conf"', 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d"']


def _size(root: Path, name: str) -> int | None:
    try:
        return (root / name).stat().st_size
    except OSError:
        return None
