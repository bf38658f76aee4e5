"""Numbers are put between the marks of a page; all else stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.pages import put

ROOT = Path(__file__).parents[2]
PAGE = "# A\n\nwords\n\n<!-- numbers: begin -->\nold\n<!-- numbers: end -->\n\nmore words\n"


def test_numbers_are_replaced(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(PAGE)
    put(page, "| new \\1 |\n")
    put(page, "| new \\1 |\n")
    assert page.read_text() == PAGE.replace("old", "\n| new \\1 |\n")


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("words")
    with pytest.raises(ValueError, match="no marks"):
        put(page, "new")


@pytest.mark.parametrize("name", ["soak.md", "lab.md"])
def test_the_pages_have_marks(name: str, tmp_path: Path) -> None:
    page = tmp_path / name
    page.write_text((ROOT / "docs" / name).read_text())
    put(page, "new")
    assert "\n\nnew\n\n" in page.read_text()
