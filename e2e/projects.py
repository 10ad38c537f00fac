"""Projects to build: folders that stand on an image of the lab, as no hub is there."""

import shutil
import subprocess
from pathlib import Path

DOCKERFILE = """\
ARG BASE
FROM $BASE
COPY page.html /www/page.html
RUN echo "built as $(cat /www/page.html)"
"""


def write(folder: Path, *, page: str) -> None:
    """A project whose image shows `page` on port 80; needs the build argument BASE."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "page.html").write_text(f"{page}\n")
    (folder / ".dockerignore").write_text("notes\n")
    (folder / "notes").write_text("not for the image\n")


def upload(folder: Path, projects: Path) -> None:
    """As the brief does it, by rsync where the machine has it."""
    target = projects / folder.name
    projects.mkdir(exist_ok=True)
    if shutil.which("rsync"):
        command = ["rsync", "-a", "--exclude=.git", f"{folder}/", f"{target}/"]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
    else:
        shutil.copytree(folder, target, dirs_exist_ok=True)
