"""The docker client that every node of a lab brings along."""

import subprocess

from lab import Lab


def docker(lab: Lab, *arguments: str, node: str = "manager-1") -> str:
    """Run `docker` inside a node and return what it prints; a failure fails the test with its complaint."""
    command = lab.node(node).machine.inside(["docker", *arguments])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
