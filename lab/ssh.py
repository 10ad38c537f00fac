"""A real SSH server on a machine of a lab, beside whatever else runs there."""

import contextlib
import socket
from dataclasses import dataclass

from lab.machine import Machine
from lab.waiting import wait_until

_PORT = 22
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class SshServer:
    """Debian's sshd, for keys only. It lives as long as the machine has power; host key and users stay."""

    machine: Machine

    def start(self) -> None:
        """Start it, with host keys of this machine's own. Fine if it runs. Raises `LabError`."""
        if self._listens():
            return
        run = self.machine.run
        run("mkdir", "-p", "/run/sshd")
        # Those of the root file system are the same on every machine.
        if not (self.machine.directory / "upper/etc/ssh/lab-host-keys").exists():
            run("sh", "-c", "rm -f /etc/ssh/ssh_host_*; ssh-keygen -A; touch /etc/ssh/lab-host-keys")
        run("/usr/sbin/sshd", "-o", "PasswordAuthentication=no", "-o", "UseDNS=no")
        what = f"the SSH server of {self.machine.name}"
        wait_until(self._listens, seconds=_SECONDS, what=what, log=self.machine.log)

    def let_in(self, user: str, public_key: str, *, group: str) -> None:
        """Have the machine know `user`, who is also in `group` and may come with `public_key`."""
        run = self.machine.run
        run("sh", "-c", f"id {user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash {user}")
        run("usermod", "--append", "--groups", group, user)
        folder = f"/home/{user}/.ssh"
        run("install", "-d", "-m", "0700", "-o", user, "-g", user, folder)
        write = f'printf %s "$1" >>{folder}/authorized_keys && chown {user}: {folder}/*'
        run("sh", "-c", write, "sh", public_key)

    @property
    def known_host(self) -> str:
        """The machine's line for a `known_hosts` file."""
        key = self.machine.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()
        return f"{self.machine.address} {key[0]} {key[1]}"

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.machine.address, _PORT), timeout=2):
            return True
        return False
