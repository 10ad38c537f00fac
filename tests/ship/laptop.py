"""A machine of the lab that stands for somebody's own: a checkout, docker, ssh, and nothing of Python."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.node import Node
from lab.ssh import SshServer

ROOT = Path(__file__).resolve().parent.parent.parent
USER = "ops"


@dataclass(frozen=True)
class Done:
    code: int
    output: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.output}"


@dataclass(frozen=True)
class Laptop:
    node: Node

    @property
    def checkout(self) -> Path:
        """The machine's disk lies at the same path on the host."""
        return self.node.machine.directory / "swarm-orchestrator"

    def copy_checkout(self) -> None:
        """What git has or would take, as it is now."""
        command = [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, listed.split("\0")):
            source, target = ROOT / name, self.checkout / name
            if source.is_file() and not source.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
                target.chmod(source.stat().st_mode)

    def make_key(self) -> None:
        self.run("sh", "-c", "mkdir -p -m 0700 ~/.ssh && ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519")

    def is_known_to(self, server: SshServer) -> None:
        """Have our key let in; no question is left for SSH to ask."""
        server.let_in(USER, self.run("cat", "/root/.ssh/id_ed25519.pub").output, group="docker")
        self.run("sh", "-c", f"echo '{server.known_host}' >>~/.ssh/known_hosts")

    def run(self, *command: str, within: float = 60, **variables: str) -> Done:
        """Run it in the checkout, or fail with all that it said."""
        done = self.tries(*command, within=within, **variables)
        assert done.code == 0, f"{' '.join(command)}: {done}"
        return done

    def tries(self, *command: str, within: float = 60, **variables: str) -> Done:
        settings = [f"{name}={value}" for name, value in variables.items()]
        done = subprocess.run(
            self.node.machine.inside(["env", "-C", str(self.checkout), *settings, *command]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=within,
        )
        return Done(done.returncode, done.stdout)
