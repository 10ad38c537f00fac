"""`python -m backend backup` and `restore` as people type them."""

import hashlib
import json
import sqlite3
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from backend import __version__
from backend.migrations import load
from tests.api.server_process import ServerProcess, environment
from tests.api.test_access_process import ask

TOKEN = "a-token-for-tests-of-backups"
BEARER = f"Bearer {TOKEN}"


def command(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "backend", *words],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def server(folder: Path) -> ServerProcess:
    return ServerProcess(
        ["-m", "backend"], folder, environment(folder, APP_PORT="0", ORCHESTRATOR_TOKEN=TOKEN)
    )


def port_of(running: ServerProcess) -> int:
    return int(running.link().split(":")[2].partition("/")[0])


def create(port: int, name: str) -> None:
    body = {"name": name, "definition": {"image": "nginx"}}
    assert ask(port, "POST", "/api/services", body, Authorization=BEARER)[0] == 201


def names(port: int) -> list[str]:
    status, answer = ask(port, "GET", "/api/services", Authorization=BEARER)
    assert status == 200, answer
    return [item["name"] for item in answer["items"]]


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith((".lock", "-shm"))
    }


def test_a_backup_beside_a_running_server_and_back_after_it_stopped(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "state.zip"
    file.parent.mkdir()
    with server(tmp_path) as running:
        port = port_of(running)
        create(port, "web")
        made = command(tmp_path, "backup", str(file))
        assert (made.returncode, made.stdout.strip(), made.stderr) == (0, str(file), "")
        assert file.stat().st_mode & 0o777 == 0o600
        create(port, "later")

        refused = command(tmp_path, "restore", str(file))
        assert refused.returncode == 1
        assert str(running.process.pid) in refused.stderr
        assert "Stop it, then restore" in refused.stderr
        assert names(port) == ["later", "web"]
        assert running.stop() == 0

    restored = command(tmp_path, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert "restored 1 definitions" in restored.stdout
    with server(tmp_path) as running:
        assert names(port_of(running)) == ["web"]
        running.stop()

    # What was there before is a backup like any other.
    [before] = (tmp_path / "state" / "backups").glob("*-before-restore.zip")
    assert str(before) in restored.stdout
    assert command(tmp_path, "restore", str(before)).returncode == 0
    with server(tmp_path) as running:
        assert names(port_of(running)) == ["later", "web"]
        running.stop()


def test_people_sign_in_again_after_a_restore(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        port, _, code = running.link().partition("/setup#code=")
        port_number = int(port.split(":")[2])
        body = {"code": code, "password": "correct horse battery"}
        assert ask(port_number, "POST", "/api/setup", body)[0] == 201
        running.stop()
    made = command(tmp_path, "backup")
    assert made.returncode == 0
    database = tmp_path / "state" / "orchestrator.db"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    assert command(tmp_path, "restore", made.stdout.strip()).returncode == 0
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)
    with server(tmp_path) as running:
        port_number = port_of(running)
        body = {"username": "admin", "password": "correct horse battery"}
        assert ask(port_number, "POST", "/api/session", body)[0] in (200, 201)
        running.stop()


def test_the_secret_key_goes_along_only_when_that_is_asked_for(tmp_path: Path) -> None:
    credentials = {"username": "ci", "password": "hush-hush"}
    with server(tmp_path) as running:
        port = port_of(running)
        assert ask(port, "PUT", "/api/registries/ghcr.io", credentials, Authorization=BEARER)[0] == 200
        running.stop()

    def registry_after(*words: str) -> tuple[str, Any]:
        file = tmp_path / f"{len(words)}.zip"
        assert command(tmp_path, "backup", str(file), *words).returncode == 0
        folder = tmp_path / f"restored-{len(words)}"
        folder.mkdir()
        said = command(folder, "restore", str(file))
        assert said.returncode == 0, said.stderr
        with server(folder) as running:
            status, answer = ask(port_of(running), "GET", "/api/registries/ghcr.io", Authorization=BEARER)
            running.stop()
        assert status == 200
        return said.stdout, answer

    said, without = registry_after()
    assert "no secret key" in said
    assert "secret.key is missing" in without["problem"]
    said, with_key = registry_after("--with-secret-key")
    assert "no secret key" not in said
    assert with_key["problem"] is None


def test_what_cannot_be_backed_up_is_said(tmp_path: Path) -> None:
    nothing = command(tmp_path, "backup")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "There is no database at" in nothing.stderr
    with server(tmp_path) as running:
        running.link()
        running.stop()
    there = tmp_path / "there.zip"
    there.write_text("mine")
    assert "exists already" in command(tmp_path, "backup", str(there)).stderr
    assert there.read_text() == "mine"
    assert "There is no folder" in command(tmp_path, "backup", str(tmp_path / "no" / "b.zip")).stderr
    assert "There is no file" in command(tmp_path, "restore", str(tmp_path / "no.zip")).stderr


# What is no backup of ours ------------------------------------------------------------------------------


class Forger:
    """Takes a good backup apart and puts it together again as told."""

    def __init__(self, backup: Path) -> None:
        self.raw = backup.read_bytes()
        with zipfile.ZipFile(backup) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest = json.loads(self.files.pop("backup.json"))

    def described(self) -> None:
        """A manifest that agrees with the files as they are now."""
        self.manifest["files"] = [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in self.files.items()
        ]

    def write(self, target: Path, more: dict[str, bytes] | None = None) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("backup.json", json.dumps(self.manifest))
            for name, content in [*self.files.items(), *(more or {}).items()]:
                archive.writestr(name, content)

    def change_database(self, folder: Path, sql: str) -> None:
        path = folder / "forged.db"
        path.write_bytes(self.files["orchestrator.db"])
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(sql)
        self.files["orchestrator.db"] = path.read_bytes()
        path.unlink()
        self.described()


type Forgery = Callable[[Forger, Path, Path], None]


def raw(change: Callable[[bytes], bytes]) -> Forgery:
    def forge(forger: Forger, _folder: Path, target: Path) -> None:
        target.write_bytes(change(forger.raw))

    return forge


def named(name: str, content: bytes = b"image: nginx\n") -> Forgery:
    def forge(forger: Forger, _folder: Path, target: Path) -> None:
        forger.files[name] = content
        forger.described()
        forger.write(target)

    return forge


def claimed(key: str, value: Any) -> Forgery:
    def forge(forger: Forger, _folder: Path, target: Path) -> None:
        forger.manifest[key] = value
        forger.write(target)

    return forge


def database(sql: str) -> Forgery:
    def forge(forger: Forger, folder: Path, target: Path) -> None:
        forger.change_database(folder, sql)
        forger.write(target)

    return forge


def flipped(forger: Forger, _folder: Path, target: Path) -> None:
    content = bytearray(forger.files["orchestrator.db"])
    content[len(content) // 2] ^= 1
    forger.files["orchestrator.db"] = bytes(content)
    forger.write(target)


def damaged_database(forger: Forger, _folder: Path, target: Path) -> None:
    content = bytearray(forger.files["orchestrator.db"])
    content[4096:8192] = b"\xff" * 4096
    forger.files["orchestrator.db"] = bytes(content)
    forger.described()
    forger.write(target)


def no_database(forger: Forger, _folder: Path, target: Path) -> None:
    del forger.files["orchestrator.db"]
    forger.described()
    forger.write(target)


def extra_file(forger: Forger, _folder: Path, target: Path) -> None:
    forger.write(target, {"definitions/extra.yaml": b"image: nginx\n"})


def bomb(forger: Forger, _folder: Path, target: Path) -> None:
    """Says 13 bytes and unpacks to 300 MB."""
    forger.files["definitions/bomb.yaml"] = b"image: nginx\n"
    forger.described()
    forger.files["definitions/bomb.yaml"] = bytes(300_000_000)
    forger.write(target)


def lying_header(forger: Forger, _folder: Path, target: Path) -> None:
    """The size in the zip's own directory is a lie, too."""
    bomb(forger, _folder, target)
    content = target.read_bytes()
    target.write_bytes(content.replace(struct.pack("<L", 300_000_000), struct.pack("<L", 13)))


FORGERIES: dict[str, tuple[Forgery, str]] = {
    "cut off": (raw(lambda content: content[: len(content) // 2]), "no whole zip"),
    "empty": (raw(lambda _: b""), "no whole zip"),
    "text": (raw(lambda _: b"not a backup"), "no whole zip"),
    "one bit flipped": (flipped, "damaged: orchestrator.db"),
    "a damaged page": (damaged_database, "damaged database"),
    "no database": (no_database, "holds no orchestrator.db"),
    "a file nobody lists": (extra_file, "does not hold what its backup.json lists"),
    "a path upwards": (named("definitions/../../evil.yaml"), "which no backup of ours has"),
    "an absolute path": (named("/tmp/evil.yaml"), "which no backup of ours has"),
    "a path below": (named("definitions/sub/evil.yaml"), "which no backup of ours has"),
    "a backslash": (named("definitions/..\\evil.yaml"), "which no backup of ours has"),
    "a hidden file": (named("definitions/.evil.yaml"), "which no backup of ours has"),
    "no definition": (named("definitions/evil.sh"), "which no backup of ours has"),
    "another folder": (named(".ssh/authorized_keys"), "which no backup of ours has"),
    "a huge definition": (named("definitions/huge.yaml", bytes(2_000_000)), "at most 1048576 are taken"),
    "a huge key": (named("secret.key", bytes(2_000)), "at most 1024 are taken"),
    "a bomb": (bomb, "damaged: definitions/bomb.yaml"),
    "a bomb with a lying header": (lying_header, "damaged: definitions/bomb.yaml"),
    "a newer format": (claimed("format", 2), "Restore it with version"),
    "a newer schema": (claimed("schema", 99), f"knows schemas up to {len(load())}"),
    "another schema than the database": (claimed("schema", 1), "none of Swarm Orchestrator's"),
    "a manifest of something else": (claimed("files", "all"), "no backup of Swarm Orchestrator"),
    "a trigger": (
        database("CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM audit; END"),
        "none of Swarm Orchestrator's",
    ),
    "another program's database": (database("DROP TABLE revisions"), "none of Swarm Orchestrator's"),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A state with a definition, and a backup of it."""
    folder = tmp_path_factory.mktemp("good")
    with server(folder) as running:
        create(port_of(running), "web")
        running.stop()
    file = folder / "good.zip"
    assert command(folder, "backup", str(file)).returncode == 0
    return folder, file


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_is_no_whole_backup_changes_nothing(
    good: tuple[Path, Path], tmp_path: Path, forgery: str
) -> None:
    folder, file = good
    forge, sentence = FORGERIES[forgery]
    target = tmp_path / "forged.zip"
    forge(Forger(file), tmp_path, target)
    before = everything(folder)
    for words in (("restore", str(target)), ("restore", "--check", str(target))):
        refused = command(folder, *words)
        assert (refused.returncode, refused.stdout) == (1, ""), refused
        assert sentence in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert everything(folder) == before


def test_a_backup_of_a_newer_version_names_both(good: tuple[Path, Path], tmp_path: Path) -> None:
    folder, file = good
    forger = Forger(file)
    forger.manifest |= {"schema": 99, "version": "9.8.7"}
    forger.write(tmp_path / "newer.zip")
    refused = command(folder, "restore", str(tmp_path / "newer.zip"))
    assert f"version 9.8.7 (schema 99); this is version {__version__}" in refused.stderr


def test_a_good_backup_is_found_good_without_touching_anything(good: tuple[Path, Path]) -> None:
    folder, file = good
    before = everything(folder)
    checked = command(folder, "restore", "--check", str(file))
    assert checked.returncode == 0
    assert "is whole: 1 definitions" in checked.stdout
    assert everything(folder) == before


def test_a_damaged_database_gives_way_to_a_backup_and_its_files_are_kept(
    good: tuple[Path, Path], tmp_path: Path
) -> None:
    _, file = good
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "mine.yaml").write_text("image: mine\n")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "orchestrator.db").write_bytes(b"no database at all" * 1000)
    done = command(tmp_path, "restore", str(file))
    assert done.returncode == 0, done.stderr
    [aside] = (tmp_path / "state" / "backups").iterdir()
    assert (aside / "orchestrator.db").read_bytes() == b"no database at all" * 1000
    assert (aside / "mine.yaml").read_text() == "image: mine\n"
    with server(tmp_path) as running:
        assert names(port_of(running)) == ["web"]
        running.stop()
