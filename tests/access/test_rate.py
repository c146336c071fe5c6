from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.access import Rate
from carafe.errors import InvalidParameter


@given(st.integers(1, 999_999_999), st.integers(1, 31 * 86_400))
def test_a_limit_is_read_as_it_is_written(requests: int, seconds: int) -> None:
    text = str(Rate(requests=requests, seconds=seconds))
    if len(text.partition("/")[2].rstrip("sminhday")) <= 5:
        assert Rate.parse(text) == Rate(requests=requests, seconds=seconds)


@pytest.mark.parametrize(
    ("text", "requests", "seconds"),
    [
        ("100/s", 100, 1),
        ("6000/min", 6000, 60),
        ("50/10s", 50, 10),
        ("1000/h", 1000, 3600),
        (" 5/31day ", 5, 2_678_400),
    ],
)
def test_the_usual_forms_are_read(text: str, requests: int, seconds: int) -> None:
    assert Rate.parse(text) == Rate(requests=requests, seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "100", "0/s", "-1/s", "1.5/s", "100/0s", "100 per s", "1/32day", "1/s\n1", "\u0661/s"]
)
def test_anything_else_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(InvalidParameter, match="such as 100/s"):
        Rate.parse(text)
