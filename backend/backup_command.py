"""`python -m backend backup` and `restore`: the whole state into one file, beside a server, and back."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend import migrations
from backend.clients.docker_client import SwarmClient
from backend.config import Settings
from backend.errors import Conflict, InvalidInput, OrchestratorError
from backend.services.state_return import take_over
from backend.state_archive import Manifest, State, keep, write
from backend.state_restore import Restored, restore
from backend.state_unpack import unpack
from backend.storage_errors import from_os_error

STANDARD_INPUT = Path("-")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = commands.add_parser("backup", help="write database and definitions into one file")
    backup.add_argument(
        "file", nargs="?", type=Path, help="where to; without it, into backups/ beside the database"
    )
    backup.add_argument(
        "--with-secret-key",
        action="store_true",
        help="put in the key of stored registry passwords: whoever has the file can then read them",
    )
    back = commands.add_parser("restore", help="put a backup in the place of the present state")
    back.add_argument("file", nargs="?", type=Path, help="- is standard input")
    back.add_argument(
        "--from-swarm",
        action="store_true",
        help="instead of a file: the newest copy that the swarm holds (ORCHESTRATOR_STATE_KEY_FILE)",
    )
    back.add_argument("--check", action="store_true", help="only say whether it could be restored")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    state = State.of(settings)
    try:
        if arguments.command == "backup":
            said = _backup(state, arguments.file, with_key=arguments.with_secret_key)
        elif arguments.from_swarm == (arguments.file is not None):
            msg = "Name the file to restore, or say --from-swarm."
            raise InvalidInput(msg)
        elif arguments.from_swarm:
            said = asyncio.run(_from_swarm(settings))
        else:
            with _at_hand(arguments.file) as file:
                said = _check(file) if arguments.check else _told(restore(state, file))
    except OrchestratorError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in said)
    return 0


def _backup(state: State, file: Path | None, *, with_key: bool) -> list[str]:
    if file is None:
        return [str(keep(state, "manual", with_key=with_key))]
    if file.exists():
        raise Conflict(f"{file} exists already; name another file, or remove it first.")
    if not file.parent.is_dir():
        raise Conflict(f"There is no folder {file.parent}; make it, or name another file.")
    write(state, file, "manual", with_key=with_key)
    return [str(file)]


@contextmanager
def _at_hand(file: Path) -> Iterator[Path]:
    """The file, or what comes on standard input: a container reads no file that is only its owner's."""
    if file != STANDARD_INPUT:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="orchestrator-restore-") as folder:
        taken = Path(folder) / "standard-input.zip"
        try:
            with taken.open("xb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
        except OSError as error:
            raise from_os_error(error, "What came on standard input cannot be kept", taken) from error
        yield taken


def _check(file: Path) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="orchestrator-check-") as folder:
        manifest = unpack(file, Path(folder) / "unpacked", newest_schema=len(migrations.load()))
    return [f"{file} is whole: {_said(manifest)}. Nothing was changed."]


async def _from_swarm(settings: Settings) -> list[str]:
    client = SwarmClient(
        settings.docker_host, cert_path=settings.docker_cert_path, tls_verify=settings.docker_tls_verify
    )
    try:
        sequence, restored = await take_over(settings, client.configs)
    finally:
        await client.close()
    return [f"copy {sequence} in the swarm:", *_told(restored)]


def _told(restored: Restored) -> list[str]:
    lines = [f"restored {_said(restored.manifest)}"]
    if restored.kept is not None:
        lines.append(f"what was there before is kept in {restored.kept}")
    if not restored.manifest.has_key:
        lines.append("it holds no secret key: registry passwords open only with the key of that time")
    return [*lines, "everybody signs in again; tokens are those of the backup's time"]


def _said(manifest: Manifest) -> str:
    return (
        f"{manifest.definitions} definitions and the database of {manifest.created_at:%Y-%m-%d %H:%M} UTC "
        f"(version {manifest.version})"
    )
