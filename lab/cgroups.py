"""The control groups that engines make for their containers, and their removal."""

import os
from functools import partial
from pathlib import Path

from lab.waiting import wait_until


def remove_cgroups(name: str) -> None:
    """Remove the group `name` and all below it, in every hierarchy of the host (version 1 and 2).

    The processes in it must be dead or dying. Raises `LabError` if it is still busy after 20 s.
    """
    for top in _hierarchies():
        group = top / name
        wait_until(partial(_removed, group), seconds=20, what=f"the removal of {group}")


def cgroups(name: str) -> list[Path]:
    """The groups `name` that exist, one per hierarchy."""
    return [top / name for top in _hierarchies() if (top / name).is_dir()]


def _hierarchies() -> list[Path]:
    lines = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return [Path(fields[1]) for fields in lines if fields[2] in {"cgroup", "cgroup2"}]


def _removed(group: Path) -> bool:
    # The files in a cgroup cannot be deleted and need not be: the folders go bottom-up, with rmdir alone.
    # An OSError (EBUSY while the kernel still buries a process) is "not yet" for the caller.
    for folder, _, _ in os.walk(group, topdown=False):
        Path(folder).rmdir()
    return True
