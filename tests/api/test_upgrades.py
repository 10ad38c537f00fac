"""Another version on the same state: the older one is kept before anything changes, the newer one refused."""

import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from backend import __version__
from backend.database import Database
from backend.migrations import load
from tests.api.server_process import ServerProcess, environment

pytestmark = pytest.mark.anyio

WEB = "# by hand\nname: web\nimage: nginx\n"


def start(folder: Path) -> ServerProcess:
    return ServerProcess(["-m", "backend"], folder, environment(folder, APP_PORT="0"))


def database_of(folder: Path) -> Path:
    return folder / "state" / "orchestrator.db"


async def state_of_the_version_before(folder: Path) -> None:
    """Its schema, a definition, and who may come in."""
    (folder / "definitions").mkdir()
    (folder / "definitions" / "web.yaml").write_text(WEB)
    former = Database(database_of(folder), known_migrations=load()[:-1])
    await former.open()
    async with former.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO users VALUES ('1', 'ada', 'hash', 'admin', '2026-01-01T00:00:00.000000+00:00')"
        )
    await former.close()


async def test_the_state_is_kept_whole_before_a_new_version_changes_it(tmp_path: Path) -> None:
    await state_of_the_version_before(tmp_path)
    with start(tmp_path) as server:
        server.link()
        assert server.stop() == 0

    [backup] = (tmp_path / "state" / "backups").iterdir()
    assert backup.name.endswith("-before-upgrade.zip")
    with ZipFile(backup) as archive:
        assert archive.read("definitions/web.yaml").decode() == WEB
        archive.extract("orchestrator.db", tmp_path / "unpacked")
    with closing(sqlite3.connect(tmp_path / "unpacked" / "orchestrator.db")) as before:
        assert before.execute("PRAGMA user_version").fetchone() == (len(load()) - 1,)
        assert before.execute("SELECT name FROM users").fetchall() == [("ada",)]
    with closing(sqlite3.connect(database_of(tmp_path))) as after:
        assert after.execute("PRAGMA user_version").fetchone() == (len(load()),)
        assert after.execute("SELECT name FROM users").fetchall() == [("ada",)]


async def test_the_next_start_of_the_same_version_makes_no_backup(tmp_path: Path) -> None:
    await state_of_the_version_before(tmp_path)
    for _ in range(2):
        with start(tmp_path) as server:
            server.link()
            server.stop()
    assert len(list((tmp_path / "state" / "backups").iterdir())) == 1


async def test_a_state_of_a_newer_version_is_refused_with_both_versions_and_the_way_back(
    tmp_path: Path,
) -> None:
    await state_of_the_version_before(tmp_path)
    with start(tmp_path) as server:
        server.link()
        server.stop()
    [backup] = (tmp_path / "state" / "backups").iterdir()
    with closing(sqlite3.connect(database_of(tmp_path), isolation_level=None)) as database:
        database.execute("UPDATE catalog_facts SET value = '9.8.7' WHERE key = 'written_by'")
        database.execute("PRAGMA user_version = 99")
    before = database_of(tmp_path).read_bytes()

    with start(tmp_path) as server:
        assert server.wait() == 73
        assert len(server.err) == 1
        assert "version 9.8.7 (schema 99)" in server.err[0]
        assert f"version {__version__}, which knows schemas up to {len(load())}" in server.err[0]
        assert f"python -m backend restore {backup}" in server.err[0]
    assert database_of(tmp_path).read_bytes() == before

    # What it says works.
    restoring = ["-m", "backend", "restore", str(backup)]
    with ServerProcess(restoring, tmp_path, environment(tmp_path)) as command:
        assert command.wait() == 0, command.err
    with start(tmp_path) as server:
        server.link()
        assert server.stop() == 0
