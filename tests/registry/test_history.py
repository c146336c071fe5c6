from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from carafe.errors import AliasChanged, AliasNotFound, InvalidParameter, NothingToRollBack
from carafe.registry import Action, Registry, Share, Traffic, memory_registry
from carafe.schema import ModelRef
from sealed import publish, untried


@pytest.fixture
def four(registry: Registry) -> Registry:
    """Return a registry with four versions of houses, the first of them champion."""
    for _ in range(4):
        publish(registry)
    return registry


def champion(registry: Registry) -> int:
    return registry.alias("houses").number


def promote(registry: Registry, number: int) -> None:
    registry.promote(ModelRef(name="houses", version=number))


def test_each_rollback_leads_one_version_further_back(four: Registry) -> None:
    for number in (2, 3, 4):
        promote(four, number)
    found = [four.rollback("houses").after for _ in range(3)]
    assert found == [Traffic.to(3), Traffic.to(2), Traffic.to(1)]
    with pytest.raises(NothingToRollBack, match="no version that still exists answered alone before version 1"):
        four.rollback("houses")


def test_a_promotion_after_a_rollback_is_rolled_back_to_where_the_rollback_led(four: Registry) -> None:
    for number in (2, 3):
        promote(four, number)
    four.rollback("houses")
    promote(four, 4)
    four.rollback("houses")
    assert champion(four) == 2
    four.rollback("houses")
    assert champion(four) == 1


def test_a_rollback_skips_shares_and_steps_of_a_rollout(four: Registry) -> None:
    shared = Traffic(shares=(Share(version=1, percent=75), Share(version=2, percent=25)), shadows=(3,))
    four.direct("houses", "champion", shared)
    assert four.rollback("houses").after == Traffic.to(1)
    four.direct("houses", "champion", shared)
    four.direct("houses", "champion", Traffic.to(2), action=Action.ROLLOUT)
    assert four.rollback("houses").before == Traffic.to(2)
    assert champion(four) == 1


def test_a_rollback_skips_versions_that_were_deleted(four: Registry) -> None:
    for number in (2, 3):
        promote(four, number)
    four.delete("houses", 2)
    assert four.rollback("houses").after == Traffic.to(1)


def test_a_rollback_from_the_first_version_tells_first_that_the_alias_was_changed(four: Registry) -> None:
    seen = four.alias("houses").revision
    promote(four, 1)
    with pytest.raises(AliasChanged):
        four.rollback("houses", expected=seen)
    with pytest.raises(NothingToRollBack):
        four.rollback("houses", expected=four.alias("houses").revision)


def test_a_rollback_to_a_version_nobody_expected_is_refused(four: Registry) -> None:
    promote(four, 2)
    seen = four.alias("houses").revision
    promote(four, 3)
    with pytest.raises(AliasChanged):
        four.rollback("houses", expected=seen)
    assert champion(four) == 3


def test_changes_of_several_pages_are_looked_through() -> None:
    four = untried(memory_registry())
    for _ in range(4):
        publish(four)
    for turn in range(2_030):
        promote(four, 2 + turn % 2)
    for expected in (2, 3, 2, 3):
        assert four.rollback("houses").after == Traffic.to(expected)


def test_which_version_answered_in_a_moment_is_one_question(four: Registry) -> None:
    began = datetime.now(UTC)
    promote(four, 2)
    between = datetime.now(UTC)
    four.promote(ModelRef(name="houses", version=3), by="ann", reason="better on the new districts")
    assert four.answering("houses", when=began).after == Traffic.to(1)
    assert four.answering("houses", when=between).after == Traffic.to(2)
    entry = four.answering("houses", when=datetime.now(UTC))
    assert (entry.after, entry.by, entry.reason) == (Traffic.to(3), "ann", "better on the new districts")
    with pytest.raises(AliasNotFound, match="houses had no alias 'champion' on"):
        four.answering("houses", when=began - timedelta(days=1))
    four.drop_alias("houses", "champion")
    with pytest.raises(AliasNotFound):
        four.answering("houses", when=datetime.now(UTC))


@pytest.mark.parametrize("text", ["x" * 501, "tab\tbed", "nul\0", "bell\a"])
def test_a_reason_that_is_too_long_or_can_not_be_shown_is_refused(four: Registry, text: str) -> None:
    with pytest.raises(InvalidParameter, match="reason: got"):
        four.promote(ModelRef(name="houses", version=2), reason=text)
    assert champion(four) == 1
