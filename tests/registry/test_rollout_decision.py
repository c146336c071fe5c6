from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.registry.evidence import beyond
from carafe.registry.rollout import Plan, Rollout, State
from carafe.registry.rollout_decision import PRESUMED, Decision, Move, decide
from carafe.registry.rollout_figures import Counts, StepFigures, bucket_of
from carafe.registry.traffic import Traffic

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLAN = Plan(steps=(5.0, 25.0, 100.0), every=60.0, min_requests=100)


def a_rollout(*, step: int = 0, lasted: float = 60.0, state: State = State.RUNNING, plan: Plan = PLAN) -> Rollout:
    return Rollout(
        id=1,
        name="houses",
        alias="champion",
        stable=4,
        candidate=5,
        plan=plan,
        before=Traffic.to(4),
        state=state,
        step=step,
        lasted=lasted,
        revision=7,
        began=NOON,
        changed=NOON,
        by="ann",
        reason="",
    )


def asked(answered: int, *, seconds: float = 0.01, failed: int = 0, refused: int = 0, turned_away: int = 0) -> Counts:
    durations = {bucket_of(seconds): answered} if answered else {}
    return Counts(answered=answered, failed=failed, refused=refused, turned_away=turned_away, durations=durations)


def decided(candidate: Counts, stable: Counts | None = None, **rollout: object) -> Decision:
    made = a_rollout(**rollout)  # type: ignore[arg-type]
    return decide(made, [StepFigures(step=made.step, workers=1, candidate=candidate, stable=stable or asked(2000))])


def test_a_good_candidate_waits_for_the_time_then_steps_and_is_done_after_the_last_step() -> None:
    assert decided(asked(100), lasted=59.0) == Decision(move=Move.WAIT, reason="watching for another 1 s")
    assert [decided(asked(100), step=step).move for step in range(3)] == [Move.STEP, Move.STEP, Move.FINISH]


def test_without_enough_requests_it_holds_and_says_so() -> None:
    expected = "the candidate was asked 99 times in this step, 100 are wanted"
    assert decided(asked(99), lasted=1e6) == Decision(move=Move.HOLD, reason=expected)
    assert decide(a_rollout(), []).move is Move.HOLD


@pytest.mark.parametrize("failed", [3, 50])
def test_a_candidate_that_always_fails_turns_back_at_once(failed: int) -> None:
    found = decided(asked(0, failed=failed), lasted=0.5)
    assert found.move is Move.TURN_BACK
    assert found.reason == f"{failed} of {failed} requests of the candidate failed in step 1, at most 1 % may"


def test_one_error_among_twenty_is_not_enough_and_among_a_hundred_neither() -> None:
    assert decided(asked(19, failed=1), lasted=5.0).move is Move.WAIT
    assert decided(asked(99, failed=1)).move is Move.STEP


def test_it_holds_where_too_many_fail_but_too_few_to_be_sure() -> None:
    found = decided(asked(97, failed=3))
    assert found.move is Move.HOLD
    assert found.reason.endswith("at most 1 % may: more requests will tell")


def test_a_candidate_may_fail_as_often_as_the_stable_version_does() -> None:
    assert decided(asked(95, failed=5), asked(1900, failed=100)).move is Move.STEP
    assert decided(asked(60, failed=40), asked(1900, failed=100)).move is Move.TURN_BACK


def test_refusing_what_the_stable_version_takes_is_a_regression_once_it_is_not_one_callers() -> None:
    assert decided(asked(0, refused=19), lasted=1.0).move is Move.WAIT
    assert decided(asked(0, refused=20), lasted=1.0).move is Move.TURN_BACK
    assert decided(asked(150, refused=50), asked(1500, refused=500)).move is Move.STEP


def test_turning_requests_away_that_the_stable_version_has_time_for_is_one_too() -> None:
    assert decided(asked(10, turned_away=10), lasted=1.0).move is Move.TURN_BACK
    assert decided(asked(100, turned_away=100), asked(1000, turned_away=1000)).move is Move.STEP


