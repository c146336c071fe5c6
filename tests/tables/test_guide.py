from __future__ import annotations

from pathlib import Path

import pytest

from carafe.tables import Role
from carafe.tables.columns import MAX_COLUMNS
from carafe.tables.numbers import NULL_WORDS
from carafe.tables.read import ENDINGS

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "tables.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_guide_names_every_format(ending: str) -> None:
    assert f"`{ending}`" in GUIDE


@pytest.mark.parametrize("role", Role)
def test_the_guide_explains_every_role(role: Role) -> None:
    assert f"\n| {role} | " in GUIDE


@pytest.mark.parametrize("word", NULL_WORDS)
def test_the_guide_lists_every_null_word(word: str) -> None:
    assert f"`{word}`" in GUIDE.replace("`NA`", "`na`").replace("`N/A`", "`n/a`").replace("`NaN`", "`nan`")


def test_the_guide_gives_the_limit_of_columns() -> None:
    assert f"at most {MAX_COLUMNS:,} columns" in GUIDE
