from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidRollout
from carafe.registry.rollout import Plan, share
from carafe.registry.rollout_figures import BUCKETS, SHORTEST, Counts, Seen, StepFigures, added, bucket_of, upper_edge
from carafe.registry.traffic import Share, Traffic


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"steps": ()}, "steps: got "),
        ({"steps": (5.0, 50.0)}, "the last is 100"),
        ({"steps": (25.0, 5.0, 100.0)}, "rising"),
        ({"steps": (0.0, 100.0)}, "rising"),
        ({"steps": (0.001, 100.0)}, "two decimals"),
        ({"steps": (5.0, 100.0, 120.0)}, "100"),
        ({"every": -1.0}, "every: got -1, expected more than 0"),
        ({"every": 0.0}, "every: got 0, expected more than 0"),
        ({"every": 1e7}, r"got 10000000, expected more than 0 and at most 2,592,000 seconds \(30 days\)"),
        ({"every": float("nan")}, "every: got nan"),
        ({"min_requests": 0}, "min_requests: got 0, expected 1 to 1,000,000"),
        ({"max_errors": 101.0}, "max_errors: got 101"),
        ({"max_slower": 0.5}, "max_slower: got 0.5"),
    ],
)
def test_a_plan_that_can_not_be_followed_is_refused_with_what_was_expected(
    given: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidRollout, match=words):
        Plan(**given)  # type: ignore[arg-type]


def test_a_plan_survives_being_written_down() -> None:
    plan = Plan(steps=(0.5, 100.0), every=1.5, max_slower=None)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_a_share_keeps_what_sticks_callers_to_versions_and_the_other_shadows() -> None:
    before = Traffic(shares=(Share(version=4, percent=100),), shadows=(5, 3), sticky="field:customer")
    assert share(before, candidate=5, percent=12.5) == Traffic(
        shares=(Share(version=4, percent=87.5), Share(version=5, percent=12.5)), shadows=(3,), sticky="field:customer"
    )
    assert share(before, candidate=5, percent=100).shares == (Share(version=5, percent=100),)


@given(st.floats(0, 1000))
def test_a_duration_lies_in_its_bucket(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert 0 <= bucket < BUCKETS
    if bucket < BUCKETS - 1:
        assert seconds <= upper_edge(bucket) * (1 + 1e-9)
    if bucket:
        assert upper_edge(bucket - 1) * (1 - 1e-9) <= seconds
    assert upper_edge(0) == SHORTEST


def test_counts_add_up_and_survive_being_written_down() -> None:
    one = Counts(answered=3, failed=1, durations={2: 1, 30: 2})
    two = Counts(answered=1, refused=4, turned_away=5, durations={30: 1})
    both = added([one, two])
    assert both == Counts(answered=4, failed=1, refused=4, turned_away=5, durations={2: 1, 30: 3})
    assert (both.requests, both.at(1), both.at(2), both.at(5)) == (14, 2, 30, None)
    seen = Seen(stable=one, candidate=two)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Seen) == seen
    assert StepFigures.of(1, [seen, seen]).candidate.requests == 20


def test_quantiles_are_at_most_a_fifth_too_long() -> None:
    counts = Counts(answered=100, durations={bucket_of(0.010): 95, bucket_of(0.100): 5})
    assert counts.quantile(0.95) == pytest.approx(0.010, rel=0.2)
    assert counts.quantile(0.96) == pytest.approx(0.100, rel=0.2)
    assert Counts().quantile(0.95) is None
    assert (counts.longer_than(0.01), counts.longer_than(0.05), counts.longer_than(0.2)) == (5, 5, 0)
