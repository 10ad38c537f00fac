"""What a browser loads before it shows a page, counted in the built page: `make test` builds it first."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

WEB = Path(__file__).parent.parent / "backend" / "_web"
BUDGET = 150_000
"""Bytes of JavaScript, with brotli."""


@cache
def manifest() -> dict[str, Any]:
    file = WEB / ".vite" / "manifest.json"
    assert file.is_file(), (
        "the page is not built: run `sh scripts/prepare.sh test`, or `npm run build` in frontend"
    )
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def loaded_with(*starts: str) -> set[str]:
    """The files of these modules and of all that they import at once."""
    found: set[str] = set()
    wanted = list(starts)
    while wanted:
        key = wanted.pop()
        if key not in found:
            found.add(key)
            wanted += manifest()[key].get("imports", [])
    return {manifest()[key]["file"] for key in found}


def transferred(files: set[str]) -> int:
    sizes = {}
    for name in files:
        compressed = WEB / f"{name}.br"
        sizes[name] = (compressed if compressed.is_file() else WEB / name).stat().st_size
    return sum(sizes.values())


def entry() -> str:
    [found] = [key for key in manifest() if manifest()[key].get("isEntry")]
    return found


def pages() -> list[str]:
    names = [
        key for key in manifest() if key.startswith("src/pages/") and manifest()[key].get("isDynamicEntry")
    ]
    assert len(names) > 10
    return names


def test_every_page_that_is_opened_first_stays_within_150_kb() -> None:
    sizes = {Path(page).stem: transferred(loaded_with(entry(), page)) for page in pages()}
    assert {"Dashboard", "Services", "ServiceDetail", "Settings", "NewService"} <= sizes.keys()
    assert {name: size for name, size in sizes.items() if size > BUDGET} == {}


def test_all_that_is_text_lies_there_compressed() -> None:
    texts = [
        file
        for file in WEB.rglob("*")
        if file.suffix in {".js", ".css", ".html"} and file.stat().st_size >= 1024
    ]
    assert len(texts) > 20
    for file in texts:
        for ending in (".br", ".gz"):
            compressed = file.with_name(file.name + ending)
            assert compressed.is_file(), f"{compressed.name} is missing"
            assert compressed.stat().st_size < file.stat().st_size
        assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()) == file.read_bytes()
