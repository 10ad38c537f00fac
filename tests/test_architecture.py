"""The layout: what the brief promises is where it says, and the README admits what is not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import brief_tree

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
LONGEST_FILE = 600


def section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", README, re.M | re.S)
    assert found, f"README has no section {title!r}"
    return found[1]


def table_rows(text: str) -> list[list[str]]:
    rows = [line.strip().strip("|").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def departures() -> dict[str, str]:
    """Return the brief's path → ours, for those rows of the README's table that are about paths."""
    rows = table_rows(section("Departures from the brief's tree"))
    return {row[0].strip("`"): row[1].strip("`") for row in rows if row[0].startswith("`")}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def classes(*folders: str) -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in python_files(*folders):
        for item in ast.walk(ast.parse(path.read_text())):
            if isinstance(item, ast.ClassDef):
                yield path, item


@pytest.mark.parametrize("path", brief_tree.PATHS)
def test_every_path_of_the_brief_exists_or_the_readme_says_where(path: str) -> None:
    ours = departures().get(path, path)
    assert (ROOT / ours).exists(), f"{ours} is missing and the README does not say so"


def test_every_departure_that_the_readme_lists_is_one() -> None:
    for theirs in departures():
        assert theirs in brief_tree.PATHS, f"the brief has no {theirs}"
        assert not (ROOT / theirs).exists(), f"{theirs} exists as the brief has it: no departure"


@pytest.mark.parametrize("name", brief_tree.NAMES)
def test_every_name_of_the_briefs_tree_is_defined(name: str) -> None:
    folder = ROOT / brief_tree.NAMES[name]
    pattern = re.compile(rf"\b(class|function|const) {name}\b")
    sources = [*folder.rglob("*.py"), *folder.rglob("*.ts"), *folder.rglob("*.tsx")]
    assert any(pattern.search(path.read_text()) for path in sources)


def test_no_class_hides_its_job_behind_an_empty_word() -> None:
    # Service is Swarm's noun: a thing may be called one, but nothing that does work.
    doers = ("backend/services", "backend/routers", "backend/repositories", "backend/middleware")
    vague = [
        f"{path.relative_to(ROOT)}: {found.name}"
        for path, found in classes("backend", "lab", "scripts")
        if re.search(r"(Manager|Helper|Utils?)$", found.name)
        or (found.name.endswith("Service") and str(path.relative_to(ROOT)).startswith(doers))
    ]
    assert vague == []


def test_every_module_says_why_it_exists() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in python_files("backend", "lab", "scripts")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_module_grows_beyond_one_reason_to_exist() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for path in python_files("backend", "lab", "scripts")
        if (length := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}, f"over {LONGEST_FILE} lines: look for the second noun inside"


def test_every_decision_record_stays_under_a_page() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert len(records) >= 4
    for record in records:
        text = record.read_text()
        assert len(text.splitlines()) <= 60, record.name
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{record.name} lacks {heading}"


def test_every_image_and_page_that_the_readme_points_to_exists() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README)
    targets += re.findall(r"`(docs/[\w./-]+|[A-Z]+\.md|LICENSE)`", README)
    assert [target for target in targets if not (ROOT / target).exists()] == []
