"""Puts the example project where projects are, so that the example that builds it has something to build."""

import logging
import os
import shutil
import tempfile
from pathlib import Path

import anyio.to_thread

log = logging.getLogger(__name__)


async def seed_project(source: Path, projects_dir: Path) -> None:
    """Copy `source` under its own name, unless something of that name is there; a failure is only logged."""
    try:
        if await anyio.to_thread.run_sync(_copy, source, projects_dir):
            log.info("the projects start with the example %s", projects_dir / source.name)
    except OSError as error:
        log.warning("the example project cannot be put into %s: %s", projects_dir, error)


def _copy(source: Path, projects_dir: Path) -> bool:
    target = projects_dir / source.name
    if os.path.lexists(target):
        return False
    projects_dir.mkdir(parents=True, exist_ok=True)
    # Beside its place first: a copy that is cut short must not look like a project.
    with tempfile.TemporaryDirectory(prefix=".seeding-", dir=projects_dir) as aside:
        copy = Path(shutil.copytree(source, Path(aside) / source.name))
        copy.rename(target)
    return True
