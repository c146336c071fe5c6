"""The figures reach the page, and nothing else of it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.docs import BEGIN, END, PAGE, write_page


def test_new_figures_replace_the_old_ones_and_leave_the_page_around_them(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter\n")
    write_page("new", page)
    write_page("newer", page)
    assert page.read_text() == f"# Before\n\n{BEGIN}\n\nnewer\n\n{END}\n\nAfter\n"


def test_a_page_without_marks_is_left_alone_and_told(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("no marks\n")
    with pytest.raises(ValueError, match="put them back"):
        write_page("new", page)
    assert page.read_text() == "no marks\n"


def test_the_page_has_its_marks() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
