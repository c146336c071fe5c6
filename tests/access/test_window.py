from __future__ import annotations

from bisect import bisect_left, bisect_right

from hypothesis import given
from hypothesis import strategies as st

from carafe.access.rate import Rate
from carafe.access.window import NANOSECONDS, Window, take

rates = st.builds(Rate, requests=st.integers(1, 50), seconds=st.integers(1, 60))
START = 10**15


def asked(rate: Rate, gaps: list[int]) -> list[int]:
    """Return the moments at which requests passed that came with these gaps."""
    window, moment, passed = Window(), START, list[int]()
    for gap in gaps:
        moment += gap
        window, wait = take(window, rate, moment)
        if not wait:
            passed.append(moment)
    return passed


@given(rates, st.lists(st.integers(0, 90 * NANOSECONDS), max_size=300))
def test_in_no_stretch_of_the_limits_length_do_twice_as_many_pass(rate: Rate, gaps: list[int]) -> None:
    length = rate.seconds * NANOSECONDS
    passed = asked(rate, gaps)
    for first in passed:
        assert bisect_left(passed, first + length) - bisect_left(passed, first) < 2 * rate.requests + 1


@given(rates, st.integers(1, 20))
def test_whoever_never_stops_asking_gets_the_limit_times_the_stretches(rate: Rate, stretches: int) -> None:
    length = rate.seconds * NANOSECONDS
    step = max(length // (20 * rate.requests), 1)
    passed = asked(rate, [step] * (stretches * length // step))
    assert len(passed) <= rate.requests * stretches
    assert len(passed) >= 0.95 * rate.requests * stretches - 1


@given(rates, st.lists(st.integers(0, 5 * NANOSECONDS), min_size=1, max_size=300))
def test_nothing_passes_before_the_wait_is_over_and_one_request_passes_after_it(rate: Rate, gaps: list[int]) -> None:
    window, moment = Window(), START
    for gap in gaps:
        moment += gap
        window, wait = take(window, rate, moment)
        if wait:
            until = moment + round(wait * NANOSECONDS)
            assert take(window, rate, until + 1_000)[1] == 0
            early = moment + round(wait * NANOSECONDS * 0.99)
            assert take(window, rate, early)[1] > 0 or until - early < 2_000


@given(rates, st.integers(0, 10**18))
def test_a_clock_that_was_set_back_begins_anew_instead_of_refusing_for_ever(rate: Rate, back: int) -> None:
    window, _ = take(Window(), rate, START)
    assert take(window, rate, START - back)[1] == 0 or back < rate.seconds * NANOSECONDS


def test_the_halves_are_weighed() -> None:
    rate = Rate(requests=10, seconds=10)
    passed = asked(rate, [0] * 10 + [15 * NANOSECONDS] + [0] * 20)
    assert bisect_right(passed, START) == 10
    assert len(passed) == 15  # half of the stretch before is still in the window
