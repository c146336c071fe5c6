from __future__ import annotations

import pytest

from carafe.errors import InvalidParameter
from carafe.registry import Query


@pytest.mark.parametrize("page", [0, -1, 1_000_001])
def test_a_page_is_from_one_to_a_million(page: int) -> None:
    with pytest.raises(InvalidParameter, match=rf"page: got {page}, expected 1 to 1000000"):
        Query(page=page)


@pytest.mark.parametrize("size", [0, 1001])
def test_a_size_is_from_one_to_a_thousand(size: int) -> None:
    with pytest.raises(InvalidParameter, match=rf"size: got {size}, expected 1 to 1000"):
        Query(size=size)


@pytest.mark.parametrize("text", ["%", "a b", "é", "\ud800", "\x00", "x" * 65, "'; DROP TABLE models"])
def test_text_that_no_name_contains_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match=r"part of a name: got .*, expected up to 64 letters"):
        Query(contains=text)


def test_a_page_begins_after_those_before_it() -> None:
    assert Query(page=3, size=20).offset == 40
