from __future__ import annotations

from typing import get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carafe.models.lowering.matrix import plan_matrix
from carafe.models.lowering.plan import Date, Input, PartName, Plan
from carafe.models.lowering.rowwise import row_encoder
from carafe.models.steps import DatePart, DateParts
from carafe.schema import Kind, Rows

PARTS = [str(part) for part in DatePart]
PLAN = Plan(
    inputs=(Input(name="when", kind=Kind.DATETIME, nullable=True),),
    ops=tuple(Date(slot=0, part=part) for part in get_args(PartName)),
    outputs=tuple(range(1, len(PARTS) + 1)),
)


def test_a_plan_knows_every_part_that_the_step_knows() -> None:
    assert list(get_args(PartName)) == PARTS


@given(st.lists(st.integers(-(2**62), 2**62) | st.integers(-(10**17), 10**17) | st.none(), min_size=1, max_size=8))
def test_parts_are_those_of_the_step_at_any_time(moments: list[int | None]) -> None:
    column = np.array(["NaT" if moment is None else moment for moment in moments], dtype="datetime64[us]")
    expected = DateParts(parts=PARTS).fit(column.reshape(-1, 1)).transform(column.reshape(-1, 1))
    np.testing.assert_array_equal(plan_matrix(PLAN, Rows((column,))), expected)
    np.testing.assert_array_equal(np.array(list(map(row_encoder(PLAN), [(each,) for each in moments]))), expected)
