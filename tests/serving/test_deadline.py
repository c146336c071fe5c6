"""Until when an answer is of use."""

from __future__ import annotations

import pytest

from carafe.errors import DeadlineExceeded
from carafe.serving.deadline import check_deadline, deadline, left, until, within


def test_outside_of_any_block_there_is_no_deadline() -> None:
    assert (deadline(), left()) == (None, None)
    check_deadline()
    with until(None):
        assert deadline() is None


def test_the_earlier_one_of_two_blocks_counts_and_each_ends_with_its_block() -> None:
    with within(60):
        outer = deadline()
        with within(3600):
            assert deadline() == outer
        with within(1):
            assert (deadline() or 0) < (outer or 0)
        assert deadline() == outer
    assert deadline() is None


def test_when_the_time_is_over_nothing_is_begun() -> None:
    with within(0), pytest.raises(DeadlineExceeded):
        check_deadline()
    with within(60):
        check_deadline()
        assert 0 < (left() or 0) <= 60
