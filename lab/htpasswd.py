"""A line of an htpasswd file in bcrypt, the only kind that docker-registry takes."""

import secrets
import string
import subprocess
from pathlib import Path

from lab.errors import LabError
from lab.host import environment

_SALT = "./" + string.ascii_letters + string.digits
# Every pull checks the password anew, so the lowest cost that bcrypt has will do here.
_COST = 4
_PROGRAM = "my ($salt) = @ARGV; local $/; my $password = <STDIN>; print crypt($password, $salt);"


def htpasswd_line(user: str, password: str, rootfs: Path) -> str:
    """Hash with the perl and libcrypt of `rootfs`: the host and Python need not know bcrypt."""
    salt = f"$2b${_COST:02d}$" + "".join(secrets.choice(_SALT) for _ in range(21)) + "."
    done = subprocess.run(
        ["chroot", str(rootfs), "perl", "-e", _PROGRAM, salt],
        input=password,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    if done.returncode != 0 or not done.stdout.startswith("$2b$"):
        raise LabError(f"The registry's password could not be hashed: {done.stderr.strip() or 'no bcrypt'}.")
    return f"{user}:{done.stdout}\n"
