from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.registry.evidence import DOUBT, at_most, beyond

bounds = st.floats(0.0001, 0.5)


@pytest.mark.parametrize(("hits", "total"), [(3, 3), (5, 20), (9, 100), (29, 1000)])
def test_as_few_errors_as_these_show_that_more_than_one_percent_fail(hits: int, total: int) -> None:
    assert beyond(hits, total, 0.01)
    assert not beyond(hits - 1, total, 0.01)


def test_one_unlucky_error_shows_nothing() -> None:
    assert not any(beyond(1, total, 0.01) for total in range(1, 1000))


def test_looking_after_every_request_wrongs_hardly_any_candidate_that_is_just_within_its_bound() -> None:
    random, wronged = Random(7), 0  # noqa: S311 - nothing secret
    for _ in range(1000):
        hits = 0
        for total in range(1, 500):
            hits += random.random() < 0.05
            if beyond(hits, total, 0.05):
                wronged += 1
                break
    assert wronged <= 3  # of a thousand; DOUBT promises one of ten thousand
    assert DOUBT <= 1e-4


@given(bound=bounds, total=st.integers(1, 10_000))
def test_nothing_within_its_bound_is_beyond_it_and_more_hits_never_show_less(bound: float, total: int) -> None:
    assert not beyond(int(bound * total), total, bound)
    shown = [beyond(hits, total, bound) for hits in range(0, total + 1, max(1, total // 50))]
    assert shown == sorted(shown)


@given(total=st.integers(50, 10_000))
def test_what_always_fails_is_found_out(total: int) -> None:
    assert beyond(total, total, 0.5)


def test_a_bound_of_nothing_is_broken_by_anything_and_one_of_all_by_nothing() -> None:
    assert beyond(1, 1_000_000, 0.0)
    assert not beyond(0, 10, 0.0)
    assert not beyond(10, 10, 1.0)


@given(total=st.integers(0, 5000), data=st.data())
def test_a_rate_may_be_higher_than_it_was_seen_and_less_so_with_more_requests(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    assert (hits / total if total else 0) - 1e-9 <= at_most(hits, total) <= 1
    assert at_most(10 * hits, 10 * total) <= at_most(hits, total) + 1e-9


@pytest.mark.parametrize(("hits", "total", "expected"), [(0, 10, 0.351), (10, 1000, 0.0204)])
def test_wilsons_upper_bound_is_the_published_one(hits: int, total: int, expected: float) -> None:
    assert at_most(hits, total) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize(
    ("than", "hits", "total"),
    [((0, 2000), 3, 3), ((0, 2000), 30, 1000), ((0, 57), 8, 20), ((0, 5), 94, 100), ((100, 2000), 23, 100)],
)
def test_the_less_is_known_of_the_other_rate_the_more_it_takes_to_be_above_it(
    than: tuple[int, int], hits: int, total: int
) -> None:
    assert beyond(hits, total, 0.01, than=than)
    assert not beyond(hits - 1, total, 0.01, than=than)


def test_nothing_is_above_a_rate_of_which_nothing_is_known() -> None:
    assert not beyond(1000, 1000, 0.01, than=(0, 0))


@given(bound=bounds, total=st.integers(1, 5000), data=st.data())
def test_what_happens_no_more_often_than_elsewhere_is_never_beyond(
    bound: float, total: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, total))
    assert not beyond(hits, total, bound, than=(hits, total))
    if beyond(hits, total, bound, than=(1, 1000)):
        assert beyond(hits, total, bound)
