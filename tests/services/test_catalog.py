"""The catalog through its own methods: what is written, refused, remembered and seeded."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.database import Database
from backend.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    StorageFailed,
)
from backend.services.catalog import Catalog

pytestmark = pytest.mark.anyio

BAD_NAMES = ["../evil", "..", ".", "", "a/b", "/etc/passwd", "Web", "web.", "-web", "live", "we b"]
BAD_NAMES += ["a" * 64, "web\x00", "wéb", "web\n", "web.yaml", "\ud800"]
WEB = "# kept\nname: web\nimage: nginx:1  # why not\nreplicas: 2\n"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "state" / "orchestrator.db", busy_timeout=0.2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "definitions"


@pytest.fixture
async def catalog(folder: Path, database: Database) -> Catalog:
    catalog = Catalog(folder, database)
    await catalog.open()
    return catalog


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def numbered(image_tag: int) -> str:
    return f"name: web\nimage: nginx:{image_tag}\n"


async def test_a_created_definition_is_a_file_with_the_text_as_it_was_given(
    catalog: Catalog, folder: Path
) -> None:
    entry = await catalog.create("ada", "web", WEB)

    assert (folder / "web.yaml").read_text() == WEB
    assert (entry.revision, entry.text, entry.problem) == (1, WEB, None)
    assert entry.definition is not None
    assert entry.definition.replicas == 2
    assert catalog.entries() == [entry]
    assert names_in(folder) == ["web.yaml"]


@pytest.mark.parametrize("text", ["name: web\r\nimage: nginx:1\r\n", "\ufeffname: web\nimage: nginx:1"])
async def test_line_ends_and_marks_of_other_systems_survive(
    catalog: Catalog, folder: Path, text: str
) -> None:
    await catalog.create("ada", "web", text)

    assert (folder / "web.yaml").read_bytes() == text.encode()
    assert await catalog.revision_text("web", 1) == text


async def test_every_text_is_kept_under_its_number_with_its_author(catalog: Catalog) -> None:
    await catalog.create("ada", "web", numbered(1))
    await catalog.update("bob", "web", numbered(2), if_match=1)
    await catalog.update("eve", "web", numbered(3), if_match=2, source="scale")

    revisions = await catalog.revisions("web")

    assert [(one.number, one.author, one.source) for one in revisions] == [
        (3, "eve", "scale"),
        (2, "bob", "api"),
        (1, "ada", "api"),
    ]
    assert [await catalog.revision_text("web", number) for number in (1, 2, 3)] == [
        numbered(1),
        numbered(2),
        numbered(3),
    ]


async def test_the_same_text_again_makes_no_revision(catalog: Catalog) -> None:
    first = await catalog.create("ada", "web", WEB)

    assert await catalog.update("bob", "web", WEB) == first
    assert len(await catalog.revisions("web")) == 1


async def test_a_name_that_is_taken_is_refused_and_nothing_changes(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", WEB)

    with pytest.raises(Conflict) as refusal:
        await catalog.create("bob", "web", numbered(9))

    assert refusal.value.code == "already_exists"
    assert (folder / "web.yaml").read_text() == WEB


async def test_an_update_for_another_revision_is_refused_and_names_the_present_one(
    catalog: Catalog, folder: Path
) -> None:
    await catalog.create("ada", "web", numbered(1))
    await catalog.update("ada", "web", numbered(2))

    with pytest.raises(PreconditionFailed, match="revision 2 now, not 1"):
        await catalog.update("bob", "web", numbered(3), if_match=1)
    with pytest.raises(PreconditionFailed):
        await catalog.delete("bob", "web", if_match=1)

    assert (folder / "web.yaml").read_text() == numbered(2)


async def test_a_hand_edit_that_no_look_has_noticed_yet_is_not_written_over(
    catalog: Catalog, folder: Path
) -> None:
    await catalog.create("ada", "web", numbered(1))
    (folder / "web.yaml").write_text(numbered(7))

    with pytest.raises(PreconditionFailed):
        await catalog.update("bob", "web", numbered(2), if_match=1)

    assert (folder / "web.yaml").read_text() == numbered(7)
    assert catalog.get("web").revision == 2
    assert await catalog.revision_text("web", 2) == numbered(7)


async def test_an_update_without_a_condition_keeps_the_hand_edit_before_it_as_a_revision(
    catalog: Catalog, folder: Path
) -> None:
    await catalog.create("ada", "web", numbered(1))
    (folder / "web.yaml").write_text(numbered(7))

    entry = await catalog.update("bob", "web", numbered(2))

    assert entry.revision == 3
    assert await catalog.revision_text("web", 2) == numbered(7)


async def test_creating_what_somebody_just_put_there_by_hand_is_a_conflict(
    catalog: Catalog, folder: Path
) -> None:
    (folder / "web.yaml").write_text(numbered(7))

    with pytest.raises(Conflict):
        await catalog.create("bob", "web", WEB)

    assert (folder / "web.yaml").read_text() == numbered(7)
    assert catalog.get("web").revision == 1


async def test_a_file_put_there_a_moment_ago_can_be_updated(catalog: Catalog, folder: Path) -> None:
    (folder / "web.yml").write_text(numbered(7))

    entry = await catalog.update("bob", "web", WEB)

    assert entry.revision == 2
    assert names_in(folder) == ["web.yml"]


async def test_a_deleted_definition_leaves_its_past_and_its_numbers(catalog: Catalog, folder: Path) -> None:
    await catalog.create("ada", "web", numbered(1))
    await catalog.delete("bob", "web", if_match=1)

    assert catalog.find("web") is None
    assert names_in(folder) == []
    assert [(one.number, one.deleted, one.author) for one in await catalog.revisions("web")] == [
        (2, True, "bob"),
        (1, False, "ada"),
    ]
    assert (await catalog.create("ada", "web", numbered(1))).revision == 3


async def test_a_deletion_has_no_text(catalog: Catalog) -> None:
    await catalog.create("ada", "web", numbered(1))
    await catalog.delete("ada", "web")

    with pytest.raises(NotFound, match="is its deletion"):
        await catalog.revision_text("web", 2)
    with pytest.raises(NotFound, match="no revision 3"):
        await catalog.revision_text("web", 3)


async def test_what_is_not_there_is_not_found(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        catalog.get("web")
    with pytest.raises(NotFound):
        await catalog.update("ada", "web", WEB)
    with pytest.raises(NotFound):
        await catalog.delete("ada", "web")
    with pytest.raises(NotFound):
        await catalog.revisions("web")
    assert catalog.find("web") is None


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_a_name_that_could_lead_elsewhere_is_refused_and_writes_nothing(
    catalog: Catalog, tmp_path: Path, folder: Path, name: str
) -> None:
    before = names_in(tmp_path)

    with pytest.raises(InvalidInput) as refusal:
        await catalog.create("ada", name, "image: nginx\n")

    assert refusal.value.errors[0].field == "name"
    assert names_in(tmp_path) == before
    with pytest.raises(NotFound):
        await catalog.delete("ada", name)


async def test_a_text_that_is_no_definition_is_refused_with_its_place_and_changes_nothing(
    catalog: Catalog, folder: Path
) -> None:
    await catalog.create("ada", "web", WEB)

    with pytest.raises(InvalidInput) as refusal:
        await catalog.update("ada", "web", "name: web\nimage: nginx\nreplicas: -1\n")

    assert (refusal.value.errors[0].field, refusal.value.errors[0].line) == ("replicas", 3)
    assert (folder / "web.yaml").read_text() == WEB
    with pytest.raises(InvalidInput):
        await catalog.update("ada", "web", "image: '\ud800'\n")
    with pytest.raises(PayloadTooLarge):
        await catalog.update("ada", "web", WEB + "#" * 256 * 1024)


async def test_listeners_hear_which_names_changed_and_a_failing_one_hinders_nobody(catalog: Catalog) -> None:
    heard: list[set[str]] = []

    def failing(_names: set[str]) -> None:
        raise RuntimeError

    catalog.on_change += [failing, heard.append]
    await catalog.create("ada", "web", WEB)
    await catalog.update("ada", "web", WEB)
    await catalog.update("ada", "web", numbered(2))
    await catalog.delete("ada", "web")

    assert heard == [{"web"}, {"web"}, {"web"}]


async def test_the_catalog_is_the_same_after_a_restart(
    catalog: Catalog, folder: Path, database: Database
) -> None:
    await catalog.create("ada", "web", WEB)
    await catalog.update("ada", "web", numbered(2))
    await catalog.create("ada", "gone", "image: nginx\n")
    await catalog.delete("ada", "gone")

    again = Catalog(folder, database)
    await again.open()

    assert again.entries() == catalog.entries()
    assert len(await again.revisions("web")) == 2


async def test_examples_are_copied_once_and_do_not_come_back(
    catalog: Catalog, folder: Path, tmp_path: Path, database: Database
) -> None:
    examples = folder / "examples"
    examples.mkdir()
    (examples / "web.yaml").write_text(WEB)
    (examples / "wrong.yaml").write_text("image: [\n")
    (examples / "other.yaml").write_text("image: nginx\n")
    await catalog.create("ada", "other", "image: mine\n")

    assert await catalog.seed(examples) == ["web"]
    assert (folder / "web.yaml").read_text() == WEB
    assert catalog.get("other").text == "image: mine\n"
    assert (await catalog.revisions("web"))[0].source == "seed"

    await catalog.delete("ada", "web")
    again = Catalog(folder, database)
    await again.open()
    assert await again.seed(examples) == []
    assert again.find("web") is None


async def test_a_folder_without_examples_does_not_count_as_seeding(catalog: Catalog, tmp_path: Path) -> None:
    assert await catalog.seed(tmp_path / "nowhere") == []
    (tmp_path / "web.yaml").write_text(WEB)
    assert await catalog.seed(tmp_path) == ["web"]


async def test_a_missing_folder_is_made_and_one_that_cannot_be_is_explained(
    tmp_path: Path, database: Database
) -> None:
    await Catalog(tmp_path / "a" / "b", database).open()
    assert (tmp_path / "a" / "b").is_dir()

    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="definitions folder cannot be created"):
        await Catalog(tmp_path / "file", database).open()
