from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import pytest

from carafe.errors import InvalidInput
from carafe.models.lowering.matrix import BLOCK, plan_matrix
from carafe.models.lowering.plan import AnyOp, Arithmetic, Impute, Input, OneHot, Operator, Plan, Sum, Table
from carafe.models.lowering.rowwise import linear_scorer, row_encoder
from carafe.schema import Kind, Rows
from models.lowering.compared import refusal

NUMBER = Input(name="a", kind=Kind.NUMBER, nullable=True)
WORD = Input(name="b", kind=Kind.CATEGORY, nullable=True)


def plan_of(*ops: AnyOp, outputs: tuple[int, ...]) -> Plan:
    return Plan(inputs=(NUMBER, WORD), ops=ops, outputs=outputs)


def fixed(*keys: str) -> Table:
    rows = tuple((float(index),) for index in range(len(keys) + 2))
    return Table(slot=1, keys=keys, rows=rows, refused=(len(keys), len(keys) + 1))


def test_a_plan_comes_back_from_json_to_the_last_bit() -> None:
    ops = (
        Impute(slot=0, fill=0.1 + 0.2),
        Arithmetic(slot=2, operator=Operator.DIVIDE, by=5e-324),
        Table(slot=1, keys=("x", "\n\x00'\""), rows=((None,), (-0.0,), (1e308,), (1.0,))),
    )
    plan = plan_of(*ops, outputs=(3, 4, 0))
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


@pytest.mark.parametrize(
    "plan",
    [
        b'{"inputs": [], "ops": [], "outputs": [0]}',
        b'{"inputs": [], "ops": [{"type": "sum", "slots": [-1]}], "outputs": []}',
        b'{"inputs": [], "ops": [{"type": "single", "slot": 0}], "outputs": []}',
        b'{"inputs": [], "ops": [{"type": "single", "slot": "0; import os"}], "outputs": []}',
        (
            b'{"inputs": [{"name": "a", "kind": "text", "nullable": true}], "outputs": [1], '
            b'"ops": [{"type": "table", "slot": 0, "keys": ["x"], "rows": [[1.0], [2.0]]}]}'
        ),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused_when_it_is_read(plan: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(plan, type=Plan)


def test_a_refused_category_is_named_with_its_row_in_whichever_block_it_stands() -> None:
    values = np.array(["x"] * (BLOCK + 5), dtype=object)
    values[BLOCK + 3] = "never met"
    rows = Rows((np.zeros(len(values)), values))
    with pytest.raises(InvalidInput) as caught:
        plan_matrix(plan_of(fixed("x"), outputs=(2,)), rows)
    (problem,) = caught.value.problems
    assert (problem.row, problem.field, problem.got) == (BLOCK + 3, "b", '"never met"')
    assert problem.expected == "one of the values it was fitted on: x"


def test_a_category_is_refused_though_no_output_comes_of_it() -> None:
    encode = row_encoder(plan_of(fixed("x"), outputs=(0,)))
    assert encode((1, "x")) == [1.0]
    assert refusal(lambda: encode((1, "y"))) is not None


def test_no_rows_give_an_empty_matrix_of_the_right_width() -> None:
    rows = Rows((np.empty(0), np.empty(0, dtype=object)))
    assert plan_matrix(plan_of(fixed("x"), outputs=(2, 0, 2)), rows).shape == (0, 3)


def test_names_and_categories_never_become_source() -> None:
    odd = "'''] + [__import__('os').abort()] #"
    plan = Plan(
        inputs=(Input(name=odd, kind=Kind.CATEGORY, nullable=False),),
        ops=(Table(slot=0, keys=(odd,), rows=((1.0,), (2.0,), (3.0,))),),
        outputs=(1,),
    )
    assert row_encoder(plan)((odd,)) == [1.0]


def test_thousands_of_features_are_encoded_and_added_up() -> None:
    count = 5000
    keys = tuple(f"k{index}" for index in range(count))
    wide = OneHot(slot=1, keys=keys, hot=(*range(count), -1, -1), off=(0.0,) * count, on=(1.0,) * count)
    copies = tuple(Arithmetic(slot=0, operator=Operator.ADD, by=float(index)) for index in range(3000))
    plan = plan_of(wide, *copies, outputs=tuple(range(2, 2 + count + len(copies))))
    row = row_encoder(plan)((2.0, "k17"))
    assert row[:20] == [0.0] * 17 + [1.0] + [0.0] * 2
    assert row == plan_matrix(plan, Rows((np.array([2.0]), np.array(["k17"], dtype=object))))[0].tolist()
    (score,) = linear_scorer(plan, np.ones((len(row), 1)), np.array([0.5]))((2.0, "k17"))
    assert score == pytest.approx(sum(row) + 0.5, rel=1e-12)


def test_whole_numbers_are_computed_with_as_floats() -> None:
    plan = plan_of(Sum(slots=(0, 0)), outputs=(2,))
    (total,) = row_encoder(plan)((2**53 - 1, None))
    assert total == float(2**53 - 1) * 2
    assert type(total) is float


def test_running_a_plan_imports_nothing_that_made_it() -> None:
    work = "import sys, carafe.models.lowering.rowwise; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "scipy", "polars", "pandas", "onnxruntime"} & set(out)