def test_a_slow_candidate_turns_back_after_a_few_requests_but_not_for_its_first_ones() -> None:
    assert decided(asked(19, seconds=0.05), lasted=1.0).move is Move.WAIT
    found = decided(asked(20, seconds=0.05), lasted=1.0)
    assert found.move is Move.TURN_BACK
    assert "20 of 20 requests of the candidate took longer than" in found.reason
    assert "20 requests of the candidate took longer than" in found.reason
    assert "ms (2 times the stable version's 95th percentile of 10.2 ms) in step 1, at most 5 % may" in found.reason


def test_a_ratio_says_how_slow_and_none_that_it_does_not_matter() -> None:
    lazy = Plan(every=60.0, max_slower=10.0)
    assert decided(asked(200, seconds=0.05), plan=lazy).move is Move.STEP
    assert decided(asked(200, seconds=5.0), plan=Plan(every=60.0, max_slower=None)).move is Move.STEP


def test_below_a_millisecond_nothing_is_slow() -> None:
    assert decided(asked(200, seconds=0.0009), asked(2000, seconds=0.0001)).move is Move.STEP
    found = decided(asked(200, seconds=0.002), asked(2000, seconds=0.0001))
    assert "(1 ms above the stable version's 95th percentile of 0.113 ms)" in found.reason


def test_what_is_told_names_the_steps_in_which_it_was_seen() -> None:
    """A part that no step shows by itself may show in all of them."""
    steps = [
        StepFigures(step=step, workers=1, candidate=asked(290, failed=10), stable=asked(2000)) for step in range(3)
    ]
    found = decide(a_rollout(step=2), steps)
    assert found.reason == "30 of 900 requests of the candidate failed in steps 1 to 3, at most 1 % may"


