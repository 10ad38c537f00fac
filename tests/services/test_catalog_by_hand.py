"""What people do to the definitions folder behind the server's back."""

# ruff: noqa: ASYNC240 — the tests do what editors and git do, between two awaits

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from backend.database import Database
from backend.errors import Conflict, PreconditionFailed
from backend.services.catalog import Catalog, Entry
from tests.eventually import eventually

pytestmark = pytest.mark.anyio

PROMISED = 2.0
PATIENCE = 5.0
"""For tests about something else than how soon: this machine may be busy."""
GOOD = "name: web\nimage: nginx:1\n"
CONFLICT_MARKS = "name: web\n<<<<<<< HEAD\nimage: nginx:1\n=======\nimage: nginx:2\n>>>>>>> theirs\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "definitions"
    folder.mkdir()
    return folder


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "state" / "orchestrator.db")
    await database.open()
    yield database
    await database.close()


@asynccontextmanager
async def following(catalog: Catalog) -> AsyncIterator[Catalog]:
    await catalog.open()
    task = asyncio.create_task(catalog.follow())
    yield catalog
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def catalog(folder: Path, database: Database) -> AsyncIterator[Catalog]:
    """Follows its folder, at a pace that keeps tests short."""
    async with following(Catalog(folder, database, look_every=0.05)) as catalog:
        yield catalog


@pytest.fixture
async def real_catalog(folder: Path, database: Database) -> AsyncIterator[Catalog]:
    """Follows its folder at the pace of the server."""
    async with following(Catalog(folder, database)) as catalog:
        yield catalog


def numbered(number: int, name: str = "web") -> str:
    return f"name: {name}\nimage: nginx:{number}\n"


def anything(_entry: Entry) -> bool:
    return True


async def seen(
    catalog: Catalog, condition: Callable[[Entry], object], name: str = "web", within: float = PATIENCE
) -> Entry:
    """The entry as soon as the condition holds."""

    def look() -> Entry | None:
        entry = catalog.find(name)
        return entry if entry is not None and condition(entry) else None

    found = await eventually(look, within=within)
    assert found is not None
    return found


async def broken(catalog: Catalog, name: str = "web") -> Entry:
    entry = await seen(catalog, lambda entry: entry.problem, name)
    assert entry.definition is None
    return entry


async def test_a_new_file_an_edit_and_a_deletion_each_become_a_revision_within_two_seconds(
    real_catalog: Catalog, folder: Path
) -> None:
    catalog = real_catalog
    heard: list[set[str]] = []
    catalog.on_change.append(heard.append)
    file = folder / "web.yaml"

    file.write_text(numbered(1))
    assert (await seen(catalog, anything, within=PROMISED)).revision == 1
    file.write_text(numbered(2))
    assert (await seen(catalog, lambda entry: entry.text == numbered(2), within=PROMISED)).revision == 2
    file.write_text("image: [\n")
    assert (await seen(catalog, lambda entry: entry.problem, within=PROMISED)).revision == 2
    file.unlink()
    await eventually(lambda: catalog.find("web") is None, within=PROMISED)

    assert [(one.number, one.source, one.author, one.deleted) for one in await catalog.revisions("web")] == [
        (3, "disk", "disk", True),
        (2, "disk", "disk", False),
        (1, "disk", "disk", False),
    ]
    assert heard == [{"web"}] * 4


