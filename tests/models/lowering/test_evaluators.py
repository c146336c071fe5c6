"""Both ways to evaluate a plan know every operation that a plan may hold."""

from __future__ import annotations

from typing import get_args

from carafe.models.lowering.arrays import FUNCTIONS
from carafe.models.lowering.expressions import EXPRESSIONS
from carafe.models.lowering.plan import AnyOp, Date, OneHot, Table
from carafe.models.lowering.words import Words

BY_TABLE = {Table, OneHot, Words}
"""What is looked up rather than computed: carafe.models.lowering.tables and vocabulary."""


def test_every_operation_is_computed_for_many_rows_and_for_one() -> None:
    computed = set(get_args(AnyOp)) - BY_TABLE
    assert set(FUNCTIONS) == computed
    assert set(EXPRESSIONS) == computed - {Date}  # several parts of one moment share its taking apart: row.py
