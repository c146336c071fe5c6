from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidTraffic
from carafe.registry import Share, Traffic


def shares(*percents: float) -> tuple[Share, ...]:
    return tuple(Share(version=number, percent=percent) for number, percent in enumerate(percents, start=1))


@given(st.lists(st.integers(1, 9_999), min_size=1, max_size=6))
def test_shares_in_hundredths_of_a_percent_that_add_up_to_a_hundred_are_taken_and_come_back(parts: list[int]) -> None:
    rest = 10_000 - sum(parts[:-1])
    percents = [part / 100 for part in (*parts[:-1], rest)]
    if rest < 1:
        with pytest.raises(InvalidTraffic, match="add up to 100"):
            Traffic(shares=shares(*percents))
        return
    traffic = Traffic(shares=shares(*percents))
    assert msgspec.json.decode(msgspec.json.encode(traffic), type=Traffic) == traffic
    assert [traffic.percent(number) for number in traffic.numbers] == percents


@pytest.mark.parametrize("percents", [(), (99,), (100, 1), (0, 100), (50.005, 49.995), (-5, 105), (float("nan"),)])
def test_shares_that_make_no_hundred_are_refused(percents: tuple[float, ...]) -> None:
    with pytest.raises(InvalidTraffic):
        Traffic(shares=shares(*percents))


@pytest.mark.parametrize("shadows", [(1,), (3, 3), (0,)])
def test_a_version_has_one_place(shadows: tuple[int, ...]) -> None:
    with pytest.raises(InvalidTraffic, match="none named twice"):
        Traffic(shares=shares(50, 50), shadows=shadows)


@pytest.mark.parametrize("sticky", ["", "header:", "field:", "cookie:a", "header:X User", "header:X\n", "X-User"])
def test_only_a_header_or_a_field_keeps_a_caller_with_a_version(sticky: str) -> None:
    with pytest.raises(InvalidTraffic, match="expected header:"):
        Traffic(shares=shares(50, 50), sticky=sticky)


def test_traffic_says_what_it_is() -> None:
    assert str(Traffic.to(3)) == "version 3"
    assert str(Traffic(shares=shares(95, 5), shadows=(7,))) == "version 1 95 %, version 2 5 %, shadow 7"
    kept = Traffic(shares=shares(95, 5), sticky="header:X-User")
    assert str(kept) == "version 1 95 %, version 2 5 %, sticky by header:X-User"


@pytest.mark.parametrize(
    ("traffic", "named"),
    [
        ((), "got none, expected one or more"),
        (shares(90), "got 1=90, expected percentages"),
        (shares(60, 50), "1=60, 2=50"),
    ],
)
def test_a_refusal_names_what_came(traffic: tuple[Share, ...], named: str) -> None:
    with pytest.raises(InvalidTraffic, match=named):
        Traffic(shares=traffic)
