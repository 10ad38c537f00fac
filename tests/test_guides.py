"""README and guides lead where they say, and name only errors there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(page.read_text())
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in _LINK.findall(page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} is not there"
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor} is not there"


def test_troubleshooting_names_errors_there_are() -> None:
    text = (ROOT / "docs/guide/troubleshooting.md").read_text()
    codes = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)) - {"orchestrator_app", "auto_deploy"}
    assert "docker_unreachable" in codes
    source = "\n".join(path.read_text() for path in (ROOT / "backend").rglob("*.py"))
    assert {code for code in codes if f'"{code}"' not in source} == set()
