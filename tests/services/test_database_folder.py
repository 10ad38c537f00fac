"""Which file system a database lies on, from what the kernel says of its mounts."""

from pathlib import Path

import pytest

from backend.state_folder import filesystem_in, filesystem_of, shares_memory


def test_this_machine_names_the_file_system_of_a_folder(tmp_path: Path) -> None:
    assert filesystem_of(tmp_path / "not yet there.db")


def test_the_file_system_is_that_of_the_deepest_mount() -> None:
    mounts = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 0:25 / /srv rw - nfs4 nas:/srv rw\n"
        "31 30 0:26 / /srv/my\\040data rw master:2 - xfs /dev/sdb rw\n"
        "32 22 0:27 / /twice rw - ext4 /dev/sdc rw\n"
        "33 22 0:28 / /twice rw - nfs nas:/t rw\n"
        "broken line\n"
    )
    assert filesystem_in(mounts, Path("/var/lib/x.db")) == "ext4"
    assert filesystem_in(mounts, Path("/srv/x.db")) == "nfs4"
    assert filesystem_in(mounts, Path("/srvx/x.db")) == "ext4"
    assert filesystem_in(mounts, Path("/srv/my data/x.db")) == "xfs"
    assert filesystem_in(mounts, Path("/twice/x.db")) == "nfs"
    assert filesystem_in("", Path("/x.db")) is None


@pytest.mark.parametrize(
    ("filesystem", "shares"),
    [
        ("ext4", True),
        ("xfs", True),
        ("overlay", True),
        (None, True),
        ("nfs", False),
        ("fuse.glusterfs", False),
    ],
)
def test_only_network_file_systems_share_no_memory(filesystem: str | None, shares: bool) -> None:
    assert shares_memory(filesystem) is shares