async def test_an_editor_that_replaces_the_file_by_rename_is_noticed(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", numbered(1))
    (folder / ".web.yaml.swp").write_text("not yaml: [")
    (folder / "web.yaml~").write_text("not yaml: [")
    (folder / "4913").write_text("")
    (folder / ".tmp1").write_text(numbered(2))
    (folder / ".tmp1").rename(folder / "web.yaml")

    assert (await seen(catalog, lambda entry: entry.text == numbered(2))).revision == 2
    assert [entry.name for entry in catalog.entries()] == ["web"]


async def test_an_editor_that_moves_the_old_file_away_first_makes_no_deletion(
    real_catalog: Catalog, folder: Path
) -> None:
    catalog = real_catalog
    await catalog.create("ada", "web", numbered(1))
    (folder / "web.yaml").rename(folder / "web.yaml~")
    await catalog.look()
    (folder / "web.yaml").write_text(numbered(2))

    await seen(catalog, lambda entry: entry.text == numbered(2))
    assert not any(one.deleted for one in await catalog.revisions("web"))


async def test_an_edit_that_keeps_size_and_time_is_noticed(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", numbered(1))
    file = folder / "web.yaml"
    before = file.stat()
    file.write_text(numbered(2))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size

    await seen(catalog, lambda entry: entry.text == numbered(2))


async def test_a_checkout_of_many_files_is_taken_in_at_once(catalog: Catalog, folder: Path) -> None:
    for number in range(200):
        (folder / f"s{number}.yaml").write_text(numbered(number, f"s{number}"))

    await eventually(lambda: len(catalog.entries()) == 200, within=PATIENCE)
    assert all(entry.problem is None and entry.revision == 1 for entry in catalog.entries())


async def test_touching_a_file_makes_no_revision(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", numbered(1))
    (folder / "web.yaml").touch()
    (folder / "other.yaml").write_text(numbered(1, "other"))

    await seen(catalog, anything, "other")
    assert len(await catalog.revisions("web")) == 1


async def test_a_file_that_does_not_parse_is_listed_as_broken_with_its_place_and_hides_nothing(
    catalog: Catalog, folder: Path
) -> None:
    await catalog.create("ada", "web", GOOD)
    await catalog.create("ada", "other", "image: nginx\n")
    (folder / "web.yaml").write_text(CONFLICT_MARKS)

    entry = await broken(catalog)

    assert entry.problem is not None
    assert entry.problem.line in (2, 3)
    assert entry.problem.column == 1
    assert entry.problem.reason
    assert (entry.text, entry.revision) == (CONFLICT_MARKS, 1)
    assert catalog.get("other").problem is None
    assert len(await catalog.revisions("web")) == 1
    assert (folder / "web.yaml").read_text() == CONFLICT_MARKS


async def test_a_repaired_file_is_whole_again(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", GOOD)
    for text, revision in ((GOOD, 1), (numbered(2), 2)):
        (folder / "web.yaml").write_text("image: [\n")
        await broken(catalog)
        (folder / "web.yaml").write_text(text)
        assert (await seen(catalog, lambda entry: entry.problem is None)).revision == revision


async def test_a_file_that_is_written_slowly_becomes_one_revision(
    real_catalog: Catalog, folder: Path
) -> None:
    catalog = real_catalog
    await catalog.create("ada", "web", numbered(1))
    text = "name: web\nimage: nginx:2\nreplicas: 4\nlabels:\n  a: b\n"
    with (folder / "web.yaml").open("w", buffering=1) as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            await catalog.look()
            assert catalog.get("web").text == numbered(1)

    await seen(catalog, lambda entry: entry.text == text)
    assert len(await catalog.revisions("web")) == 2


async def test_a_broken_file_found_at_start_is_listed_and_its_last_good_revision_named(
    folder: Path, database: Database
) -> None:
    first = Catalog(folder, database)
    await first.open()
    await first.create("ada", "web", GOOD)
    (folder / "web.yaml").write_text("image: [\n")
    (folder / "new.yaml").write_text("image: [\n")

    again = Catalog(folder, database)
    await again.open()

    assert [(entry.name, entry.revision, bool(entry.problem)) for entry in again.entries()] == [
        ("new", 0, True),
        ("web", 1, True),
    ]
    assert await again.revision_text("web", 1) == GOOD


async def test_replacing_broken_text_keeps_it_as_a_revision(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", GOOD)
    (folder / "web.yaml").write_text(CONFLICT_MARKS)
    await broken(catalog)

    entry = await catalog.update("ada", "web", numbered(2), if_match=1)

    assert (entry.revision, entry.problem) == (3, None)
    assert await catalog.revision_text("web", 2) == CONFLICT_MARKS
    assert (await catalog.revisions("web"))[1].note


async def test_a_broken_file_can_be_deleted_and_its_text_is_kept(catalog: Catalog, folder: Path) -> None:
    (folder / "web.yaml").write_text(CONFLICT_MARKS)
    await broken(catalog)

    await catalog.delete("ada", "web")

    assert not (folder / "web.yaml").exists()
    assert await catalog.revision_text("web", 1) == CONFLICT_MARKS


async def test_creating_over_a_broken_file_is_refused(catalog: Catalog, folder: Path) -> None:
    (folder / "web.yaml").write_text(CONFLICT_MARKS)

    with pytest.raises(Conflict, match="broken"):
        await catalog.create("ada", "web", GOOD)


def link_outside(folder: Path) -> None:
    (folder.parent / "secret").write_text(GOOD)
    (folder / "web.yaml").symlink_to(folder.parent / "secret")


def link_to_nothing(folder: Path) -> None:
    (folder / "web.yaml").symlink_to(folder / "nowhere")


def both_endings(folder: Path) -> None:
    (folder / "web.yaml").write_text(GOOD)
    (folder / "web.yml").write_text(GOOD)


ODD: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "another name inside": (lambda f: (f / "web.yaml").write_text("name: db\nimage: a\n"), "web", "db"),
    "too large": (lambda f: (f / "web.yaml").write_text(GOOD + "#" * 2**18), "web", "256 KiB"),
    "not UTF-8": (lambda f: (f / "web.yaml").write_bytes(b"image: a\n# caf\xe9\n"), "web", "UTF-8"),
    "a folder": (lambda f: (f / "web.yaml").mkdir(), "web", "not a file"),
    "a pipe": (lambda f: os.mkfifo(f / "web.yaml"), "web", "not a file"),
    "a link outside": (link_outside, "web", "symbolic link"),
    "a link to nothing": (link_to_nothing, "web", "symbolic link"),
    "both endings": (both_endings, "web", "web.yaml and web.yml"),
    "upper-case ending": (lambda f: (f / "web.YAML").write_text(GOOD), "web", "rename it to web.yaml"),
    "a space in the name": (
        lambda f: (f / "my web.yaml").write_text("image: a\n"),
        "my web",
        "rename the file",
    ),
    "upper case": (lambda f: (f / "Web.yaml").write_text("image: a\n"), "Web", "rename the file"),
    "a reserved name": (lambda f: (f / "live.yaml").write_text("image: a\n"), "live", "reserved"),
    "a line break in the name": (lambda f: (f / "a\nb.yaml").write_text("image: a\n"), "a\\nb", "rename"),
    "bytes that are no text": (
        lambda f: (Path(os.fsdecode(os.fsencode(f) + b"/a\xff.yaml"))).write_text("image: a\n"),
        "a\\udcff",
        "rename",
    ),
    "empty": (lambda f: (f / "web.yaml").write_text(""), "web", ""),
    "zeros": (lambda f: (f / "web.yaml").write_bytes(bytes(100)), "web", ""),
}


@pytest.mark.parametrize("case", ODD)
async def test_what_cannot_be_a_definition_is_listed_as_broken_with_the_reason(
    folder: Path, database: Database, case: str
) -> None:
    make, name, reason = ODD[case]
    (folder / "good.yaml").write_text("image: nginx\n")
    make(folder)
    catalog = Catalog(folder, database)
    await catalog.open()

    entry = catalog.get(name)

    assert entry.definition is None
    assert entry.problem is not None
    assert reason in entry.problem.reason
    assert entry.name.isprintable()
    assert "secret" not in entry.text
    assert catalog.get("good").problem is None
    assert len(catalog.entries()) == 2


@pytest.mark.parametrize(
    "case", ["too large", "not UTF-8", "a folder", "a link outside", "both endings", "upper-case ending"]
)
async def test_what_is_no_plain_file_of_ours_is_not_touched(
    folder: Path, database: Database, case: str
) -> None:
    make, name, _ = ODD[case]
    make(folder)
    catalog = Catalog(folder, database)
    await catalog.open()
    before = {file.name: file.lstat().st_ino for file in folder.parent.rglob("*")}

    for attempt in (catalog.update("ada", name, GOOD), catalog.delete("ada", name)):
        with pytest.raises(Conflict) as refusal:
            await attempt
        assert refusal.value.code == "definition_not_writable"
    after = {file.name: file.lstat().st_ino for file in folder.parent.rglob("*")}
    assert after == before


async def test_examples_folders_hidden_files_and_other_endings_are_not_looked_at(
    folder: Path, database: Database
) -> None:
    for path in ("examples/hello.yaml", ".git/config.yaml", "deep/er.yaml"):
        (folder / path).parent.mkdir()
        (folder / path).write_text(GOOD)
    for path in (".hidden.yaml", ".yaml", "notes.txt", "web.yaml.bak", "web.json", "yaml", ".web.0.tmp"):
        (folder / path).write_text("image: [\n")
    (folder / "web.yml").write_text(GOOD)

    catalog = Catalog(folder, database)
    await catalog.open()
    assert [entry.name for entry in catalog.entries()] == ["web"]


async def test_a_definition_may_be_renamed_by_hand(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", "image: nginx\n")
    (folder / "web.yaml").rename(folder / "site.yaml")

    await seen(catalog, lambda entry: entry.problem is None, "site")
    await eventually(lambda: catalog.find("web") is None, within=PATIENCE)
    assert (await catalog.revisions("web"))[0].deleted


async def test_edits_made_while_the_server_was_down_become_revisions(
    folder: Path, database: Database
) -> None:
    first = Catalog(folder, database)
    await first.open()
    for name in ("kept", "edited", "removed"):
        await first.create("ada", name, "image: nginx\n")
    (folder / "edited.yaml").write_text("image: nginx:2\n")
    (folder / "removed.yaml").unlink()
    (folder / "added.yml").write_text("image: nginx\n")

    again = Catalog(folder, database)
    await again.open()

    assert {entry.name: entry.revision for entry in again.entries()} == {"kept": 1, "edited": 2, "added": 1}
    assert (await again.revisions("removed"))[0].deleted


async def test_a_folder_that_goes_away_deletes_nothing_and_is_followed_when_it_is_back(
    catalog: Catalog, folder: Path
) -> None:
    await catalog.create("ada", "web", GOOD)
    folder.rename(folder.with_name("elsewhere"))
    await eventually(lambda: catalog.problem, within=PATIENCE)

    assert catalog.get("web").text == GOOD

    folder.with_name("elsewhere").rename(folder)
    await eventually(lambda: catalog.problem is None, within=PATIENCE)
    (folder / "web.yaml").write_text(numbered(2))
    assert (await seen(catalog, lambda entry: entry.text == numbered(2))).revision == 2


async def test_a_hand_edit_during_a_write_is_never_lost(folder: Path, database: Database) -> None:
    def edit(step: str) -> None:
        if step == "temporary file written":
            (folder / "web.yaml").write_text(numbered(7))

    first = Catalog(folder, database)
    await first.open()
    await first.create("ada", "web", numbered(1))
    catalog = Catalog(folder, database, at_step=edit)
    await catalog.open()

    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: catalog.update("ada", "web", numbered(2), if_match=1),
        lambda: catalog.create("ada", "db", numbered(2, "db")),
    ]
    with pytest.raises(PreconditionFailed):
        await attempts[0]()

    assert (folder / "web.yaml").read_text() == numbered(7)
    assert catalog.get("web").revision == 2
    assert await catalog.revision_text("web", 2) == numbered(7)
    await attempts[1]()
    assert sorted(file.name for file in folder.iterdir()) == ["db.yaml", "web.yaml"]


@pytest.mark.parametrize("moment", ["intent recorded", "temporary file written", "present file checked"])
async def test_a_file_put_there_during_a_creation_is_not_written_over(
    folder: Path, database: Database, moment: str
) -> None:
    def put(step: str) -> None:
        if step == moment:
            (folder / "web.yaml").write_text(numbered(7))

    catalog = Catalog(folder, database, at_step=put)
    await catalog.open()

    with pytest.raises(Conflict) as refusal:
        await catalog.create("ada", "web", numbered(1))

    assert refusal.value.code == "already_exists"
    assert (folder / "web.yaml").read_text() == numbered(7)
    assert catalog.get("web").text == numbered(7)