def test_some_slow_answers_as_the_stable_version_has_them_are_none_too_many() -> None:
    def mixed(answered: int) -> Counts:
        return asked(answered * 96 // 100) + asked(answered * 4 // 100, seconds=1.0)

    assert decided(mixed(500), mixed(5000)).move is Move.STEP


def test_what_was_seen_in_earlier_steps_counts_too() -> None:
    figures = [
        StepFigures(step=0, candidate=asked(17, failed=3), stable=asked(2000)),
        StepFigures(step=1, candidate=asked(7, failed=3), stable=asked(100)),
    ]
    assert decide(a_rollout(step=1, lasted=1.0), figures[1:]).move is Move.WAIT
    assert decide(a_rollout(step=1, lasted=1.0), figures).move is Move.TURN_BACK


def test_when_the_candidate_answers_alone_it_is_compared_with_what_the_other_did_before() -> None:
    figures = [
        StepFigures(step=0, candidate=asked(100), stable=asked(2000)),
        StepFigures(step=2, candidate=asked(100, seconds=0.1)),
    ]
    assert decide(a_rollout(step=2, lasted=1.0), figures).move is Move.TURN_BACK


def test_a_version_that_a_worker_can_not_load_turns_back() -> None:
    seen = StepFigures(step=0, candidate=asked(100), stable=asked(2000), unloadable="houses@5: model.onnx is torn")
    assert decide(a_rollout(lasted=0.0), [seen]) == Decision(
        move=Move.TURN_BACK, reason="the candidate can't be loaded: houses@5: model.onnx is torn"
    )


def test_a_paused_rollout_takes_no_step_and_still_turns_back() -> None:
    assert decided(asked(1000), lasted=1e6, state=State.PAUSED) == Decision(move=Move.HOLD, reason="paused")
    assert decided(asked(0, failed=9), state=State.PAUSED).move is Move.TURN_BACK


# --- how often a version is blamed that does no worse: simulated, with seeds, a look after every twenty requests ---


def turned_back_after(
    seed: int, *, share: float, rates: tuple[float, float] = (0.0, 0.0), slower: float | None = None
) -> int:
    """Return after how many of 2,000 requests the candidate is turned back; 0 where it is not.

    Args:
        seed: of the requests.
        share: the candidate's, of 1.
        rates: how many of the stable version's requests fail, and of the candidate's.
        slower: the plan's ratio; durations of both are lognormal, the same.
    """
    random = Random(seed)  # noqa: S311 - nothing secret
    rollout = a_rollout(plan=Plan(steps=(100 * share, 100.0), every=1e6, max_slower=slower), lasted=0.0)
    failed, durations = [0, 0], [dict[int, int](), dict[int, int]()]
    for count in range(1, 2001):
        version = int(random.random() < share)
        if random.random() < rates[version]:
            failed[version] += 1
        else:
            bucket = bucket_of(0.01 * random.lognormvariate(0, 1))
            durations[version][bucket] = durations[version].get(bucket, 0) + 1
        if count % 20 == 0:
            stable, candidate = (
                Counts(answered=sum(durations[one].values()), failed=failed[one], durations=durations[one])
                for one in (0, 1)
            )
            if decide(rollout, [StepFigures(step=0, stable=stable, candidate=candidate)]).move is Move.TURN_BACK:
                return count
    return 0


@pytest.mark.parametrize(("share", "rate"), [(0.05, 0.03), (0.5, 0.03), (0.95, 0.03), (0.95, 0.3)])
def test_a_candidate_that_fails_as_often_as_the_other_version_is_not_blamed(share: float, rate: float) -> None:
    """Also at a first step of 95 %, which leaves the other one few requests to fail at: 24 of 300 were blamed once."""
    assert not any(turned_back_after(seed, share=share, rates=(rate, rate)) for seed in range(25))


@pytest.mark.parametrize("share", [0.05, 0.95])
def test_a_candidate_that_is_as_quick_as_the_other_version_is_not_blamed(share: float) -> None:
    """Also where hardly any answers of the other tell where its 95th percentile is: 19 of 300 were blamed once."""
    assert not any(turned_back_after(seed, share=share, slower=1.0) for seed in range(25))


@pytest.mark.parametrize(("share", "within"), [(0.05, 200), (0.5, 40), (0.95, 40)])
def test_a_candidate_that_always_fails_is_found_out_soon_at_every_share(share: float, within: int) -> None:
    found = sorted(turned_back_after(seed, share=share, rates=(0.0, 1.0)) for seed in range(25))
    assert 0 < found[0] <= found[12] <= within


counts = st.builds(
    asked,
    st.integers(0, 2000),
    seconds=st.floats(0.0001, 1.0),
    failed=st.integers(0, 50),
    refused=st.integers(0, 50),
    turned_away=st.integers(0, 50),
)
plans = st.builds(
    Plan,
    every=st.sampled_from([0.001, 10.0, 60.0]),
    min_requests=st.integers(1, 500),
    max_errors=st.sampled_from([0.0, 1.0, 5.0, 50.0, 100.0]),
    max_slower=st.sampled_from([None, 1.0, 2.0]),
)


@given(
    candidate=counts,
    stable=counts,
    plan=plans,
    step=st.integers(0, 2),
    lasted=st.floats(0, 100),
    state=st.sampled_from([State.RUNNING, State.PAUSED]),
)
def test_whatever_was_seen_it_never_goes_on_early_nor_past_a_bound(
    candidate: Counts, stable: Counts, plan: Plan, step: int, lasted: float, state: State
) -> None:
    rollout = a_rollout(step=step, lasted=lasted, plan=plan, state=state)
    found = decide(rollout, [StepFigures(step=step, candidate=candidate, stable=stable)])
    if found.move in {Move.STEP, Move.FINISH}:
        assert state is State.RUNNING
        assert lasted >= plan.every
        assert candidate.requests >= plan.min_requests
        assert stable.failed or candidate.failed <= plan.max_errors / 100 * candidate.requests
        assert (found.move is Move.FINISH) == (step == 2)
    than = (stable.failed, stable.requests + PRESUMED)
    if beyond(candidate.failed, candidate.requests, plan.max_errors / 100, than=than):
        assert found.move is Move.TURN_BACK
